from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import scipy.ndimage
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from cryobench.core import InputError, Volume
from cryobench.metrics import chamfer_distance, matched_levels, volume_overlap
from cryobench.metrics._surfaces import _AXES, _LINES, _samples
from cryobench.structures import mass_kda, render_density
from cryobench.structures.packaged import ribosome_50s
from cryobench.structures.synthetic_igg import synthetic_igg

Array = NDArray[np.float32]
LEVEL = 6.0


def sphere(radius: float, centre: tuple[float, float, float] = (0, 0, 0), box: int = 48) -> Array:
    """A map that falls linearly with the distance from a centre, and is 6 at a radius, all in voxels."""
    z, y, x = np.ogrid[:box, :box, :box]
    distance = np.sqrt(sum((axis - box // 2 - c) ** 2 for axis, c in zip((z, y, x), centre, strict=True)))
    return np.maximum(radius + LEVEL - distance, 0).astype(np.float32)


def block(low: int, high: int, shift: int = 0, box: int = 24) -> Array:
    data = np.zeros((box, box, box), np.float32)
    data[low:high, low:high, low + shift : high + shift] = 1
    return data


def lumps(seed: int, box: int = 20) -> Array:
    """A smooth map whose content stays five voxels from the edges."""
    noise = np.zeros((box,) * 3)
    noise[8:-7, 8:-7, 8:-7] = np.random.default_rng(seed).normal(size=(box - 15,) * 3) ** 2
    data = scipy.ndimage.gaussian_filter(noise, 1.2, radius=2)
    return (data / data.max()).astype(np.float32)


def lens_over_union(radius: float, shift: float) -> float:
    """Intersection over union of two balls: what they share are two caps of a sphere."""
    depth = max(0.0, radius - shift / 2)
    common = 2 * math.pi * depth**2 * (3 * radius - depth) / 3
    return common / (2 * 4 / 3 * math.pi * radius**3 - common)


@pytest.mark.parametrize("shift", [0.0, 2.5, 7.0, 15.0, 23.0])
def test_overlap_of_two_equal_spheres(shift: float) -> None:
    radius = 10.0
    a = sphere(radius, (0, 0, -shift / 2), box=64)
    b = sphere(radius, (0, 0, shift / 2), box=64)
    assert volume_overlap(a, b, level=LEVEL) == pytest.approx(lens_over_union(radius, shift), abs=0.01)
    # A fifth of the maximum, 16, is the ball of radius 12.8.
    assert volume_overlap(a, b) == pytest.approx(lens_over_union(0.8 * (radius + LEVEL), shift), abs=0.01)


def test_overlap_of_two_spheres_of_different_size() -> None:
    small, large = sphere(8.0), sphere(11.0)
    assert volume_overlap(small, large, level=LEVEL) == pytest.approx((8 / 11) ** 3, rel=0.01)
    assert volume_overlap(small, large) > 0.99  # at the same enclosed volume they are the same ball
    assert volume_overlap(small, large, level=(LEVEL - 3, LEVEL)) > 0.99


def test_overlap_of_boxes_is_exact() -> None:
    a = block(4, 12)
    assert volume_overlap(a, a) == 1.0
    assert volume_overlap(a, block(4, 12, shift=2)) == 6 / 10
    assert volume_overlap(a, block(4, 12, shift=8)) == 0.0
    assert volume_overlap(a, block(4, 10), level=0.5) == (6 / 8) ** 3
    assert volume_overlap(a, 100 * block(4, 12, shift=2), level=(0.5, 50.0)) == 6 / 10


@pytest.mark.parametrize("difference", [1.0, 2.0, 4.0])
def test_distance_of_concentric_spheres(difference: float) -> None:
    inner, outer = sphere(11.3, (0.1, 0.2, 0.3)), sphere(11.3 + difference, (0.1, 0.2, 0.3))
    found = chamfer_distance(outer, inner, 2.5, level=LEVEL)
    for value in (found.mean, found.to_reference, found.to_volume):
        assert value == pytest.approx(2.5 * difference, rel=0.03)
    assert found.hausdorff_95 == pytest.approx(2.5 * difference, rel=0.08)
    assert found.mean == (found.to_reference + found.to_volume) / 2
    assert found.levels == (LEVEL, LEVEL)


def test_small_distances_come_out_too_large() -> None:
    """What docs/concepts/volume-metrics.md says of the floor that the samples set."""
    for difference, excess in ((1.0, 0.02), (0.3, 0.12), (0.1, 0.45)):
        found = chamfer_distance(sphere(15.3, box=64), sphere(15.3 + difference, box=64), 1.0, level=LEVEL).mean
        assert 1 < found / difference < 1 + excess


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_distance_of_shifted_spheres(shift: float) -> None:
    """The distance to a sphere is | |p - c| - r |, here averaged over many points of the other sphere."""
    radius, centre = 12.0, (0.0, shift * 0.6, shift * 0.8)
    found = chamfer_distance(sphere(radius, centre), sphere(radius), 1.0, level=LEVEL)
    points = np.random.default_rng(0).normal(size=(100_000, 3))
    points *= radius / np.linalg.norm(points, axis=1, keepdims=True)
    expected = np.abs(np.linalg.norm(points + centre, axis=1) - radius)
    # Samples are denser where the surface is oblique to the axes, by up to 1.7.
    assert found.mean == pytest.approx(expected.mean(), rel=0.1)
    assert found.to_reference == pytest.approx(found.to_volume, rel=0.02)
    assert found.hausdorff_95 == pytest.approx(np.quantile(expected, 0.95), rel=0.05)


def test_what_is_missing_and_what_is_too_much_are_told_apart() -> None:
    one, two = sphere(6.0, (-12, 0, 0), box=64), sphere(6.0, (14, 0, 0), box=64)
    both = np.maximum(one, two)
    lacking = chamfer_distance(one, both, 1.0, level=LEVEL)
    assert lacking.to_reference < 0.01
    # Half of the samples are d = 26 from the centre, on a sphere of radius r = 6: on average d + r^2 / 3 d.
    assert lacking.to_volume == pytest.approx((26 + 36 / 78 - 6) / 2, rel=0.01)
    swapped = chamfer_distance(both, one, 1.0, level=LEVEL)
    assert (swapped.to_reference, swapped.to_volume) == (lacking.to_volume, lacking.to_reference)
    assert swapped.mean == lacking.mean
    assert swapped.hausdorff_95 == lacking.hausdorff_95


def test_distances_of_boxes() -> None:
    """Between voxels of 0 and 1 the surface at a half is halfway."""
    found = chamfer_distance(block(6, 16), block(6, 16, shift=3), 1.0)
    assert found.levels == (0.5, 0.5)
    assert found.hausdorff_95 == 3.0
    assert chamfer_distance(block(6, 16), block(6, 16), 1.0).mean == 0.0


@pytest.mark.parametrize("steps", [_AXES, _LINES])
def test_samples_are_exact_in_a_linear_field(steps: tuple[tuple[int, int, int], ...]) -> None:
    z, y, x = np.ogrid[:12, :12, :12]
    field = (0.5 * z - 0.25 * y + x).astype(np.float32)
    points = _samples(field, 6.1, steps)
    np.testing.assert_allclose(points @ [0.5, -0.25, 1], 6.1, atol=1e-12)
    lines = 0
    for step in steps:
        for place in np.ndindex(12, 12, 12):
            end = np.add(place, step)
            if (end >= 0).all() and (end < 12).all():
                lines += (field[place] > 6.1) != (field[tuple(end)] > 6.1)
    assert len(points) == lines > 0


def test_every_line_to_a_neighbour_is_taken_once() -> None:
    assert len({*_LINES, *(tuple(-s for s in step) for step in _LINES)}) == 26


def test_levels_enclose_the_same_volume() -> None:
    a, b = sphere(8.0, (1, 2, 3)), 7 * sphere(12.0)
    levels = matched_levels(a, b, fraction=0.5)
    count = (b > 0.5 * b.max()).sum()
    assert (a.astype(float) > levels[0]).sum() == (b.astype(float) > levels[1]).sum() == count
    assert matched_levels(b, b, 0.3)[0] == matched_levels(b, b, 0.3)[1]


def test_levels_between_neighbouring_numbers() -> None:
    """The level is between two values with no number of single precision between them."""
    a = np.zeros((8, 8, 8), np.float32)
    a[0, 0] = 1
    a[0, 1] = np.nextafter(np.float32(1), np.float32(2))
    b = np.zeros_like(a)
    b[0, 1] = 1
    assert volume_overlap(a, b) == 1.0


@pytest.mark.parametrize(
    ("values", "count", "enclosed"),
    [
        ({3: 5}, 2, 5),  # one value for five voxels: none or five, and none is no surface
        ({3: 5}, 9, 5),
        ({4: 2, 3: 5}, 3, 2),
        ({4: 2, 3: 5}, 6, 7),
        ({4: 3, 3: 4}, 5, 3),  # as far from both: the smaller
    ],
)
def test_equal_values_enclose_the_nearest_number(values: dict[int, int], count: int, enclosed: int) -> None:
    a = np.zeros((8, 8, 8), np.float32)
    a.flat[: sum(values.values())] = np.repeat(list(values), list(values.values()))
    b = np.zeros_like(a)
    b.flat[:count] = 1
    assert (a > matched_levels(a, b)[0]).sum() == enclosed


def test_a_map_without_empty_voxels_has_a_level_too() -> None:
    a = np.ones((8, 8, 8), np.float32)
    a[0, 0, :3] = 2
    b = np.zeros_like(a)
    b.flat[:300] = 1
    assert matched_levels(a, b) == (1.5, 0.5)


@given(
    seed=st.integers(0, 10_000),
    scales=st.tuples(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6)),
    axes=st.sampled_from([(0, 1), (0, 2), (1, 2)]),
    shift=st.tuples(*[st.integers(-4, 4)] * 3),
)
@settings(max_examples=30, deadline=None)
def test_symmetries(seed: int, scales: tuple[float, float], axes: tuple[int, int], shift: tuple[int, int, int]) -> None:
    a, b = lumps(seed), lumps(seed + 1)

    def scores(a: Array, b: Array, level: tuple[float, float] | None = None) -> list[float]:
        found = chamfer_distance(a, b, 1.5, level)
        sides = (found.to_reference, found.to_volume, found.hausdorff_95)
        return [volume_overlap(a, b, level), found.mean, *sides]

    def both(change: Callable[[Array], Array]) -> list[float]:
        return scores(change(a), change(b))

    forth = scores(a, b)
    levels = matched_levels(a, b)
    assert 0 <= forth[0] <= 1
    assert scores(a, a) == [1.0, 0.0, 0.0, 0.0, 0.0]
    back = scores(b, a, levels[::-1])
    np.testing.assert_allclose([*back[:2], back[3], back[2], back[4]], forth, rtol=1e-9)
    scaled = scores(a * np.float32(scales[0]), b * np.float32(scales[1]))
    np.testing.assert_allclose(scaled, forth, rtol=1e-2, atol=1e-2)  # rounding moves a voxel across a level
    np.testing.assert_allclose(both(lambda d: np.roll(np.rot90(d, axes=axes), 1, axis=axes[0])), forth, rtol=1e-9)
    np.testing.assert_allclose(both(lambda d: np.roll(d, shift, (0, 1, 2))), forth, rtol=1e-9)


def test_many_samples_are_thinned(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = sphere(10.0, (0, 0, 2)), sphere(12.0)
    every = chamfer_distance(a, b, 1.0, level=LEVEL)
    monkeypatch.setattr("cryobench.metrics._surfaces._MOST", 500)
    some = chamfer_distance(a, b, 1.0, level=LEVEL)
    assert some.mean == pytest.approx(every.mean, rel=0.05)
    assert some.mean != every.mean


@pytest.mark.parametrize(
    ("name", "resolution", "expected"),
    [("antibody", 6.0, 0.85), ("antibody", 10.0, 1.43), ("50S", 6.0, 0.83), ("50S", 10.0, 1.20)],
)
def test_the_default_encloses_about_the_molecule(name: str, resolution: float, expected: float) -> None:
    """What docs/concepts/volume-metrics.md says, with 1.21 Å^3 a Da."""
    atoms = synthetic_igg() if name == "antibody" else ribosome_50s()
    volume = render_density(atoms, resolution, 64 if name == "antibody" else 128, 3.0)
    level = matched_levels(volume, volume)[1]
    found = (volume.data > level).sum() * 27 / (1210 * mass_kda(atoms))
    assert found == pytest.approx(expected, abs=0.02)


GOOD = lumps(0)


@pytest.mark.parametrize("metric", [volume_overlap, lambda a, b, level: chamfer_distance(a, b, 1.0, level)])
@pytest.mark.parametrize(
    ("level", "message"),
    [
        (1.0, "level 1 is not in the range of the volume, 0 to 1"),
        (-0.1, "level -0.1 is not in the range of the volume"),
        (float("nan"), "level nan is not in the range of the volume"),
        ((0.5, 7.0), "level 7 is not in the range of the reference"),
    ],
)
def test_levels_out_of_range_are_errors(
    metric: Callable[..., object], level: float | tuple[float, float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        metric(GOOD, lumps(1), level=level)


@pytest.mark.parametrize(
    ("reference", "fraction", "message"),
    [
        (-GOOD, 0.2, "the reference's largest value is -?0, so no level"),
        (GOOD + 1, 0.2, "every voxel of the reference is above 0.2 of its maximum"),
        (GOOD, 1.0, "fraction is 1, expected"),
        (GOOD, -0.1, "fraction is -0.1, expected"),
        (GOOD, float("nan"), "fraction is nan, expected"),
    ],
)
def test_references_without_a_level_are_errors(reference: Array, fraction: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        matched_levels(lumps(1), reference, fraction)


def test_the_pixel_size_is_that_of_the_maps() -> None:
    a, b = sphere(9.0), sphere(11.0)
    known = chamfer_distance(Volume(a, 2.0), Volume(b, 2.0), level=LEVEL).mean
    assert known == chamfer_distance(a, b, 2.0, LEVEL).mean == 2 * chamfer_distance(a, b, 1.0, LEVEL).mean
    for maps, size, message in (
        ((a, b), None, "the pixel size is not known"),
        ((a, b), -1.0, "pixel size is -1"),
        ((a, Volume(b, 2.0)), 3.0, "pixel_size is 3 Å but that of the reference 2 Å"),
    ):
        with pytest.raises(InputError, match=message):
            chamfer_distance(*maps, size)
