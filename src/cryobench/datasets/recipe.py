"""What a benchmark dataset is: sizes, defaults, and how its states are made."""

from __future__ import annotations

import difflib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from cryobench.core import CTFParameters, InputError, Poses, Registry, Strict
from cryobench.datasets.spec import DatasetSpec
from cryobench.datasets.states import AnyStates, Ensemble, Rendering
from cryobench.imaging import ImagingSpec


class Size(Strict):
    """How large a build of a recipe is: its images of each state, one number for all or one for each."""

    states: int
    images: int | tuple[int, ...]
    resolution: float
    imaging: ImagingSpec

    @property
    def particles(self) -> int:
        """Number of images."""
        return self.states * self.images if isinstance(self.images, int) else sum(self.images)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything a build needs: the spec, in words what it is, and what it names, read.

    Parameters
    ----------
    spec
        What to build.
    title, summary, stand_in, notes
        For the card; ``stand_in`` says what replaces a published input, and is empty where nothing does.
    ensemble
        The states.
    paths
        File of each source of ``spec.states``; None for what code makes.
    ctf_table, pose_table
        The tables that ``spec.imaging`` names, or ``None`` where it draws them.
    """

    spec: DatasetSpec
    title: str
    summary: str
    stand_in: str
    notes: tuple[str, ...]
    ensemble: Ensemble
    paths: tuple[Path | None, ...]
    ctf_table: CTFParameters | None = None
    pose_table: Poses | None = None


class Recipe(ABC):
    """A benchmark dataset.

    Attributes
    ----------
    title, summary
        For the card.
    stand_in
        What the offline stand-in is, in words, for every place where its numbers are shown.
    notes
        What of the published dataset is inferred, and not stated anywhere.
    sizes
        The scales at which it can be built.
    members
        Names of its states, where they can be chosen by name.
    truth
        Whether true volumes are written or rendered when they are asked for.
    """

    title: str
    summary: str
    stand_in: str
    notes: tuple[str, ...] = ()
    sizes: Mapping[str, Size]
    members: tuple[str, ...] = ()
    truth: Literal["files", "rendered"] = "files"

    @abstractmethod
    def published(self, rendering: Rendering, chosen: Sequence[int]) -> AnyStates:
        """Return how the published states are made, of which ``chosen`` are asked for."""

    @abstractmethod
    def standin(self, rendering: Rendering, chosen: Sequence[int]) -> AnyStates:
        """Return how the states of the offline stand-in are made."""

    def custom(self, structure: Path, rendering: Rendering, changes: Mapping[str, Any]) -> AnyStates:
        """Return how states of a user's own structure are made, with changes to the motion.

        Raises
        ------
        InputError
            If the recipe is not about one structure.
        """
        del structure, rendering, changes
        raise InputError(
            f"{self.title} is not made of one structure: write a spec of your own with 'cryobench datasets init'"
        )

    def chosen(self, count: int) -> list[int]:
        """Return ``count`` of its states: the first ones, or evenly spread ones where they have names.

        Raises
        ------
        InputError
            If there are fewer.
        """
        if not self.members:
            return list(range(count))
        if count > len(self.members):
            raise InputError(f"{count} states asked for, but {self.title} has {len(self.members)}")
        return [int(i) for i in np.linspace(0, len(self.members) - 1, count).round()]

    def chosen_by_name(self, names: Sequence[str]) -> list[int]:
        """Return the places of the states of these names, in the order of the recipe.

        Raises
        ------
        InputError
            If there is no such state.
        """
        places = {name: place for place, name in enumerate(self.members)}
        unknown = [name for name in names if name not in places]
        if unknown:
            near = difflib.get_close_matches(unknown[0], self.members, n=1)
            have = f"it has {len(self.members)} others" if self.members else "its states have no names"
            have = f"did you mean '{near[0]}'? {have}" if near else have
            raise InputError(f"{self.title} has no state '{unknown[0]}': {have}")
        return sorted({places[name] for name in names})


RECIPES: Registry[Recipe] = Registry("dataset")


def recipe_facts(name: str) -> dict[str, str]:
    """Return what is fixed about a dataset (``igg-1d``) or its stand-in (``igg-1d:standin``), label by label.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    InputError
        If what follows the colon is not ``standin``.
    """
    base, variant = parse_name(name)
    recipe = RECIPES[base]
    size = recipe.sizes["full"]
    make = recipe.standin if variant else recipe.published
    states = make(Rendering(resolution=size.resolution), recipe.chosen(size.states))
    poses = size.imaging.poses
    return states.facts() | {
        "Poses": f"{poses.rotations.words()}, {poses.shifts.words()}",
        **({"States": ", ".join(recipe.members)} if recipe.members else {}),
        "True volumes": "written" if recipe.truth == "files" else "rendered when they are asked for",
    }


def parse_name(name: str) -> tuple[str, str]:
    """Return the recipe and the variant (nothing, or ``standin``) of a dataset's name.

    Raises
    ------
    UnknownNameError
        If there is no such dataset.
    InputError
        If what follows the colon is not ``standin``.
    """
    base, _, variant = name.partition(":")
    RECIPES[base]  # an unknown name comes first
    if variant not in {"", "standin"}:
        raise InputError(f"'{name}' cannot be built: choose {base}, or {base}:standin, which needs no download")
    return base, variant


def sizes(
    demo: tuple[int, int | tuple[int, ...]],
    small: tuple[int, int | tuple[int, ...]],
    full: tuple[int, int | tuple[int, ...]],
    imaging: ImagingSpec,
    snr: tuple[float, float],
) -> dict[str, Size]:
    """Return the three scales of a recipe: (states, images of each) at demo, small and full.

    Parameters
    ----------
    demo, small, full
        Number of states and of images of each.
    imaging
        At full scale. ``small`` halves the simulated box, and ``demo`` quarters it, both at the same extent in Å;
        their images are stored as they are simulated, up to the stored box of the full scale.
    snr
        Signal-to-noise ratio at demo and at small scale.
    """

    def scaled(factor: int, ratio: float) -> ImagingSpec:
        box = imaging.box // factor
        noise = imaging.noise.model_copy(update={"snr": ratio})
        stored = min(box, imaging.output_box)
        changes = {"box": box, "pixel_size": imaging.pixel_size * factor, "output_box": stored, "noise": noise}
        return imaging.model_copy(update=changes)

    found = {}
    for name, (states, images), options, resolution in (
        ("demo", demo, scaled(4, snr[0]), 8 * imaging.pixel_size),
        ("small", small, scaled(2, snr[1]), 4 * imaging.pixel_size),
        ("full", full, imaging, 3.0),
    ):
        found[name] = Size(states=states, images=images, resolution=resolution, imaging=options)
    return found
