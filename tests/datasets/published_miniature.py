"""Writes small archives that are laid out, and wrong, as the published ones are.

Nothing of the package makes the images: they are projections of Gaussians computed on the spot, multiplied by a CTF
written out here, with files written byte by byte. What a reader makes of them is thus compared with another source.
"""

from __future__ import annotations

import dataclasses
import pickle
import struct
from dataclasses import dataclass
from pathlib import Path

import biotite.structure as atoms
import numpy as np
from biotite.structure.io.pdb import PDBFile
from biotite.structure.io.xtc import XTCFile

from cryobench.datasets.published import Release, release_of
from cryobench.structures import draw_linker_states
from cryobench.structures.motion import ResidueRange
from cryobench.structures.synthetic_igg import synthetic_igg

BOX = 32
STAMP = b"\x44\x44\x00\x00"
ZEROS = bytes(4)
MOVING, LINKER = ("H:1-231", "L:1-214"), ("H:232-236",)
"""Of the synthetic antibody."""

SIGMA = 1.3
"""Standard deviation of the Gaussians, in voxels."""


@dataclass(frozen=True)
class Faults:
    """What is wrong; the defaults are what is right. Pixel sizes in headers are in Å, None for the right one."""

    ctf: tuple[float, float] | None = None
    star: tuple[float, float] | None = None
    image_stamp: bytes = STAMP
    image_map_id: bytes = b"MAP "
    image_pixel_size: float | None = None
    volume_stamp: bytes = STAMP
    volume_pixel_size: float | None = None
    mask_pixel_size: float | None = None
    sign: int = -1


@dataclass(frozen=True, eq=False)
class Miniature:
    """An archive that was written, and the truth about it."""

    folder: Path
    release: Release
    rotations: np.ndarray
    fractions: np.ndarray
    ctf: np.ndarray
    labels: np.ndarray
    images: np.ndarray
    volumes: np.ndarray
    """Of each state, (S, D, D, D), or none."""
    stacks: tuple[str, ...]
    points: np.ndarray
    """Of each state, in voxels about the origin, (S, points, 3)."""


RELEASED = {
    "igg-1d": Faults(ctf=(64, 6.0), image_stamp=ZEROS, image_map_id=ZEROS, image_pixel_size=1.0, volume_pixel_size=6.0),
    "igg-rl": Faults(ctf=(64, 6.0), image_pixel_size=1.0, volume_pixel_size=0.0, mask_pixel_size=0.0),
    "ribosembly": Faults(ctf=(64, 6.0), image_pixel_size=0.0, volume_pixel_size=1.0, mask_pixel_size=1.0),
    "tomotwin-100": Faults(ctf=(64, 9.0), image_pixel_size=1.0, volume_stamp=ZEROS),
    "spike-md": Faults(ctf=(12.0, 32), star=(12.0, 32), image_pixel_size=1.0),
}
"""The faults of each published archive, at the scale of the miniature."""

_IMAGES = {
    "igg-1d": (12,) * 6,
    "igg-rl": (10,) * 4,
    "ribosembly": (9, 14, 24, 5),
    "tomotwin-100": (10,) * 5,
    "spike-md": (1,) * 24,
}
_COMPLEXES = ("2cg9", "6vgr", "5a20", "1ul1", "5ljo")


def small_release(dataset: str) -> Release:
    """Return a release like the published one, of a box of 32 pixels with the same extent in Å."""
    published = release_of(dataset)
    factor = published.box / BOX
    simulated = BOX * published.simulated_box // published.box
    return dataclasses.replace(
        published,
        images=_IMAGES[dataset],
        box=BOX,
        pixel_size=published.pixel_size * factor,
        simulated_box=simulated,
        simulated_pixel_size=published.pixel_size * factor * BOX / simulated,
        resolution=SIGMA * published.pixel_size * factor * np.pi * 2**0.5,
        moving=MOVING if published.linker else (),
        linker=LINKER if published.linker else (),
    )


def write_miniature(folder: Path, dataset: str, faults: Faults | None = None, *, snr: float = 0.5) -> Miniature:
    """Write the archive of a dataset into a folder, with the faults of the published one by default."""
    faults = RELEASED[dataset] if faults is None else faults
    release = small_release(dataset)
    generator = np.random.default_rng(list(dataset.encode()))
    labels = np.repeat(np.arange(release.states), release.images)
    rotations, fractions = _poses(generator, len(labels))
    ctf = _ctf(generator, len(labels))
    if release.latent == "frame":
        points = _write_trajectory(folder, release, generator)
    else:
        points = generator.normal(0, 4.5, (release.states, 14, 3)).clip(-8, 8)
    clean = _images(points, labels, rotations, fractions, ctf, release.pixel_size)
    noisy = clean + generator.normal(0, (clean.var() / snr) ** 0.5, clean.shape)
    images = (faults.sign * noisy).astype(np.float32)
    volumes = np.array([]) if release.latent == "frame" else np.stack([_volume(each) for each in points])
    stacks = _write_images(folder, dataset, images, labels, release, faults)
    _dump(folder / "combined_poses.pkl", (rotations, fractions))
    pair = faults.ctf or (release.box, release.pixel_size)
    table = np.hstack((np.tile(np.array(pair, dtype=np.float32), (len(ctf), 1)), ctf)).astype(np.float32)
    _dump(folder / ("combined_ctf.pkl" if dataset == "spike-md" else "combined_ctfs.pkl"), table)
    _write_truth(folder, dataset, release, volumes, faults, labels)
    return Miniature(folder, release, rotations, fractions, ctf, labels, images, volumes, stacks, points)


def write_mrc(
    path: Path,
    data: np.ndarray,
    pixel_size: float,
    *,
    volume: bool,
    stamp: bytes = STAMP,
    map_id: bytes = b"MAP ",
) -> None:
    """Write an MRC file as cryoDRGN does: ``stamp`` and ``map_id`` are four bytes each."""
    sections, rows, columns = data.shape
    header = struct.pack(
        "<10i6f3i3f2i",
        *(columns, rows, sections, 2, 0, 0, 0, columns, rows, sections),
        *(pixel_size * columns, pixel_size * rows, pixel_size * sections, 90.0, 90.0, 90.0),
        *(1, 2, 3),
        *((float(data.min()), float(data.max()), float(data.mean())) if volume else (-1.0, -2.0, -3.0)),
        *(int(volume), 0),
    )
    header = header.ljust(208, b"\0") + map_id + stamp + struct.pack("<fi", float(data.std()), 0)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header.ljust(1024, b"\0") + np.ascontiguousarray(data, dtype="<f4").tobytes())


def _poses(generator: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return random rotations, and the shifts that centre the images as fractions of the box, as cryoDRGN has them."""
    quaternions = generator.normal(size=(count, 4))
    w, x, y, z = (quaternions / np.linalg.norm(quaternions, axis=1, keepdims=True)).T
    rotations = np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    ).transpose(2, 0, 1)
    return rotations.astype(np.float32), generator.uniform(-0.078, 0.078, (count, 2)).astype(np.float32)


def _ctf(generator: np.random.Generator, count: int) -> np.ndarray:
    """Return cryoDRGN's last seven columns."""
    defocus = generator.uniform(9000, 22000, count)
    astigmatism, angle = generator.uniform(-300, 300, count), generator.uniform(0, 180, count)
    rest = np.tile([300.0, 2.7, 0.1, 0.0], (count, 1))
    return np.column_stack((defocus, defocus + astigmatism, angle, rest)).astype(np.float32)


def _images(
    points: np.ndarray,
    labels: np.ndarray,
    rotations: np.ndarray,
    fractions: np.ndarray,
    ctf: np.ndarray,
    pixel_size: float,
) -> np.ndarray:
    """Return projections of Gaussians at points (in voxels) with the CTF, computed one by one."""
    axis = np.arange(BOX) - BOX // 2
    frequency = np.fft.fftfreq(BOX, pixel_size)
    x, y = frequency[None, :], frequency[:, None]
    squared, polar = x**2 + y**2, np.arctan2(y, x)
    wavelength = 12.2639 / (300_000 + 0.97845e-6 * 300_000**2) ** 0.5
    out = np.empty((len(labels), BOX, BOX))
    for i, state in enumerate(labels):
        placed = points[state] @ rotations[i].astype(float).T
        placed = placed[:, :2] - fractions[i] * BOX  # the particle is displaced by minus the stored shift
        spread = np.exp(-((axis - placed[:, :, None]) ** 2) / (2 * SIGMA**2))
        image = np.einsum("ny,nx->yx", spread[:, 1], spread[:, 0]) * SIGMA * (2 * np.pi) ** 0.5
        u, v, angle, _, cs, w, _ = ctf[i].astype(float)
        defocus = 0.5 * (u + v + (u - v) * np.cos(2 * (polar - np.deg2rad(angle))))
        phase = 2 * np.pi * (-0.5 * defocus * wavelength * squared + 0.25 * cs * 1e7 * wavelength**3 * squared**2)
        transfer = (1 - w**2) ** 0.5 * np.sin(phase) - w * np.cos(phase)
        centred = np.fft.fft2(np.fft.ifftshift(image))
        out[i] = np.fft.fftshift(np.fft.ifft2(transfer * centred).real)
    return out


def _volume(points: np.ndarray) -> np.ndarray:
    axis = np.arange(BOX) - BOX // 2
    spread = np.exp(-((axis - points[:, :, None]) ** 2) / (2 * SIGMA**2))
    return np.einsum("nz,ny,nx->zyx", spread[:, 2], spread[:, 1], spread[:, 0]).astype(np.float32)


def _write_images(
    folder: Path, dataset: str, images: np.ndarray, labels: np.ndarray, release: Release, faults: Faults
) -> tuple[str, ...]:
    """Write the stacks of the released signal-to-noise ratio, and their list; return their paths."""
    place = folder / "images" / f"snr{release.snr:g}"
    size = release.pixel_size if faults.image_pixel_size is None else faults.image_pixel_size
    look = {"volume": False, "stamp": faults.image_stamp, "map_id": faults.image_map_id}
    if dataset == "spike-md":
        write_mrc(place / "particles.mrcs", images, size, **look)
        (place / "particles.star").write_text(_star(len(images), faults.star or (release.box, release.pixel_size)))
        return (f"images/snr{release.snr:g}/particles.mrcs",)
    names = [f"{state:03d}_particles_128.mrcs" for state in range(release.states)]
    for state, name in enumerate(names):
        write_mrc(place / name, images[labels == state], size, **look)
    (place / f"sorted_particles.{BOX}.txt").write_text("".join(f"{name}\n" for name in names))
    if dataset == "igg-1d":  # released at three ratios
        for other in ("snr0.005", "snr0.001"):
            for state, name in enumerate(names):
                write_mrc(folder / "images" / other / name, 2 * images[labels == state], size, **look)
            (folder / "images" / other / f"sorted_particles.{BOX}.txt").write_text("".join(f"{n}\n" for n in names))
    return tuple(f"images/snr{release.snr:g}/{name}" for name in names)


def _star(count: int, pair: tuple[float, float]) -> str:
    optics = "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnImageSize #2\n_rlnImagePixelSize #3\n"
    rows = "".join(f"{i + 1}@particles.mrcs 1\n" for i in range(count))
    particles = f"data_particles\n\nloop_\n_rlnImageName #1\n_rlnOpticsGroup #2\n{rows}"
    return f"{optics}1 {pair[0]:g} {pair[1]:g}\n\n{particles}"


def _write_truth(
    folder: Path, dataset: str, release: Release, volumes: np.ndarray, faults: Faults, labels: np.ndarray
) -> None:
    size = release.pixel_size if faults.volume_pixel_size is None else faults.volume_pixel_size
    for state, volume in enumerate(volumes):
        name = f"{state:03d}_{_COMPLEXES[state]}" if dataset == "tomotwin-100" else f"{state:03d}"
        write_mrc(folder / f"vols/{BOX}_org/{name}.mrc", volume, size, volume=True, stamp=faults.volume_stamp)
    axis = np.arange(BOX) - BOX // 2
    radius = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    size = release.pixel_size if faults.mask_pixel_size is None else faults.mask_pixel_size
    write_mrc(folder / "init_mask/mask.mrc", np.clip(14 - radius, 0, 1), size, volume=True)
    if dataset == "igg-rl":
        _write_antibodies(folder / "pdbs", release)
        wrong = np.random.default_rng(5).uniform(100, 120, (release.states, 2))
        _dump(folder / "gt_latents.pkl", wrong[labels])
    else:
        _dump(folder / "gt_latents.pkl", labels.astype(np.int64))


def _write_antibodies(folder: Path, release: Release) -> None:
    """Write conformations of the synthetic antibody, a PDB file for each state."""
    moving = tuple(ResidueRange.parse(part) for part in release.moving)
    linker = tuple(ResidueRange.parse(part) for part in release.linker)
    states = draw_linker_states(synthetic_igg(), moving, linker, release.states, seed=7)
    for state in range(release.states):
        antibody = states.atoms(state)
        keep = np.isin(antibody.names, ["N", "CA", "C"])
        table = atoms.AtomArray(int(keep.sum()))
        table.coord = antibody.coordinates[keep].astype(np.float32)
        table.chain_id, table.res_id = antibody.chains[keep], antibody.residues[keep]
        table.res_name, table.atom_name = antibody.residue_names[keep], antibody.names[keep]
        table.element = np.array([name[0] for name in antibody.names[keep]])
        _write_pdb(folder / f"{state:03d}.pdb", table)


def _write_trajectory(folder: Path, release: Release, generator: np.random.Generator) -> np.ndarray:
    """Write topology and frames; return the atoms of each frame in voxels about the middle of the topology's extent."""
    start = generator.normal(0, 28, (40, 3)).clip(-60, 60)
    start[0] += (55, 10, -5)  # so that its centre of mass is not the middle of its extent
    moves = generator.normal(0, 1, (3, 40, 3))
    amounts = generator.normal(0, 3, (release.states, 3))
    frames = start + np.einsum("sm,mnd->snd", amounts, moves)
    table = atoms.AtomArray(40)
    table.coord = start.astype(np.float32)
    table.chain_id, table.res_id = np.full(40, "A"), np.arange(1, 41)
    table.res_name, table.atom_name = np.full(40, "ALA"), np.full(40, "CA")
    table.element = np.full(40, "C")
    _write_pdb(folder / "seed_structure.pdb", table)
    file = XTCFile()
    file.set_coord(frames.astype(np.float32))
    file.set_time(np.arange(len(frames), dtype=np.float32))
    file.set_box(np.zeros((len(frames), 3, 3), dtype=np.float32))
    file.write(str(folder / "sampled_pdbs.xtc"))
    return (frames - (start.min(axis=0) + start.max(axis=0)) / 2) / release.pixel_size


def _write_pdb(path: Path, table: atoms.AtomArray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    file = PDBFile()
    file.set_structure(table)
    file.write(str(path))


def _dump(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(content, protocol=4))
