"""From what a user asks for to a spec with its inputs read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryobench.core import CTFParameters, InputError, Poses
from cryobench.core.checks import require_even_box
from cryobench.datasets.merge import merged, validated
from cryobench.datasets.recipe import RECIPES, Inputs
from cryobench.datasets.spec import DatasetSpec, Source
from cryobench.imaging import CTF_PRESETS, FileRotations, ImagingSpec, load_ctf_table, load_poses
from cryobench.io import sha256


def prepare_inputs(
    dataset: str,
    scale: str,
    seed: int,
    structure: Path | None = None,
    ctf: Path | None = None,
    states: int | None = None,
    images_per_state: int | None = None,
    images_per_stack: int = 1000,
    resolution: float | None = None,
    motion: Mapping[str, Any] | None = None,
    imaging: Mapping[str, Any] | None = None,
) -> Inputs:
    """Return a recipe's spec at a scale, with what the caller sets in place of its defaults.

    Parameters
    ----------
    dataset, scale
        A recipe and one of its sizes.
    seed
        At least 0.
    structure, ctf
        The user's own files; the recipe's stand-in and a parametric CTF by default.
    states, images_per_state, images_per_stack, resolution
        Numbers, and Å.
    motion, imaging
        Fields of :class:`FabTurn` and :class:`~cryobench.imaging.ImagingSpec`, nested as they are.

    Raises
    ------
    InputError
        If a value is out of range, or the states do not fit into the box.
    UnknownNameError
        If there is no such dataset.
    FormatError
        If a file cannot be read.
    """
    recipe = RECIPES[dataset]
    if scale not in recipe.sizes:
        raise InputError(f"dataset '{dataset}' has no scale '{scale}': choose from {', '.join(recipe.sizes)}")
    size = recipe.sizes[scale]
    asked_states = size.states if states is None else states
    if asked_states < 2:
        raise InputError(f"{asked_states} states asked for: a heterogeneous dataset has at least 2")
    asked_images = size.images_per_state if images_per_state is None else images_per_state
    changes = dict(imaging or {})
    if ctf is not None:
        changes = merged(changes, {"ctf": {"source": str(ctf)}})
    options = validated(lambda: ImagingSpec.model_validate(merged(size.imaging.model_dump(), changes)))
    ctf_source, ctf_table = ctf_input(options.ctf.source, is_file=options.ctf.is_file)
    poses_source, pose_table = pose_input(options)
    spec = validated(
        lambda: DatasetSpec(
            dataset=dataset,
            variant="standin" if structure is None else "custom",
            scale=scale,
            seed=seed,
            images=(asked_images,) * asked_states,
            images_per_stack=images_per_stack,
            states=recipe.states(structure, size.resolution if resolution is None else resolution, motion or {}),
            ctf=ctf_source,
            poses=poses_source,
            imaging=with_names_only(options),
        )
    )
    require_boxes(spec.imaging)
    standard = structure is None
    return Inputs(
        spec=spec,
        title=recipe.title if standard else f"{recipe.title}, custom",
        summary=recipe.summary if standard else recipe.custom_summary(spec),
        stand_in=recipe.stand_in if standard else "",
        ensemble=recipe.ensemble(structure, spec),
        ctf_table=ctf_table,
        pose_table=pose_table,
    )


def ctf_input(source: str, *, is_file: bool) -> tuple[Source, CTFParameters | None]:
    """Return what a CTF source is, and its table if it is a file."""
    if not is_file:
        return Source(name=source, title=CTF_PRESETS[source].title), None
    path = Path(source)
    table = load_ctf_table(path)
    return Source(name=path.name, title=f"{len(table):,} rows of the given table", sha256=sha256(path)), table


def pose_input(imaging: ImagingSpec) -> tuple[Source, Poses | None]:
    """Return where the poses come from, and their table if that is a file."""
    rotations = imaging.poses.rotations
    if not isinstance(rotations, FileRotations):
        return Source(name=rotations.words(), title=rotations.words()), None
    path = Path(rotations.file)
    table = load_poses(path, imaging.box, imaging.pixel_size)
    return Source(name=path.name, title=f"{len(table):,} poses of the given file", sha256=sha256(path)), table


def with_names_only(imaging: ImagingSpec) -> ImagingSpec:
    """Return the spec as it is recorded: of files, the names without their folders, which are the user's own affair."""
    changes: dict[str, Any] = {}
    if imaging.ctf.is_file:
        changes["ctf"] = imaging.ctf.model_copy(update={"source": Path(imaging.ctf.source).name})
    rotations = imaging.poses.rotations
    if isinstance(rotations, FileRotations):
        named = rotations.model_copy(update={"file": Path(rotations.file).name})
        changes["poses"] = imaging.poses.model_copy(update={"rotations": named})
    return imaging.model_copy(update=changes)


def require_boxes(imaging: ImagingSpec) -> None:
    """Raise unless the simulated box can be cropped to the output box.

    Raises
    ------
    InputError
        Saying which box is not allowed.
    """
    require_even_box(imaging.box)
    require_even_box(imaging.output_box)
    if imaging.output_box > imaging.box:
        raise InputError(
            f"images of {imaging.box} pixels cannot be cropped to {imaging.output_box}: choose a smaller box"
        )
