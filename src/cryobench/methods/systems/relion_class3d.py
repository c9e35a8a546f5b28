"""RELION Class3D: the class and the pose of each particle, and a map for each class."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int64

from cryobench.core import FormatError, Particles, Poses, Submission
from cryobench.io import ParticleTable, inside, read_particle_table
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.choices import require_no_order, require_no_zdim
from cryobench.methods.systems.class_maps import maps_of_classes
from cryobench.methods.systems.found_poses import compare_poses, poses_of
from cryobench.methods.systems.map_files import ClassFiles
from cryobench.methods.systems.matching import rows_of_particles
from cryobench.ops.rotations import rotation_from_relion

_DATA = re.compile(r"([A-Za-z0-9][^/]*?)(?:_ct([0-9]+))?_it([0-9]{3,5})_data\.star")
_ANGLES = ("rlnAngleRot", "rlnAngleTilt", "rlnAnglePsi")
_MOST_CLASSES = 10_000


class Class3D(System):
    """RELION Class3D; see the module."""

    card = SystemCard(
        name="relion-class3d",
        title="RELION 3D classification (Class3D)",
        known_by="run_itNNN_data.star beside run_itNNN_classKKK.mrc",
        reads="labels, poses, volumes of every particle",
    )

    def detect(self, folder: Path) -> str | None:
        """Return why a folder is of Class3D."""
        found = _iterations(folder)
        if not found:
            return None
        stem = max(found).stem
        return f"{stem}_data.star is there, with maps of classes" if _maps(folder, stem) else None

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read the last iteration, or the one asked for."""
        require_no_zdim(choice, self.card.title)
        require_no_order(choice, self.card.title)
        chosen, path = _chosen(folder, choice.epoch)
        table = read_particle_table(path, "rlnImageName")
        names, places = _images(table)
        rows = rows_of_particles(names, places, particles, str(path))
        labels = (_classes(table)[rows] - 1).astype(np.int32)
        maps = maps_of_classes(
            _maps(folder, chosen.stem), labels, str(folder), f"{chosen.stem}_classKKK.mrc, KKK from 001,"
        )
        for each in maps.values():
            inside(folder, each.name, str(folder))
        grid = MapGrid.of(particles)
        poses = compare_poses(_poses(table, rows, particles), particles)
        notes = (
            f"Iteration {chosen.iteration}, {len(np.unique(labels))} classes with particles.",
            f"{table.rows:,} rows of {path.name} matched by rlnImageName.",
            "Maps are those of the classes." if maps else f"There are no {chosen.stem}_classKKK.mrc: labels alone.",
            poses.note,
            *grid.check(maps.values()),
        )
        volumes = ClassFiles(maps, labels, grid) if maps else None
        submission = Submission(
            self.method(), len(particles), poses.kind, labels=labels, poses=poses.poses, volumes=volumes
        )
        return Found(submission, (path, *maps.values()), notes)


@dataclass(frozen=True, order=True)
class _Iteration:
    """How the files of an iteration begin; one of a run that was continued (later, the later it was) comes last."""

    iteration: int
    continued: int
    root: str
    stem: str


def _iterations(folder: Path) -> list[_Iteration]:
    found = []
    for path in sorted(folder.iterdir()):
        match = _DATA.fullmatch(path.name)
        if match and path.is_file():
            found.append(_Iteration(int(match[3]), int(match[2] or -1), match[1], path.name.removesuffix("_data.star")))
    return found


def _chosen(folder: Path, wanted: int | None) -> tuple[_Iteration, Path]:
    found = _iterations(folder)
    roots = sorted({each.root for each in found})
    if len(roots) > 1:
        raise FormatError(
            f"{folder}: files of several runs ({', '.join(roots)}): expected those of one: put each into a folder of "
            "its own"
        )
    matching = [each for each in found if wanted in {None, each.iteration}]
    if not matching:
        there = ", ".join(map(str, sorted({each.iteration for each in found}))) or "none"
        which = "" if wanted is None else f" of iteration {wanted}"
        raise FormatError(f"{folder}: no run_itNNN_data.star{which}: iterations that are there: {there}")
    chosen = max(matching)
    return chosen, inside(folder, f"{chosen.stem}_data.star", str(folder))


def _maps(folder: Path, stem: str) -> dict[int, Path]:
    name = re.compile(rf"{re.escape(stem)}_class([0-9]{{3,5}})\.mrc")
    return {int(match[1]) - 1: path for path in sorted(folder.iterdir()) if (match := name.fullmatch(path.name))}


def _images(table: ParticleTable) -> tuple[list[str], Int64[np.ndarray, " m"]]:
    names, places = [], np.zeros(table.rows, dtype=np.int64)
    for row, name in enumerate(table.column("rlnImageName")):
        number, at, stack = name.partition("@")
        if not at or not stack or not (number.isascii() and number.isdecimal() and len(number) < 19):
            raise FormatError(
                f"{table.path}: row {row + 1}: image '{name}': expected a name such as 000001@particles/000.mrcs"
            )
        names.append(stack)
        places[row] = int(number) - 1
    return names, places


def _classes(table: ParticleTable) -> Int64[np.ndarray, " m"]:
    values = table.numbers("rlnClassNumber")
    fits = np.isfinite(values) & (values == np.round(values)) & (values >= 1) & (values <= _MOST_CLASSES)
    bad = np.flatnonzero(~fits)
    if bad.size:
        raise FormatError(
            f"{table.path}: row {bad[0] + 1}: rlnClassNumber is {values[bad[0]]:g}: expected a whole number from 1"
        )
    return values.astype(np.int64)


def _poses(table: ParticleTable, rows: Int64[np.ndarray, " N"], particles: Particles) -> Poses | None:
    """Return RELION's poses in the order of the particles; None where the file has no angles."""
    if not all(table.has(label) for label in _ANGLES):
        return None
    angles = np.column_stack([table.numbers(label) for label in _ANGLES])[rows]
    shifts = np.column_stack([_origin(table, axis, particles.pixel_size) for axis in "XY"])[rows]
    bad = np.flatnonzero(~(np.isfinite(angles).all(axis=1) & np.isfinite(shifts).all(axis=1)))
    if bad.size:
        raise FormatError(f"{table.path}: row {rows[bad[0]] + 1}: an angle or origin is not finite: expected numbers")
    return poses_of(rotation_from_relion(angles), shifts, str(table.path))


def _origin(table: ParticleTable, axis: str, pixel_size: float) -> Float64[np.ndarray, " m"]:
    """Return the shift along an axis in Å: RELION 3.1 and later give it so, 3.0 in pixels."""
    if table.has(f"rlnOrigin{axis}Angst"):
        return table.numbers(f"rlnOrigin{axis}Angst")
    if not table.has(f"rlnOrigin{axis}"):
        return np.zeros(table.rows)
    own = table.pixel_sizes()
    return table.numbers(f"rlnOrigin{axis}") * np.where(np.isnan(own), pixel_size, own)


SYSTEMS.add("relion-class3d", Class3D())
