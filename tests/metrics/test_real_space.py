from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cryobench.core import InputError, Volume
from cryobench.metrics import real_space_correlation

Array = NDArray[np.float32]


def blob(seed: int, box: int = 16) -> Array:
    """A map whose content stays two voxels from the edges."""
    data = np.zeros((box, box, box), np.float32)
    inner = np.random.default_rng(seed).normal(size=(box - 5,) * 3)
    data[3:-2, 3:-2, 3:-2] = inner
    return data


def soft(seed: int, box: int = 16) -> Array:
    mask = np.abs(blob(seed + 77, box))
    return np.asarray(np.clip(mask, 0, 1), np.float32)


def about_the_centre(data: Array, axes: tuple[int, int]) -> Array:
    """A quarter turn about the voxel with index D/2, of maps of an even box that are 0 on their first planes."""
    return np.roll(np.rot90(data, axes=axes), 1, axis=axes[0])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_is_the_correlation_of_the_voxels(dtype: type) -> None:
    rng = np.random.default_rng(1)
    a = rng.normal(3.0, 1.0, size=(20, 20, 20)).astype(dtype)
    b = (a + rng.normal(size=a.shape)).astype(dtype)
    expected = np.corrcoef(a.astype(np.float32).ravel(), b.astype(np.float32).ravel(), dtype=np.float64)[0, 1]
    assert real_space_correlation(a, b) == pytest.approx(expected, abs=1e-12)
    volumes = [Volume(each.astype(np.float32), 2.0) for each in (a, b)]
    assert real_space_correlation(*volumes) == pytest.approx(expected, abs=1e-12)


def test_weights_are_those_of_the_mask() -> None:
    a, b, mask = blob(1), blob(1) + 0.7 * blob(2), soft(3)
    covariance = np.cov(a.ravel().astype(float), b.ravel().astype(float), aweights=mask.ravel().astype(float))
    expected = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert real_space_correlation(a, b, mask) == pytest.approx(expected, abs=1e-10)


def test_a_hard_mask_selects_voxels() -> None:
    a, b = blob(1), blob(1) + blob(2)
    mask = blob(3) > 0.3
    expected = np.corrcoef(a[mask], b[mask], dtype=np.float64)[0, 1]
    assert real_space_correlation(a, b, mask) == pytest.approx(expected, abs=1e-12)


def test_a_large_background_costs_no_digits() -> None:
    """Sums of squares about zero would lose the signal in single precision, and most of it in double."""
    rng = np.random.default_rng(4)
    a = (rng.normal(size=(24, 24, 24)) + 3e4).astype(np.float32)
    b = (a + rng.normal(size=a.shape)).astype(np.float32)
    expected = np.corrcoef(a.ravel(), b.ravel(), dtype=np.float64)[0, 1]
    assert real_space_correlation(a, b) == pytest.approx(expected, abs=1e-10)


@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(1e-6, 1e6),
    offset=st.floats(-5, 5),
    axes=st.sampled_from([(0, 1), (0, 2), (1, 2)]),
    shift=st.tuples(*[st.integers(-2, 2)] * 3),
    masked=st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_symmetries(
    seed: int, scale: float, offset: float, axes: tuple[int, int], shift: tuple[int, int, int], masked: bool
) -> None:
    a, b = blob(seed), blob(seed) + 1.5 * blob(seed + 1)
    mask = soft(seed) if masked else None

    def score(change: Callable[[Array], Array]) -> float:
        return real_space_correlation(change(a), change(b), None if mask is None else change(mask))

    forth = real_space_correlation(a, b, mask)
    assert -1 <= forth <= 1
    assert real_space_correlation(b, a, mask) == pytest.approx(forth, abs=1e-12)
    assert real_space_correlation(a, a, mask) == pytest.approx(1.0, abs=1e-12)
    assert real_space_correlation(-a, b, mask) == pytest.approx(-forth, abs=1e-12)
    assert real_space_correlation(a * np.float32(scale), b, mask) == pytest.approx(forth, abs=1e-6)
    assert real_space_correlation(a + np.float32(offset), b, mask) == pytest.approx(forth, abs=1e-5)
    assert score(lambda data: about_the_centre(data, axes)) == pytest.approx(forth, abs=1e-12)
    assert score(lambda data: np.roll(data, shift, (0, 1, 2))) == pytest.approx(forth, abs=1e-12)
    if mask is not None:
        assert real_space_correlation(a, b, 3 * mask) == pytest.approx(forth, abs=1e-6)


def test_the_mask_may_not_leave_a_map_constant() -> None:
    a, mask = blob(1), np.zeros((16, 16, 16), np.float32)
    mask[:2] = 1.0  # where the map is 0
    with pytest.raises(InputError, match="the volume is constant where the mask"):
        real_space_correlation(a, np.random.default_rng(0).normal(size=a.shape), mask)
