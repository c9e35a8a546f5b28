"""Which of several epochs in a folder is read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryobench.core import FormatError
from cryobench.io import inside


@dataclass(frozen=True)
class Epoch:
    """One state of a run.

    Parameters
    ----------
    folder
        Where its files are.
    number
        None for that at the end of a run, whose files have no number.
    note
        Why it was chosen.
    """

    folder: Path
    number: int | None
    note: str

    def file(self, stem: str, suffix: str = ".pkl") -> Path:
        """Return the path of a file of this epoch, such as ``z.3.pkl``, or ``z.pkl`` at the end; it may be missing.

        Raises
        ------
        FormatError
            If it is a link that leads out of the folder.
        """
        number = "" if self.number is None else f".{self.number}"
        return output_file(self.folder, f"{stem}{number}{suffix}")

    def existing(self, stem: str) -> Path:
        """Return the path of a file of this epoch.

        Raises
        ------
        FormatError
            If it is missing.
        """
        path = self.file(stem)
        if not path.is_file():
            kind = "regular" if path.exists() else "such"
            raise FormatError(
                f"{path}: no {kind} file: expected it beside the other files of the epoch: copy it there, or choose "
                "another epoch with --epoch"
            )
        return path


def output_file(folder: Path, name: str) -> Path:
    """Return the path of a file of an output, which may be missing.

    Raises
    ------
    FormatError
        If it is a link that leads out of the folder.
    """
    return inside(folder, name, str(folder)) and folder / name


def choose_epoch(folder: Path, stem: str, wanted: int | None) -> Epoch:
    """Return the epoch that is wanted, or the last.

    Parameters
    ----------
    folder
        The output.
    stem
        What the files that are looked for begin with, such as ``z``.
    wanted
        Its number; None for the last: that without a number, if there is one, else that of the largest.

    Raises
    ------
    FormatError
        If there is none, with those that there are.
    """
    numbers = numbered(folder, stem)
    final = output_file(folder, f"{stem}.pkl")
    known = ", ".join(map(str, numbers)) or "none"
    if wanted is not None:
        if wanted not in numbers:
            raise FormatError(f"{folder}: no {stem}.{wanted}.pkl: expected one of the epochs there: {known}")
        return Epoch(folder, wanted, f"epoch {wanted}, of {known}")
    if not numbers and not final.is_file():
        raise FormatError(f"{folder}: no {stem}.N.pkl and no {stem}.pkl: expected the latents of an epoch N")
    if not final.is_file():
        return Epoch(folder, numbers[-1], f"epoch {numbers[-1]}, the last of {known}")
    # What is written at the end is usually the last epoch once more, whose other files have its number.
    if numbers and output_file(folder, f"{stem}.{numbers[-1]}.pkl").read_bytes() == final.read_bytes():
        return Epoch(folder, numbers[-1], f"epoch {numbers[-1]}, the same as {final.name}, the end of the run")
    return Epoch(folder, None, f"{final.name}, the end of the run")


def numbered(folder: Path, stem: str) -> list[int]:
    """Return the numbers N of the files ``stem.N.pkl``, ascending."""
    pattern = re.compile(re.escape(stem) + r"\.([0-9]{1,9})\.pkl")
    found = (pattern.fullmatch(path.name) for path in folder.iterdir())
    return sorted({int(match[1]) for match in found if match})
