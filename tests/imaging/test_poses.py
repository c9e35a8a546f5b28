"""Distributions of poses against their closed forms; a particle's pose depends on its index alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats
from scipy.spatial.transform import Rotation

from cryobench.core import InputError, Poses, stream, streams
from cryobench.imaging import (
    FileRotations,
    GaussianShifts,
    GridRotations,
    Mode,
    PoseSpec,
    PreferredRotations,
    UniformRotations,
    UniformShifts,
    draw_poses,
    uniform_poses,
)
from cryobench.ops.rotations import rotation_from_normals, rotation_from_relion
from cryobench.ops.so3 import so3_grid

TWO_MODES = (Mode(rot=40, tilt=70, concentration=5, weight=3), Mode(rot=-100, tilt=120, concentration=50))
SPECS = [
    PoseSpec(),
    PoseSpec(shifts=GaussianShifts(sigma=4)),
    PoseSpec(rotations=GridRotations(level=1)),
    PoseSpec(rotations=PreferredRotations(strength=0.6, modes=TWO_MODES), shifts=UniformShifts(extent=5)),
]


def views(poses: Poses) -> np.ndarray:
    """Viewing direction of each particle in the volume's frame, R^T z."""
    return poses.rotations[:, 2].astype(np.float64)


def preferred(n: int, strength: float, *modes: Mode) -> np.ndarray:
    spec = PreferredRotations(strength=strength, modes=modes) if modes else PreferredRotations(strength=strength)
    return views(draw_poses(PoseSpec(rotations=spec), 5, np.arange(n)))


@pytest.mark.parametrize("stage", ["pose", "ctf"])
def test_streams_in_a_row_are_those_of_each_particle(stage: str) -> None:
    indices = np.array([3, 3, 0, 2**40, 17])
    for index, generator in zip(indices, streams(9, stage, indices), strict=True):
        alone = stream(9, stage, int(index))
        np.testing.assert_array_equal(generator.standard_normal(7), alone.standard_normal(7))
        assert generator.integers(5, dtype=np.uint32) == alone.integers(5, dtype=np.uint32)  # leaves half a word over


def test_streams_of_negative_indices_are_refused() -> None:
    with pytest.raises(ValueError, match="at least 0, not -2"):
        next(streams(0, "pose", np.array([1, -2])))


def test_uniform_poses_keep_their_numbers() -> None:
    """Built datasets hang on them: four normals, then two uniforms, of each particle's stream."""
    indices = np.array([12, 0, 7])
    poses = uniform_poses(6, indices, 23.3)
    for row, index in enumerate(indices):
        generator = stream(6, "pose", int(index))
        expected = rotation_from_normals(generator.standard_normal((1, 4)))[0]
        np.testing.assert_array_equal(poses.rotations[row], expected.astype(np.float32))
        np.testing.assert_array_equal(poses.shifts[row], generator.uniform(-23.3, 23.3, 2).astype(np.float32))
    drawn = draw_poses(PoseSpec(rotations=UniformRotations(), shifts=UniformShifts(extent=23.3)), 6, indices)
    np.testing.assert_array_equal(drawn.rotations, poses.rotations)
    np.testing.assert_array_equal(drawn.shifts, poses.shifts)


@given(spec=st.sampled_from(SPECS), seed=st.integers(0, 99), indices=st.lists(st.integers(0, 10**6), max_size=8))
@settings(max_examples=40, deadline=None)
def test_a_pose_does_not_depend_on_the_others(spec: PoseSpec, seed: int, indices: list[int]) -> None:
    together = draw_poses(spec, seed, np.array(indices, dtype=np.int64))
    assert len(together) == len(indices)
    for row, index in enumerate(indices):
        alone = draw_poses(spec, seed, np.array([index]))
        np.testing.assert_array_equal(together.rotations[row], alone.rotations[0])
        np.testing.assert_array_equal(together.shifts[row], alone.shifts[0])


@pytest.mark.parametrize("spec", SPECS)
def test_another_seed_gives_other_poses(spec: PoseSpec) -> None:
    one, two = (draw_poses(spec, seed, np.arange(20)) for seed in (1, 2))
    assert not np.array_equal(one.shifts, two.shifts)


def test_shifts_are_uniform_and_within_their_extent() -> None:
    shifts = uniform_poses(0, np.arange(4000), 30.0).shifts
    assert np.abs(shifts).max() <= 30
    assert shifts.std(axis=0) == pytest.approx(np.full(2, 30 / np.sqrt(3)), rel=0.03)


def test_gaussian_shifts() -> None:
    shifts = draw_poses(PoseSpec(shifts=GaussianShifts(sigma=7)), 0, np.arange(4000)).shifts
    assert stats.kstest(shifts.ravel() / 7, "norm").pvalue > 0.01
    assert abs(np.corrcoef(shifts.T)[0, 1]) < 0.05


def test_grid_rotations_begin_again_when_all_are_used() -> None:
    poses = draw_poses(PoseSpec(rotations=GridRotations(level=0)), 3, np.arange(150))
    grid = so3_grid(0).astype(np.float32)
    np.testing.assert_array_equal(poses.rotations, np.concatenate((grid, grid, grid[:6])))
    assert not np.array_equal(poses.shifts[:72], poses.shifts[72:144])


def test_no_strength_is_uniform() -> None:
    poses = draw_poses(PoseSpec(rotations=PreferredRotations(strength=0)), 2, np.arange(4000))
    v = views(poses)
    for axis in range(3):  # each coordinate of a uniform direction is uniform (Archimedes)
        assert stats.kstest(v[:, axis], "uniform", (-1, 2)).pvalue > 0.01
    angles = Rotation.from_matrix(poses.rotations.astype(np.float64)).magnitude()
    assert stats.kstest(angles, lambda a: (a - np.sin(a)) / np.pi).pvalue > 0.01  # Haar measure


@pytest.mark.parametrize("concentration", [0.01, 1.0, 5.0, 50.0, 2000.0])
def test_lobes_have_the_closed_form_of_von_mises_and_fisher(concentration: float) -> None:
    n, mode = 4000, Mode(rot=40, tilt=70, concentration=concentration)
    v = preferred(n, 1.0, mode)
    rot, tilt = np.deg2rad([mode.rot, mode.tilt])
    centre = np.array([np.cos(rot) * np.sin(tilt), np.sin(rot) * np.sin(tilt), np.cos(tilt)])
    np.testing.assert_allclose(rotation_from_relion(np.array([[40.0, 70.0, 11.0]]))[0, 2], centre)
    expected = 1 / math.tanh(concentration) - 1 / concentration
    spread = math.sqrt(1 - expected**2 - 2 * expected / concentration)  # standard deviation of the cosine
    assert (v @ centre).mean() == pytest.approx(expected, abs=4 * spread / math.sqrt(n))
    around = v - v @ centre[:, None] * centre
    tolerance = 4 * math.sqrt((around**2).mean() / n)
    np.testing.assert_allclose(around.mean(axis=0), 0, atol=tolerance)
    assert stats.kstest((v @ centre + 1) / 2, lambda x: _cosine_cdf(2 * x - 1, concentration)).pvalue > 0.01


def _cosine_cdf(w: np.ndarray, k: float) -> np.ndarray:
    return (np.exp(k * (w - 1)) - np.exp(-2 * k)) / -np.expm1(-2 * k)


def test_in_plane_angles_are_uniform() -> None:
    """About its viewing direction, each particle's frame is turned from the upright one by any angle alike."""
    poses = draw_poses(PoseSpec(rotations=PreferredRotations(strength=1, modes=TWO_MODES)), 4, np.arange(4000))
    v = views(poses)
    tilt, rot = np.rad2deg(np.arccos(np.clip(v[:, 2], -1, 1))), np.rad2deg(np.arctan2(v[:, 1], v[:, 0]))
    upright = rotation_from_relion(np.column_stack((rot, tilt, np.zeros(len(v)))))
    turn = poses.rotations.astype(np.float64) @ upright.transpose(0, 2, 1)
    np.testing.assert_allclose(turn[:, 2, 2], 1, atol=1e-5)
    assert stats.kstest(np.arctan2(turn[:, 1, 0], turn[:, 0, 0]), "uniform", (-np.pi, 2 * np.pi)).pvalue > 0.01


def test_default_mode_is_as_severe_as_its_docstring_says() -> None:
    def within(strength: float) -> float:
        return float((preferred(20_000, strength)[:, 2] > math.cos(math.radians(30))).mean())

    uniform, lobe = (1 - math.cos(math.radians(30))) / 2, 1 - float(_cosine_cdf(np.cos(np.pi / 6), 20.0))
    assert (round(uniform, 3), round(lobe, 2)) == (0.067, 0.93)
    for strength in (0.0, 0.4, 1.0):
        expected = strength * lobe + (1 - strength) * uniform
        assert within(strength) == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 20_000))


def test_weights_are_relative() -> None:
    """Of strength 0.8, weights 3 and 1 give modes of 0.6 and 0.2."""
    modes = (Mode(rot=0, tilt=0, concentration=500, weight=3), Mode(rot=0, tilt=180, concentration=500, weight=1))
    height = preferred(10_000, 0.8, *modes)[:, 2]
    edge = (1 - 0.98) / 2 * 0.2  # what uniform directions add to either cap
    assert (height > 0.98).mean() == pytest.approx(0.6 + edge, abs=0.02)
    assert (height < -0.98).mean() == pytest.approx(0.2 + edge, abs=0.02)


def test_poses_of_a_file_are_its_rows() -> None:
    table = uniform_poses(1, np.arange(5), 3.0)
    spec = PoseSpec(rotations=FileRotations(file="a.star"))
    drawn = draw_poses(spec, 0, np.array([4, 1]), table)
    np.testing.assert_array_equal(drawn.rotations, table.rotations[[4, 1]])
    np.testing.assert_array_equal(drawn.shifts, table.shifts[[4, 1]])
    with pytest.raises(InputError, match=r"a\.star: 5 rows of poses, but there are at least 6 particles"):
        draw_poses(spec, 0, np.arange(6), table)
    with pytest.raises(InputError, match="no table of poses was given"):
        draw_poses(spec, 0, np.arange(5))
    with pytest.raises(InputError, match="rotations are 'uniform': expected 'file'"):
        draw_poses(PoseSpec(), 0, np.arange(5), table)


@pytest.mark.parametrize(
    "spec",
    [
        {"rotations": {"kind": "grid", "level": 6}},
        {"rotations": {"kind": "preferred", "strength": 1.1}},
        {"rotations": {"kind": "preferred", "modes": []}},
        {"rotations": {"kind": "preferred", "modes": [{"rot": 0, "tilt": 0, "concentration": 0}]}},
        {"rotations": {"kind": "uniform", "level": 1}},
        {"rotations": {"kind": "nothing"}},
        {"rotations": {"kind": "file", "file": "a.star"}, "shifts": {"kind": "gaussian", "sigma": 1}},
        {"shifts": {"kind": "uniform", "extent": -1}},
        {"shifts": {"kind": "gaussian", "sigma": float("nan")}},
    ],
)
def test_bad_specs_are_refused(spec: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PoseSpec.model_validate(spec)


@pytest.mark.parametrize("spec", [*SPECS, PoseSpec(rotations=FileRotations(file="a.star"))])
def test_specs_survive_json(spec: PoseSpec) -> None:
    assert PoseSpec.model_validate_json(spec.model_dump_json()) == spec
