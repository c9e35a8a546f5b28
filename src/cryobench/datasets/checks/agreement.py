"""Whether the parts of a dataset say the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from cryobench.core import CryobenchError
from cryobench.datasets.checks.finding import Finding
from cryobench.datasets.checks.raw import RawCTF, RawPoses
from cryobench.imaging import load_ctf_table, load_poses
from cryobench.io import StackImages

_ALIKE = 1e-3
_DEGREES, _ANGSTROM, _DEFOCUS = 0.01, 0.01, 1.0


def check_counts(rows: Mapping[str, int]) -> list[Finding]:
    """Return whether everything that has a row for each particle has as many rows."""
    if not rows:
        return [Finding(check="counts", status="not done", words="nothing says how many particles there are")]
    counts = set(rows.values())
    values = {name: float(count) for name, count in rows.items()}
    if len(counts) == 1:
        words = f"{counts.pop():,} particles in {', '.join(rows)}"
        return [Finding(check="counts", status="ok", words=words, values=values)]
    words = "the numbers of particles disagree: " + ", ".join(f"{name} {count:,}" for name, count in rows.items())
    advice = "row i of every file belongs to particle i: bring back the files that were made together"
    return [Finding(check="counts", status="fault", words=words, advice=advice, values=values)]


def check_stacks(images: StackImages, counts: tuple[int, ...], box: int, pixel_size: float | None) -> list[Finding]:
    """Return whether stacks are as a manifest says; ``counts`` are their numbers of images.

    Without a pixel size (Å), what their headers say of it is not looked at.
    """
    wrong = []
    if images.counts != counts:
        differing = [i for i, (a, b) in enumerate(zip(images.counts, counts, strict=False)) if a != b]
        where = (
            f"{images.stacks[differing[0]].name} holds {images.counts[differing[0]]:,} images, not "
            if differing
            else ""
        )
        said = (
            f"{counts[differing[0]]:,}" if differing else f"{len(images.counts)} stacks are listed, not {len(counts)}"
        )
        wrong.append(where + said)
    if images.box != box:
        wrong.append(f"images have {images.box} pixels, not {box}")
    header = images.pixel_size
    if header is not None and pixel_size is not None and abs(header / pixel_size - 1) > _ALIKE:
        wrong.append(f"the headers say {header:g} Å/px, not {pixel_size:g}")
    if not wrong:
        return []
    advice = "bring back the stacks that were made with this dataset.json, or build the dataset again"
    return [Finding(check="stacks", status="fault", words="; ".join(wrong), advice=advice)]


def check_geometry(ctf: RawCTF, box: int, pixel_size: float | None) -> list[Finding]:
    """Return whether the first two columns of a CTF table, box and pixel size, are those of the images."""
    if ctf.geometry is None or pixel_size is None:
        return []
    stated = np.unique(ctf.geometry, axis=0)
    if len(stated) == 1 and stated[0, 0] == box and abs(stated[0, 1] / pixel_size - 1) <= _ALIKE:
        return []
    first = stated[0]
    words = f"the CTF table says {first[0]:g} pixels of {first[1]:g} Å, but the images have {box} of {pixel_size:g} Å"
    if len(stated) > 1:
        words = f"the CTF table says {len(stated)} different geometries; images have {box} pixels of {pixel_size:g} Å"
    advice = (
        "write the box and pixel size of the images into the first two columns: programs that read them scale the "
        "CTF wrongly (the published sets have this slip; `cryobench datasets import` repairs it)"
    )
    return [Finding(check="CTF geometry", status="fault", words=words, advice=advice)]


def check_tables(star: Path, poses: RawPoses | None, ctf: RawCTF | None, box: int, pixel_size: float) -> list[Finding]:
    """Return whether a STAR file says the same as cryoDRGN's pickles beside it."""
    try:
        in_star = None if poses is None else load_poses(star, box, pixel_size)
        ctf_in_star = None if ctf is None else load_ctf_table(star).table
    except CryobenchError as error:
        return [Finding(check=star.name, status="fault", words=str(error), advice="write the table again")]
    wrong = []
    if poses is not None and in_star is not None and len(in_star) == len(poses.rotations):
        apart = _angles(in_star.rotations.astype(np.float64), poses.rotations)
        shifts = np.abs(in_star.shifts - poses.shifts).max(axis=1)
        wrong += _beyond("rotations", apart, _DEGREES, "°") + _beyond("shifts", shifts, _ANGSTROM, " Å")
    if ctf is not None and ctf_in_star is not None and len(ctf_in_star) == len(ctf.table):
        apart = np.abs(ctf_in_star[:, :2] - ctf.table[:, :2]).max(axis=1)
        wrong += _beyond("defocus values", apart, _DEFOCUS, " Å")
        wrong += _beyond("microscope settings", np.abs(ctf_in_star[:, 3:] - ctf.table[:, 3:]).max(axis=1), _ALIKE, "")
    if not wrong:
        words = f"{star.name} says the same as the pickles"
        return [Finding(check="tables", status="ok", words=words)]
    advice = (
        "write one of the two anew from the other: programs that read different files would see different particles"
    )
    return [Finding(check="tables", status="fault", words=f"{star.name}: {'; '.join(wrong)}", advice=advice)]


def _beyond(what: str, apart: np.ndarray, most: float, unit: str) -> list[str]:
    bad = np.flatnonzero(~(apart <= most))
    if not bad.size:
        return []
    return [
        f"{what} of {bad.size:,} particles differ from the pickle's, by {apart[bad[0]]:.3g}{unit} at particle {bad[0]}"
    ]


def _angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the angle between rotations in degrees, by the chord, which is exact for small angles."""
    chord = np.sqrt(((a - b) ** 2).sum(axis=(1, 2)) / 8)
    return np.asarray(np.degrees(2 * np.arcsin(np.minimum(chord, 1))))
