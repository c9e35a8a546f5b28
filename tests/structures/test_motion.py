import numpy as np
import pytest
from biotite.structure import dihedral

from cryobench.structures.motion import ResidueRange, residues_in_order, turn_about_psi
from cryobench.structures.synthetic_igg import synthetic_igg


@pytest.mark.parametrize(
    ("moving", "sign"),
    [((ResidueRange("H", 1, 230), ResidueRange("L", 1, 214)), -1), ((ResidueRange("H", 231, 450),), 1)],
    ids=["before", "after"],
)
def test_the_peptide_after_the_axis_stays_whole(moving: tuple[ResidueRange, ...], sign: int) -> None:
    atoms = synthetic_igg()
    place = {
        (residue, name): int(np.flatnonzero(atoms.select("H", residue, residue) & (atoms.names == name))[0])
        for residue in (230, 231)
        for name in ("N", "CA", "C", "O")
    }
    turned = turn_about_psi(atoms, moving, ResidueRange("H", 230, 230), 70.0).coordinates

    def angle(coordinates: np.ndarray, *atom: tuple[int, str]) -> float:
        return float(np.rad2deg(dihedral(*(coordinates[place[a]] for a in atom))))

    psi = [(230, "N"), (230, "CA"), (230, "C"), (231, "N")]
    plane = [(230, "O"), (230, "C"), (231, "N"), (231, "CA")]
    change = angle(turned, *psi) - angle(atoms.coordinates, *psi) - sign * 70
    assert (change + 180) % 360 == pytest.approx(180, abs=5e-3)
    assert angle(turned, *plane) == pytest.approx(angle(atoms.coordinates, *plane), abs=5e-3)
    peptide = [place[230, "O"], place[231, "N"]]
    distance, before = (np.linalg.norm(np.subtract(*c[peptide])) for c in (turned, atoms.coordinates))
    assert distance == pytest.approx(before)


def test_residues_are_in_the_order_of_the_atoms() -> None:
    atoms = synthetic_igg()
    back = atoms.chosen(atoms.select("H", 3, 5))
    shuffled = back.chosen(back.residues != 4)
    assert residues_in_order(shuffled, "H") == (ResidueRange("H", 3, 3), ResidueRange("H", 5, 5))
    assert residues_in_order(shuffled, "K") == ()
