"""From what a user asks for to a spec with its inputs read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cryobench.core import CTFParameters, InputError, Poses, Progress, silent
from cryobench.core.checks import require_even_box
from cryobench.datasets.merge import merged, validated
from cryobench.datasets.recipe import RECIPES, Inputs, Recipe, Size, parse_name
from cryobench.datasets.sources import locate
from cryobench.datasets.spec import OTHER_SETTINGS, DatasetSpec
from cryobench.datasets.states import AnyStates, Rendering, Setting, Source
from cryobench.imaging import CTF_PRESETS, FileRotations, ImagingSpec, load_ctf_table, load_poses
from cryobench.io import cache_folder, sha256
from cryobench.structures import cached_structures


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
    members: Sequence[str] | None = None,
    motion: Mapping[str, Any] | None = None,
    rendering: Mapping[str, Any] | None = None,
    imaging: Mapping[str, Any] | None = None,
    progress: Progress = silent,
) -> Inputs:
    """Return a recipe's spec at a scale, with what the caller sets in place of its defaults.

    Parameters
    ----------
    dataset, scale
        A recipe (``igg-1d``) or its offline stand-in (``igg-1d:standin``), and one of its sizes.
    seed
        At least 0.
    structure, ctf
        The user's own files; the recipe's structures and a parametric CTF by default.
    states, images_per_state, images_per_stack, resolution
        Numbers, and Å.
    members
        Names of the states, where a recipe has names: the others are left out.
    motion, rendering, imaging
        Fields of the recipe's states such as :class:`FabTurn`, of :class:`Rendering` and of
        :class:`~cryobench.imaging.ImagingSpec`, nested as they are.
    progress
        Told of downloads, and of structures read.

    Raises
    ------
    InputError
        If a value is out of range, or the states do not fit into the box.
    UnknownNameError
        If there is no such dataset.
    FormatError
        If a file cannot be read.
    CryobenchError
        If an input is missing and cannot be fetched.
    """
    name, variant = parse_name(dataset)
    recipe = RECIPES[name]
    if variant and structure is not None:
        raise InputError(f"'{dataset}' has a structure of its own: leave the structure out, or choose {name}")
    if scale not in recipe.sizes:
        raise InputError(f"dataset '{name}' has no scale '{scale}': choose from {', '.join(recipe.sizes)}")
    size = recipe.sizes[scale]
    chosen = _chosen(recipe, size, states, members)
    images = _images(size, chosen, images_per_state)
    changes = dict(imaging or {})
    if ctf is not None:
        changes = merged(changes, {"ctf": {"source": str(ctf)}})
    options = validated(lambda: ImagingSpec.model_validate(merged(size.imaging.model_dump(), changes)))
    asked = {"resolution": size.resolution if resolution is None else resolution} | dict(rendering or {})
    drawn = validated(lambda: Rendering.model_validate(asked))
    if structure is not None:
        wanted = structure
        drafted = validated(lambda: recipe.custom(wanted, drawn, motion or {}))
        kind = "custom"
    else:
        if motion and not variant:
            raise InputError(f"the motion of {name} is as published: give a structure of your own to change it")
        default = recipe.standin(drawn, chosen) if variant else recipe.published(drawn, chosen)
        drafted = validated(lambda: type(default).model_validate(default.model_dump() | dict(motion or {})))
        kind = variant or ("subset" if recipe.members and len(chosen) < size.states else "")
    advice = f"or build {name}:standin, which needs no download"
    return prepare(
        lambda sources, ctf_source, poses_source: DatasetSpec(
            dataset=name,
            variant=kind,
            scale=scale,
            seed=seed,
            images=images,
            images_per_stack=images_per_stack,
            truth=recipe.truth,
            states=drafted.with_sources(sources),
            ctf=ctf_source,
            poses=poses_source,
            imaging=with_names_only(options),
        ),
        drafted,
        options,
        title=f"{recipe.title}, custom" if kind == "custom" else recipe.title,
        summary="" if kind == "custom" else recipe.summary,
        stand_in=recipe.stand_in if kind == "standin" else "",
        notes=(
            *(recipe.notes if kind in {"", "subset"} else ()),
            *(_departures(size, scale, chosen, images, drawn, with_names_only(options)) if kind != "custom" else ()),
        ),
        advice=advice,
        progress=progress,
    )


def available_members(dataset: str) -> list[str]:
    """Return the names of those states of a recipe whose structures need no download.

    Raises
    ------
    InputError
        If there are none, or the states have no names.
    """
    name, variant = parse_name(dataset)
    recipe = RECIPES[name]
    if not recipe.members:
        raise InputError(f"{recipe.title} is not made of structures that can be chosen: leave the members out")
    found = list(recipe.members) if variant else sorted(cached_structures(recipe.members))
    if not found:
        raise InputError(
            f"none of the {len(recipe.members)} structures of {recipe.title} is in {cache_folder() / 'structures'}: "
            f"put some there, or build {name}:standin, which needs no download"
        )
    return found


def prepare(
    make: Callable[[Sequence[Source], Source, Source], DatasetSpec],
    drafted: AnyStates,
    imaging: ImagingSpec,
    *,
    title: str,
    summary: str = "",
    stand_in: str = "",
    notes: tuple[str, ...] = (),
    advice: str = "",
    progress: Progress = silent,
) -> Inputs:
    """Return everything a build needs, after every check that needs no image.

    Parameters
    ----------
    make
        Makes the spec from the sources of the states, of the CTF and of the poses, once they are found.
    drafted
        How the states are made, its sources named as the user names them.
    imaging
        How images are formed, its files named as the user names them.
    title, summary, stand_in, notes
        For the card; without a summary the states say what they are.
    advice
        What else the user could do where an input is missing.
    progress
        Told of downloads, and of structures read.
    """
    validated(
        lambda: make(drafted.sources(), Source(name=""), Source(name=""))
    )  # what is wrong with numbers comes first
    require_boxes(imaging)
    ctf_source, ctf_table = ctf_input(imaging.ctf.source, is_file=imaging.ctf.is_file)
    poses_source, pose_table = pose_input(imaging)
    sources, paths = locate(drafted.sources(), progress, advice)
    spec = validated(lambda: make(sources, ctf_source, poses_source))
    if pose_table is not None and len(pose_table) < spec.particles:
        raise InputError(f"{poses_source.name} holds {len(pose_table)} poses, but there are {spec.particles} images")
    ensemble = spec.states.ensemble(spec.images, Setting(spec.imaging, spec.seed, paths), progress)
    return Inputs(
        spec=spec,
        title=title,
        summary=summary or spec.states.summary(len(spec.images)),
        stand_in=stand_in,
        notes=(*notes, *ensemble.notes),
        ensemble=ensemble,
        paths=paths,
        ctf_table=ctf_table,
        pose_table=pose_table,
    )


def _chosen(recipe: Recipe, size: Size, states: int | None, members: Sequence[str] | None) -> list[int]:
    """Return which states of a recipe are asked for."""
    if members is not None and states is not None:
        raise InputError("states are asked for by number and by name: give one of the two")
    count = size.states if states is None else states
    chosen = recipe.chosen(count) if members is None else recipe.chosen_by_name(members)
    if len(chosen) < 2:
        raise InputError(
            f"{len(chosen) if states is None else states} states asked for: a heterogeneous dataset has at least 2"
        )
    return chosen


def _departures(
    size: Size,
    scale: str,
    chosen: Sequence[int],
    images: tuple[int, ...],
    rendering: Rendering,
    imaging: ImagingSpec,
) -> tuple[str, ...]:
    """Return what differs from the settings of a scale, as a note for the card, or nothing."""
    found = []
    if len(chosen) != size.states:
        found.append(f"{len(chosen)} states in place of {size.states}")
    if images != _images(size, chosen, None):
        found.append("other numbers of images")
    wanted = Rendering(resolution=size.resolution)
    for given, default in ((rendering, wanted), (imaging, size.imaging)):
        old = dict(_leaves(default.model_dump()))
        changed = [(name, value) for name, value in _leaves(given.model_dump()) if value != old.get(name)]
        found += [f"{name} {value} in place of {old.get(name, 'none')}" for name, value in changed]
    return (f"{OTHER_SETTINGS} '{scale}' of the recipe: {', '.join(found)}",) if found else ()


def _leaves(fields: Mapping[str, Any], before: str = "") -> list[tuple[str, Any]]:
    """Return the settings of a nested mapping, in their order, with their full names."""
    found: list[tuple[str, Any]] = []
    for name, value in fields.items():
        found += _leaves(value, f"{before}{name}.") if isinstance(value, Mapping) else [(f"{before}{name}", value)]
    return found


def _images(size: Size, chosen: Sequence[int], each: int | None) -> tuple[int, ...]:
    """Return the number of images of each state."""
    if each is not None:
        return (each,) * len(chosen)
    return tuple(size.images if isinstance(size.images, int) else size.images[i] for i in chosen)


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
