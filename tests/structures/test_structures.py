from __future__ import annotations

import numpy as np
import pytest

from cryobench.core import InputError, Volume
from cryobench.structures import (
    Atoms,
    ResidueRange,
    render_density,
    select,
    sigma_of_resolution,
    soft_mask,
    turn_about_psi,
)


def line_of_atoms() -> Atoms:
    names = np.array(["CA", "C", "CA", "C"])
    coordinates = np.array([[0.0, 0, 0], [0, 0, 1], [3, 0, 2], [3, 0, 5]])
    return Atoms(
        coordinates=coordinates,
        weights=np.full(4, 6.0),
        numbers=np.full(4, 6),
        b_factors=np.zeros(4),
        chains=np.array(list("AAAB")),
        residues=np.array([1, 1, 2, 1]),
        residue_names=np.full(4, "ALA"),
        names=names,
        title="line",
    )


def test_chosen_atoms_keep_all_that_is_theirs() -> None:
    atoms = line_of_atoms()
    chosen = atoms.chosen(atoms.chains == "A").chosen(np.array([False, True, True]))
    assert (chosen.title, chosen.names.tolist(), chosen.residues.tolist()) == ("line", ["C", "CA"], [1, 2])
    np.testing.assert_array_equal(chosen.coordinates, atoms.coordinates[1:3])
    assert chosen.numbers.tolist() == chosen.weights.tolist() == [6, 6]
    assert len(atoms.chosen(np.zeros(4, dtype=bool))) == 0


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
