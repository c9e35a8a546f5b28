"""Files that leave much out, and files that are refused."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cryobench.core import FormatError, InputError
from cryobench.structures import AtomChoice, load_structure

PDB = """\
REMARK 350 BIOMOLECULE: 1
REMARK 350 APPLY THE FOLLOWING TO CHAINS: H
REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000
ATOM      1  N   ALA H   1      11.104   6.134  -6.504  1.00 10.00           N
ATOM      2  CA  ALA H   1      11.639   6.071  -5.147  1.00 20.00           C
END
"""


def written(tmp_path: Path, text: str, name: str = "a.pdb") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_residue_numbers_in_base_36(tmp_path: Path) -> None:
    line = "ATOM      1  CA  ALA A{number}       1.000   2.000   3.000\n"
    text = line.format(number="9999") + line.format(number="A000")
    assert load_structure(written(tmp_path, text)).residues.tolist() == [9999, 10000]


def test_mmcif_of_few_columns(tmp_path: Path) -> None:
    text = "data_x\nloop_\n_atom_site.label_atom_id\n_atom_site.label_comp_id\n_atom_site.label_seq_id\n"
    text += "_atom_site.Cartn_x\n_atom_site.Cartn_y\n_atom_site.Cartn_z\nCA ALA 1 1 2 3\nZN ZN . 4 5 6\n"
    atoms = load_structure(written(tmp_path, text, "a.cif"), AtomChoice(occupancies="use"))
    assert atoms.weights.tolist() == [6, 30]
    assert atoms.residues.tolist() == [1, 0]
    assert (atoms.title, atoms.chains.tolist(), atoms.b_factors.tolist()) == ("a.cif", ["", ""], [0, 0])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", PDB, "not a structure file: expected one of .pdb"),
        ("a.pdb", "", "holds no atom"),
        ("a.cif", "nonsense {", "cannot be read|holds no atom"),
        ("a.cif", "data_x\nloop_\n_atom_site.Cartn_x\n1 2", "cannot be read"),
        ("a.bcif", "nonsense", "cannot be read"),
        ("a.pdb.gz", "not gzip", "cannot be read"),
        ("a.pdb", PDB.replace("11.104", "11.1o4"), "the coordinate '11.1o4' of atom 1 is no number"),
        ("a.pdb", PDB.replace("11.104", "      "), "atom 1 has no position"),
        ("a.pdb", PDB.replace("H   1 ", "H  *1 "), "the residue number .* of atom 1 is no number"),
        ("a.pdb", "HETATM   11  O   HOH L 301       1.639   6.571  -4.147  1.00  0.00           O", "left out"),
    ],
)
def test_bad_structures_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    with pytest.raises(FormatError, match=message) as raised:
        load_structure(written(tmp_path, content, name))
    assert str(tmp_path / name) in str(raised.value)


def test_a_missing_structure() -> None:
    with pytest.raises(FormatError, match="no such file"):
        load_structure(Path("nowhere.pdb"))


@pytest.mark.parametrize(("occupancy", "message"), [("  0.00", "every occupancy is 0"), (" -1.00", "below 0")])
def test_occupancies_that_leave_no_weight(tmp_path: Path, occupancy: str, message: str) -> None:
    line = f"ATOM      1  CA  ALA A   1       1.000   2.000   3.000{occupancy}  0.00           C\n"
    path = written(tmp_path, line)
    assert len(load_structure(path)) == 1
    with pytest.raises(InputError, match=message):
        load_structure(path, AtomChoice(occupancies="use"))


@pytest.mark.parametrize("name", ["a.pdb", "a.cif"])
def test_no_assemblies(tmp_path: Path, name: str) -> None:
    text = re.sub("REMARK.*\n", "", PDB)
    if name == "a.cif":
        columns = ("label_atom_id", "Cartn_x", "Cartn_y", "Cartn_z")
        text = "data_x\nloop_\n" + "".join(f"_atom_site.{column}\n" for column in columns) + "CA 1 2 3\n"
    with pytest.raises(InputError, match="describes no biological assembly"):
        load_structure(written(tmp_path, text, name), assembly="1")


def test_a_damaged_assembly_hurts_only_who_asks_for_it(tmp_path: Path) -> None:
    path = written(tmp_path, PDB.replace("BIOMT2   1  0.000000", "BIOMT2   1  0.0oo000"))
    assert len(load_structure(path)) == 2
    with pytest.raises(FormatError, match="assemblies cannot be read"):
        load_structure(path, assembly="1")
