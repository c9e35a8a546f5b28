from __future__ import annotations

import re
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import gemmi
import numpy as np
import pytest

from cryobench.io import sha256
from cryobench.structures.packaged import ribosome_50s, ribosome_states

# Counted in the entry by other code, for the same ranges and chains: atoms, and kDa without hydrogens.
STATES = {
    "I core": (14_607, 209.2),
    "II core": (30_366, 434.7),
    "II prot": (32_250, 459.4),
    "VI": (39_595, 564.1),
    "III": (48_705, 694.9),
    "VI/III prot": (52_199, 740.8),
    "V base": (56_379, 800.1),
    "IV": (62_738, 889.6),
    "late core prot": (64_446, 912.0),
    "CP": (73_135, 1035.1),
    "CP prot": (74_920, 1058.6),
    "L1 stalk": (79_431, 1121.1),
    "GAC": (81_582, 1150.7),
    "H89-93": (85_242, 1204.0),
    "H67-71": (90_185, 1273.4),
    "final": (90_710, 1280.4),
}


@pytest.fixture(scope="module")
def subunit():
    return ribosome_50s()


def test_elements_fit_the_names(subunit):
    assert len(subunit) == 90_710
    letters = np.array([gemmi.Element(int(z)).name for z in range(17)])[subunit.numbers]
    assert all(re.match(letter, name) for letter, name in zip(letters, subunit.names, strict=True))
    np.testing.assert_array_equal(subunit.weights, subunit.numbers)


def test_chains_hold_what_they_should(subunit):
    for chain, residues, kind in (("BA", 2807, {"A", "C", "G", "U"}), ("BB", 119, {"A", "C", "G", "U"})):
        rna = subunit.chosen(subunit.chains == chain)
        assert set(rna.residue_names) == kind
        assert (rna.names == "C1'").sum() == residues
    protein = subunit.chosen(~np.isin(subunit.chains, ["BA", "BB"]))
    assert len(np.unique(protein.chains)) == 30
    assert all(len(name) == 3 for name in np.unique(protein.residue_names))


def test_bonds_have_the_length_of_bonds(subunit):
    """An error in one coordinate would show, since positions are stored as steps."""
    protein = ~np.isin(subunit.chains, ["BA", "BB"])
    for first, second, part, length in (("CA", "C", protein, 1.52), ("P", "OP1", ~protein, 1.48)):
        ends = [np.flatnonzero(part & (subunit.names == name)) for name in (first, second)]
        near = np.searchsorted(ends[1], ends[0]).clip(max=len(ends[1]) - 1)
        apart = np.linalg.norm(subunit.coordinates[ends[0]] - subunit.coordinates[ends[1][near]], axis=1)
        assert np.median(apart) == pytest.approx(length, abs=0.02)


def test_the_states_grow_to_the_whole(subunit):
    masks = [state.mask(subunit) for state in ribosome_states()]
    assert [state.adds for state in ribosome_states()] == list(STATES)
    assert [int(mask.sum()) for mask in masks] == [atoms for atoms, _ in STATES.values()]
    masses = np.array([gemmi.Element(int(z)).weight for z in range(17)])[subunit.numbers]
    kda = [masses[mask].sum() / 1000 for mask in masks]
    np.testing.assert_allclose(kda, [mass for _, mass in STATES.values()], atol=0.06)
    assert all((later | earlier == later).all() for earlier, later in pairwise(masks))
    assert masks[-1].all()


def test_the_note_states_the_checksums():
    folder = Path(str(files("cryobench.structures") / "data"))
    note = (folder / "README.md").read_text(encoding="utf-8")
    for path in sorted(folder.glob("*.*")):
        assert path.name == "README.md" or f"| `{path.name}` |" in note
        assert path.name == "README.md" or sha256(path) in note


def test_agrees_with_the_entry(subunit, cache: Path):
    structure = gemmi.read_structure(str(cache / "structures" / "4v5d_50S.cif.gz"))
    entry = [(chain, residue, atom) for chain in structure[0] for residue in chain for atom in residue]
    np.testing.assert_allclose(subunit.coordinates, [atom.pos.tolist() for *_, atom in entry], atol=1e-9, rtol=0)
    np.testing.assert_allclose(subunit.b_factors, [atom.b_iso for *_, atom in entry], atol=1e-4, rtol=0)
    identity = zip(subunit.chains, subunit.residues, subunit.residue_names, subunit.names, subunit.numbers, strict=True)
    for (chain, residue, atom), ours in zip(entry, identity, strict=True):
        assert (chain.name, residue.seqid.num, residue.name, atom.name, atom.element.atomic_number) == ours
