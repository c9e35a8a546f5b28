from dataclasses import replace
from pathlib import Path

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from biotite.structure import dihedral as biotite_dihedral
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import pdist, squareform

from cryobench.core import InputError
from cryobench.structures.atoms import Atoms
from cryobench.structures.load import load_structure
from cryobench.structures.motion import ResidueRange, select
from cryobench.structures.synthetic_igg import synthetic_igg
from cryobench.structures.torsions import dihedral, find_linker, set_backbone_torsions


def ranges(*texts: str) -> tuple[ResidueRange, ...]:
    return tuple(map(ResidueRange.parse, texts))


ARM, LINKER = ranges("H:225-231", "L:208-214"), ranges("H:232-236")
TORSIONS = arrays.arrays(np.float64, (5, 2), elements=st.floats(-180, 180))


def peptide() -> Atoms:
    """An arm of two chains, five residues of linker, and four that stay."""
    igg = synthetic_igg()
    return igg.chosen(select(igg, ranges("H:225-240", "L:208-214")))


def backbone_torsions(atoms: Atoms, residues: list[int]) -> np.ndarray:
    """Phi, psi and omega (to the next) of residues of chain H in degrees by biotite, which computes in float32."""
    order = list(dict.fromkeys(atoms.residues[atoms.chains == "H"].tolist()))
    at = {
        (residue, name): atoms.coordinates[atoms.select("H", residue, residue) & (atoms.names == name)][0]
        for residue in order
        for name in ("N", "CA", "C")
    }
    found = []
    for residue in residues:
        k = order.index(residue)
        before, after = order[k - 1], order[k + 1]
        path = [at[before, "C"], *(at[residue, x] for x in ("N", "CA", "C")), at[after, "N"], at[after, "CA"]]
        found.append([biotite_dihedral(*path[i : i + 4]) for i in range(3)])
    return np.rad2deg(np.array(found, dtype=float))


def assert_same_angle(actual: np.ndarray, expected: np.ndarray, atol: float = 5e-3) -> None:
    np.testing.assert_allclose((actual - expected + 180) % 360, 180, atol=atol)


def test_dihedral_agrees_with_another_library() -> None:
    for points in np.random.default_rng(2).normal(size=(20, 4, 3)):
        assert dihedral(points) == pytest.approx(np.rad2deg(biotite_dihedral(*points)))


@settings(max_examples=15, deadline=None)
@given(TORSIONS)
def test_the_torsions_set_are_the_torsions_measured(torsions: np.ndarray) -> None:
    before = peptide()
    after = set_backbone_torsions(before, ARM, LINKER, *torsions.T)
    residues = [232, 233, 234, 235, 236]
    measured = backbone_torsions(after, residues)
    assert_same_angle(measured[:, :2], torsions)
    assert_same_angle(measured[:, 2], backbone_torsions(before, residues)[:, 2])
    assert_same_angle(find_linker(after, ARM, LINKER).torsions, torsions, atol=1e-9)


def test_the_parts_are_rigid_and_no_bond_or_angle_changes() -> None:
    before = peptide()
    after = set_backbone_torsions(before, ARM, LINKER, *np.random.default_rng(3).uniform(-180, 180, (2, 5)))
    arm, linker = select(before, ARM), select(before, LINKER)
    np.testing.assert_array_equal(after.coordinates[~(arm | linker)], before.coordinates[~(arm | linker)])
    np.testing.assert_allclose(pdist(after.coordinates[arm]), pdist(before.coordinates[arm]))
    assert np.linalg.norm(after.coordinates[arm] - before.coordinates[arm], axis=1).min() > 1

    apart, moved_apart = (squareform(pdist(atoms.coordinates)) for atoms in (before, after))
    bonds = (apart < 1.7).astype(int)
    bonded = bonds @ bonds > 0  # one or two bonds apart: lengths and angles
    np.testing.assert_allclose(moved_apart[bonded], apart[bonded], atol=1e-9)


def test_a_linker_keeps_the_residues_it_does_not_name() -> None:
    before, some = peptide(), ranges("H:232", "H:235")
    after = set_backbone_torsions(before, ARM, some, np.array([-70.0, -60.0]), np.array([140.0, -40.0]))
    torsions = backbone_torsions(before, [232, 233, 234, 235, 236])
    torsions[[0, 3], :2] = [[-70, 140], [-60, -40]]
    assert_same_angle(backbone_torsions(after, [232, 233, 234, 235, 236]), torsions)


def without(atoms: Atoms, residue: int, *names: str) -> Atoms:
    return atoms.chosen(~(atoms.select("H", residue, residue) & np.isin(atoms.names, names)))


def with_proline(atoms: Atoms, residue: int) -> Atoms:
    """A residue whose CB is bound to N and called CD."""
    here = atoms.select("H", residue, residue)
    ring, n = np.flatnonzero(here & (atoms.names == "CB")), np.flatnonzero(here & (atoms.names == "N"))
    coordinates, names = atoms.coordinates.copy(), atoms.names.copy()
    coordinates[ring], names[ring] = coordinates[n] + [1.47, 0, 0], "CD"
    return replace(atoms, coordinates=coordinates, names=names)


@pytest.mark.parametrize(
    ("arm", "linker", "atoms", "message"),
    [
        (ARM, LINKER, lambda: without(peptide(), 234, "CA"), r"residue H:234.* has 0 CA atoms"),
        (ARM, LINKER, lambda: without(peptide(), 231, "N", "C"), r"residue H:231.* has 0 N, 0 C atoms"),
        (ARM, LINKER, lambda: without(peptide(), 237, "N"), "residue H:237.* has 0 N atoms"),
        (ARM, ranges("K:232-236"), peptide, "no residue in K:232-236"),
        (ARM, ranges("H:232", "L:214"), peptide, "lies in chains H, L"),
        (ranges("H:225-232"), LINKER, peptide, "has to hold chain H up to residue H:231"),
        (ranges("H:225-230"), LINKER, peptide, "has to hold chain H up to residue H:231"),
        (ranges("H:228-231"), LINKER, peptide, "has to hold chain H up to residue H:231"),
        (ranges("H:225-231", "H:237"), LINKER, peptide, "nothing of it from H:232 to H:237"),
        (ranges("L:208-214"), ranges("H:225-229"), peptide, "reaches the end of chain H"),
        (ranges("H:225-235"), ranges("H:236-240"), peptide, "reaches the end of chain H"),
        (ARM, LINKER, lambda: without(peptide(), 234, "N", "CA", "C", "O", "CB"), "H:233 and H:235 are not bound"),
        (ARM, LINKER, lambda: with_proline(peptide(), 233), "H:233 is a proline"),
    ],
)
def test_linkers_that_cannot_turn(arm, linker, atoms, message) -> None:
    with pytest.raises(InputError, match=message):
        find_linker(atoms(), arm, linker)


def test_as_many_torsions_as_residues() -> None:
    with pytest.raises(InputError, match="5 residues, but there are 4 phi and 4 psi"):
        set_backbone_torsions(peptide(), ARM, LINKER, np.zeros(4), np.zeros(4))


def test_a_proline_may_lie_within_the_linker() -> None:
    linker = find_linker(with_proline(peptide(), 233), ARM, ranges("H:232", "H:234-236"))
    assert [residue.first for residue in linker.residues] == [232, 234, 235, 236]


def test_the_linker_of_the_real_antibody(cache: Path) -> None:
    """Its numbering has gaps, its chain has none."""
    atoms = load_structure(cache / "structures" / "1hzh.pdb.gz")
    linker = find_linker(atoms, ranges("H:1-230", "L:1-214"), ranges("H:232-238"))
    residues = [232, 235, 236, 237, 238]
    assert [residue.first for residue in linker.residues] == residues
    assert_same_angle(linker.torsions, backbone_torsions(atoms, residues)[:, :2])
    with pytest.raises(InputError, match="K:235 and K:239 are not bound"):
        find_linker(atoms, ranges("K:1-230", "M:1-214"), ranges("K:232-235"))
