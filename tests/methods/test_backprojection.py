"""Reconstruction of a known map from noiseless images."""

from __future__ import annotations

import numpy as np
import pytest

from cryobench.core import ArrayImages, Dataset, InputError, Particles, Poses, Volume, silent
from cryobench.imaging import Projector, parametric_ctf, uniform_poses
from cryobench.methods import METHODS
from cryobench.methods.builtin.backprojection import backproject_particles
from cryobench.metrics import fsc_curve


@pytest.fixture(scope="module")
def handed() -> Volume:
    """A map without symmetry: points on a helix, one end heavier than the other."""
    grid = np.arange(48) - 24
    data = np.zeros((48, 48, 48))
    for t in np.linspace(0, 2.3, 25):
        x, y, z = 10 * np.cos(2 * t), 7 * np.sin(2 * t), 11 * (t - 1.1)
        gx, gy, gz = (np.exp(-((grid - c) ** 2) / (2 * 0.9**2)) for c in (x, y, z))
        data += (1 + t) * gz[:, None, None] * gy[:, None] * gx
    return Volume(data.astype(np.float32), 3.0)


@pytest.fixture(scope="module", params=[True, False], ids=["ctf", "no ctf variation"])
def particles(handed: Volume, request: pytest.FixtureRequest) -> Particles:
    n = 1500
    poses, ctf = uniform_poses(1, np.arange(n), 12.0), parametric_ctf(1, np.arange(n))
    if not request.param:
        ctf = ctf[np.zeros(n, dtype=int)]
        poses = Poses(poses.rotations, np.zeros_like(poses.shifts))
    images = -Projector(handed).project(poses, ctf)
    return Particles(ArrayImages(images), poses, ctf, handed.pixel_size, -1)


def test_noiseless_images_give_the_map_back(handed: Volume, particles: Particles) -> None:
    curve = fsc_curve(backproject_particles(particles), handed)
    inside = (curve.frequency > 0) & (curve.frequency <= 0.45)
    worst = curve.correlation[inside].min()
    assert worst > (0.99 if len(np.unique(particles.ctf.table, axis=0)) > 1 else 0.9)  # one CTF has zeros


def test_sign_and_hand_are_right(handed: Volume, particles: Particles) -> None:
    found = backproject_particles(particles)
    mirrored = Volume(np.ascontiguousarray(np.roll(handed.data[:, :, ::-1], 1, axis=2)), handed.pixel_size)
    assert np.corrcoef(found.data.ravel(), handed.data.ravel())[0, 1] > 0.9
    assert fsc_curve(found, handed).auc > fsc_curve(found, mirrored).auc + 0.3


def test_a_chunk_changes_nothing(particles: Particles, monkeypatch: pytest.MonkeyPatch) -> None:
    from cryobench.methods.builtin import fourier_images  # noqa: PLC0415

    chosen = np.arange(300)
    together = backproject_particles(particles, chosen)
    monkeypatch.setattr(fourier_images, "CHUNK", 37)
    np.testing.assert_array_equal(backproject_particles(particles, chosen).data, together.data)


def test_nothing_to_reconstruct_from(particles: Particles) -> None:
    with pytest.raises(InputError, match="no particle"):
        backproject_particles(particles, np.array([], dtype=int))


def test_controls_bracket(small_dataset: Dataset) -> None:
    particles, truth = small_dataset.particles, small_dataset.truth
    oracle, consensus, shuffle = (
        METHODS[name].run(particles, truth, 0, silent)  # type: ignore[call-arg]
        for name in ("oracle", "consensus", "shuffle")
    )
    assert oracle.volumes is not None
    assert consensus.volumes is not None
    for state in range(len(truth.states)):
        particle = int(np.flatnonzero(truth.labels == state)[0])
        ceiling = fsc_curve(oracle.volumes.at(particle), truth.volumes[state], truth.mask).auc
        floor = fsc_curve(consensus.volumes.at(particle), truth.volumes[state], truth.mask).auc
        assert ceiling > floor + 0.02
    assert shuffle.volumes is None
    assert shuffle.latents is not None
    assert not np.array_equal(shuffle.latents, truth.latents)
    np.testing.assert_array_equal(np.sort(shuffle.latents, axis=0), np.sort(truth.latents, axis=0))
