"""Volumes that are wrong as a whole are named, with the amount; sound ones are not."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial.transform import Rotation

from cryobench.align import Transform, find_difference, transform_volume
from cryobench.benchmark import check_volumes, run_methods, sanity_notes
from cryobench.core import Dataset, MethodCard, Submission, Volume
from cryobench.methods import ClassVolumes, backproject_particles
from cryobench.ops.fft import crop_volume

Change = Callable[[np.ndarray], np.ndarray]


def magnified(data: np.ndarray, m: float, shift: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """Return T((p - t) / m) by splines in real space, t in voxels along x, y, z."""
    centre = np.array(data.shape) // 2
    offset = centre - (centre + np.array(shift)[::-1]) / m
    return np.asarray(ndimage.affine_transform(data.astype(np.float64), np.eye(3) / m, offset=offset, order=3))


def turned(data: np.ndarray, degrees: float, *, mirrored: bool = False) -> np.ndarray:
    rotation = Rotation.from_rotvec(np.radians(degrees) * np.array([0.6, 0.8, 0])).as_matrix()
    return transform_volume(data.astype(np.float32), Transform(rotation, np.zeros(3), mirrored))


def noisy(data: np.ndarray, times: float) -> np.ndarray:
    return data + np.random.default_rng(int(1e6 * abs(data).sum()) % 2**32).normal(size=data.shape) * data.std() * times


def changed(dataset: Dataset, change: Change, states: list[int] | None = None) -> Submission:
    """Return the truth as a submission, every map changed; where states are named, of particles of those alone."""
    truth = dataset.truth
    maps = [
        Volume(np.ascontiguousarray(change(truth.volumes[i].data), dtype=np.float32), dataset.particles.pixel_size)
        for i in range(len(truth.states))
    ]
    labels = truth.labels if states is None else np.resize(np.array(states, np.int32), len(truth))
    card = MethodCard(name="mine", version="1", role="method", summary="For a test.")
    return Submission(method=card, particles=len(truth), labels=labels, volumes=ClassVolumes(maps, labels))


def found(dataset: Dataset, submission: Submission, kind: str = "fixed-pose") -> dict[str, float]:
    assert submission.volumes is not None
    report = check_volumes(submission.volumes, dataset.particles, kind)  # type: ignore[arg-type]
    assert report.unchecked == ""
    return {each.fault: each.amount for each in report.findings}


Named = dict[str, tuple[float, float]]
FAULTS: dict[str, tuple[Change, Named]] = {
    "3 % larger": (lambda v: magnified(v, 1.03), {"magnified": (1.03, 0.01)}),
    "4 % smaller": (lambda v: magnified(v, 0.96), {"magnified": (0.96, 0.01)}),
    "twice as large": (lambda v: magnified(v, 2.0), {"magnified": (2.0, 0.02)}),
    "one voxel off": (lambda v: magnified(v, 1.0, (0, -1, 0)), {"shifted": (1.0, 0.05)}),
    "negated": (lambda v: -v, {"negated": (1.0, 0)}),
    "pale": (lambda v: v * 0.01, {"grey scale": (0.01, 0.001)}),
    "three at once": (
        lambda v: -magnified(v, 1.4, (2, -1, 1)),
        {"magnified": (1.4, 0.02), "shifted": (6**0.5, 0.1), "negated": (1.0, 0)},
    ),
    "turned a little": (lambda v: turned(v, 6), {"turned": (6.0, 0.5)}),
}
SLOW_FAULTS: dict[str, tuple[Change, Named]] = {
    "half as large": (lambda v: magnified(v, 0.5), {"magnified": (0.5, 0.02)}),
    "mirrored in z": (lambda v: np.roll(v[::-1], 1, axis=0), {"mirrored": (1.0, 0)}),
    "axes reversed": (lambda v: v.T, {"mirrored": (1.0, 0), "turned": (90.0, 1.0)}),
    "mirrored, turned, larger, negated": (
        lambda v: -magnified(turned(v, 110, mirrored=True), 1.5),
        {"mirrored": (1.0, 0), "turned": (110.0, 2.0), "magnified": (1.5, 0.03), "negated": (1.0, 0)},
    ),
}
ALL_FAULTS = [*FAULTS, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW_FAULTS)]


@pytest.mark.parametrize("fault", ALL_FAULTS)
def test_a_fault_is_named_with_its_amount(small_dataset: Dataset, fault: str) -> None:
    change, named = (FAULTS | SLOW_FAULTS)[fault]
    amounts = found(small_dataset, changed(small_dataset, change))
    assert set(amounts) == set(named)
    for name, (amount, tolerance) in named.items():
        assert amounts[name] == pytest.approx(amount, abs=tolerance)


def band_limited(data: np.ndarray, box: int) -> np.ndarray:
    """Return a map without the frequencies that a smaller box does not hold."""
    k = np.abs(np.fft.fftfreq(len(data), 1 / len(data)))
    inside = (k[:, None, None] < box // 2) & (k[:, None] < box // 2) & (k < box // 2)
    return np.asarray(np.fft.ifftn(np.where(inside, np.fft.fftn(data), 0)).real)


def without_a_part(data: np.ndarray) -> np.ndarray:
    """Return a map without what lies in one octant."""
    cut = data.copy()
    middle = len(data) // 2
    cut[middle:, middle:, middle:] = 0
    return cut


SOUND: dict[str, tuple[Change, list[int] | None]] = {
    "the truth": (lambda v: v, None),
    "half a voxel off": (lambda v: magnified(v, 1.0, (0.5, 0, 0)), None),
    "one percent larger": (lambda v: magnified(v, 1.01), None),
    "noisy": (lambda v: noisy(v, 1.0), None),
    "of one state": (lambda v: v, [2]),
    "of low resolution": (lambda v: ndimage.gaussian_filter(v, 2.0), None),
    "band-limited": (lambda v: band_limited(v, 12), None),
    "in other units": (lambda v: 5 * v + 3, None),
}
SLOW_SOUND: dict[str, tuple[Change, list[int] | None]] = {
    "very noisy": (lambda v: noisy(v, 3.0), None),
    "of one state, noisy": (lambda v: noisy(v, 1.0), [4]),
    "of one state and low resolution": (lambda v: ndimage.gaussian_filter(v, 2.0), [0]),
    "without a Fab": (without_a_part, None),
}


@pytest.mark.parametrize("case", [*SOUND, *(pytest.param(name, marks=pytest.mark.slow) for name in SLOW_SOUND)])
def test_a_sound_one_is_not_named(small_dataset: Dataset, case: str) -> None:
    change, states = (SOUND | SLOW_SOUND)[case]
    assert found(small_dataset, changed(small_dataset, change, states)) == {}


def test_maps_that_hold_next_to_nothing_are_not_judged(small_dataset: Dataset) -> None:
    submission = changed(small_dataset, lambda v: band_limited(v, 6), [2])
    assert submission.volumes is not None
    report = check_volumes(submission.volumes, small_dataset.particles, "fixed-pose")
    assert report.findings == ()
    assert "shells alone" in report.unchecked


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["fixed-pose", "ab-initio"])
def test_built_in_methods_are_sound(small_dataset: Dataset, kind: str) -> None:
    for submission, _ in run_methods(small_dataset, ["oracle", "ppca", "consensus", "kclasses:4"], seed=1):
        assert found(small_dataset, submission, kind) == {}, submission.method.name


@pytest.mark.slow
def test_noise_is_unlike(small_dataset: Dataset) -> None:
    def noise(data: np.ndarray) -> np.ndarray:
        return np.random.default_rng(3).normal(size=data.shape)

    assert set(found(small_dataset, changed(small_dataset, noise))) == {"unlike"}


def test_what_an_alignment_takes_back_is_left_out(small_dataset: Dataset) -> None:
    submission = changed(small_dataset, lambda v: -magnified(v, 1.0, (2, 0, 0)))
    particles = small_dataset.particles
    notes = sanity_notes(submission, particles)
    assert [note.split(":")[0].split(" by")[0] for note in notes] == ["negated", "shifted"]
    shift = re.search(r"\((.*)\) voxels along x, y, z", notes[1])
    assert shift is not None
    np.testing.assert_allclose([float(each) for each in shift[1].split(",")], (2, 0, 0), atol=0.05)
    assert sanity_notes(submission, particles, aligned=True) == notes[:1]
    assert sanity_notes(Submission(method=submission.method, particles=len(particles)), particles) == ()


def test_volumes_that_cannot_be_used_are_left_out(small_dataset: Dataset) -> None:
    particles = small_dataset.particles
    maps = [Volume(np.zeros((32, 32, 32), np.float32), 12.0), small_dataset.truth.volumes[1]]
    labels = (np.arange(len(particles)) % 2).astype(np.int32)
    report = check_volumes(ClassVolumes(maps, labels), particles, "fixed-pose")
    assert report.difference is not None
    assert 0 < report.volumes < 40
    none = check_volumes(ClassVolumes(maps[:1], np.zeros_like(labels)), particles, "fixed-pose")
    assert (none.volumes, none.difference) == (0, None)
    assert none.unchecked == "no volume can be read on the grid of the images"


def test_a_reference_of_a_smaller_box_gives_the_same(small_dataset: Dataset) -> None:
    whole = backproject_particles(small_dataset.particles)
    small = backproject_particles(small_dataset.particles, box=24)
    assert small.pixel_size == pytest.approx(whole.pixel_size * 32 / 24)
    # Gridding is done at another box: equal but for the accuracy of its kernel.
    expected = crop_volume(whole.data, 24)
    assert np.corrcoef(small.data.ravel(), expected.ravel())[0, 1] > 0.98
    assert small.data.std() == pytest.approx(expected.std(), rel=0.03)
    moved = Volume(magnified(whole.data, 1.0, (1.5, 0, -2)).astype(np.float32), whole.pixel_size)
    difference = find_difference(moved, small, 10)
    np.testing.assert_allclose(difference.shift, (1.5, 0, -2), atol=0.05)
    assert difference.magnification == pytest.approx(1, abs=0.01)
    assert difference.grey_scale == pytest.approx(1, abs=0.05)
    assert not difference.mirrored
