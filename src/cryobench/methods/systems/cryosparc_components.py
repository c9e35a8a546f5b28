"""cryoSPARC's 3D Variability Analysis and 3DFlex: components of each particle, and maps of the linear ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float32

from cryobench.core import FormatError, Particles, Submission
from cryobench.io import read_cs_fields
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.systems.base import SYSTEMS, Choice, Found, System, SystemCard
from cryobench.methods.systems.choices import require_no_epoch, require_no_order
from cryobench.methods.systems.cryosparc_job import Job
from cryobench.methods.systems.cryosparc_poses import cryosparc_poses
from cryobench.methods.systems.cryosparc_table import Table
from cryobench.methods.systems.found_poses import FoundPoses, compare_poses
from cryobench.methods.systems.map_files import LinearFiles

_PARTICLES = r"(?!passthrough)(?:[0-9]+_)?particles\.cs"
_ANY_PARTICLES = r"(?:passthrough_)?(?:[0-9]+_)?particles\.cs"
_MODE = r"components_mode_([0-9]{1,3})/value"
_FIRST_MODE = "components_mode_0/value"
_COMPONENT = r"component_([0-9]{1,3})\.mrc"


class Variability(System):
    """3D Variability Analysis: volume = map + sum of components."""

    card = SystemCard(
        name="cryosparc-3dva",
        title="cryoSPARC 3D Variability Analysis, linear components with given poses",
        known_by="job.json with the type var_3D; without it, J*_particles.cs with components_mode_0/value beside "
        "J*_component_0.mrc",
        reads="latents, volumes of every particle",
    )

    def detect(self, folder: Path) -> str | None:
        """Return why a folder is of 3DVA."""
        job = Job(folder)
        known = job.type_is({"var_3D"})
        if known is not None:
            return f"job.json gives the type {job.type}" if known else None
        table, component = job.with_field(_ANY_PARTICLES, _FIRST_MODE), job.first(_COMPONENT)
        if table is None:
            return None
        beside = "there are no maps of components" if component is None else f"{component.name} is there"
        return f"{table.name} has {_FIRST_MODE}, and {beside}"

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read components and, where they are, their maps."""
        require_no_epoch(choice, self.card.title)
        require_no_order(choice, self.card.title)
        job = Job(folder)
        table, latents, poses = _read(job, particles, choice, self.card.title)
        maps = _maps(job, latents.shape[1])
        grid = MapGrid.of(particles)
        notes = [*_notes(table, latents, poses), *grid.check(maps)]
        notes.append("Volumes are the map plus the components." if maps else "There are no maps: latents alone.")
        volumes = LinearFiles(maps[0], maps[1:], latents, grid) if maps else None
        submission = Submission(
            self.method(job.version or "unknown"), len(particles), poses.kind, latents, poses=poses.poses,
            volumes=volumes,
        )  # fmt: skip
        return Found(submission, (*table.paths, *maps), tuple(notes))


class Flex(System):
    """3DFlex: components of each particle; volumes come from 3D Flex Generator."""

    card = SystemCard(
        name="cryosparc-3dflex",
        title="cryoSPARC 3D Flexible Refinement (3DFlex), a deformation model with given poses",
        known_by="job.json with the type flex_train; without it --system says so, since a table with "
        "components_mode_0/value may be of 3D Variability too",
        reads="latents",
    )

    def detect(self, folder: Path) -> str | None:
        """Return why a folder is of 3DFlex."""
        job = Job(folder)
        known = job.type_is({"flex_train", "flex_generate"})
        if known is not None:
            return f"job.json gives the type {job.type}" if known else None
        table = job.with_field(_ANY_PARTICLES, _FIRST_MODE)
        if table is None or job.first(_COMPONENT) is not None:
            return None
        return f"{table.name} has {_FIRST_MODE}, and there are no maps of components"

    def read(self, folder: Path, particles: Particles, choice: Choice) -> Found:
        """Read components."""
        require_no_epoch(choice, self.card.title)
        require_no_order(choice, self.card.title)
        job = Job(folder)
        if job.type == "flex_generate":
            raise FormatError(
                f"{folder}: a job of type flex_generate, which has volumes and no particles: read the folder of the "
                "3D Flex Training job, and give the zip archive of this one as the volumes (--volumes)"
            )
        table, latents, poses = _read(job, particles, choice, self.card.title)
        submission = Submission(
            self.method(job.version or "unknown"), len(particles), poses.kind, latents, poses=poses.poses
        )
        notes = (
            *_notes(table, latents, poses),
            "Volumes need the program: a 3D Flex Generator job makes them, at the latents of the particles that are "
            "asked for, and leaves a zip archive of them (--volumes).",
        )
        return Found(submission, table.paths, notes)


def _read(
    job: Job, particles: Particles, choice: Choice, title: str
) -> tuple[Table, Float32[np.ndarray, "N K"], FoundPoses]:
    others = job.passthroughs()
    mains = [path for _, path in job.named(_PARTICLES)]
    if not mains and not others:
        raise FormatError(f"{job.folder}: no J*_particles.cs: expected the particles of {title}")
    # Of tables of several iterations the last one counts; a job after this one passes its components through.
    first = mains[-1] if mains else next((path for path in others if _FIRST_MODE in read_cs_fields(path)), others[0])
    table = Table([first], others)
    modes = table.numbered(_MODE)
    if not modes:
        raise FormatError(f"{table.source}: no field {_FIRST_MODE}: expected particles with components, of {title}")
    if modes != list(range(len(modes))):
        missing = next(k for k in range(len(modes)) if k not in modes)
        raise FormatError(f"{table.source}: no field components_mode_{missing}/value, but one of mode {modes[-1]}")
    if choice.zdim is not None and choice.zdim != len(modes):
        raise FormatError(f"{table.source}: has {len(modes)} components, but {choice.zdim} dimensions were asked for")
    rows = table.rows_of(particles)
    latents = np.hstack([table.numbers(f"components_mode_{k}/value") for k in modes])[rows]
    poses = compare_poses(cryosparc_poses(table, "alignments3D", rows), particles)
    return table, np.ascontiguousarray(latents, dtype=np.float32), poses


def _maps(job: Job, components: int) -> tuple[Path, ...]:
    """Return the map and those of the components; nothing where there is none of them.

    Raises
    ------
    FormatError
        If some are there and others are not, or there are more components than the particles have.
    """
    mean = [path for _, path in job.named(r"map\.mrc")]
    found = {int(match[2]): path for match, path in job.named(_COMPONENT)}
    missing = [f"J*_component_{k}.mrc" for k in range(components) if k not in found]
    if not mean:
        missing.insert(0, "J*_map.mrc")
    if missing and (mean or found):
        raise FormatError(
            f"{job.folder}: no {missing[0]}, but other maps of the job: expected J*_map.mrc and the maps of all "
            f"{components} components, to make volumes of them: download all, or take the maps away"
        )
    if found and max(found) >= components:
        raise FormatError(
            f"{found[max(found)]}: a map of component {max(found)}, but the particles have {components} components: "
            "expected files of one job"
        )
    return () if missing else (mean[0], *(found[k] for k in range(components)))


def _notes(table: Table, latents: Float32[np.ndarray, "N K"], poses: FoundPoses) -> tuple[str, ...]:
    matched = f"{len(table):,} rows of {table.paths[0].name} matched by blob/path and blob/idx."
    return f"{latents.shape[1]} components.", matched, poses.note


SYSTEMS.add("cryosparc-3dva", Variability())
SYSTEMS.add("cryosparc-3dflex", Flex())
