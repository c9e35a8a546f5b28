from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import FormatError, InputError, Volume
from cryobench.structures import (
    Atoms,
    ResidueRange,
    load_structure,
    render_density,
    select,
    sigma_of_resolution,
    soft_mask,
    turn_about_psi,
)

PDB = """\
ATOM      1  N   ALA H   1      11.104   6.134  -6.504  1.00  0.00           N
ATOM      2  CA AALA H   1      11.639   6.071  -5.147  0.60  0.00           C
ATOM      3  CA BALA H   1      12.639   6.071  -5.147  0.40  0.00           C
ATOM      4  HA  ALA H   1      11.000   6.000  -5.000  1.00  0.00           H
ATOM      5  C   ALA H   2      10.639   6.571  -4.147  1.00  0.00           C
HETATM    6  O   HOH H   3       1.639   6.571  -4.147  1.00  0.00           O
END
"""


def test_pdb_without_hydrogens_waters_and_second_locations(tmp_path: Path) -> None:
    (tmp_path / "a.pdb").write_text(PDB)
    with gzip.open(tmp_path / "a.pdb.gz", "wt") as file:
        file.write(PDB)
    for name in ("a.pdb", "a.pdb.gz"):
        atoms = load_structure(tmp_path / name)
        assert atoms.names.tolist() == ["N", "CA", "C"]
        assert atoms.weights.tolist() == [7, 6, 6]
        assert atoms.residues.tolist() == [1, 1, 2]
        np.testing.assert_allclose(atoms.coordinates[1], [11.639, 6.071, -5.147])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", PDB, "not a structure file"),
        ("a.pdb", "", "holds no atom"),
        ("a.cif", "nonsense {", "cannot be read|holds no atom"),
        ("a.pdb.gz", "not gzip", "cannot be read|holds no atom"),
    ],
)
def test_bad_structures_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(FormatError, match=message):
        load_structure(tmp_path / name)


def test_a_missing_structure() -> None:
    with pytest.raises(FormatError, match="no such file"):
        load_structure(Path("nowhere.pdb"))


def line_of_atoms() -> Atoms:
    names = np.array(["CA", "C", "CA", "C"])
    coordinates = np.array([[0.0, 0, 0], [0, 0, 1], [3, 0, 2], [3, 0, 5]])
    return Atoms(coordinates, np.full(4, 6.0), np.array(list("AAAB")), np.array([1, 1, 2, 1]), names, "line")


def test_turning_about_a_bond_is_right_handed_and_leaves_the_rest() -> None:
    turned = turn_about_psi(line_of_atoms(), (ResidueRange.parse("A:1-2"),), ResidueRange.parse("A:1"), 90.0)
    np.testing.assert_allclose(turned.coordinates, [[0, 0, 0], [0, 0, 1], [0, 3, 2], [3, 0, 5]], atol=1e-12)


def test_ranges_of_residues() -> None:
    assert str(ResidueRange.parse("H:1-230")) == "H:1-230"
    assert ResidueRange.parse("H:-5--1") == ResidueRange("H", -5, -1)
    for text in ("H", "H:", "H:a-b", "1-2"):
        with pytest.raises(InputError, match="not a range of residues"):
            ResidueRange.parse(text)
    with pytest.raises(InputError, match=r"no residue in Q:1-3 \(its chains: A, B\)"):
        select(line_of_atoms(), (ResidueRange.parse("Q:1-3"),))


def test_an_axis_needs_its_two_atoms() -> None:
    with pytest.raises(InputError, match="one CA and one C atom"):
        turn_about_psi(line_of_atoms(), (ResidueRange.parse("A:1-2"),), ResidueRange.parse("A:2"), 90.0)


def test_density_integrates_to_the_weights_and_has_the_width_asked_for() -> None:
    atoms = line_of_atoms()
    map_ = render_density(atoms, resolution=10.0, box=32, pixel_size=2.0)
    data = map_.data.astype(np.float64)
    assert data.sum() * 8 == pytest.approx(24.0, rel=3e-4)
    axis = (np.arange(32) - 16) * 2.0
    mean = float((data.sum(axis=(0, 1)) * axis).sum() / data.sum())
    variance = float((data.sum(axis=(0, 1)) * (axis - mean) ** 2).sum() / data.sum())
    assert mean == pytest.approx(1.5, abs=1e-3)
    assert variance == pytest.approx(sigma_of_resolution(10.0) ** 2 + 2.25, rel=1e-3)


def test_soft_mask_has_its_plateau_and_edge() -> None:
    data = np.zeros((16, 16, 16), np.float32)
    data[8, 8, 8] = 1
    mask = soft_mask(Volume(data, 2.0), 0.5, dilation=4.0, edge=4.0).data
    assert mask[8, 8, 8] == mask[8, 8, 10] == 1  # 4 Å away
    assert mask[8, 8, 11] == pytest.approx(0.5)
    assert mask[8, 8, 12] == 0


def test_the_real_antibody(cache: Path) -> None:
    """Counts and geometry as stated for PDB 1HZH."""
    atoms = load_structure(cache / "structures" / "1hzh.pdb.gz")
    assert len(atoms) == 10_576
    heavy = np.unique(atoms.residues[atoms.chains == "H"])
    assert (heavy.min(), heavy.max()) == (1, 478)
    centred = atoms.coordinates - atoms.centre()
    assert np.linalg.norm(centred, axis=1).max() < 97
