"""cryoSPARC's 3D Classification with given poses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32, Int32, Int64, UInt64

from cryobench.core import FormatError, Particles, Submission
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.choices import require_no_order, require_no_zdim
from cryobench.methods.systems.class_maps import maps_of_classes, rows_of_classes, sound_posteriors
from cryobench.methods.systems.cryosparc_job import Job
from cryobench.methods.systems.cryosparc_poses import cryosparc_poses
from cryobench.methods.systems.cryosparc_table import Table
from cryobench.methods.systems.found_poses import compare_poses
from cryobench.methods.systems.map_files import ClassFiles

_CLASS_TABLE = r"passthrough_particles_class_([0-9]{1,4})\.cs"
_MAIN_TABLE = r"(?!passthrough)(?:([0-9]{1,6})_)?particles(?:_all_classes)?\.cs"
_CLASS_MAP = r"class_([0-9]{1,4})_([0-9]{1,6})_volume\.mrc"
_POSTERIOR = r"alignments_class3D_([0-9]{1,4})/class_posterior"
_FIRST_POSTERIOR = "alignments_class3D_0/class_posterior"


class Classification(System):
    """3D Classification: a table of particles and a map for each class."""

    card = SystemCard(
        name="cryosparc-classes",
        title="cryoSPARC 3D Classification with given poses",
        known_by="J*_passthrough_particles_class_k.cs beside J*_class_KK_NNNNN_volume.mrc, or a job of type class_3D",
        reads="labels, posteriors where they are, volumes of every particle",
    )

    def detect(self, folder: Path) -> str | None:
        """Return why a folder is of 3D Classification."""
        job = Job(folder)
        known = job.type_is({"class_3D"})
        if known is not None:
            return f"job.json gives the type {job.type}" if known else None
        posterior = job.with_field(_MAIN_TABLE, _FIRST_POSTERIOR)
        if posterior is not None:
            return f"{posterior.name} has {_FIRST_POSTERIOR}"
        # Ab-initio reconstruction passes tables of each class through too, and keeps maps of its iterations.
        final = job.first(r"(?:class_[0-9]+_)?final_particles\.cs")
        found = job.first(_CLASS_TABLE)
        return None if found is None or final is not None else f"{found.name} is there"

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read the class of each particle and the maps of the last iteration, or of the one asked for."""
        require_no_zdim(choice, self.card.title)
        require_no_order(choice, self.card.title)
        job = Job(folder)
        table, classes, main = _table(job, choice.epoch)
        maps, iteration = _maps(job, choice.epoch)
        rows = rows_of_classes(table, particles, classes, maps, "J*_passthrough_particles_class_{}.cs")
        claimed, left_out = _posteriors(main, table.uids[rows])
        labels = _labels(table, classes, claimed, rows)
        poses = compare_poses(cryosparc_poses(table, "alignments3D", rows), particles)
        chosen = maps_of_classes(maps, labels, str(folder), f"J*_class_KK_{iteration:05d}_volume.mrc")
        grid = MapGrid.of(particles)
        notes = (
            f"{len(np.unique(labels))} classes with particles, by "
            f"{'the table of each class' if classes else 'the most likely class'}.",
            f"{len(table):,} rows matched by blob/path and blob/idx.",
            f"Maps of iteration {iteration}." if chosen else "There are no maps: labels alone.",
            poses.note,
            *left_out,
            *grid.check(chosen.values()),
        )
        submission = Submission(
            self.method(job.version or "unknown"), len(particles), poses.kind, labels=labels, posteriors=claimed,
            poses=poses.poses, volumes=ClassFiles(chosen, labels, grid) if chosen else None,
        )  # fmt: skip
        return Found(submission, (*table.paths, *chosen.values()), notes)


def _table(job: Job, iteration: int | None) -> tuple[Table, list[int], Path | None]:
    """Return the rows of all classes, the class of each file (none where one has all), and the job's main table."""
    found = sorted((int(match[2]), path) for match, path in job.named(_CLASS_TABLE))
    mains = {int(match[2] or -1): path for match, path in job.named(_MAIN_TABLE)}
    main = mains.get(-1 if iteration is None else iteration, list(mains.values())[-1] if mains else None)
    own = [path for _, path in found]
    others = [path for path in job.passthroughs() if path not in own]
    if found:
        return Table(own, [*([main] if main else []), *others]), [number for number, _ in found], main
    if main is None:
        raise FormatError(
            f"{job.folder}: no J*_passthrough_particles_class_0.cs, nor J*_particles.cs: expected the particles of "
            "each class"
        )
    return Table([main], others), [], main


def _posteriors(
    main: Path | None, uids: UInt64[np.ndarray, " N"]
) -> tuple[Float32[np.ndarray, "N K"] | None, tuple[str, ...]]:
    """Return the probabilities in the main table: those in tables that were passed through may be of another job."""
    table = None if main is None else Table([main])
    known = [] if table is None else table.numbered(_POSTERIOR)
    if table is None or not known:
        return None, ()
    rows = table.find(uids)
    if (rows < 0).any():
        return None, (f"Posteriors of {table.paths[0].name} are left out: {(rows < 0).sum():,} particles have none.",)
    values = np.hstack([table.numbers(f"alignments_class3D_{k}/class_posterior") for k in known])
    return sound_posteriors(values[rows], known)


def _labels(
    table: Table, classes: list[int], posteriors: Float32[np.ndarray, "N K"] | None, rows: Int64[np.ndarray, " N"]
) -> Int32[np.ndarray, " N"]:
    if classes:
        return np.asarray(np.array(classes, dtype=np.int32)[table.part_of_row][rows])
    if posteriors is None:
        raise FormatError(
            f"{table.source}: no probabilities {_FIRST_POSTERIOR} ... that sum to 1, and no "
            "J*_passthrough_particles_class_k.cs beside it: expected one or the other, for the class of each particle"
        )
    return np.asarray(posteriors.argmax(axis=1).astype(np.int32))


def _maps(job: Job, wanted: int | None) -> tuple[dict[int, Path], int]:
    """Return the map of each class at an iteration, the last one by default, and which it is."""
    found = [(int(match[3]), int(match[2]), path) for match, path in job.named(_CLASS_MAP)]
    iterations = sorted({iteration for iteration, _, _ in found})
    if wanted is not None and wanted not in iterations:
        there = ", ".join(map(str, iterations)) or "none"
        raise FormatError(f"{job.folder}: no maps of iteration {wanted}: there are those of {there}")
    chosen = wanted if wanted is not None else max(iterations, default=0)
    return {number: path for iteration, number, path in found if iteration == chosen}, chosen


SYSTEMS.add("cryosparc-classes", Classification())
