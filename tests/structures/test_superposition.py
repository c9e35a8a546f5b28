"""Rigid superposition, against scipy and biotite."""

from __future__ import annotations

import numpy as np
import pytest
from biotite.structure import superimpose
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from cryobench.core import InputError
from cryobench.structures import superposed


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n_atoms=st.integers(3, 30))
def test_superposition_undoes_a_turn_and_is_that_of_scipy(seed: int, n_atoms: int) -> None:
    rng = np.random.default_rng(seed)
    reference, weights = rng.normal(scale=10, size=(n_atoms, 3)), rng.uniform(0.5, 20, size=n_atoms)
    moved = Rotation.random(rng=rng).apply(reference) + rng.normal(scale=50, size=3)
    np.testing.assert_allclose(superposed(moved, reference, weights), reference, atol=1e-9)
    noisy = moved + rng.normal(size=moved.shape)
    centre, target = (np.average(points, axis=0, weights=weights) for points in (noisy, reference))
    rotation, _ = Rotation.align_vectors(reference - target, noisy - centre, weights=weights)
    expected = rotation.apply(noisy - centre) + target
    np.testing.assert_allclose(superposed(noisy, reference, weights), expected, atol=1e-6)


def test_superposition_with_equal_weights_is_that_of_biotite() -> None:
    rng = np.random.default_rng(0)
    reference, moved = rng.normal(size=(2, 20, 3)).astype(np.float64)
    fitted, _ = superimpose(reference, moved)
    np.testing.assert_allclose(superposed(moved, reference, np.ones(20)), fitted, atol=1e-5)


def test_superposition_never_mirrors() -> None:
    """The mirror image of a chiral set of points keeps its handedness."""
    reference = np.array([[0.0, 0, 0], [1, 0, 0], [0, 2, 0], [0, 0, 3]])
    mirrored = reference * [1, 1, -1]
    found = superposed(mirrored, reference, np.ones(4))
    assert np.linalg.det(found[1:] - found[0]) == pytest.approx(np.linalg.det(mirrored[1:])) == pytest.approx(-6)


@pytest.mark.parametrize("weights", [np.zeros(4), -np.ones(4)])
def test_superposition_needs_weights(weights: np.ndarray) -> None:
    points = np.zeros((4, 3))
    with pytest.raises(InputError, match="at least 0"):
        superposed(points, points, weights)
    np.testing.assert_array_equal(superposed(points, points + 1, np.ones(4)), points + 1)
