"""The error hierarchy: every failure a user can mend is a :class:`CryobenchError`.

A message says what was wrong, where (file, field, row), what was expected and what to do. The command line prints it
on one line, without a traceback, and exits with status 2.
"""

from __future__ import annotations

from collections.abc import Sequence


class CryobenchError(Exception):
    """Base class of every error that a user can mend."""


class InputError(CryobenchError):
    """A value handed in (an argument, an array, an option) is not what the call needs."""


class FormatError(CryobenchError):
    """A file does not hold what its format promises."""


class OutputError(CryobenchError):
    """A result cannot be written where it was asked for."""


class ProgramError(CryobenchError):
    """A program of others that was started failed, or did not make what it should."""


class DownloadError(CryobenchError):
    """A file could not be fetched."""


class OfflineError(DownloadError):
    """The server cannot be reached."""


class UnknownNameError(CryobenchError):
    """A registry has no entry of that name."""


class DuplicateNameError(CryobenchError):
    """A registry already has an entry of that name."""


class MissingGlyphWarning(UserWarning):
    """Letters of a picture that no font of this system holds, so that boxes stand for them."""

    def __init__(self, letters: Sequence[str]) -> None:
        super().__init__(f"no font of this system holds: {' '.join(letters)}")
        self.letters = tuple(letters)
