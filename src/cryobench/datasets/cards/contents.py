"""What the files of a dataset folder are, in words and as formats."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

CROISSANT = "croissant.json"
README = "README.md"
STATES = "truth/states.csv"
STACKS = "particles/*.mrcs"
VOLUMES = "truth/volumes/*.mrc"
MANIFEST_WORDS = "every parameter, and the SHA-256 checksum of every file"

_MRC = "https://www.ccpem.ac.uk/mrc-format/mrc2014/"
_NUMPY = "https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html"
_ENCODINGS = {
    ".json": "application/json",
    ".md": "text/markdown",
    ".txt": "text/plain",
    ".star": "text/plain",
    ".csv": "text/csv",
    ".npy": _NUMPY,
    ".cs": _NUMPY,
    ".pkl": "https://docs.python.org/3/library/pickle.html",
    ".mrc": _MRC,
    ".mrcs": _MRC,
}
_WORDS = {
    README: "the dataset card",
    CROISSANT: "the card for programs, as Croissant metadata",
    "particles.star": "particles with poses and CTF, as RELION 3.1 and later read them",
    "particles.cs": "the same, as cryoSPARC reads them",
    "particles.txt": "paths of the stacks, as cryoDRGN reads them",
    "poses.pkl": "rotations and shifts (fractions of the box), as cryoDRGN reads them",
    "ctf.pkl": "CTF parameters in nine columns, as cryoDRGN reads them",
    STACKS: "stacks of the particle images, float32",
    STATES: "the true states, a row for each",
    "truth/labels.npy": "true state of each particle",
    "truth/latents.npy": "true latent of each particle",
    "truth/contrasts.npy": "contrast factor of each image",
    "truth/mask.mrc": "soft mask around the union of the states",
    "truth/moving_mask.mrc": "soft mask around what differs between the states",
    VOLUMES: "true volume of each state, float32",
}


@dataclass(frozen=True)
class Content:
    """A file, or a set of files of one kind: ``name`` is its path within the folder, or a pattern with ``*``.

    ``words`` say what it is, empty where that is not known; ``encoding`` is its media type, or the address of a page on
    its format; ``count`` is the number of files.
    """

    name: str
    words: str
    encoding: str
    count: int

    @property
    def counted(self) -> str:
        """What they are, and how many there are."""
        return f"{self.words} ({self.count:,} file{'s' if self.count > 1 else ''})" if self.is_set else self.words

    @property
    def is_set(self) -> bool:
        """Whether the name is a pattern."""
        return self.name in {STACKS, VOLUMES}


def contents(names: Iterable[str]) -> list[Content]:
    """Return what the files of these names are: those that every dataset has, in a fixed order, then others by name."""
    left = sorted(names)
    found = []
    for known, words in _WORDS.items():
        count = len(left)
        left = [name for name in left if not _is(name, known)]
        if len(left) < count:
            found.append(Content(known, words, encoding(known), count - len(left)))
    return found + [Content(name, "", encoding(name), 1) for name in left]


def encoding(name: str) -> str:
    """Return the media type of a file by the ending of its name, or the address of a page on its format."""
    return _ENCODINGS.get(PurePosixPath(name).suffix.lower(), "application/octet-stream")


def _is(name: str, known: str) -> bool:
    return name == known if known not in {STACKS, VOLUMES} else fnmatch.fnmatchcase(name, known)
