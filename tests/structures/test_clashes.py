from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from cryobench.structures.atoms import Atoms
from cryobench.structures.clashes import atoms_near, atoms_within, contacts
from cryobench.structures.load import load_structure
from cryobench.structures.motion import ResidueRange, select, turn_about_psi
from cryobench.structures.synthetic_igg import synthetic_igg

MOVING = (ResidueRange("H", 1, 230), ResidueRange("L", 1, 214))
AXIS = ResidueRange("H", 230, 230)


@pytest.mark.parametrize("distance", [0.1, 1.0, 3.0])
def test_counts_agree_with_all_pairs(distance: float) -> None:
    generator = np.random.default_rng(1)
    a, b = generator.uniform(0, 5, (40, 3)), generator.uniform(0, 5, (60, 3))
    close = cdist(a, b) <= distance
    assert contacts(a, b, distance) == close.sum()
    assert atoms_within(a, b, distance) == close.any(axis=1).sum()
    np.testing.assert_array_equal(atoms_near(a, cKDTree(b), distance), close.any(axis=1))


def test_the_distance_itself_counts() -> None:
    a, b = np.zeros((1, 3)), np.array([[0.0, 0, 2], [0, 2, 0]])
    assert contacts(a, b, 2.0) == 2
    assert atoms_within(a, b, 2.0) == 1
    assert contacts(a, b, 1.99) == atoms_within(a, b, 1.99) == 0


def test_no_atoms_have_no_contacts() -> None:
    none, one = np.empty((0, 3)), np.zeros((1, 3))
    for a, b in ((none, one), (one, none), (none, none)):
        assert contacts(a, b, 5.0) == atoms_within(a, b, 5.0) == 0


def contacts_of_the_turn(atoms: Atoms) -> list[int]:
    """Contacts under 2.5 Å of the arm in each of 100 states, but for the O that belongs to the axis."""
    own = select(atoms, (AXIS,)) & (atoms.names == "O")
    moves = select(atoms, MOVING) & ~own
    stays = ~moves & ~own
    turned = [turn_about_psi(atoms, MOVING, AXIS, 3.6 * state).coordinates for state in range(101)]
    np.testing.assert_allclose(turned[100], turned[0], atol=1e-9)
    for coordinates in turned:
        np.testing.assert_array_equal(coordinates[~moves], atoms.coordinates[~moves])
    return [contacts(coordinates[moves], coordinates[stays], 2.5) for coordinates in turned[:100]]


def test_the_arm_of_the_real_antibody_turns_freely(cache: Path) -> None:
    """Three of the contacts are across the peptide bond of the axis."""
    counts = contacts_of_the_turn(load_structure(cache / "structures" / "1hzh.pdb.gz"))
    assert min(counts) == 3
    assert max(counts) == 4


def test_the_arm_of_the_synthetic_antibody_turns_freely() -> None:
    assert set(contacts_of_the_turn(synthetic_igg())) == {3}
