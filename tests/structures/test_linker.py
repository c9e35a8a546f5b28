from pathlib import Path

import numpy as np
import pytest
from biotite.structure import dihedral
from scipy.spatial.distance import cdist
from scipy.spatial.transform import Rotation

from cryobench.core import InputError, stream
from cryobench.structures.atoms import Atoms
from cryobench.structures.linker import LinkerStates, draw_linker_states, draw_torsions, fab_geometry
from cryobench.structures.load import load_structure
from cryobench.structures.motion import ResidueRange, select
from cryobench.structures.synthetic_igg import synthetic_igg

ARM = (ResidueRange("H", 1, 231), ResidueRange("L", 1, 214))
LINKER = (ResidueRange("H", 232, 236),)


def synthetic_states(count: int, **changes: float) -> LinkerStates:
    return draw_linker_states(synthetic_igg(), ARM, LINKER, count, 5, **changes)


@pytest.fixture(scope="module")
def states() -> LinkerStates:
    return synthetic_states(20)


@pytest.fixture(scope="module")
def real(cache: Path) -> Atoms:
    return load_structure(cache / "structures" / "1hzh.pdb.gz")


@pytest.fixture(scope="module")
def real_states(real: Atoms) -> LinkerStates:
    arm = (ResidueRange("H", 1, 230), ResidueRange("L", 1, 214))
    return draw_linker_states(real, arm, (ResidueRange("H", 232, 238),), 100, 0)


def test_torsions_are_drawn_from_the_regions_stated() -> None:
    phi, psi = draw_torsions(np.random.default_rng(4), 40_000)
    for angles in (phi, psi):
        assert angles.min() >= -180
        assert angles.max() < 180
    left = phi > 0
    alpha = ~left & (np.abs(psi + 40) < 60)
    proline = ~left & ~alpha
    # Few beta cross from -120 to 60 of phi, so that the signs part the regions.
    for region, weight in ((left, 0.03), (alpha, 0.25), (proline, 0.72)):
        assert region.mean() == pytest.approx(weight, abs=0.01)
    assert phi[alpha].mean() == pytest.approx(-65, abs=0.6)
    assert psi[alpha].mean() == pytest.approx(-40, abs=0.6)
    assert phi[alpha].std() == pytest.approx(15, abs=0.6)
    assert phi[proline].mean() == pytest.approx((0.45 * -70 + 0.27 * -120) / 0.72, abs=0.6)


def test_a_state_depends_on_the_seed_and_its_index_alone(states: LinkerStates) -> None:
    fewer = synthetic_states(8)
    for name in ("torsions", "attempts", "distances", "dihedrals"):
        np.testing.assert_array_equal(getattr(fewer, name), getattr(states, name)[:8])
    generator = stream(5, "linker", 7)
    drawn = [np.column_stack(draw_torsions(generator, 5)) for _ in range(int(states.attempts[7]))]
    np.testing.assert_array_equal(states.torsions[7], drawn[-1])
    other = draw_linker_states(synthetic_igg(), ARM, LINKER, 8, 6)
    assert not np.isclose(other.torsions, fewer.torsions).any()


def close_atoms(states: LinkerStates, atoms: Atoms, arm: tuple[ResidueRange, ...], distance: float) -> int:
    """Atoms of the arm near the rest or the linker; its last residue is bound to the linker."""
    moves = select(atoms, arm)
    linker = np.isin(atoms.residues, [r.first for r in states.linker.residues]) & (atoms.chains == "H")
    bound = (atoms.chains == "H") & (atoms.residues == arm[0].last)
    near = cdist(atoms.coordinates[moves], atoms.coordinates[~moves]) <= distance
    near[np.ix_(bound[moves], linker[~moves])] = False
    return int(near.any(axis=1).sum())


def test_the_kept_draw_is_the_first_that_is_clear(states: LinkerStates) -> None:
    state = int(np.argmax(states.attempts))
    assert states.attempts[state] > 2
    generator = stream(5, "linker", state)
    for attempt in range(1, int(states.attempts[state]) + 1):
        torsions = np.column_stack(draw_torsions(generator, 5))
        atoms = states.linker.atoms.moved(states.linker.coordinates(torsions))
        kept = bool(attempt == states.attempts[state])
        assert (close_atoms(states, atoms, ARM, 3.0) <= 5) is kept


def test_a_linker_that_never_clears_is_named() -> None:
    with pytest.raises(InputError, match=r"none of 3 draws for state 0 leaves at most 0 atoms .* within 40 Å"):
        synthetic_states(2, most_close=0, close=40.0, most_attempts=3)


def furthest(atoms: Atoms, part: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Position of the atom furthest from the line through the centre of a part and its end."""
    chosen = atoms.chosen(part)
    along = (end - chosen.centre()) / np.linalg.norm(end - chosen.centre())
    offsets = chosen.coordinates - chosen.centre()
    away = np.linalg.norm(offsets - np.outer(offsets @ along, along), axis=1)
    return np.asarray(chosen.coordinates[int(away.argmax())])


def test_the_geometry_is_the_distance_and_dihedral_stated(states: LinkerStates) -> None:
    for state in range(3):
        atoms = states.atoms(state)
        arm = select(atoms, ARM)
        rest = ~arm & ~select(atoms, LINKER)
        (before,) = atoms.coordinates[atoms.select("H", 231, 231) & (atoms.names == "C")]
        (after,) = atoms.coordinates[atoms.select("H", 237, 237) & (atoms.names == "N")]
        centres = atoms.chosen(rest).centre(), atoms.chosen(arm).centre()
        points = furthest(atoms, rest, after), *centres, furthest(atoms, arm, before)
        assert states.distances[state] == pytest.approx(np.linalg.norm(centres[1] - centres[0]))
        assert states.dihedrals[state] == pytest.approx(np.rad2deg(dihedral(*points)), abs=5e-3)
        given = fab_geometry(atoms, ARM, LINKER)
        assert given == pytest.approx((states.distances[state], states.dihedrals[state]))


def test_the_geometry_does_not_depend_on_where_the_antibody_is() -> None:
    atoms = synthetic_igg()
    turn = Rotation.from_rotvec([0.3, -1.0, 0.7])
    elsewhere = atoms.moved(turn.apply(atoms.coordinates) + np.array([5.0, -3.0, 8.0]))
    assert fab_geometry(elsewhere, ARM, LINKER) == pytest.approx(fab_geometry(atoms, ARM, LINKER))


def test_the_synthetic_antibody_has_room_for_its_arm(states: LinkerStates) -> None:
    assert 0.15 < len(states) / states.attempts.sum() < 0.5
    assert 35 < states.distances.min() < states.distances.max() < 100
    assert all(np.linalg.norm(states.atoms(i).coordinates, axis=1).max() < 115 for i in range(len(states)))


def test_the_real_antibody_keeps_about_100_of_354_draws(real_states: LinkerStates) -> None:
    """And its arm comes as near and goes as far as stated for PDB 1HZH: 58 to 87 Å."""
    assert 100 / real_states.attempts.sum() == pytest.approx(100 / 354, abs=0.06)
    assert real_states.distances.min() == pytest.approx(58, abs=6)
    assert real_states.distances.max() == pytest.approx(87, abs=3)
    assert np.ptp(real_states.dihedrals) > 300


def test_arms_of_the_real_antibody_are_clear_and_rigid(real: Atoms, real_states: LinkerStates) -> None:
    arm = (ResidueRange("H", 1, 230), ResidueRange("L", 1, 214))
    moves = select(real, arm)
    sulphurs = [
        real.select(chain, number, number) & (real.names == "SG")
        for chain, number in (("H", 230), ("L", 214), ("H", 239), ("K", 239))
    ]
    for state in (0, 40, 99):
        atoms = real_states.atoms(state)
        assert close_atoms(real_states, atoms, arm, 3.0) <= 5
        bonds = [np.linalg.norm(atoms.coordinates[a] - atoms.coordinates[b]) for a, b in (sulphurs[:2], sulphurs[2:])]
        assert bonds == pytest.approx([2.03, 2.05], abs=0.01)
        spread = [c[moves].std(axis=0) @ c[moves].std(axis=0) for c in (atoms.coordinates, real.coordinates)]
        assert spread[0] == pytest.approx(spread[1])
