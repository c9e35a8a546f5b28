"""cryoDRGN, run as a program of its own, reads the files that we write as we mean them."""

from __future__ import annotations

import pickle
import subprocess
from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryobench.core import CTFParameters, Poses
from cryobench.imaging import cryosparc_particles, particle_tables
from cryobench.io import MrcStackWriter, write_cs, write_ctf, write_poses, write_star, write_text
from cryobench.ops.fft import crop_images

BOX, PIXEL_SIZE, SMALL = 32, 2.5, 16
COUNTS = {"particles/000.mrcs": 3, "particles/001.mrcs": 4}

Command = Callable[..., None]


@pytest.fixture(scope="module")
def cryodrgn(cryodrgn_program: Path) -> Command:
    def run(*arguments: str | Path) -> None:
        done = subprocess.run([cryodrgn_program, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"cryodrgn {' '.join(map(str, arguments))}\n{done.stderr[-4000:]}"

    return run


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stacks with every kind of list, poses and CTF that a dataset folder holds."""
    folder = tmp_path_factory.mktemp("dataset")
    (folder / "particles").mkdir()
    generator = np.random.default_rng(5)
    n = sum(COUNTS.values())
    images = generator.normal(size=(n, BOX, BOX)).astype(np.float32)
    angles = generator.uniform(-180, 180, (n, 3))
    angles[:3, 1] = (0.0, 180.0, 90.0)
    rotations = Rotation.from_euler("ZYZ", angles, degrees=True).as_matrix().astype(np.float32)
    rotations[3] = np.eye(3)
    poses = Poses(rotations, generator.uniform(-20, 20, (n, 2)).astype(np.float32))
    ctf = CTFParameters(np.column_stack((
        generator.uniform(1e4, 2e4, n), generator.uniform(1e4, 2e4, n), generator.uniform(-90, 90, n),
        np.where(np.arange(n) % 2, 300.0, 200.0), np.full(n, 2.7), np.full(n, 0.1), generator.uniform(0, 90, n),
    )))  # fmt: skip

    stacks = [name for name, count in COUNTS.items() for _ in range(count)]
    positions = np.concatenate([np.arange(count) for count in COUNTS.values()])
    for name, first in zip(COUNTS, (0, COUNTS["particles/000.mrcs"]), strict=True):
        with MrcStackWriter(folder / name, COUNTS[name], BOX, PIXEL_SIZE) as writer:
            writer.write(images[first : first + COUNTS[name]])
        assert mrcfile.validate(folder / name)
    write_text(folder / "particles.txt", "".join(f"{name}\n" for name in COUNTS))
    names = [f"{position + 1:06d}@{stack}" for stack, position in zip(stacks, positions, strict=True)]
    write_star(folder / "particles.star", particle_tables(names, poses, ctf, BOX, PIXEL_SIZE))
    write_cs(folder / "particles.cs", cryosparc_particles(stacks, positions, poses, ctf, BOX, PIXEL_SIZE, -1))
    write_poses(folder / "poses.pkl", poses, BOX, PIXEL_SIZE)
    write_ctf(folder / "ctf.pkl", ctf, BOX, PIXEL_SIZE)
    np.save(folder / "images.npy", images)
    return folder


def unpickled(path: Path) -> object:
    return pickle.loads(path.read_bytes())  # as cryoDRGN reads it


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["star", "csparc"])
def test_poses_and_ctf_are_what_we_meant(cryodrgn: Command, dataset: Path, tmp_path: Path, kind: str) -> None:
    listed = dataset / f"particles.{'star' if kind == 'star' else 'cs'}"
    cryodrgn(f"parse_pose_{kind}", listed, "-o", tmp_path / "poses.pkl")
    cryodrgn(f"parse_ctf_{kind}", listed, "-o", tmp_path / "ctf.pkl")
    rotations, shifts = unpickled(tmp_path / "poses.pkl")  # type: ignore[misc]
    our_rotations, our_shifts = unpickled(dataset / "poses.pkl")  # type: ignore[misc]
    np.testing.assert_allclose(rotations, our_rotations, atol=2e-6)
    np.testing.assert_allclose(shifts * BOX, our_shifts * BOX, atol=1e-5)  # in pixels
    np.testing.assert_allclose(unpickled(tmp_path / "ctf.pkl"), unpickled(dataset / "ctf.pkl"), rtol=1e-6)  # type: ignore[call-overload]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", ["txt", "star", "cs"])
def test_images_are_found_and_downsampled(cryodrgn: Command, dataset: Path, tmp_path: Path, suffix: str) -> None:
    cryodrgn("downsample", dataset / f"particles.{suffix}", "-D", str(SMALL), "-o", tmp_path / "small.mrcs")
    with mrcfile.open(tmp_path / "small.mrcs") as mrc:
        theirs = np.array(mrc.data)
    ours = crop_images(np.load(dataset / "images.npy"), SMALL)
    # It multiplies values, and keeps one of the two lines at Nyquist.
    theirs /= (BOX / SMALL) ** 2
    below_nyquist = np.abs(np.fft.fftfreq(SMALL)) < 0.5
    kept = np.ix_(np.arange(len(ours)), below_nyquist, below_nyquist)
    np.testing.assert_allclose(np.fft.fft2(theirs)[kept], np.fft.fft2(ours)[kept], atol=2e-4)
