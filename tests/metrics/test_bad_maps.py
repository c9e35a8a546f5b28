"""No metric of maps gives a score for nothing: what cannot be scored is an error that names it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cryobench.core import InputError, Volume
from cryobench.metrics import chamfer_distance, local_fsc, matched_levels, real_space_correlation, volume_overlap

GOOD = np.random.default_rng(0).normal(size=(16, 16, 16)).astype(np.float32)
OTHER = np.random.default_rng(1).normal(size=(16, 16, 16)).astype(np.float32)

METRICS: dict[str, Callable[..., Any]] = {
    "real_space_correlation": real_space_correlation,
    "local_fsc": lambda a, b, **more: local_fsc(a, b, None if isinstance(a, Volume) else 1.0, **more),
    "volume_overlap": volume_overlap,
    "matched_levels": matched_levels,
    "chamfer_distance": lambda a, b: chamfer_distance(a, b, None if isinstance(a, Volume) else 1.0),
}
MASKED = ["real_space_correlation", "local_fsc"]


def put(value: float) -> np.ndarray:
    data = GOOD.copy()
    data[1, 2, 3] = value
    data[4, 5, 6] = value
    return data


BAD = {
    "constant": (np.full_like(GOOD, 3), r"is constant \(3 everywhere\)"),
    "zero": (np.zeros_like(GOOD), r"is constant \(0 everywhere\)"),
    "constant but for rounding": (3 + 1e-6 * np.abs(OTHER) / np.abs(OTHER).max(), "is constant"),
    "not a number": (put(np.nan), r"not finite at index \(1, 2, 3\)"),
    "infinite": (put(-np.inf), r"not finite at index \(1, 2, 3\)"),
    "infinite in single precision": (put(0).astype(float) + np.where(put(1) == 1, 1e300, 0), r"index \(1, 2, 3\)"),
    "flat": (GOOD[0], "expected a map with three axes"),
    "four axes": (GOOD[None], "expected a map with three axes"),
    "not cubic": (GOOD[:-1], "expected a cubic map"),
    "no voxel": (GOOD[:0, :0, :0], "is empty"),
    "complex": (GOOD.astype(np.complex64), "expected real numbers"),
    "words": (np.full(GOOD.shape, "a"), "expected real numbers"),
}


@pytest.mark.parametrize("place", ["the volume", "the reference"])
@pytest.mark.parametrize(("bad", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_a_bad_map_is_an_error(metric: Callable[..., Any], bad: np.ndarray, message: str, place: str) -> None:
    maps = [bad, GOOD] if place == "the volume" else [GOOD, bad]
    with pytest.raises(InputError, match=f"{place}.*{message}"):
        metric(*maps)


@pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)
def test_grids_must_agree(metric: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match=r"box of 14 voxels but the volume one of 16.*same grid"):
        metric(GOOD, GOOD[1:-1, 1:-1, 1:-1])
    with pytest.raises(InputError, match=r"pixel size of 1.2 Å but the volume one of 1 Å.*same grid"):
        metric(Volume(GOOD, 1.0), Volume(OTHER, 1.2))
    metric(Volume(GOOD, 1.0), Volume(OTHER, 1.0001))


BAD_MASKS = {
    "empty": (np.zeros_like(GOOD), r"is empty \(0 everywhere\)"),
    "negative": (np.where(put(-2) == -2, -2, np.abs(GOOD)), r"is -2 at index \(1, 2, 3\)"),
    "not a number": (put(np.nan), r"not finite at index \(1, 2, 3\)"),
    "infinite": (np.abs(put(np.inf)), r"not finite at index \(1, 2, 3\)"),
    "another box": (np.abs(GOOD[1:, 1:, 1:]), "box of 15 voxels but the volume one of 16"),
    "flat": (GOOD[0], "expected a map with three axes"),
    "not cubic": (GOOD[:-1], "expected a cubic map"),
    "no voxel": (GOOD[:0, :0, :0], "is empty"),
    "complex": (GOOD.astype(np.complex64), "expected real numbers"),
}


@pytest.mark.parametrize(("bad", "message"), BAD_MASKS.values(), ids=BAD_MASKS)
@pytest.mark.parametrize("metric", [METRICS[name] for name in MASKED], ids=MASKED)
def test_a_bad_mask_is_an_error(metric: Callable[..., Any], bad: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=f"the mask.*{message}"):
        metric(GOOD, OTHER, mask=bad)


@pytest.mark.parametrize("metric", [METRICS[name] for name in MASKED], ids=MASKED)
def test_the_mask_has_the_pixel_size_of_the_maps(metric: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="the mask has a pixel size of 2 Å"):
        metric(Volume(GOOD, 1.0), Volume(OTHER, 1.0), mask=Volume(np.abs(GOOD), 2.0))
