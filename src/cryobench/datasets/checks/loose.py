"""Opening a folder of particles that no manifest describes, by the usual names of its files."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from cryobench.core import CryobenchError, FormatError
from cryobench.datasets.checks.agreement import check_geometry, check_tables
from cryobench.datasets.checks.finding import Finding
from cryobench.datasets.checks.raw import Attempts, RawCTF, RawPoses, read_labels, read_raw_ctf, read_raw_poses
from cryobench.datasets.checks.subject import Opened, Subject
from cryobench.datasets.reading import ReadVolumes
from cryobench.imaging import load_ctf_table, load_poses
from cryobench.io import StackImages, find_files, open_images, read_star, read_volume

_LISTS = ("particles.star", "particles.txt", "particles.cs")
_LABELS = ("truth/labels.npy", "labels.npy", "labels.pkl")
_VOLUMES = ("truth/volumes", "volumes", "vols")
_MISSING = {
    "rotations": "there is no poses.pkl, and no particles.star with angles",
    "ctf": "there is no ctf.pkl, and no particles.star with defocus values",
    "labels": "there is no labels.npy or labels.pkl",
    "volumes": "there are no true volumes (volumes/*.mrc)",
    "pixel_size": "nothing says the pixel size: give it in the headers, the STAR file or ctf.pkl",
}


def open_loose(folder: Path) -> Opened:
    """Open a folder of particles; what is missing is left out, what is damaged is a finding.

    Raises
    ------
    FormatError
        If nothing in it looks like particle images.
    """
    attempts = Attempts("write the file again, or bring it back from a copy")
    images = attempts.read("images", "images", partial(_images, _image_files(folder)))
    star = folder / "particles.star"
    ctf = _ctf(folder, star, attempts)
    box, pixel_size = _geometry(images, ctf)
    poses = None if box is None else _poses(folder, star, box, pixel_size, attempts)
    labels = _labels(folder, attempts)
    volumes = attempts.read("true volumes", "volumes", partial(_volumes, folder, pixel_size))
    if labels is None and "labels" not in attempts.absent and volumes is not None and len(volumes) == 1 and images:
        labels = np.zeros(len(images), dtype=np.int64)
    parts = {"images": images, "poses": poses and poses.rotations, "CTF rows": ctf and ctf.table, "labels": labels}
    subject = Subject(
        name=folder.resolve().name,
        kind="particles",
        images=images,
        rotations=None if poses is None else poses.rotations,
        shifts=None if poses is None else poses.shifts,
        ctf=None if ctf is None else ctf.table,
        labels=labels,
        volumes=volumes,
        pixel_size=pixel_size,
        rows={name: len(part) for name, part in parts.items() if part is not None},
        absent=_MISSING | attempts.absent,
    )
    return Opened(subject, (*attempts.findings, *_agreement(folder, star, images, poses, ctf, pixel_size)))


def _image_files(folder: Path) -> Path | Sequence[Path]:
    """Return a list of images, or stacks."""
    for name in _LISTS:
        if (folder / name).is_file():
            return folder / name
    stacks = find_files(folder, (".mrcs",))
    if not stacks:
        raise FormatError(
            f"{folder}: no dataset: expected dataset.json, or particles.star, or stacks (particles.txt, particles.cs, "
            "*.mrcs) with poses.pkl and ctf.pkl, best with labels.npy and the true volumes in volumes/; or a published "
            "archive"
        )
    return stacks


def _images(files: Path | Sequence[Path]) -> StackImages:
    return open_images(files) if isinstance(files, Path) else StackImages(files)


def _pickle(folder: Path, word: str) -> Path | None:
    """Return the pickle of that name, or the only one that has it in its name."""
    if (folder / f"{word}.pkl").is_file():
        return folder / f"{word}.pkl"
    found = [path for path in find_files(folder, (".pkl",)) if word in path.name]
    return found[0] if len(found) == 1 else None


def _star_has(star: Path, label: str) -> bool:
    """Return whether a STAR file is there, can be read, and has a column."""
    try:
        return star.is_file() and any(label in block for block in read_star(star).values())
    except CryobenchError:  # a finding of its own, when the images are opened
        return False


def _ctf(folder: Path, star: Path, attempts: Attempts) -> RawCTF | None:
    pickled = _pickle(folder, "ctf")
    if pickled is not None:
        return attempts.read(pickled.name, "ctf", partial(read_raw_ctf, pickled))
    if _star_has(star, "rlnDefocusU"):
        return attempts.read(star.name, "ctf", lambda: RawCTF(load_ctf_table(star).table, None))
    return None


def _poses(folder: Path, star: Path, box: int, pixel_size: float | None, attempts: Attempts) -> RawPoses | None:
    """Return the poses, their shifts in pixels where no pixel size is known."""
    size = 1.0 if pixel_size is None else pixel_size
    pickled = _pickle(folder, "poses")
    if pickled is not None:
        return attempts.read(pickled.name, "rotations", partial(read_raw_poses, pickled, box * size))
    if _star_has(star, "rlnAngleRot"):
        return attempts.read(star.name, "rotations", partial(_poses_in_star, star, box, size))
    return None


def _poses_in_star(star: Path, box: int, pixel_size: float) -> RawPoses:
    poses = load_poses(star, box, pixel_size)
    return RawPoses(poses.rotations.astype(np.float64), poses.shifts.astype(np.float64))


def _labels(folder: Path, attempts: Attempts) -> np.ndarray | None:
    there = next((folder / name for name in _LABELS if (folder / name).is_file()), None)
    return None if there is None else attempts.read("labels", "labels", partial(read_labels, there))


def _volumes(folder: Path, pixel_size: float | None) -> ReadVolumes | None:
    """Return the true volumes, in the order of the numbers in their names; the first is read to see that it is one."""
    places = [folder / name for name in _VOLUMES if (folder / name).is_dir()]
    paths = find_files(places[0], (".mrc",)) if places else []
    if not paths:
        return None
    read_volume(paths[0], pixel_size)
    return ReadVolumes(paths)


def _geometry(images: StackImages | None, ctf: RawCTF | None) -> tuple[int | None, float | None]:
    """Return box and pixel size (Å): of the images, or as the CTF table says."""
    box = None if images is None else images.box
    pixel_size = None if images is None else images.pixel_size
    if ctf is not None and ctf.geometry is not None:
        stated = ctf.geometry[0]
        box = int(stated[0]) if box is None and stated[0] >= 1 else box
        pixel_size = float(stated[1]) if pixel_size is None and stated[1] > 0 and stated[0] == box else pixel_size
    return box, pixel_size


def _agreement(
    folder: Path, star: Path, images: StackImages | None, poses: RawPoses | None, ctf: RawCTF | None, size: float | None
) -> list[Finding]:
    """Return whether pickles, STAR file and headers say the same."""
    if images is None or size is None:
        return []
    findings = [] if ctf is None else check_geometry(ctf, images.box, size)
    posed = poses if _pickle(folder, "poses") and _star_has(star, "rlnAngleRot") else None
    focused = ctf if _pickle(folder, "ctf") and _star_has(star, "rlnDefocusU") else None
    if posed is not None or focused is not None:
        findings += check_tables(star, posed, focused, images.box, size)
    return findings
