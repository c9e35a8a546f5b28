"""What a picture of particles is coloured by: the truth."""

from __future__ import annotations

import numpy as np

from cryobench.core import Colouring, Coordinate, Truth

MOST_CLASSES = 20
"""Of more states than these no one tells the colours apart."""


def colourings(truth: Truth) -> tuple[Colouring, ...]:
    """Return the colourings of a dataset's particles, one for each panel.

    - Compositions (states without an order, whose true latent has a column each): a colour for each state, where they
      are few.
    - States with two variables: both.
    - All others: the variable that orders the states.
    """
    if _are_compositions(truth) and len(truth.states) <= MOST_CLASSES:
        names = tuple(state.name for state in truth.states)
        return (Colouring(Coordinate(name="state", unit="", cyclic=False), truth.labels.astype(np.float64), names),)
    names = tuple(truth.states[0].variables)
    second = [name for name in names if name != truth.coordinate.name]
    first = Colouring(truth.coordinate, truth.values().astype(np.float64))
    return (first, _variable(truth, second[0])) if len(second) == 1 else (first,)


def _are_compositions(truth: Truth) -> bool:
    """Whether the true latents say which state it is and nothing else."""
    count = len(truth.states)
    if truth.latents.shape[1] != count or count < 2:
        return False
    own = truth.latents[np.arange(len(truth)), truth.labels]
    return bool((own == 1).all() and (np.abs(truth.latents).sum(axis=1) == 1).all())


def _variable(truth: Truth, name: str) -> Colouring:
    """Return a second variable; it is an angle in degrees where its cosine and sine are in the true latents."""
    values = np.array([state.variables[name] for state in truth.states], dtype=np.float64)[truth.labels]
    radians = np.radians(values)
    latents = truth.latents.astype(np.float64)
    cyclic = all(
        any(np.allclose(column, part, atol=1e-4) for column in latents.T) for part in (np.cos(radians), np.sin(radians))
    )
    return Colouring(Coordinate(name=name, unit="degrees" if cyclic else "", cyclic=cyclic), values)
