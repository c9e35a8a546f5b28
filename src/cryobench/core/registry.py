"""Named things that can be asked for by name: datasets, methods, metrics."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Generic, TypeVar

from cryobench.core.errors import DuplicateNameError, UnknownNameError

T = TypeVar("T")


def unknown_name(noun: str, name: str, known: Sequence[str]) -> UnknownNameError:
    """Return the error for a name that there is not; its message names the nearest one, and all."""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    return UnknownNameError(f"unknown {noun} '{name}': {hint}known: {', '.join(known)}")


class Registry(Generic[T]):
    """An ordered map from names to entries, filled once by the modules that define them.

    Parameters
    ----------
    noun
        What an entry is, for messages: ``"method"``, ``"dataset"``.
    """

    def __init__(self, noun: str) -> None:
        self.noun = noun
        self._entries: dict[str, T] = {}

    def add(self, name: str, entry: T) -> T:
        """Register ``entry`` as ``name`` and return it.

        Raises
        ------
        DuplicateNameError
            If the name is taken.
        """
        if name in self._entries:
            raise DuplicateNameError(f"{self.noun} '{name}' is already registered: give the other one another name")
        self._entries[name] = entry
        return entry

    def __getitem__(self, name: str) -> T:
        """Return the entry called ``name``.

        Raises
        ------
        UnknownNameError
            If there is none; the message names the nearest one.
        """
        if name in self._entries:
            return self._entries[name]
        raise unknown_name(self.noun, name, list(self._entries))

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries
