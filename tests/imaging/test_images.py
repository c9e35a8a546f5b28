"""Image formation against analytic projections and the published projector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryobench.core import Poses, Volume
from cryobench.imaging import Projector, parametric_ctf, uniform_poses
from cryobench.io import read_poses
from cryobench.ops.ctf import evaluate_ctf
from cryobench.ops.fft import crop_images, fourier_to_images, images_to_fourier


def test_an_analytic_projection_with_its_shift() -> None:
    """One Gaussian at p lands at R p, displaced by minus the stored shift."""
    box, pixel, sigma = 64, 3.0, 1.7
    p = np.array([9.0, -4.0, 6.0])
    grid = np.arange(box) - box // 2
    gx, gy, gz = (np.exp(-((grid - c) ** 2) / (2 * sigma**2)) for c in p)
    volume = Volume((gz[:, None, None] * gy[:, None] * gx).astype(np.float32), pixel)
    poses = uniform_poses(seed=4, indices=np.arange(5), shift_extent=20.0)
    images = Projector(volume).project(poses)
    for image, rotation, shift in zip(images, poses.rotations, poses.shifts, strict=True):
        x, y = (rotation.astype(float) @ p)[:2] - shift.astype(float) / pixel
        fx, fy = (np.exp(-((grid - c) ** 2) / (2 * sigma**2)) for c in (x, y))
        expected = np.sqrt(2 * np.pi) * sigma * fy[:, None] * fx
        assert np.linalg.norm(image - expected) / np.linalg.norm(expected) < 1e-4


def test_agrees_with_the_published_projector(published: Path) -> None:
    """The published one shrinks the object by 31/32 and blurs it: expect correlation, not equality."""
    data = np.load(published / "a_projection.npz")
    volume = Volume(data["vol"], float(data["apix"]))
    given_poses = read_poses(published / "a_poses_in.pkl", 32, volume.pixel_size)
    poses = Poses(given_poses.rotations, given_poses.shifts)
    still = Poses(poses.rotations, np.zeros_like(poses.shifts))
    random_shifts = (data["rand_trans_frac"] * 32 * volume.pixel_size).astype(np.float32)
    random = Poses(data["rand_rots"], random_shifts)
    projector = Projector(volume)
    for name, chosen in (("proj_notrans", still), ("proj_trans", poses), ("rand_proj", random)):
        for ours, theirs in zip(projector.project(chosen), data[name], strict=True):
            assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.995
            mass = ours.sum(dtype=float) / theirs.sum(dtype=float)
            assert mass == pytest.approx((32 / 31) ** 3, rel=0.02)  # what their resampling loses


def test_agrees_with_the_analytic_projection_of_the_published_input(published: Path) -> None:
    data = np.load(published / "a_projection.npz")
    points, sigma, pixel = data["points_xyz_A"], float(data["sigma_A"]), float(data["apix"])
    rotations = data["rand_rots"]
    still = Poses(rotations, np.zeros((len(rotations), 2), np.float32))
    images = Projector(Volume(data["vol"], pixel)).project(still)
    grid = (np.arange(32) - 16) * pixel
    for image, rotation in zip(images, rotations.astype(float), strict=True):
        moved = points @ rotation.T
        fx, fy = (np.exp(-((grid - moved[:, i, None]) ** 2) / (2 * sigma**2)) for i in (0, 1))
        expected = np.einsum("py,px->yx", fy, fx) * np.sqrt(2 * np.pi) * sigma / pixel
        # Gaussians of 0.83 pixels are sampled too coarsely: 3 % of their transform lies at Nyquist, and aliases.
        assert np.linalg.norm(image - expected) / np.linalg.norm(expected) < 2e-2


def test_published_images_through_the_ctf(published: Path) -> None:
    """Image times CTF in Fourier space, as the published scripts do it, but for the Nyquist line."""
    data = np.load(published / "b_ctf.npz")
    ctf = evaluate_ctf(data["params"][:, 2:], int(data["D"]), float(data["apix"]))
    ours = fourier_to_images(images_to_fourier(data["images_in"].copy()) * ctf)
    for mine, theirs in zip(ours, data["images_nob"], strict=True):
        assert np.corrcoef(mine.ravel(), theirs.ravel())[0, 1] > 0.999


def test_a_smaller_box_is_the_crop_of_the_large_one(volume: Volume) -> None:
    poses, ctf = uniform_poses(1, np.arange(6), 10.0), parametric_ctf(1, np.arange(6))
    cropped = crop_images(Projector(volume).project(poses, ctf), 16)
    direct = Projector(volume, 16).project(poses, ctf)
    assert direct.shape == (6, 16, 16)
    assert np.linalg.norm(direct - cropped) / np.linalg.norm(cropped) < 1e-5
    np.testing.assert_allclose(direct.mean(axis=(1, 2)), cropped.mean(axis=(1, 2)), atol=1e-5)
