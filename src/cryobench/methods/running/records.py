"""The record of a run, by which it goes on where it was interrupted."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pydantic

from cryobench.core import FormatError, InputError, OutputError, Strict
from cryobench.io import read_text, write_text

NATIVE, SUBMISSION_FOLDER = "native", "submission"
RECORD, LOG, LOCK = "run.json", "run.log", "run.lock"


class RunRecord(Strict):
    """Content of ``native/run.json``: what runs, and how far it is.

    ``seconds`` is the wall time of the program, over all times that it was started, and ``cpu_seconds`` the time that
    processors spent on it where it ran to an end; ``calls`` are the commands in full.
    """

    schema_version: Literal[1] = 1
    runner: str
    dataset: str
    dataset_checksum: str
    seed: int
    flags: tuple[str, ...]
    version: str = ""
    calls: tuple[tuple[str, ...], ...] = ()
    stage: Literal["running", "trained", "finished"] = "running"
    seconds: float = 0.0
    cpu_seconds: float | None = None
    peak_memory_mb: float | None = None
    device: str = "unknown"

    @property
    def identity(self) -> dict[str, object]:
        """What has to agree for a run to go on."""
        return self.model_dump(include={"runner", "dataset", "dataset_checksum", "seed", "flags"})


def read_record(native: Path) -> RunRecord | None:
    """Return the record of a run, None where there is none.

    Raises
    ------
    FormatError
        If it is damaged.
    """
    path = native / RECORD
    if not path.is_file():
        return None
    try:
        return RunRecord.model_validate_json(read_text(path))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise FormatError(f"{path}: field '{where}': {first['msg']}: start anew with --overwrite") from error


def write_record(native: Path, record: RunRecord) -> None:
    """Write the record of a run."""
    write_text(native / RECORD, record.model_dump_json(indent=1) + "\n")


def open_run(output: Path, wanted: RunRecord, *, overwrite: bool) -> RunRecord:
    """Return the record of a run that goes on in a folder, or of one that begins there.

    Parameters
    ----------
    output
        Folder of the run; made if it is missing.
    wanted
        The run that is asked for.
    overwrite
        Whether a run that is there is deleted.

    Raises
    ------
    OutputError
        If the folder's parent is missing, or it holds something that is no run.
    InputError
        If it holds another run, or one that is going on and was to be deleted.
    """
    if not output.absolute().parent.is_dir():
        raise OutputError(f"{output}: its parent folder does not exist: make it first, or choose another -o")
    if output.exists() and not output.is_dir():
        raise OutputError(f"{output} is a file: choose a folder with -o")
    native = output / NATIVE
    if overwrite and (native / RECORD).is_file():
        with only_run(native):
            _clear(output)
            write_record(native, wanted)
        return wanted
    there = read_record(native)
    if there is None:
        if output.is_dir() and any(output.iterdir()):
            raise OutputError(f"{output} is not empty, and holds no run to go on with: choose another -o")
        native.mkdir(parents=True)
        write_record(native, wanted)
        return wanted
    if there.identity != wanted.identity and _nothing_to_lose(there, native):
        with only_run(native):
            _clear(output)
            write_record(native, wanted)
        return wanted
    if there.identity != wanted.identity:
        pairs = zip(there.identity.items(), wanted.identity.values(), strict=True)
        name, old, new = next((name, old, new) for (name, old), new in pairs if old != new)
        raise InputError(
            f"{output}: holds another run, of {name.replace('_', ' ')} {_words(old)}, not {_words(new)}: choose "
            "another -o, or add --overwrite to start anew there"
        )
    return there


def _nothing_to_lose(record: RunRecord, native: Path) -> bool:
    """Return whether a run ended before it made anything, as one with a flag that its program refuses."""
    output = native / "output"
    return record.stage == "running" and not (output.is_dir() and any(output.iterdir()))


def _clear(output: Path) -> None:
    """Delete what a run left, but for its lock, which is held, and its record."""
    shutil.rmtree(output / SUBMISSION_FOLDER, ignore_errors=True)
    native = output / NATIVE
    others = [path for path in native.iterdir() if path.name not in {LOCK, RECORD}]
    for path in others:  # the old record stays, so that what an interrupt leaves is known as a run
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextlib.contextmanager
def only_run(native: Path) -> Iterator[int]:
    """Hold a folder for one run; yield the descriptor of its lock, for programs to inherit.

    A program that outlives us, since we were killed, still holds the folder.

    Raises
    ------
    InputError
        If another run holds it.
    """
    with (native / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise InputError(f"{native}: a run is going on there: wait until it ends, or choose another -o") from error
        yield file.fileno()


def _words(value: object) -> str:
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return f"'{text}'"
