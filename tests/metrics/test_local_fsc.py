from __future__ import annotations

import logging
from collections.abc import Callable

import numpy as np
import pytest
import scipy.interpolate
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cryobench.core import InputError, Volume
from cryobench.metrics import FSCCurve, local_fsc

Array = NDArray[np.float32]


def frequencies(box: int) -> NDArray[np.float64]:
    """Cycles per voxel of each element of a full transform."""
    f = np.fft.fftfreq(box)
    return np.asarray(np.sqrt(f[:, None, None] ** 2 + f[:, None] ** 2 + f**2))


def pair_resolved_to(voxels: float, box: int, seed: int) -> tuple[Array, Array]:
    """A map and a noisy copy, whose correlation falls through 0.5 at a resolution in voxels.

    With three times the signal's power in noise, the correlation is 1 / sqrt(1 + 3).
    """
    rng = np.random.default_rng(seed)
    f = frequencies(box)
    signal, noise = (np.fft.fftn(rng.normal(size=(box,) * 3)) for _ in range(2))
    spectrum = 1 / (1 + (10 * f) ** 2)
    noisy = signal + np.sqrt(3 * (f * voxels) ** 4) * noise
    first, second = (np.fft.ifftn(spectrum * each).real.astype(np.float32) for each in (signal, noisy))
    return first, second


def noisy_pair(seed: int, box: int = 24) -> tuple[Array, Array]:
    """Maps whose content stays three voxels from the edges."""
    first, second = pair_resolved_to(4.0, box, seed)
    inside = np.zeros((box,) * 3, np.float32)
    inside[4:-3, 4:-3, 4:-3] = 1
    return first * inside, second * inside


def loop(a: Array, b: Array, weights: NDArray[np.float64], pixel_size: float, threshold: float) -> tuple[float, bool]:
    """The resolution of one block, shell by shell."""
    box = len(a)
    shells = np.rint(frequencies(box) * box)
    x, y = (np.fft.fftn(weights * (each - (weights * each).sum() / weights.sum())) for each in (a, b))
    curve = np.zeros(box // 2 + 1)
    for i in range(1, len(curve)):
        p, q = x[shells == i], y[shells == i]
        curve[i] = (p * q.conj()).real.sum() / np.sqrt((abs(p) ** 2).sum() * (abs(q) ** 2).sum())
    found = FSCCurve(np.arange(len(curve)) / box, curve, "standard", pixel_size, 1.0)
    return found.resolution(threshold), found.crosses(threshold)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("threshold", [0.143, 0.5, 0.8])
def test_each_block_is_as_the_loop_over_its_shells_has_it(threshold: float, masked: bool) -> None:
    a, b = pair_resolved_to(4.0, 26, 0)
    mask = np.random.default_rng(1).uniform(0.1, 1, size=a.shape).astype(np.float32) if masked else None
    found = local_fsc(a, b, 1.5, block=12, step=5, threshold=threshold, mask=mask)
    np.testing.assert_array_equal(found.centres, [8, 13, 18])
    ramp = np.sin(np.pi * np.arange(12) / 12) ** 2
    window = ramp[:, None, None] * ramp[:, None] * ramp
    for place in np.ndindex(3, 3, 3):
        cut = tuple(slice(c - 6, c + 6) for c in found.centres[list(place)])
        weights = window if mask is None else window * mask[cut]
        resolution, crosses = loop(a[cut].astype(float), b[cut].astype(float), weights, 1.5, threshold)
        assert found.resolutions[place] == pytest.approx(resolution, rel=1e-4)
        assert found.crosses[place] == crosses
    assert found.crosses.any()


@pytest.mark.parametrize(("voxels", "block"), [(4.0, 16), (6.0, 24), (8.0, 32)])
def test_a_block_of_four_resolutions_has_no_bias(voxels: float, block: int) -> None:
    """What docs/concepts/volume-metrics.md says of a block that holds four periods of the resolution."""
    found = [local_fsc(*pair_resolved_to(voxels, 80, seed), 1.0, block=block, step=block // 2) for seed in range(3)]
    values = np.concatenate([each.resolutions.ravel() for each in found]) / voxels
    assert np.median(values) == pytest.approx(1.0, abs=0.05)
    low, high = np.quantile(values, [0.25, 0.75])
    assert 0.85 < low < high < 1.15


@pytest.mark.parametrize(("voxels", "block"), [(8.0, 16), (12.0, 24), (16.0, 32)])
def test_a_block_of_two_resolutions_says_too_coarse(voxels: float, block: int) -> None:
    found = [local_fsc(*pair_resolved_to(voxels, 80, seed), 1.0, block=block, step=block // 2) for seed in range(3)]
    assert 1.1 < np.median(np.concatenate([each.resolutions.ravel() for each in found])) / voxels < 1.5


def test_tells_a_good_half_from_a_bad_one() -> None:
    truth, good = pair_resolved_to(3.0, 64, 5)
    _, bad = pair_resolved_to(7.0, 64, 5)
    mixed = good.copy()
    mixed[:, :, 32:] = bad[:, :, 32:]
    found = local_fsc(mixed, truth, 2.0, block=24, step=4)
    assert np.median(found.resolutions[:, :, 0]) == pytest.approx(6.0, rel=0.05)
    assert np.median(found.resolutions[:, :, -1]) == pytest.approx(14.0, rel=0.1)
    full = found.full_map()
    assert np.median(full[:, :, :14]) == pytest.approx(6.0, rel=0.05)
    assert np.median(full[:, :, -14:]) == pytest.approx(14.0, rel=0.1)


def test_equal_maps_never_cross() -> None:
    a, _ = pair_resolved_to(4.0, 32, 0)
    found = local_fsc(Volume(a, 3.0), Volume(a, 3.0))
    assert (found.block, found.step, found.pixel_size) == (16, 4, 3.0)
    assert not found.crosses.any()
    np.testing.assert_array_equal(found.resolutions, 6.0)
    np.testing.assert_array_equal(found.full_map(), 6.0)
    assert found.median == 6.0


def test_what_nowhere_agrees_has_the_first_shell() -> None:
    a, _ = pair_resolved_to(4.0, 32, 0)
    found = local_fsc(a, -a, 3.0)
    assert found.crosses.all()
    np.testing.assert_allclose(found.resolutions, 16 * 3.0)


def test_something_against_nothing_agrees_nowhere() -> None:
    """A block that is empty in one map alone is kept, and is not resolved."""
    a, b = pair_resolved_to(3.0, 48, 0)
    a = a.copy()
    a[:, :, 24:] = 0
    found = local_fsc(a, b, 1.0, block=16, step=8)
    assert found.left_out == 0
    assert found.crosses[:, :, -1].all()
    np.testing.assert_allclose(found.resolutions[:, :, -1], 16.0)


def test_blocks_empty_in_both_maps_are_left_out_and_told(caplog: pytest.LogCaptureFixture) -> None:
    a, b = pair_resolved_to(3.0, 48, 0)
    a, b = a.copy(), b.copy()
    a[:, :, 28:], b[:, :, 28:] = 0, 1e-6
    with caplog.at_level(logging.INFO, "cryobench.metrics"):
        found = local_fsc(a, b, 1.0, block=16, step=8)
    assert found.centres[-1] == 40
    assert found.left_out == 25
    assert "25 of 125 blocks are empty" in caplog.text
    assert np.isnan(found.resolutions[:, :, -1]).all()
    assert not found.crosses[:, :, -1].any()
    assert np.isfinite(found.resolutions[:, :, :-1]).all()
    assert found.median == np.median(found.resolutions[:, :, :-1])
    full = found.full_map()
    assert np.isnan(full[:, :, 40:]).all()
    np.testing.assert_allclose(full[8, 8, 32:40], found.resolutions[0, 0, 3], rtol=1e-6)  # of what is known alone


def test_the_mask_chooses_blocks() -> None:
    a, b = pair_resolved_to(3.0, 48, 0)
    mask = np.zeros_like(a)
    mask[16:33, 16:33, 16:33] = 1
    found = local_fsc(a, b, 1.0, block=16, step=8, mask=mask)
    kept = np.isfinite(found.resolutions)
    assert kept[1:-1, 1:-1, 1:-1].all()
    assert not kept[0, 0, 0]
    changed = np.where(mask > 0, a, 7.0).astype(np.float32)
    again = local_fsc(changed, b, 1.0, block=16, step=8, mask=mask)
    np.testing.assert_array_equal(again.resolutions, found.resolutions)


def test_the_full_map_interpolates() -> None:
    found = local_fsc(*pair_resolved_to(4.0, 40, 0), 1.0, block=16, step=6)
    full = found.full_map()
    assert full.shape == (40, 40, 40)
    assert full.dtype == np.float32
    interpolator = scipy.interpolate.RegularGridInterpolator((found.centres,) * 3, found.resolutions)
    inside = np.clip(np.arange(40), found.centres[0], found.centres[-1])
    places = np.stack(np.meshgrid(inside, inside, inside, indexing="ij"), axis=-1)
    np.testing.assert_allclose(full, interpolator(places), rtol=1e-6)


def test_one_block_alone_fills_the_map() -> None:
    found = local_fsc(*pair_resolved_to(4.0, 16, 0), 1.0)
    assert found.resolutions.shape == (1, 1, 1)
    np.testing.assert_allclose(found.full_map(), found.resolutions[0, 0, 0], rtol=1e-6)


@pytest.mark.parametrize(("box", "block"), [(8, 8), (15, 14), (48, 16), (64, 16), (96, 24), (128, 32)])
def test_the_default_block_is_a_quarter_of_the_box(box: int, block: int) -> None:
    a = np.random.default_rng(0).normal(size=(box, box, box)).astype(np.float32)
    assert local_fsc(a, a, 1.0, step=block // 2).block == block


@given(
    seed=st.integers(0, 10_000),
    scale=st.floats(1e-6, 1e6),
    axes=st.sampled_from([(0, 1), (0, 2), (1, 2)]),
    masked=st.booleans(),
)
@settings(max_examples=15, deadline=None)
def test_symmetries(seed: int, scale: float, axes: tuple[int, int], masked: bool) -> None:
    a, b = noisy_pair(seed)
    mask = (np.abs(a) > 0.001).astype(np.float32) if masked else None

    def turned(data: Array) -> Array:
        return np.roll(np.rot90(data, axes=axes), 1, axis=axes[0])

    def score(change: Callable[[Array], Array]) -> NDArray[np.float64]:
        return local_fsc(change(a), change(b), 1.0, mask=None if mask is None else change(mask)).resolutions

    forth = local_fsc(a, b, 1.0, mask=mask).resolutions
    for other in (
        local_fsc(b, a, 1.0, mask=mask).resolutions,
        local_fsc(a * np.float32(scale), b, 1.0, mask=mask).resolutions,
        local_fsc(a, b + np.float32(0.01), 1.0, mask=mask).resolutions,
        np.rot90(score(turned), -1, axes=axes),
    ):
        # Where a curve touches the threshold, rounding decides whether it crosses there or later.
        assert np.isclose(other, forth, rtol=1e-3).mean() > 0.95


@given(seed=st.integers(0, 10_000), shift=st.tuples(*[st.integers(-1, 1)] * 3))
@settings(max_examples=15, deadline=None)
def test_blocks_move_with_the_maps(seed: int, shift: tuple[int, int, int]) -> None:
    """Moved by whole steps, the same blocks hold the same content."""
    a, b = pair_resolved_to(3.0, 32, seed)
    move = tuple(4 * each for each in shift)
    there = local_fsc(*(np.roll(each, move, (0, 1, 2)) for each in (a, b)), 1.0, block=8, step=4).resolutions
    here = local_fsc(a, b, 1.0, block=8, step=4).resolutions
    inner = slice(1, -1)
    moved = tuple(slice(1 + each, len(here) - 1 + each) for each in shift)
    np.testing.assert_allclose(there[moved], here[inner, inner, inner], rtol=1e-5)


def test_the_result_does_not_depend_on_threads_or_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = pair_resolved_to(4.0, 32, 0)
    found = local_fsc(a, b, 1.0, step=8)
    monkeypatch.setattr("cryobench.metrics._local_fsc._BATCH_VOXELS", 1)
    monkeypatch.setattr("cryobench.metrics._local_fsc.get_threads", lambda: 1)
    np.testing.assert_array_equal(local_fsc(a, b, 1.0, step=8).resolutions, found.resolutions)


@pytest.mark.parametrize(
    ("settings_", "message"),
    [
        ({"block": 7}, "block of 7 voxels is not possible in a box of 16: choose an even number from 8 to 16"),
        ({"block": 6}, "block of 6 voxels"),
        ({"block": 18}, "block of 18 voxels"),
        ({"step": 0}, "step of 0 voxels is not possible with blocks of 16: choose from 1 to 8"),
        ({"step": 9}, "step of 9 voxels"),
        ({"threshold": 0.0}, "threshold is 0, expected"),
        ({"threshold": 1.0}, "threshold is 1, expected"),
        ({"threshold": float("nan")}, "threshold is nan, expected"),
        ({"pixel_size": 0.0}, "pixel size is 0"),
        ({"pixel_size": float("nan")}, "pixel size is nan"),
        ({"pixel_size": None}, "the pixel size is not known"),
    ],
)
def test_bad_settings_are_errors(settings_: dict[str, float], message: str) -> None:
    a, b = noisy_pair(0, 16)
    with pytest.raises(InputError, match=message):
        local_fsc(a, b, **{"pixel_size": 1.0, **settings_})  # type: ignore[arg-type]


def test_the_pixel_size_is_that_of_the_maps() -> None:
    a, b = noisy_pair(0, 16)
    with pytest.raises(InputError, match="pixel_size is 2 Å but that of the reference 3 Å: leave it out"):
        local_fsc(a, Volume(b, 3.0), 2.0)
    assert local_fsc(a, Volume(b, 3.0)).pixel_size == 3.0
    assert local_fsc(Volume(a, 3.0), b).pixel_size == 3.0


def test_content_out_of_reach_of_the_blocks_is_an_error() -> None:
    a = np.zeros((24, 24, 24), np.float32)
    a[0, 0, 0] = 1
    with pytest.raises(InputError, match="all 1 blocks of 16 voxels are empty in both maps"):
        local_fsc(a, a, 1.0, block=16, step=8)
