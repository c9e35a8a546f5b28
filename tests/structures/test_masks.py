"""Masks, and the maps over states that they are made from."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import InputError, Volume
from cryobench.structures.masks import moving_region_mask, soft_mask, union_map, variance_map


def maps(count: int, box: int = 8, pixel_size: float = 2.0) -> list[Volume]:
    rng = np.random.default_rng(count)
    return [Volume(rng.normal(5, 1, (box, box, box)).astype(np.float32), pixel_size) for _ in range(count)]


def everywhere(inside: np.ndarray, pixel_size: float, dilation: float, edge: float) -> np.ndarray:
    """The mask by distances over the whole box."""
    distance = scipy.ndimage.distance_transform_edt(~inside, sampling=pixel_size) - dilation
    return 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / edge, 0, 1))


@settings(max_examples=20, deadline=None)
@given(
    corner=st.tuples(*[st.integers(0, 19)] * 3),
    dilation=st.floats(0.0, 12.0),
    edge=st.floats(0.5, 12.0),
    pixel_size=st.floats(0.8, 3.0),
)
def test_the_region_that_is_looked_at_changes_nothing(
    corner: tuple[int, int, int], dilation: float, edge: float, pixel_size: float
) -> None:
    data = np.zeros((20, 20, 20), np.float32)
    z, y, x = corner
    data[z, y, x], data[10, 11, 4:7] = 3.0, 2.0
    mask = soft_mask(Volume(data, pixel_size), 0.5, dilation, edge).data
    np.testing.assert_allclose(mask, everywhere(data > 1.5, pixel_size, dilation, edge), atol=1e-6)


def test_without_an_edge_a_mask_is_hard() -> None:
    data = np.zeros((16, 16, 16), np.float32)
    data[8, 8, 8] = 1
    mask = soft_mask(Volume(data, 2.0), 0.5, dilation=4.0, edge=0.0).data
    assert mask[8, 8, 6:11].tolist() == [1] * 5
    assert mask.sum() == 33  # voxels within 2 of one


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_map_without_density_has_no_mask(value: float) -> None:
    with pytest.raises(InputError, match="above 0 somewhere"):
        soft_mask(Volume(np.full((8, 8, 8), value, np.float32), 1.0), 0.1, 2.0, 2.0)


@pytest.mark.parametrize(
    ("threshold", "dilation", "edge", "message"),
    [
        (1.0, 2.0, 2.0, "threshold is 1, expected a fraction"),
        (-0.1, 2.0, 2.0, "threshold is -0.1"),
        (0.1, -1.0, 2.0, "dilation is -1"),
        (0.1, 2.0, float("nan"), "edge is nan"),
    ],
)
def test_values_out_of_range_are_named(threshold: float, dilation: float, edge: float, message: str) -> None:
    for make in (soft_mask, moving_region_mask):
        with pytest.raises(InputError, match=message):
            make(Volume(np.eye(8, dtype=np.float32)[:, :, None].repeat(8, 2), 1.0), threshold, dilation, edge)


def test_union_is_the_largest_value() -> None:
    states = maps(4)
    untouched = states[0].data.copy()
    union = union_map(iter(states))
    np.testing.assert_array_equal(union.data, np.max([v.data for v in states], axis=0))
    np.testing.assert_array_equal(states[0].data, untouched)
    assert union.pixel_size == 2.0


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("offset", [0.0, 1e4])
def test_variance_is_that_over_all_states(count: int, offset: float) -> None:
    states = [Volume(v.data + np.float32(offset), 2.0) for v in maps(count)]
    found = variance_map(iter(states)).data
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.var([v.data for v in states], axis=0, dtype=np.float64), rtol=1e-6)


def test_maps_are_taken_one_at_a_time() -> None:
    alive = 0

    class Counted(Volume):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def stream() -> Iterator[Volume]:
        nonlocal alive
        for volume in maps(5):
            alive += 1
            yield Counted(volume.data, volume.pixel_size)
            assert alive <= 1

    for make in (union_map, variance_map):
        make(stream())


@pytest.mark.parametrize("make", [union_map, variance_map])
def test_maps_must_be_alike(make) -> None:
    with pytest.raises(InputError, match="no map was given"):
        make([])
    with pytest.raises(InputError, match=r"map 1 has a box of 10 and 2 Å/px, but map 0 one of 8"):
        make([*maps(1), *maps(1, box=10)])
    with pytest.raises(InputError, match="map 2 has a box of 8 and 3 Å/px"):
        make([*maps(2), *maps(1, pixel_size=3.0)])
    make([*maps(1), *maps(1, pixel_size=2.0 + 1e-6)])


def test_the_moving_region_is_where_states_differ() -> None:
    still = np.zeros((24, 24, 24), np.float32)
    still[10:14, 10:14, 3:6] = 5.0
    states = []
    for turn in range(4):
        state = still.copy()
        state[10:14, 10:14, 14 + turn] = 1.0
        states.append(Volume(state, 1.0))
    mask = moving_region_mask(variance_map(states), 0.5, dilation=2.0, edge=2.0)
    assert mask.data[12, 12, 12:20].tolist() == [1] * 8
    assert mask.data[12, 12, 20] == pytest.approx(0.5)
    assert not mask.data[:, :, :11].any()
    assert mask.data.max() == 1
    assert mask.pixel_size == 1.0


def test_the_threshold_is_one_of_the_standard_deviation() -> None:
    variance = np.zeros((8, 8, 8), np.float32)
    variance[4, 4, 2], variance[4, 4, 6] = 1.0, 0.04  # standard deviations 1 and 0.2
    for threshold, kept in ((0.19, 1), (0.21, 0)):
        mask = moving_region_mask(Volume(variance, 1.0), threshold, dilation=0.0, edge=1.0).data
        assert (mask[4, 4, 2], mask[4, 4, 6]) == (1, kept)


@pytest.mark.parametrize("count", [1, 3])
def test_where_nothing_moves_the_mask_is_empty(count: int) -> None:
    variance = variance_map(maps(1) * count)
    assert not variance.data.any()
    assert not moving_region_mask(variance, 0.1, dilation=4.0, edge=4.0).data.any()


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_what_is_no_variance_is_refused(value: float) -> None:
    data = np.zeros((8, 8, 8), np.float32)
    data[1, 2, 3] = value
    with pytest.raises(InputError, match="expected numbers of at least 0"):
        moving_region_mask(Volume(data, 1.0))
