"""The table of states of a dataset folder: ``truth/states.csv``."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from cryobench.core import FormatError, State
from cryobench.io import read_text

_FIXED = ("state", "name", "source", "images", "population")


def states_text(states: Sequence[State], sources: Sequence[str]) -> str:
    """Return the table: a row for each state, with the name of what it was made from and its collective variables."""
    text = io.StringIO()
    variables = list(states[0].variables)
    particles = sum(state.images for state in states)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*_FIXED, *variables])
    for state, source in zip(states, sources, strict=True):
        row = [state.index, state.name, source, state.images, repr(state.images / particles)]
        writer.writerow([*row, *(repr(state.variables[name]) for name in variables)])
    return text.getvalue()


def read_states(path: Path) -> tuple[State, ...]:
    """Read the table.

    Raises
    ------
    FormatError
        If it is not one.
    """
    rows = list(csv.DictReader(io.StringIO(read_text(path))))
    try:
        return tuple(
            State(
                index=int(row["state"]),
                name=row["name"],
                images=int(row["images"]),
                variables={name: float(value) for name, value in row.items() if name not in _FIXED},
            )
            for row in rows
        )
    except (KeyError, TypeError, ValueError) as error:
        raise FormatError(f"{path}: not a table of states ({error})") from error
