from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import InputError, Volume
from cryobench.io import read_volume
from cryobench.metrics import (
    CONVENTIONS,
    NEGATED,
    Convention,
    FSCCurve,
    failed_curve,
    fsc_auc_matrix,
    fsc_curve,
    fsc_of_transforms,
    transform_map,
)
from cryobench.metrics._fsc import _require_convention, shell_correlations
from cryobench.metrics._neighbourhood import _itself

Transformation = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope="module")
def pair(published: Path) -> tuple[Volume, Volume, Volume]:
    first, second, mask = (read_volume(published / f"c_{name}.mrc") for name in ("vol1", "vol2", "mask"))
    return first, second, mask


@pytest.mark.parametrize("masked", [False, True])
def test_agrees_with_the_published_curve(published: Path, pair: tuple[Volume, Volume, Volume], masked: bool) -> None:
    data = np.load(published / "c_fsc.npz")
    first, second, mask = pair
    name = "mask" if masked else "nomask"
    curve = fsc_curve(first, second, mask if masked else None, convention="published")
    np.testing.assert_allclose(curve.correlation, data[f"fsc_{name}"], atol=1e-6)
    np.testing.assert_allclose(curve.frequency, data["pixres"], atol=1e-6)
    for values, theirs in (("raw", "raw"), ("absolute", "abs"), ("clipped", "clip")):
        assert curve.area(values) == pytest.approx(float(data[f"auc_{theirs}_{name}"]), abs=1e-6)  # type: ignore[arg-type]
    assert curve.auc == curve.area("clipped")


def test_agrees_with_cryodrgn_but_for_its_shells(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    """cryoDRGN's own command uses the same shells as the published code."""
    theirs = np.loadtxt(published / "c_cryodrgn_fsc.txt", skiprows=1)
    ours = fsc_curve(pair[0], pair[1], convention="published").correlation
    np.testing.assert_allclose(np.clip(ours, 0, 1)[: len(theirs)], np.clip(theirs[: len(ours), 1], 0, 1), atol=2e-3)


def test_ceilings(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    same = fsc_curve(pair[0], pair[0])
    assert same.auc == pytest.approx(1.0, abs=1e-9)
    assert not same.crosses(0.143)
    assert not same.crosses(0.5)
    perfect = fsc_curve(pair[0], pair[0], convention="published")
    assert perfect.auc == pytest.approx((32 - 1) / 64, abs=1e-9)
    assert perfect.auc == pytest.approx(float(np.load(published / "c_fsc.npz")["auc_identical"]), abs=1e-6)
    assert perfect.auc_over_ceiling == pytest.approx(1.0, abs=1e-9)


def test_a_negated_map_is_anticorrelated(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    negated = Volume(-pair[1].data, pair[1].pixel_size)
    curve = fsc_curve(pair[0], negated, convention="published")
    np.testing.assert_allclose(curve.correlation, np.load(published / "c_fsc.npz")["fsc_negated"], atol=1e-6)
    assert fsc_curve(pair[0], negated).auc == pytest.approx(-fsc_curve(*pair[:2]).auc)


def _turned(axes: tuple[int, int]) -> Transformation:
    """A quarter turn about the voxel with index D/2; the first plane, which stands alone, has to be empty."""
    return lambda data: np.roll(np.rot90(data, axes=axes), 1, axis=axes[0])


def _mirrored(data: np.ndarray) -> np.ndarray:
    return np.roll(data[::-1], 1, axis=0)


INVARIANT_TO: dict[str, tuple[Transformation, Transformation]] = {
    "scale of the first": (lambda a: 37.5 * a, lambda b: b),
    "scale of the second": (lambda a: a, lambda b: 1e-3 * b),
    "huge values": (lambda a: 1e30 * a, lambda b: 1e-30 * b),
    "quarter turn about x": (_turned((0, 1)), _turned((0, 1))),
    "quarter turn about y": (_turned((0, 2)), _turned((0, 2))),
    "quarter turn about z": (_turned((1, 2)), _turned((1, 2))),
    "mirror": (_mirrored, _mirrored),
    "translation": (lambda a: np.roll(a, (3, -5, 2), (0, 1, 2)), lambda b: np.roll(b, (3, -5, 2), (0, 1, 2))),
    "negation of both": (np.negative, np.negative),
}
"""What is done to the first map and to the second."""


@pytest.mark.parametrize("convention", CONVENTIONS)
@pytest.mark.parametrize(("first", "second"), INVARIANT_TO.values(), ids=INVARIANT_TO)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=5, deadline=None)
def test_invariant(first: Transformation, second: Transformation, convention: Convention, seed: int) -> None:
    a, b = _pair_of_maps(seed)
    changed = fsc_curve(_as_map(first(a)), _as_map(second(b)), convention=convention)
    base = fsc_curve(_as_map(a), _as_map(b), convention=convention)
    np.testing.assert_allclose(changed.correlation, base.correlation, atol=2e-6)


@pytest.mark.parametrize("convention", CONVENTIONS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=5, deadline=None)
def test_symmetric_bounded_and_not_invariant_to_one_turn(convention: Convention, seed: int) -> None:
    a, b = (_as_map(each) for each in _pair_of_maps(seed))
    forth, back = fsc_curve(a, b, convention=convention), fsc_curve(b, a, convention=convention)
    np.testing.assert_array_equal(forth.correlation, back.correlation)
    assert (np.abs(forth.correlation) <= 1 + 1e-9).all()
    turned = fsc_curve(_turned((0, 1))(a), b, convention=convention)
    assert np.abs(turned.correlation - forth.correlation).max() > 1e-3


def _pair_of_maps(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Two maps that share something; their first planes are empty, so that grid symmetries keep them whole."""
    common, *own = np.random.default_rng(seed).normal(size=(3, 16, 16, 16))
    maps = np.stack([common + each for each in own])
    maps[:, 0] = maps[:, :, 0] = maps[:, :, :, 0] = 0.0
    return maps[0], maps[1]


def _as_map(data: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(data, dtype=np.float32)


GOOD = np.random.default_rng(0).normal(size=(16, 16, 16)).astype(np.float32)
INSIDE = np.zeros_like(GOOD)
INSIDE[4:12, 4:12, 4:12] = 1.0


def _with(value: float) -> np.ndarray:
    data = GOOD.copy()
    data[3, 4, 5] = value
    return data


BAD_MAPS = {
    "zero": (np.zeros_like(GOOD), r"constant \(0 everywhere\)"),
    "constant": (np.full_like(GOOD, 3), r"constant \(3 everywhere\)"),
    "constant but for rounding": (5 + 1e-7 * GOOD, "constant"),
    "not a number": (_with(np.nan), r"not finite at index \(3, 4, 5\)"),
    "infinite": (_with(np.inf), r"not finite at index \(3, 4, 5\)"),
    "no voxels": (GOOD[:0, :0, :0], "empty"),
    "not cubic": (GOOD[:, :, :14], "cubic"),
    "odd box": (GOOD[1:, 1:, 1:], "same grid"),
    "another box": (GOOD[:14, :14, :14], "same grid"),
    "two axes": (GOOD[0], "three axes"),
    "complex": (GOOD.astype(np.complex64), "real numbers"),
}


@pytest.mark.parametrize(("bad", "message"), BAD_MAPS.values(), ids=BAD_MAPS)
def test_no_score_for_a_bad_map(bad: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message if message != "same grid" else "same grid|even number"):
        fsc_curve(bad, GOOD)
    with pytest.raises(InputError):
        fsc_curve(GOOD, bad)


def test_no_score_for_a_map_with_nothing_in_the_mask() -> None:
    with pytest.raises(InputError, match="constant within the mask"):
        fsc_curve(GOOD * (1 - INSIDE), GOOD, INSIDE)
    with pytest.raises(InputError, match="constant within the mask"):
        fsc_curve(np.where(INSIDE > 0, 2, GOOD).astype(np.float32), GOOD, INSIDE)
    with pytest.raises(InputError, match="selects no voxel"):
        fsc_curve(GOOD, GOOD, np.zeros_like(GOOD))


def test_a_mask_of_ones_changes_nothing() -> None:
    other = GOOD[::-1].copy()
    with_mask = fsc_curve(GOOD, other, np.ones_like(GOOD))
    np.testing.assert_allclose(with_mask.correlation, fsc_curve(GOOD, other).correlation, atol=1e-12)


def test_grids_must_agree() -> None:
    with pytest.raises(InputError, match="same grid"):
        fsc_curve(Volume(GOOD, 1.0), Volume(GOOD, 1.1))
    with pytest.raises(InputError, match="even number"):
        fsc_curve(GOOD[1:, 1:, 1:], GOOD[1:, 1:, 1:])


def test_a_shell_without_power_does_not_agree() -> None:
    """A low-passed map against itself: in the published code such shells score 1."""
    transform = np.fft.rfftn(GOOD)
    transform[:] = 0
    transform[1, 0, 0] = transform[-1, 0, 0] = 100.0
    wave = _as_map(np.fft.irfftn(transform, s=GOOD.shape, axes=(0, 1, 2)))
    curve = fsc_curve(wave, wave)
    assert curve.correlation[1] == pytest.approx(1.0)
    flat = fsc_of_transforms(transform_map(wave), transform_map(GOOD), "standard")
    assert np.abs(flat.correlation[2:]).max() < 0.5
    empty = shell_correlations(np.zeros(17), np.zeros(17), np.ones(17), "standard")
    assert not empty.any()


def test_a_negated_map_is_named() -> None:
    curve = fsc_curve(-GOOD, GOOD)
    assert NEGATED in curve.flags
    assert curve.auc == pytest.approx(-1.0)
    assert fsc_curve(-GOOD, GOOD, convention="published").auc == pytest.approx(
        0.5 / 16
    )  # its point 0 is 1 by definition
    assert NEGATED not in fsc_curve(GOOD, GOOD).flags
    assert NEGATED not in fsc_curve(GOOD, GOOD[::-1].copy()).flags


def test_an_unknown_convention_is_an_error() -> None:
    """Asked of the checks themselves: under test, types are looked at before."""
    for check in (_require_convention, _itself):
        with pytest.raises(InputError, match="'publishd' is no convention"):
            check("publishd")


def test_a_failed_curve_scores_nothing() -> None:
    for convention in CONVENTIONS:
        curve = failed_curve(transform_map(Volume(GOOD, 2.0)), convention)
        assert curve.auc == curve.auc_over_ceiling == 0.0
        assert curve.correlation.shape == fsc_curve(GOOD, GOOD, convention=convention).correlation.shape


def test_resolution_is_interpolated_and_flagged() -> None:
    def curve(*correlation: float) -> FSCCurve:
        return FSCCurve(np.array([0, 0.1, 0.2, 0.3]), np.array(correlation), "standard", 2.0, 1.0)

    assert curve(1, 1, 0.6, 0.4).resolution(0.5) == pytest.approx(2 / 0.25)
    assert curve(1, 1, 0.6, 0.4).resolution(0.5, pixel_size=3.0) == pytest.approx(3 / 0.25)
    assert curve(1, 1, 0.6, 0.4).crosses(0.5)
    assert curve(1, 1, 0.9, 0.8).resolution(0.5) == pytest.approx(4.0)  # Nyquist
    assert "never below 0.5" in curve(1, 1, 0.9, 0.8).flags
    assert curve(1, 0.1, 0.9, 0.8).resolution(0.5) == pytest.approx(20)
    unknown = fsc_curve(GOOD, GOOD)
    with pytest.raises(InputError, match="pixel size is not known"):
        unknown.resolution(0.5)


def test_published_cutoffs_are_the_first_shell_below(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    """Ours are interpolated: they lie within the shell before the published ones."""
    data = np.load(published / "c_fsc.npz")
    curve = fsc_curve(pair[0], pair[1], convention="published")
    for threshold in (0.143, 0.5):
        theirs = float(data[f"cut{threshold:g}_nomask_pix"])
        ours = curve.resolution(threshold, pixel_size=1.0)
        assert 1 / theirs - 1 / 64 <= 1 / ours <= 1 / theirs


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("convention", CONVENTIONS)
def test_the_matrix_is_the_loop_whatever_the_memory(convention: Convention, masked: bool) -> None:
    rng = np.random.default_rng(1)
    maps = [Volume((GOOD + rng.normal(size=GOOD.shape)).astype(np.float32), 2.0) for _ in range(7)]
    mask = INSIDE if masked else None
    loop = [[fsc_curve(a, b, mask, convention).auc_over_ceiling for b in maps[:5]] for a in maps]
    for memory in (1, 50_000, 2**30):
        found = fsc_auc_matrix(maps, maps[:5], mask, convention, memory)
        np.testing.assert_array_equal(found, loop)
    with pytest.raises(InputError, match="volume 1"):
        fsc_auc_matrix([GOOD, np.zeros_like(GOOD)], [GOOD])
