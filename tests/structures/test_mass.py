"""Molecular masses, against those of whole sequences and of a published table."""

from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest

from cryobench.structures import AtomChoice, load_structure, mass_kda

TABLE = {"2cg9": 156, "1u6g": 205, "3d2f": 215, "3cf3": 226, "1bxn": 240, "1qvr": 260}
"""Masses in kDa that TomoTwin states for six of its proteins."""


@pytest.mark.parametrize(("file", "chain"), [("1hzh.pdb.gz", "L"), ("1hzh.pdb.gz", "H"), ("4v5d_50S.cif.gz", "BB")])
def test_a_complete_chain_weighs_what_its_sequence_weighs(cache: Path, file: str, chain: str) -> None:
    """To the few hydrogens at its ends, on acids and phosphates, and lost in disulfides."""
    atoms = load_structure(cache / "structures" / file)
    atoms = atoms.chosen(atoms.chains == chain)
    if "P" in atoms.names:  # the first nucleotide has no phosphate
        atoms = atoms.chosen(atoms.residues > atoms.residues.min())
    sequence = atoms.residue_names[np.isin(atoms.names, ["CA", "C1'"])].tolist()
    assert mass_kda(atoms) == pytest.approx(gemmi.calculate_sequence_weight(sequence) / 1000, rel=1e-3)


def test_hydrogens_of_a_dictionary_residue_are_counted_once(tmp_path: Path) -> None:
    names = ["N", "CA", "C", "O", "CB", "H", "HA"]
    lines = [f"ATOM  {i:5d}  {name:3s} ALA A   1    {i:8.3f}   0.000   0.000" for i, name in enumerate(names)]
    (tmp_path / "a.pdb").write_text("\n".join(lines))
    with_some, without = (
        load_structure(tmp_path / "a.pdb", AtomChoice(hydrogens=True)),
        load_structure(tmp_path / "a.pdb"),
    )
    assert (len(with_some), len(without)) == (7, 5)
    # C3H5NO: alanine less water.
    assert mass_kda(with_some) == mass_kda(without) == pytest.approx(71.079e-3, abs=2e-6)
    assert mass_kda(without.chosen(without.names != "CB")) == pytest.approx((71.079 - 15.035) * 1e-3, abs=2e-6)


def test_hydrogens_of_an_unknown_residue_are_those_in_the_file(tmp_path: Path) -> None:
    lines = [f"ATOM  {i:5d}  {name:3s} POPCA   1    {i:8.3f}   0.000   0.000" for i, name in enumerate(["C1", "H1"])]
    (tmp_path / "a.pdb").write_text("\n".join(lines))
    assert mass_kda(load_structure(tmp_path / "a.pdb")) == pytest.approx(12.011e-3)
    assert mass_kda(load_structure(tmp_path / "a.pdb", AtomChoice(hydrogens=True))) == pytest.approx(13.019e-3)


@pytest.mark.parametrize("entry", TABLE)
def test_the_table_of_tomotwin_holds_the_heavy_atoms_of_the_file(cache: Path, entry: str) -> None:
    """Every atom as deposited, waters and alternate locations too, without hydrogens, cut to whole kDa.

    These are no masses of biological assemblies: three of the six have twice as many chains, one has half of them.
    """
    path = cache / "structures" / f"{entry}.pdb.gz"
    everything = load_structure(path, AtomChoice(alternates="all", waters=True))
    masses = {z: gemmi.Element(int(z)).weight for z in np.unique(everything.numbers)}
    assert int(sum(masses[z] for z in everything.numbers.tolist()) / 1000) == TABLE[entry]
    copies = {"3cf3": 2.0, "1bxn": 2.0, "1qvr": 2.0, "3d2f": 0.5}.get(entry, 1.0)
    deposited, assembly = mass_kda(load_structure(path)), mass_kda(load_structure(path, assembly="1"))
    assert assembly == pytest.approx(copies * deposited, rel=0.01)
    # About 7 % of a protein's mass is hydrogen.
    assert 1.01 < deposited / TABLE[entry] < 1.09
