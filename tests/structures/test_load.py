"""Structures from files, against gemmi and biotite as other readers of the same files."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path

import gemmi
import numpy as np
import pytest
from biotite.structure.io import pdb, pdbx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree

from cryobench.core import FormatError, InputError
from cryobench.structures import AtomChoice, Atoms, load_structure

PDB = """\
HEADER    TEST
TITLE     A SMALL PEPTIDE WITH EVERYTHING THAT
TITLE    2 IS LEFT OUT
REMARK 350 BIOMOLECULE: 1
REMARK 350 APPLY THE FOLLOWING TO CHAINS: H,
REMARK 350                    AND CHAINS: L
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
REMARK 350   BIOMT1   2  0.000000 -1.000000  0.000000       10.00000
REMARK 350   BIOMT2   2  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT3   2  0.000000  0.000000  1.000000      -20.00000
REMARK 350 BIOMOLECULE: 2
REMARK 350 APPLY THE FOLLOWING TO CHAINS: L
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
MODEL        1
ATOM      1  N   ALA H   1      11.104   6.134  -6.504  1.00 10.00           N
ATOM      2  CA AALA H   1      11.639   6.071  -5.147  0.30 20.00           C
ATOM      3  CA BALA H   1      12.639   6.071  -5.147  0.70 30.00           C
ATOM      4  HA  ALA H   1      11.000   6.000  -5.000  1.00  0.00           H
ATOM      5  D   ALA H   1      11.000   6.100  -5.000  1.00  0.00           D
ATOM      6  C   ALA H   1A     10.639   6.571  -4.147  0.50  0.00           C
ATOM      7  OG ASER H   2      10.639   6.571  -3.147  0.60  0.00           O
ATOM      8  CB BALA H   2      10.639   6.571  -2.147  0.40  0.00           C
TER
ATOM      9  SG  CYS L  -5      10.639   7.571  -4.147  1.00  0.00           S
HETATM   10 ZN    ZN L 300       1.639   6.571  -4.147  1.00  0.00          ZN
HETATM   11  O   HOH L 301       1.639   6.571  -4.147  1.00  0.00           O
ENDMDL
MODEL        2
ATOM      1  N   ALA H   1      21.104   6.134  -6.504  1.00 10.00           N
ENDMDL
END
"""


def written(tmp_path: Path, text: str, name: str = "a.pdb") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def as_gemmi_reads(path: Path) -> list[tuple[object, ...]]:
    """Atoms of the first model without alternates, hydrogens and waters, sorted."""
    structure = gemmi.read_structure(str(path))
    structure.remove_alternative_conformations()
    structure.remove_hydrogens()
    structure.remove_waters()
    return sorted(
        (chain.name, residue.seqid.num, residue.name, atom.name, atom.element.atomic_number, *atom.pos.tolist())
        for chain in structure[0]
        for residue in chain
        for atom in residue
    )


def as_tuples(atoms: Atoms) -> list[tuple[object, ...]]:
    columns = (atoms.chains, atoms.residues, atoms.residue_names, atoms.names, atoms.numbers, *atoms.coordinates.T)
    return sorted(zip(*(column.tolist() for column in columns), strict=True))


@pytest.mark.parametrize("name", ["1hzh.pdb.gz", "6vxx.pdb.gz", "3d2f.pdb.gz", "4v5d_50S.cif.gz"])
def test_real_entries_are_read_as_gemmi_reads_them(cache: Path, name: str) -> None:
    path = cache / "structures" / name
    atoms = load_structure(path)
    assert as_tuples(atoms) == as_gemmi_reads(path)
    assert atoms.weights.tolist() == atoms.numbers.tolist()
    info = gemmi.read_structure(str(path)).info
    assert atoms.title == (info["_struct.title"] if "_struct.title" in info else name)  # noqa: SIM401


def test_the_real_antibody(cache: Path) -> None:
    """Counts and geometry as stated for PDB 1HZH."""
    atoms = load_structure(cache / "structures" / "1hzh.pdb.gz")
    assert len(atoms) == 10_576
    heavy = np.unique(atoms.residues[atoms.chains == "H"])
    assert (heavy.min(), heavy.max()) == (1, 478)
    centred = atoms.coordinates - atoms.centre()
    assert np.linalg.norm(centred, axis=1).max() < 97


# The small file, in every format


def as_mmcif(path: Path, write: Callable[[Path, pdbx.CIFBlock], None]) -> None:
    """Write the small file's first model as mmCIF with biotite, with an assembly that copies two chains unequally."""
    source = pdb.PDBFile.read(str(path))
    structure = source.get_structure(model=1, altloc="all", extra_fields=["occupancy", "b_factor"])
    file = pdbx.CIFFile()
    pdbx.set_structure(file, structure, data_block="TEST")
    block = file.block
    alternates = [str(a).strip() or "." for a in structure.altloc_id]
    block["atom_site"]["label_alt_id"] = pdbx.CIFColumn(alternates)
    # What the assemblies name differs from the author's chains.
    block["atom_site"]["label_asym_id"] = pdbx.CIFColumn([{"H": "A", "L": "B"}[c] for c in structure.chain_id])
    block["struct"] = pdbx.CIFCategory({"title": "A small peptide"})
    block["pdbx_struct_assembly"] = pdbx.CIFCategory({"id": ["1", "2"], "details": ["?", "?"]})
    block["pdbx_struct_assembly_gen"] = pdbx.CIFCategory(
        {"assembly_id": ["1", "1"], "oper_expression": ["(X)(1-2)", "2"], "asym_id_list": ["A", "B"]}
    )
    turn = {"matrix[1][2]": ["0", "-1", "0"], "matrix[2][1]": ["0", "1", "0"], "matrix[3][3]": ["1", "1", "-1"]}
    turn |= {"matrix[1][1]": ["1", "0", "1"], "matrix[2][2]": ["1", "0", "-1"], "vector[1]": ["0", "10", "5"]}
    zeros = {f"matrix[{i}][{j}]": ["0"] * 3 for i, j in ((1, 3), (2, 3), (3, 1), (3, 2))}
    zeros |= {"vector[2]": ["0"] * 3, "vector[3]": ["0"] * 3}
    block["pdbx_struct_oper_list"] = pdbx.CIFCategory({"id": ["1", "2", "X"], **turn, **zeros})
    write(path, block)


def write_text(path: Path, block: pdbx.CIFBlock) -> None:
    pdbx.CIFFile({"TEST": block}).write(str(path.with_suffix(".cif")))


def write_binary(path: Path, block: pdbx.CIFBlock) -> None:
    categories = {}
    for name, category in block.items():
        columns = {key: pdbx.BinaryCIFColumn(column.as_array(str)) for key, column in category.items()}
        categories[name] = pdbx.BinaryCIFCategory(columns)
    file = pdbx.BinaryCIFFile({"TEST": pdbx.BinaryCIFBlock(categories)})
    masked = categories["atom_site"]["label_alt_id"].as_array(str)
    mask = np.where(masked == ".", pdbx.MaskValue.INAPPLICABLE, pdbx.MaskValue.PRESENT).astype(np.uint8)
    categories["atom_site"]["label_alt_id"] = pdbx.BinaryCIFColumn(pdbx.BinaryCIFData(masked), pdbx.BinaryCIFData(mask))
    file.write(str(path.with_suffix(".bcif")))


SUFFIXES = ["pdb", "ent", "cif", "mmcif", "bcif", "pdb.gz", "ent.gz", "cif.gz", "mmcif.gz", "bcif.gz"]


@pytest.fixture(scope="module", params=SUFFIXES)
def small(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small file in one of the formats."""
    folder = tmp_path_factory.mktemp("small")
    path = written(folder, PDB)
    as_mmcif(path, write_text)
    as_mmcif(path, write_binary)
    suffix = request.param
    bare = suffix.removesuffix(".gz").replace("ent", "pdb").replace("mmcif", "cif")
    content = (folder / f"a.{bare}").read_bytes()
    result = folder / f"b.{suffix}"
    result.write_bytes(gzip.compress(content) if suffix.endswith(".gz") else content)
    return result


def test_every_format_by_default(small: Path) -> None:
    """Heavy atoms of the first model at their first location, without waters."""
    atoms = load_structure(small)
    assert atoms.names.tolist() == ["N", "CA", "C", "OG", "SG", "ZN"]
    assert atoms.numbers.tolist() == [7, 6, 6, 8, 16, 30]
    assert atoms.weights.tolist() == [7, 6, 6, 8, 16, 30]
    assert atoms.chains.tolist() == list("HHHHLL")
    assert atoms.residues.tolist() == [1, 1, 1, 2, -5, 300]
    assert atoms.residue_names.tolist() == ["ALA", "ALA", "ALA", "SER", "CYS", "ZN"]
    assert atoms.b_factors.tolist() == [10, 20, 0, 0, 0, 0]
    np.testing.assert_allclose(atoms.coordinates[1], [11.639, 6.071, -5.147], atol=1e-5)
    title = (
        "A SMALL PEPTIDE WITH EVERYTHING THAT IS LEFT OUT" if small.name[2:5] in {"pdb", "ent"} else "A small peptide"
    )
    assert atoms.title == title


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (AtomChoice(alternates="highest-occupancy"), ["N", "CA", "C", "OG", "SG", "ZN"]),
        (AtomChoice(alternates="all"), ["N", "CA", "CA", "C", "OG", "CB", "SG", "ZN"]),
        (AtomChoice(hydrogens=True), ["N", "CA", "HA", "D", "C", "OG", "SG", "ZN"]),
        (AtomChoice(waters=True), ["N", "CA", "C", "OG", "SG", "ZN", "O"]),
    ],
)
def test_every_format_by_choice(small: Path, choice: AtomChoice, names: list[str]) -> None:
    atoms = load_structure(small, choice)
    assert atoms.names.tolist() == names
    assert atoms.weights.tolist() == atoms.numbers.tolist()
    if choice.alternates == "highest-occupancy":
        np.testing.assert_allclose(atoms.coordinates[1], [12.639, 6.071, -5.147], atol=1e-5)
    if choice.hydrogens:
        assert atoms.numbers[[2, 3]].tolist() == [1, 1]


def test_every_format_by_occupancy(small: Path) -> None:
    first = load_structure(small, AtomChoice(occupancies="use"))
    np.testing.assert_allclose(first.weights, [7, 1.8, 3, 4.8, 16, 30])
    # All locations of an atom together have the weight of the atom.
    every = load_structure(small, AtomChoice(alternates="all", occupancies="use"))
    assert every.weights[every.names == "CA"].sum() == pytest.approx(6)


def test_every_format_by_assembly(small: Path) -> None:
    plain, atoms = load_structure(small), load_structure(small, assembly="1")
    h, low = plain.coordinates[:4], plain.coordinates[4:]

    def turned(points: np.ndarray) -> np.ndarray:
        return np.stack([10 - points[:, 1], points[:, 0], points[:, 2]], axis=1)

    if small.name[2:5] in {"pdb", "ent"}:
        assert atoms.chains.tolist() == ["H"] * 4 + ["L"] * 2 + ["H-2"] * 4 + ["L-2"] * 2
        moved = turned(plain.coordinates) - [0, 0, 20]
        np.testing.assert_allclose(atoms.coordinates, np.concatenate([plain.coordinates, moved]), atol=1e-5)
        assert load_structure(small, assembly="2").chains.tolist() == ["L", "L"]
    else:
        # Chain A is copied by X 1 and X 2 (X last), chain B by 2 alone.
        flip, shift = np.array([1, -1, -1]), np.array([5, 0, 0])
        expected = np.concatenate([h * flip + shift, turned(h) * flip + shift, turned(low)])
        assert atoms.chains.tolist() == ["H"] * 4 + ["H-2"] * 4 + ["L"] * 2
        np.testing.assert_allclose(atoms.coordinates, expected, atol=1e-4)
    assert atoms.residue_names.tolist()[:4] == plain.residue_names.tolist()[:4]


def test_an_assembly_that_is_not_there(small: Path) -> None:
    known = "1, 2" if small.name[2:5] in {"pdb", "ent"} else "1"
    with pytest.raises(InputError, match=re.escape(f"has no biological assembly '7': choose from {known}")):
        load_structure(small, assembly="7")


@pytest.mark.parametrize("name", ["3cf3", "1qvr", "1bxn", "3d2f"])
def test_real_assemblies_are_built_as_gemmi_builds_them(cache: Path, name: str) -> None:
    path = cache / "structures" / f"{name}.pdb.gz"
    structure = gemmi.read_structure(str(path))
    structure.remove_alternative_conformations()
    structure.remove_waters()
    built = gemmi.make_assembly(structure.assemblies[0], structure[0], gemmi.HowToNameCopiedChain.AddNumber)
    expected = np.array([atom.pos.tolist() for chain in built for residue in chain for atom in residue])
    found = load_structure(path, assembly="1").coordinates
    assert found.shape == expected.shape
    distance, nearest = cKDTree(expected).query(found)
    assert distance.max() < 1e-6
    assert len(np.unique(nearest)) == len(expected)


def test_binary_numbers(cache: Path, tmp_path: Path) -> None:
    """BinaryCIF with numbers as numbers, packed as the PDB packs them."""
    path = cache / "structures" / "6vxx.pdb.gz"
    with gzip.open(path, "rt") as text:
        structure = pdb.PDBFile.read(text).get_structure(model=1, extra_fields=["occupancy", "b_factor"])[:3000]
    file = pdbx.BinaryCIFFile()
    pdbx.set_structure(file, structure)
    pdbx.compress(file).write(tmp_path / "a.bcif")
    found, expected = load_structure(tmp_path / "a.bcif"), load_structure(path)
    for name in ("numbers", "chains", "residues", "residue_names", "names"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name)[:3000])
    np.testing.assert_allclose(found.coordinates, expected.coordinates[:3000], atol=1e-4)
    np.testing.assert_allclose(found.b_factors, expected.b_factors[:3000], atol=1e-2)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_what_is_cut_or_changed_anywhere_is_read_or_refused(small: Path, tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(small.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=5)):
            content[at] = data.draw(st.integers(0, 255))
    path = tmp_path / small.name
    path.write_bytes(bytes(content))
    try:
        atoms = load_structure(path)
    except FormatError as error:
        assert str(path) in str(error)  # noqa: PT017 (either outcome is right)
    else:
        assert np.isfinite(atoms.coordinates).all()
