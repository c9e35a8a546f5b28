"""From what a user asks for to a spec with its inputs read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic

from cryobench.core import CTFParameters, InputError
from cryobench.datasets.build import checked_ensemble
from cryobench.datasets.recipe import RECIPES
from cryobench.datasets.spec import DatasetSpec, Source
from cryobench.imaging import ImagingSpec, load_ctf_table
from cryobench.io import sha256
from cryobench.structures import Atoms, load_structure


@dataclass(frozen=True, eq=False)
class Inputs:
    """A spec with the structure and the CTF table (``None``: parametric) that it names."""

    spec: DatasetSpec
    structure: Atoms
    ctf_table: CTFParameters | None


def prepare_inputs(
    dataset: str,
    scale: str,
    seed: int,
    structure: Path | None = None,
    ctf: Path | None = None,
    states: int | None = None,
    images_per_state: int | None = None,
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
    states, images_per_state, resolution
        Numbers, and Å.
    motion, imaging
        Fields of :class:`FabTurn` and :class:`ImagingSpec`.

    Raises
    ------
    InputError
        If a value is out of range.
    UnknownNameError
        If there is no such dataset.
    FormatError
        If a file cannot be read.
    """
    recipe = RECIPES[dataset]
    if scale not in recipe.sizes:
        raise InputError(f"dataset '{dataset}' has no scale '{scale}': choose from {', '.join(recipe.sizes)}")
    size = recipe.sizes[scale]
    if structure is None:
        atoms = recipe.standin()
        source = Source(name="built-in", title=atoms.title)
    else:
        atoms = load_structure(structure)
        source = Source(name=structure.name, title=atoms.title, sha256=sha256(structure))
    table, ctf_source = (
        None,
        Source(name="parametric", title="defocus 10,000 to 25,000 Å, uniform; 300 kV, Cs 2.7 mm, w 0.1"),
    )
    if ctf is not None:
        table = load_ctf_table(ctf)
        ctf_source = Source(name=ctf.name, title=f"{len(table):,} rows of the given table", sha256=sha256(ctf))
    asked_states = size.states if states is None else states
    if asked_states < 2:
        raise InputError(f"{asked_states} states asked for: a heterogeneous dataset has at least 2")
    asked_images = size.images_per_state if images_per_state is None else images_per_state
    try:
        spec = DatasetSpec(
            dataset=dataset,
            variant="standin" if structure is None else "custom",
            scale=scale,
            seed=seed,
            images=(asked_images,) * asked_states,
            resolution=size.resolution if resolution is None else resolution,
            structure=source,
            ctf=ctf_source,
            motion=recipe.motion.model_validate(recipe.motion.model_dump() | dict(motion or {})),
            imaging=ImagingSpec.model_validate(size.imaging.model_dump() | dict(imaging or {})),
        )
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"] if isinstance(part, str))
        raise InputError(f"{name} is {first['input']!r}: {first['msg'][0].lower()}{first['msg'][1:]}") from error
    checked_ensemble(spec, atoms)
    return Inputs(spec, atoms, table)
