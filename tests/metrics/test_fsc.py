from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import InputError, Volume
from cryobench.io import read_volume
from cryobench.metrics import fsc_curve, resolution_at


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
    np.testing.assert_allclose(curve.correlations, data[f"fsc_{name}"], atol=1e-5)
    np.testing.assert_allclose(curve.frequencies * first.pixel_size, data["pixres"], atol=1e-6)
    assert curve.auc == pytest.approx(float(data[f"auc_clip_{name}"]), abs=1e-5)


def test_agrees_with_cryodrgn_but_for_its_shells(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    """cryoDRGN's own command uses the same shells as the published code."""
    theirs = np.loadtxt(published / "c_cryodrgn_fsc.txt", skiprows=1)
    ours = fsc_curve(pair[0], pair[1], convention="published").correlations
    np.testing.assert_allclose(np.clip(ours, 0, 1)[: len(theirs)], np.clip(theirs[: len(ours), 1], 0, 1), atol=2e-3)


def test_ceilings(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    same = fsc_curve(pair[0], pair[0])
    assert same.auc == pytest.approx(1.0, abs=1e-9)
    assert same.crosses == {0.143: False, 0.5: False}
    perfect = fsc_curve(pair[0], pair[0], convention="published")
    assert perfect.auc == pytest.approx((32 - 1) / 64, abs=1e-9)
    assert perfect.auc == pytest.approx(float(np.load(published / "c_fsc.npz")["auc_identical"]), abs=1e-6)
    assert perfect.auc_over_ceiling == pytest.approx(1.0, abs=1e-9)


def test_a_negated_map_is_anticorrelated(published: Path, pair: tuple[Volume, Volume, Volume]) -> None:
    negated = Volume(-pair[1].data, pair[1].pixel_size)
    curve = fsc_curve(pair[0], negated, convention="published")
    np.testing.assert_allclose(curve.correlations, np.load(published / "c_fsc.npz")["fsc_negated"], atol=1e-5)
    assert fsc_curve(pair[0], negated).auc == pytest.approx(-fsc_curve(*pair[:2]).auc)


@given(seed=st.integers(0, 1000), scale=st.floats(1e-3, 1e3), convention=st.sampled_from(["published", "standard"]))
@settings(max_examples=20, deadline=None)
def test_invariances(seed: int, scale: float, convention: str) -> None:
    rng = np.random.default_rng(seed)
    a, b = (Volume(rng.normal(size=(16, 16, 16)).astype(np.float32), 2.0) for _ in range(2))
    forth = fsc_curve(a, b, convention=convention)  # type: ignore[arg-type]
    back = fsc_curve(b, a, convention=convention)  # type: ignore[arg-type]
    scaled = fsc_curve(Volume(a.data * np.float32(scale), 2.0), b, convention=convention)  # type: ignore[arg-type]
    np.testing.assert_allclose(forth.correlations, back.correlations, atol=1e-7)
    np.testing.assert_allclose(forth.correlations, scaled.correlations, atol=1e-5)
    assert (np.abs(forth.correlations) <= 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d * 0, "the volume is constant"),
        (lambda d: d * 0 + 3, "the volume is constant"),
        (lambda d: np.where(d == d.max(), np.nan, d), "not finite"),
        (lambda d: np.where(d == d.max(), np.inf, d), "not finite"),
    ],
)
def test_no_score_for_nothing(change: object, message: str) -> None:
    data = np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32)
    bad = Volume(np.asarray(change(data), np.float32), 1.0)  # type: ignore[operator]
    with pytest.raises(InputError, match=message):
        fsc_curve(bad, Volume(data, 1.0))


def test_grids_must_agree() -> None:
    a = Volume(np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32), 1.0)
    b = Volume(np.random.default_rng(0).normal(size=(10, 10, 10)).astype(np.float32), 1.0)
    with pytest.raises(InputError, match="same grid"):
        fsc_curve(a, b)
    with pytest.raises(InputError, match="same grid"):
        fsc_curve(a, Volume(a.data, 1.1))


def test_resolution_is_interpolated_and_flagged() -> None:
    frequencies = np.array([0, 0.1, 0.2, 0.3])
    assert resolution_at(frequencies, np.array([1, 1, 0.6, 0.4]), 0.5, 3.0) == (pytest.approx(1 / 0.25), True)
    assert resolution_at(frequencies, np.array([1, 1, 0.9, 0.8]), 0.5, 3.0) == (3.0, False)
    assert resolution_at(frequencies, np.array([1, 0.1, 0.9, 0.8]), 0.5, 3.0) == (pytest.approx(10), True)
