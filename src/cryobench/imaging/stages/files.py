"""What every stage shares: a file or a folder of files in, as many stacks out, and who is told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, InputError, Progress, silent
from cryobench.core.checks import require_positive
from cryobench.io import find_files

Note = Callable[[str], None]
"""Called with a sentence that the user should see."""

Preview = Callable[[Path, Float32[np.ndarray, "n D D"]], None]
"""Called with where a picture belongs and the first nine images of a stack."""


def unheard(sentence: str) -> None:
    """Drop a note."""
    del sentence


def unseen(path: Path, images: Float32[np.ndarray, "n D D"]) -> None:
    """Draw nothing."""
    del path, images


@dataclass(frozen=True)
class Watch:
    """Who is told of a stage's progress, of what is worth a note, and who draws pictures."""

    progress: Progress = silent
    note: Note = unheard
    preview: Preview = unseen


@dataclass(frozen=True)
class Inputs:
    """The files that a path stands for: itself, or those of a folder in natural order (2 before 10)."""

    source: Path
    paths: tuple[Path, ...]
    in_folder: bool


@dataclass(frozen=True)
class Task:
    """One stack to make: from which file, where to, of how many images of how many pixels of how many Å."""

    source: Path
    output: Path
    png: Path | None
    images: int
    box: int
    pixel_size: float


def find_inputs(source: Path, suffix: str) -> Inputs:
    """Return the file that ``source`` is, or the files with a suffix in the folder that it is.

    Raises
    ------
    FormatError
        If there is no such path, or no such file in the folder.
    """
    if source.is_dir():
        paths = tuple(find_files(source, (suffix,)))
        if not paths:
            raise FormatError(f"{source}: no {suffix} file in this folder: give a folder of them, or one file")
        return Inputs(source, paths, in_folder=True)
    if not source.is_file():
        raise FormatError(f"{source}: no such file or folder: check the path")
    return Inputs(source, (source,), in_folder=False)


def name_outputs(
    inputs: Inputs, target: Path, option: str, suffix: str, name: Callable[[int, Path], str]
) -> tuple[Path, ...]:
    """Return where the output of each input goes: ``target`` itself for one file, ``target/name`` for a folder.

    Raises
    ------
    InputError
        If ``target`` is a file where a folder is needed, or the other way round.
    """
    is_file = target.is_file() or target.suffix.lower() == suffix
    if inputs.in_folder and is_file:
        raise InputError(f"{option} {target} is a file, but {inputs.source} is a folder: give a folder with {option}")
    if not inputs.in_folder and (target.is_dir() or target.suffix.lower() != suffix):
        raise InputError(f"{option} {target}: expected the name of a {suffix} file, since {inputs.source} is one file")
    named = (target / name(i, path) for i, path in enumerate(inputs.paths))
    return tuple(named) if inputs.in_folder else (target,)


def name_pictures(inputs: Inputs, target: Path | None, name: Callable[[int, Path], str]) -> Sequence[Path | None]:
    """Return where the picture of each input goes, None where none is wanted."""
    if target is None:
        return (None,) * len(inputs.paths)
    return name_outputs(inputs, target, "--out-png", ".png", name)


def refuse_overlap(outputs: Iterable[tuple[Path, Path | None]], everything_read: Iterable[Path]) -> None:
    """Raise unless every output is a file of its own, and none is also read.

    Parameters
    ----------
    outputs
        What each output is made from, and where it goes; None where it is not wanted.
    everything_read
        Every file that is read, the stacks behind a list of images included.

    Raises
    ------
    InputError
        Naming the output, and both inputs of two outputs that are one file.
    """
    read = {path.resolve() for path in everything_read}
    made: dict[Path, Path] = {}
    for source, output in outputs:
        if output is None:
            continue
        real = output.resolve()
        if real in read:
            raise InputError(f"{output} is to be written, but would replace what is read: choose another name for it")
        if real in made and made[real] == source:
            raise InputError(f"{output} is also the name of another output: choose another name for one of the two")
        if real in made:
            raise InputError(
                f"{output} is to be written twice, for {made[real]} and for {source}: rename one of the two, or choose "
                "another name for one output"
            )
        made[real] = source


def made_from(inputs: Inputs, *kinds: Sequence[Path | None]) -> list[tuple[Path, Path | None]]:
    """Return each input with each of its outputs, for :func:`refuse_overlap`; of each kind there is one an input."""
    return [pair for kind in kinds for pair in zip(inputs.paths, kind, strict=True)]


def notes_on_sections(volumes: Iterable[Path], advice: str = "") -> list[str]:
    """Return a note on every map whose sections are taken as images."""
    said = "its header says that it is a map: its sections are taken as images"
    return [f"{path}: {said}{advice}" for path in dict.fromkeys(volumes)]


def choose_pixel_size(given: float | None, header: float | None, source: Path) -> float:
    """Return the pixel size given, else that of the header, in Å.

    Raises
    ------
    InputError
        If neither is known, or the one given is not above 0.
    """
    if given is not None:
        require_positive("--apix", given)
        return given
    if header is None:
        raise InputError(f"{source}: its header holds no pixel size: give it with --apix, in Å")
    return header


def require_seed(seed: int) -> None:
    """Raise unless a seed is one.

    Raises
    ------
    InputError
        If it is below 0.
    """
    if seed < 0:
        raise InputError(f"--seed is {seed}: choose a whole number of at least 0")


def make_way(outputs: Iterable[Path | None], note: Note) -> None:
    """Make the folders of the outputs, and say which files are going to be replaced."""
    paths = [path for path in outputs if path is not None]
    for folder in {path.parent for path in paths}:
        folder.mkdir(parents=True, exist_ok=True)
    existing = [path for path in paths if path.exists()]
    if existing:
        others = f" and {len(existing) - 1} more" if len(existing) > 1 else ""
        note(f"replaced, since already there: {existing[0]}{others}")
