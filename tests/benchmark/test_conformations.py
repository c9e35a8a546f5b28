"""Whose volume stands for a state."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from truths import make_truth

from cryobench.benchmark import stand_ins
from cryobench.methods import FileVolumes


def test_a_volume_of_the_same_state_stands_in_and_is_flagged() -> None:
    truth = make_truth(each=4, states=3)  # particles 0-3, 4-7, 8-11
    volumes = FileVolumes({particle: Path("any.mrc") for particle in (1, 6, 7)}, "index.csv")
    found = stand_ins(volumes, np.array([1, 5, 9]), truth)
    # State 0 has its own, state 1 another of its particles, and state 2 none: it scores 0.
    np.testing.assert_array_equal(found.particles, [1, 6, 9])
    (flag,) = found.flags
    assert flag.startswith("1 of 3 states: another particle of the state stands in")


def test_nothing_stands_in_where_all_are_there() -> None:
    volumes = FileVolumes({particle: Path("any.mrc") for particle in (0, 4, 8)}, "index.csv")
    found = stand_ins(volumes, np.array([0, 4, 8]), make_truth(each=4, states=3))
    np.testing.assert_array_equal(found.particles, [0, 4, 8])
    assert found.flags == ()
