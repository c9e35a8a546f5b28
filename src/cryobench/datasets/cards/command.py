"""The command that builds a dataset again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cryobench.datasets.cards.markdown import one_line
from cryobench.datasets.recipe import RECIPES, Recipe, Size
from cryobench.datasets.spec import DatasetSpec
from cryobench.datasets.states import Assemblies, Maps, Member, Rendering, Source, States, Structures
from cryobench.datasets.states.assemblies import Assembly
from cryobench.imaging import ImagingSpec


def build_command(spec: DatasetSpec) -> str:
    """Return the command that builds a dataset of a recipe, or nothing where it has no options for what was asked for.

    Files that it names are named without their folders, as the spec is.
    """
    if spec.variant == "custom" or spec.dataset not in RECIPES:
        return ""
    recipe = RECIPES[spec.dataset]
    size = recipe.sizes.get(spec.scale)
    if size is None or spec.truth != recipe.truth:
        return ""
    if spec.images_per_stack != DatasetSpec.model_fields["images_per_stack"].default:
        return ""
    chosen, which = _chosen(spec, recipe, size)
    parts = [which, _images(spec.images, size, chosen), _rendering(spec.states, size), _imaging(spec.imaging, size)]
    words = ["cryobench", "datasets", "build", spec.id.removesuffix(":subset")]
    words += ["--scale", spec.scale, "--seed", str(spec.seed)]
    for part in parts:
        if part is None:
            return ""
        words += part
    command = shlex.join(words)
    return command if one_line(command) == command else ""


def _chosen(spec: DatasetSpec, recipe: Recipe, size: Size) -> tuple[list[int], list[str] | None]:
    """Return the places of the states within the recipe, and the options that ask for them."""
    states, count = spec.states, len(spec.images)
    if isinstance(states, Maps):
        return [], None

    def made(places: Sequence[int]) -> States:
        make = recipe.standin if spec.variant == "standin" else recipe.published
        return make(states.rendering, places)

    if not recipe.members or count <= len(recipe.members):
        spread = recipe.chosen(count)
        if _alike(made(spread), states):
            return spread, [] if count == size.states else ["--states", str(count)]
    if not isinstance(states, Structures | Assemblies):
        return [], None
    there = [_bare(member) for member in states.members]
    named = []
    for place in range(len(recipe.members)):
        one = made([place])
        assert isinstance(one, Structures | Assemblies)
        if _bare(one.members[0]) in there:
            named.append(place)
    if not named or not _alike(made(named), states):
        return [], None
    return named, ["--members", ",".join(recipe.members[place] for place in named)]


def _alike(drafted: States, states: States) -> bool:
    """Return whether states are made as drafted ones: their sources may have been found and recorded since."""
    return type(drafted) is type(states) and states.with_sources(drafted.sources()) == drafted


def _bare(member: Member | Assembly) -> Member | Assembly:
    return member.model_copy(update={"source": Source(name="")}) if isinstance(member, Member) else member


def _images(images: tuple[int, ...], size: Size, chosen: Sequence[int]) -> list[str] | None:
    counts = size.images
    if images == tuple(counts if isinstance(counts, int) else counts[place] for place in chosen):
        return []
    return ["--images", str(images[0])] if len(set(images)) == 1 else None


def _rendering(states: States, size: Size) -> list[str] | None:
    if isinstance(states, Maps):
        return None
    asked, default = states.rendering, Rendering(resolution=size.resolution)
    if asked != default.model_copy(update={"resolution": asked.resolution, "density": asked.density}):
        return None
    options = [] if asked.density == default.density else ["--density", asked.density]
    return options + ([] if asked.resolution == default.resolution else ["--resolution", repr(asked.resolution)])


def _imaging(asked: ImagingSpec, size: Size) -> list[str] | None:
    default = size.imaging
    options = []
    noise = default.noise.model_copy(update={"snr": asked.noise.snr, "scope": asked.noise.scope})
    ctf = default.ctf.model_copy(update={"source": asked.ctf.source})
    if asked != default.model_copy(update={"noise": noise, "ctf": ctf}):
        return None
    if asked.noise.snr != default.noise.snr:
        if asked.noise.snr is None:
            return None
        options += ["--snr", repr(asked.noise.snr)]
    if asked.noise.scope != default.noise.scope:
        options += ["--snr-scope", asked.noise.scope]
    return options + ([] if ctf == default.ctf else ["--ctf", asked.ctf.source])
