"""Elements and waters where a file names them loosely or not at all."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from cryobench.structures import AtomChoice, load_structure

ATOM = "ATOM  {serial:5d} {name:4s} {residue:4s}{chain:1s}{number:4d}    {x:8.3f}{y:8.3f}{z:8.3f}{rest}\n"


def written(tmp_path: Path, text: str, name: str = "a.pdb") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_blank_occupancies_and_elements_of_molecular_dynamics(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = [
        ("CA  ", "ILE "), ("CD  ", "ILE "), ("1HH3", "ACE "), ("HG1 ", "SER "), ("SE  ", "MSE "), ("FE  ", "HEM "),
        ("CAL ", "CAL "), ("CLA ", "CLA "), ("CL- ", "CL- "), ("Na+ ", "Na+ "), ("OH2 ", "TIP3"), ("C218", "POPC"),
        (" Q1 ", "LIG "),
    ]  # fmt: skip
    text = "".join(
        ATOM.format(serial=i, name=name, residue=residue, chain="", number=i, x=i, y=0, z=0, rest="")
        for i, (name, residue) in enumerate(rows)
    )
    with caplog.at_level(logging.WARNING):
        atoms = load_structure(written(tmp_path, text), AtomChoice(hydrogens=True, waters=True, occupancies="use"))
    assert atoms.numbers.tolist() == [6, 6, 1, 1, 34, 26, 20, 17, 17, 11, 8, 6]
    assert atoms.weights.tolist() == atoms.numbers.tolist()
    assert not atoms.b_factors.any()
    assert "1 atoms left out: no element fits their names (Q1)" in caplog.text
    assert "TIP3" not in load_structure(written(tmp_path, text)).residue_names


def test_elements_inferred_in_a_real_topology_have_the_masses_of_its_force_field(cache: Path) -> None:
    """Adenylate kinase as CHARMM writes it: no elements, and names that stand a column too far left."""
    folder = cache / "trajectories"
    atoms = load_structure(folder / "adk_open.pdb", AtomChoice(hydrogens=True))
    lines = (folder / "adk.psf").read_text().split("!NATOM")[1].splitlines()[1 : 1 + len(atoms)]
    masses = {1: 1.008, 6: 12.011, 7: 14.007, 8: 15.999, 16: 32.06}
    expected = [float(line.split()[7]) for line in lines]
    np.testing.assert_allclose([masses[z] for z in atoms.numbers.tolist()], expected, atol=0.01)


def test_a_name_of_water_with_carbon_is_a_ligand(tmp_path: Path) -> None:
    text = "".join(
        ATOM.format(serial=i, name=name, residue="SOL", chain="A", number=1, x=i, y=0, z=0, rest="")
        for i, name in enumerate([" C1 ", " O1 "])
    )
    assert len(load_structure(written(tmp_path, text))) == 2
