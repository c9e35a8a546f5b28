"""The published way to make images, written anew and plainly: run by the Python of an environment that holds torch.

    python naive_torch.py project GIVEN.npz MADE.npz THREADS
    python naive_torch.py chain GIVEN.npz MADE.npz THREADS

It rotates the volume in real space by trilinear interpolation and sums along z. Each later step is done for one image
after another with numpy, and the steps of the chain hand their images on as files, as separate scripts do. It knows
nothing of cryobench: numpy and torch are all it needs.
"""

from __future__ import annotations

import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import grid_sample


def lattice(box: int) -> torch.Tensor:
    """Return the points (x, y, z) at which a volume is sampled, in z, y, x order, shape (box^3, 3)."""
    axis = torch.linspace(-1, 1, box)
    z, y, x = torch.meshgrid(axis, axis, axis, indexing="ij")
    return torch.stack((x, y, z), dim=-1).reshape(-1, 3)


def project(volume: torch.Tensor, points: torch.Tensor, rotations: torch.Tensor) -> np.ndarray:
    """Return the sums along z of a volume rotated about its voxel D/2, shape (n, D, D)."""
    n, box = len(rotations), len(volume)
    rotated = (points @ rotations).reshape(n, box, box, box, 3)
    origin = -1 + box / (box - 1)
    rotated += (origin - rotated[:, box // 2, box // 2, box // 2])[:, None, None, None]
    # A batch of views of one volume: torch gives each image of a batch to a thread. The published scripts ask for one
    # long image, which takes the same processor time on one thread alone.
    copies = volume.expand(n, 1, box, box, box)
    return grid_sample(copies, rotated)[:, 0].sum(1).numpy()


def displace(image: np.ndarray, displacement: np.ndarray) -> np.ndarray:
    """Return an image moved by (x, y) pixels, by the phases of its transform."""
    k = np.fft.fftfreq(len(image))
    phases = np.exp(-2j * np.pi * (k * displacement[0] + k[:, None] * displacement[1]))
    return np.fft.ifft2(np.fft.fft2(image) * phases).real


def transform(image: np.ndarray) -> np.ndarray:
    """Return the transform of an image with both origins in the middle."""
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image)))


def untransform(transformed: np.ndarray) -> np.ndarray:
    """Return the image of a transform."""
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(transformed))).real


def contrast_transfer(box: int, pixel_size: float, row: np.ndarray) -> np.ndarray:
    """Return the CTF of one image on the full transform."""
    defocus_u, defocus_v, angle, voltage, cs, contrast, phase_shift = row
    s = np.arange(-box // 2, box // 2) / (box * pixel_size)
    sx, sy = np.meshgrid(s, s)
    s2, direction = sx**2 + sy**2, np.arctan2(sy, sx) - np.deg2rad(angle)
    volts = 1000 * voltage
    wavelength = 12.2639 / np.sqrt(volts + 0.97845e-6 * volts**2)
    defocus = 0.5 * (defocus_u + defocus_v + (defocus_u - defocus_v) * np.cos(2 * direction))
    aberration = 0.5 * np.pi * cs * 1e7 * wavelength**3 * s2**2
    gamma = aberration - np.pi * wavelength * defocus * s2 - np.deg2rad(phase_shift)
    return np.sqrt(1 - contrast**2) * np.sin(gamma) - contrast * np.cos(gamma)


def crop(image: np.ndarray, box: int) -> np.ndarray:
    """Return an image downsampled by cropping its transform."""
    old = len(image)
    kept = slice((old - box) // 2, (old + box) // 2)
    return untransform(transform(image)[kept, kept]) * (box / old) ** 2


class Clock:
    """Seconds of processor time and by the clock, of each thing done."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.seconds: list[tuple[float, float]] = []

    def __call__(self, name: str, work: Callable[[], np.ndarray]) -> np.ndarray:
        """Do something and note how long it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        result = work()
        self.names.append(name)
        self.seconds.append((time.process_time() - cpu, time.perf_counter() - wall))
        return result


def run_project(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Project and displace in batches, each with its time, after two images to warm up."""
    volume, batch = torch.from_numpy(given["volume"]), int(given["batch"])
    points = lattice(len(volume))
    clock, images = Clock(), []

    def one_batch(rows: slice) -> np.ndarray:
        clean = project(volume, points, torch.from_numpy(given["rotations"][rows]))
        return np.stack([displace(i, -s) for i, s in zip(clean, given["shifts"][rows], strict=True)])

    one_batch(slice(0, 2))
    for start in range(0, len(given["rotations"]), batch):
        rows = slice(start, start + batch)
        images.append(clock("batch", lambda rows=rows: one_batch(rows)))
    return {"seconds": np.array(clock.seconds), "images": np.concatenate(images)}


def run_chain(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Make finished images of one volume, step by step, through files."""
    volume, batch = torch.from_numpy(given["volume"]), int(given["batch"])
    rotations, shifts, table = given["rotations"], given["shifts"], given["ctf"]
    box, n, output_box = len(volume), len(rotations), int(given["output_box"])
    points = lattice(box)
    project(volume, points, torch.from_numpy(rotations[:1]))
    clock = Clock()

    with tempfile.TemporaryDirectory() as name:
        files = [Path(name, f"{number}.npy") for number in range(5)]

        def projected() -> None:
            parts = [project(volume, points, torch.from_numpy(rotations[i : i + batch])) for i in range(0, n, batch)]
            np.save(files[0], np.concatenate(parts))

        def displaced() -> None:
            made = [displace(i, -s) for i, s in zip(np.load(files[0]), shifts, strict=True)]
            np.save(files[1], np.array(made, np.float32))

        def with_ctf() -> None:
            pixel_size = float(given["pixel_size"])
            transforms = [transform(image) for image in np.load(files[1])]
            ctfs = [contrast_transfer(box, pixel_size, row) for row in table]
            made = [untransform(t * c) for t, c in zip(transforms, ctfs, strict=True)]
            np.save(files[2], np.array(made, np.float32))

        def with_noise() -> None:
            images = np.load(files[2])
            noise = np.random.default_rng(0).normal(0, images.std() / np.sqrt(given["snr"]), images.shape)
            np.save(files[3], -(images + noise).astype(np.float32))

        def cropped() -> None:
            np.save(files[4], np.array([crop(image, output_box) for image in np.load(files[3])], np.float32))

        for step in (projected, displaced, with_ctf, with_noise, cropped):
            clock(step.__name__, step)
        clean = np.array([crop(-image, output_box) for image in np.load(files[2])])
    return {"steps": np.array(clock.names), "seconds": np.array(clock.seconds), "clean": clean}


def main() -> None:
    stage, given, made, threads = sys.argv[1:]
    torch.set_num_threads(int(threads))
    with np.load(given) as archive:
        arrays = dict(archive)
    # The published scripts leave align_corners out, which shrinks the object by (D - 1) / D; torch warns of it.
    warnings.filterwarnings("ignore", message="Default grid_sample")
    with torch.no_grad():
        np.savez(made, **{"project": run_project, "chain": run_chain}[stage](arrays))


if __name__ == "__main__":
    main()
