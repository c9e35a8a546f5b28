"""Environments made by ``uv``: whole or not at all."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cryobench.core import InputError, ProgramError
from cryobench.methods.programs import Line, full_call, run_program
from cryobench.methods.running.environments import Environment, discard_environment, environment_folder

Build = Literal["cpu", "cuda"]

UV_SOURCES = ("UV_TORCH_BACKEND", "UV_FIND_LINKS", "UV_INDEX", "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL",
              "UV_NO_INDEX", "UV_OFFLINE", "UV_CONFIG_FILE")  # fmt: skip
"""Variables by which uv is told where packages come from: where one is set, torch is looked for nowhere else."""

_TORCH_INDEX = "download.pytorch.org"
_NO_CONNECTION = ("client error (connect)", "dns error", "timed out", "connection refused", "connection reset",
                  "tcp connect error", "tls", "403 forbidden", "proxy")  # fmt: skip

_VERSION = re.compile(r"(?<![\w.])v?(\d+(?:\.\d+)+[\w.+-]*)")
_ASK_TORCH = "import torch; print(torch.__version__, torch.version.cuda)"


@dataclass(frozen=True)
class Recipe:
    """What an environment holds.

    Parameters
    ----------
    packages
        Pinned requirements.
    program
        The program that is run, by its name in the environment.
    probe
        Arguments with which it says its version.
    torch
        Whether a build of torch is among the packages.
    any_status
        Whether the probe may end with any status: RECOVAR's help ends with 1.
    """

    packages: tuple[str, ...]
    program: str
    probe: tuple[str, ...]
    torch: bool
    any_status: bool = False


def find_uv() -> str:
    """Return the path of ``uv``.

    Raises
    ------
    InputError
        If it is not there, with how to get it.
    """
    beside = shutil.which("uv", path=os.path.dirname(sys.executable))  # noqa: PTH120 (a search path)
    found = shutil.which("uv") or beside
    if found is None:
        raise InputError(
            "uv is not on the path, and makes the environment: 'pip install uv' gets it; or name an environment that "
            "there is with --command, such as --command 'conda run --no-capture-output -n cryodrgn cryodrgn'"
        )
    return found


def installation(
    recipe: Recipe, name: str, uv: str = "uv", build: Build | None = None, python: str | None = None
) -> list[list[str]]:
    """Return the commands that make an environment.

    Parameters
    ----------
    recipe
        What goes into it.
    name
        Of the environment.
    uv
        The program.
    build
        Which build of torch; None leaves it to uv, which looks for a driver.
    python
        A version, or the path of a python; the one that runs this by default.
    """
    folder = environment_folder(name)
    make = [uv, "venv", "--python", sys.executable if python is None else python, str(folder)]
    install = [uv, "pip", "install", "--python", str(folder / "bin" / "python"), *_backend(recipe, build)]
    return [make, [*install, *recipe.packages]]


def _backend(recipe: Recipe, build: Build | None) -> list[str]:
    """Return the options that say where torch comes from, unless the user's own settings do."""
    if not recipe.torch or any(os.environ.get(name) for name in UV_SOURCES):
        return []
    if build == "cuda":
        return []  # the build of the package index, which needs no driver to be installed
    return ["--torch-backend", "auto" if build is None else build]


def install(recipe: Recipe, name: str, build: Build | None, python: str | None, on_line: Line) -> Environment:
    """Make an environment anew and return what it is; the caller records it.

    Raises
    ------
    InputError
        If uv is missing.
    ProgramError
        If a step fails, torch is of another build than the one asked for, or PyTorch's index, which has the one asked
        for, cannot be reached; nothing is left then.
    """
    calls = installation(recipe, name, find_uv(), build, python)
    discard_environment(name)
    folder = environment_folder(name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        make, packages = calls
        run_program(make, on_line=on_line).require_success(make)
        _install_packages(packages, build, on_line)
        command = (str(folder / "bin" / recipe.program),)
        said = program_version(command, recipe)
        version = said if said != "unknown" else recipe.packages[-1].partition("==")[2]
        made_for = _torch_build(str(folder / "bin" / "python"), build) if recipe.torch else ""
    except BaseException:
        discard_environment(name)
        raise
    return Environment(name=name, kind="made", command=command, version=version, packages=recipe.packages,
                       build=made_for)  # fmt: skip


def _out_of_reach(words: Sequence[str]) -> bool:
    """Return whether uv says that it could not connect to PyTorch's own index."""
    text = " ".join(words).lower()
    return _TORCH_INDEX in text and any(sign in text for sign in _NO_CONNECTION)


def _install_packages(call: list[str], build: Build | None, on_line: Line) -> None:
    """Install, with torch of PyTorch's own index; where that is out of reach, of the package index if any will do."""
    done = run_program(call, on_line=on_line)
    if done.status and _out_of_reach(done.last_words):
        if build == "cpu":
            raise ProgramError(
                f"PyTorch's own index ({_TORCH_INDEX}), which has the build for CPU alone, cannot be reached: leave "
                "--cpu out to take the larger build of the package index, which runs on a CPU too; or name a folder of "
                "wheels with UV_FIND_LINKS"
            )
        on_line(
            f"PyTorch's own index ({_TORCH_INDEX}) cannot be reached: torch is taken from the package index, a build "
            "with CUDA (about 3 GB to fetch), which runs on a CPU too"
        )
        call = [word for place, word in enumerate(call) if "--torch-backend" not in (word, call[place - 1])]
        done = run_program(call, on_line=on_line)
    done.require_success(call)


def program_version(command: Sequence[str], recipe: Recipe) -> str:
    """Return what a program says of its version, ``unknown`` where it says nothing.

    Raises
    ------
    ProgramError
        If it does not run.
    """
    call = full_call(command, recipe.probe)
    done = run_program(call)
    spoke = any(recipe.program in line for line in done.last_words)
    if not (recipe.any_status and spoke):
        done.require_success(call)
    if recipe.any_status:
        return "unknown"  # a page of help, whose numbers are others
    named = [line for line in done.last_words if recipe.program in line.lower()]
    numbers = _VERSION.findall("\n".join(named))
    return numbers[0] if numbers else "unknown"


def _torch_build(python: str, wanted: Build | None) -> str:
    call = [python, "-c", _ASK_TORCH]
    done = run_program(call)
    done.require_success(call)
    version, _, cuda = done.last_words[-1].partition(" ")
    found: Build = "cpu" if cuda == "None" else "cuda"
    if wanted is not None and found != wanted:
        where = ", ".join(name for name in UV_SOURCES if os.environ.get(name)) or "the package index"
        raise ProgramError(
            f"torch {version} came from {where}, a build for {found}, but --{wanted} was asked for: leave the option "
            "out, or change where uv gets its packages"
        )
    return f"torch {version}, {'CPU' if found == 'cpu' else f'CUDA {cuda}'}"
