"""cryoSPARC's ab-initio reconstruction of one or several classes, which finds poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float64, Int32, Int64

from cryobench.core import FormatError, Particles, Poses, Submission
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.choices import require_no_epoch, require_no_order, require_no_zdim
from cryobench.methods.systems.class_maps import maps_of_classes, rows_of_classes, sound_posteriors
from cryobench.methods.systems.cryosparc_job import Job
from cryobench.methods.systems.cryosparc_poses import cryosparc_poses
from cryobench.methods.systems.cryosparc_table import Table
from cryobench.methods.systems.map_files import ClassFiles

_FINAL_TABLE = r"final_particles\.cs"
_CLASS_TABLE = r"class_([0-9]{1,4})_final_particles\.cs"
_MAP = r"class_([0-9]{1,4})_final_volume\.mrc"
_POSTERIOR = r"alignments_class_([0-9]{1,4})/class_posterior"


class AbInitio(System):
    """Ab-initio reconstruction: the class of each particle, and its pose there."""

    card = SystemCard(
        name="cryosparc-abinit",
        title="cryoSPARC ab-initio reconstruction, which finds poses",
        known_by="J*_final_particles.cs or J*_class_KK_final_particles.cs, or a job of type homo_abinit",
        reads="labels, posteriors, poses, volumes of every particle",
    )

    def detect(self, folder: Path) -> str | None:
        """Return why a folder is of ab-initio reconstruction."""
        job = Job(folder)
        known = job.type_is({"homo_abinit"})
        if known is not None:
            return f"job.json gives the type {job.type}" if known else None
        found = job.first(_FINAL_TABLE) or job.first(_CLASS_TABLE)
        return None if found is None else f"{found.name} is there"

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read what is final."""
        require_no_epoch(choice, self.card.title)
        require_no_zdim(choice, self.card.title)
        require_no_order(choice, self.card.title)
        job = Job(folder)
        table, classes = _table(job)
        maps = {int(match[2]): path for match, path in job.named(_MAP)}
        rows = rows_of_classes(table, particles, classes, maps, "J*_class_{:02d}_final_particles.cs")
        known = table.numbered(_POSTERIOR)
        posteriors = None
        # Where each class has a file, it may know the probability of its own class alone.
        if known and (not classes or set(classes) <= set(known)):
            columns = [table.numbers(f"alignments_class_{k}/class_posterior") for k in known]
            posteriors = np.hstack(columns)[rows]
        labels = _labels(table, classes, known, posteriors, rows)
        claimed, left_out = sound_posteriors(posteriors, known)
        chosen = maps_of_classes(maps, labels, str(folder), "J*_class_KK_final_volume.mrc")
        grid = MapGrid.of(particles)
        notes = (
            f"{len(np.unique(labels))} classes with particles, by "
            f"{'the table of each class' if classes else 'the most likely class'}; poses are those in that class.",
            f"{len(table):,} rows matched by blob/path and blob/idx.",
            "Maps are the final ones." if chosen else "There are no maps: labels and poses alone.",
            *left_out,
            *grid.check(chosen.values()),
        )
        poses = _poses(table, classes, job.passthroughs(), rows, labels)
        submission = Submission(
            self.method(job.version or "unknown"), len(particles), "ab-initio", labels=labels, posteriors=claimed,
            poses=poses, volumes=ClassFiles(chosen, labels, grid) if chosen else None,
        )  # fmt: skip
        return Found(submission, (*table.paths, *chosen.values()), notes)


def _table(job: Job) -> tuple[Table, list[int]]:
    """Return the rows and the class of each file, none where one file has all of them."""
    final = [path for _, path in job.named(_FINAL_TABLE)]
    others = job.passthroughs()
    if final:
        return Table(final[:1], others), []
    found = sorted((int(match[2]), path) for match, path in job.named(_CLASS_TABLE))
    if not found:
        raise FormatError(
            f"{job.folder}: no J*_final_particles.cs, nor J*_class_00_final_particles.cs: expected the final particles"
        )
    return Table([path for _, path in found], others), [number for number, _ in found]


def _labels(
    table: Table,
    classes: list[int],
    known: list[int],
    posteriors: Float64[np.ndarray, "N K"] | None,
    rows: Int64[np.ndarray, " N"],
) -> Int32[np.ndarray, " N"]:
    if classes:
        return np.asarray(np.array(classes, dtype=np.int32)[table.part_of_row][rows])
    if posteriors is None:
        raise FormatError(
            f"{table.source}: no field alignments_class_0/class_posterior: expected the probability of each class"
        )
    return np.asarray(np.array(known, dtype=np.int32)[posteriors.argmax(axis=1)])


def _poses(
    table: Table, classes: list[int], others: list[Path], rows: Int64[np.ndarray, " N"], labels: Int32[np.ndarray, " N"]
) -> Poses:
    """Return the pose of each particle in its class."""
    rotations, shifts = np.zeros((len(rows), 3, 3), np.float32), np.zeros((len(rows), 2), np.float32)
    first = np.searchsorted(table.part_of_row, np.arange(len(table.paths)))
    for k in np.unique(labels).tolist():
        own = np.flatnonzero(labels == k)
        place = classes.index(k) if classes else 0
        # The file of a class may have the poses in this class alone.
        part = Table([table.paths[place]], others) if classes else table
        at = rows[own] - first[place]
        found = cryosparc_poses(part, f"alignments_class_{k}", at) or cryosparc_poses(part, "alignments3D", at)
        if found is None:
            raise FormatError(f"{part.source}: no field alignments_class_{k}/pose: expected the poses that were found")
        rotations[own], shifts[own] = found.rotations, found.shifts
    return Poses(rotations, shifts)


SYSTEMS.add("cryosparc-abinit", AbInitio())
