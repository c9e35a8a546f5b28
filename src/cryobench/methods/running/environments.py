"""Where programs of others are: environments that were made here, and commands that a user named."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path
from typing import Literal

import platformdirs
import pydantic

from cryobench.core import FormatError, InputError, Strict
from cryobench.io import read_text, write_text

ENVIRONMENTS_VARIABLE = "CRYOBENCH_ENVIRONMENTS"
"""Environment variable that names another folder for environments."""


class Environment(Strict):
    """A program that can be run: content of ``NAME.json`` in the folder of environments.

    ``command`` is the program and what stands before it; ``version`` is what it said of itself when it was set up;
    ``packages`` are those asked for where the environment was made here; ``build`` says what its torch was made for.
    """

    schema_version: Literal[1] = 1
    name: str
    kind: Literal["made", "given"]
    command: tuple[str, ...]
    version: str
    packages: tuple[str, ...] = ()
    build: str = ""
    licence_accepted: bool = False


def environments_folder() -> Path:
    """Return the folder that holds environments and their records; it need not exist.

    It is what ``CRYOBENCH_ENVIRONMENTS`` names at the time of the call, or ``environments`` in the platform's own place
    for data, such as ``~/.local/share/cryobench``.
    """
    named = os.environ.get(ENVIRONMENTS_VARIABLE)
    return Path(named).expanduser().absolute() if named else platformdirs.user_data_path("cryobench") / "environments"


def environment_folder(name: str) -> Path:
    """Return where the environment of a name is made."""
    return environments_folder() / name


def find_environment(name: str) -> Environment | None:
    """Return what was set up under a name, None if nothing was.

    Raises
    ------
    FormatError
        If its record is damaged.
    """
    path = _record(name)
    if not path.is_file():
        return None
    try:
        return Environment.model_validate_json(read_text(path))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FormatError(f"{path}: field '{where}': {first['msg']}: set it up again") from error


def require_environment(name: str, runner: str) -> Environment:
    """Return what was set up under a name.

    Raises
    ------
    InputError
        If nothing was.
    """
    found = find_environment(name)
    if found is None:
        raise InputError(
            f"{name} is not set up: 'cryobench methods setup {runner}' makes an environment for it, and with --command "
            "names one that there is"
        )
    return found


def record_environment(environment: Environment) -> Path:
    """Write the record of what was set up, which is what makes it known; return its path."""
    path = _record(environment.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, environment.model_dump_json(indent=1) + "\n")
    return path


def discard_environment(name: str, *, record_too: bool = True) -> None:
    """Remove an environment that was made here, and its record first: a half-made one has none."""
    if record_too:
        _record(name).unlink(missing_ok=True)
    with contextlib.suppress(FileNotFoundError):
        shutil.rmtree(environment_folder(name))


def _record(name: str) -> Path:
    return environments_folder() / f"{name}.json"
