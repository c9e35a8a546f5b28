"""``cryobench datasets build``: a benchmark dataset, or one of a user's own."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.datasets.rows import print_facts
from cryobench.cli.options import Overwrite, Threads
from cryobench.core import InputError
from cryobench.datasets import (
    SPEC_SUFFIXES,
    Inputs,
    available_members,
    check_simulation,
    disk_size,
    plan_build,
    prepare_inputs,
    prepare_simulation,
    read_spec,
    simulate_inputs,
    spec_facts,
    with_changes,
)
from cryobench.ops.threads import get_threads, set_threads

EPILOG = """Examples:

  cryobench datasets build igg-1d --scale small -o igg-1d

  cryobench datasets build ribosembly:standin --scale demo -o ribosembly-standin

  cryobench datasets build tomotwin-100 --members available --scale small -o tomotwin

  cryobench datasets build my-set.yaml -o my-set --dry-run

If the same command is given again, it goes on where it stopped. Structures are fetched into the cache folder
(CRYOBENCH_CACHE, by default the platform's); a stand-in (NAME:standin) needs none."""


def build(
    source: Annotated[
        str, typer.Argument(metavar="NAME|SPEC", help="A dataset (cryobench datasets list), or a spec file.")
    ],
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="DIR", help="Folder to make.", show_default="the name")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(
            metavar="demo|small|full", help="Size of the build; full is the published one.", show_default="full"
        ),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same bytes.", show_default="0")] = None,
    structure: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A structure of your own, for igg-1d and igg-rl.")
    ] = None,
    moving: Annotated[
        str | None,
        typer.Option(metavar="RANGES", help="Residues of it that move.", show_default="H:1-230,L:1-214"),
    ] = None,
    axis: Annotated[
        str | None,
        typer.Option(metavar="RESIDUE", help="Bond that they turn about, for igg-1d.", show_default="H:230"),
    ] = None,
    linker: Annotated[
        str | None,
        typer.Option(metavar="RESIDUES", help="Linker that is drawn, for igg-rl.", show_default="H:232,H:235-238"),
    ] = None,
    members: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Only these states, separated by commas; 'available': those in the cache folder."
        ),
    ] = None,
    states: Annotated[int | None, typer.Option(help="Number of states.", show_default="that of the scale")] = None,
    images: Annotated[
        int | None, typer.Option("-N", "--images", help="Images of each state.", show_default="those of the scale")
    ] = None,
    snr: Annotated[float | None, typer.Option(help="Signal-to-noise ratio.", show_default="that of the scale")] = None,
    snr_scope: Annotated[
        str | None,
        typer.Option(
            metavar="state|dataset", help="Whose images the signal is measured on.", show_default="state, as published"
        ),
    ] = None,
    ctf: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="A preset such as empiar-10028, none, or a table: .pkl, .npz, .npy, .star, .cs.",
            show_default="parametric",
        ),
    ] = None,
    density: Annotated[
        str | None,
        typer.Option(metavar="molmap|band-limited|electron", help="How atoms become density.", show_default="molmap"),
    ] = None,
    resolution: Annotated[
        float | None, typer.Option(metavar="Å", help="Of the true maps.", show_default="that of the scale")
    ] = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be made, how large, how long; make nothing.")
    ] = False,
) -> None:
    """Build a dataset folder: particle images with known truth, for RELION, cryoDRGN and cryoSPARC.

    A published dataset or its offline stand-in by name, or your own from a spec (cryobench datasets init).
    """
    with mendable_errors("what is finished is kept, give the same command again to go on"):
        if threads is not None:
            set_threads(threads)
        is_spec = source.endswith(SPEC_SUFFIXES)
        imaging: dict[str, Any] = {}
        if snr is not None or snr_scope is not None:
            noise = {"snr": snr, "scope": snr_scope}
            imaging["noise"] = {name: value for name, value in noise.items() if value is not None}
        if ctf is not None:
            imaging["ctf"] = {"source": ctf}
        rendering = {"density": density, "resolution": resolution}
        rendering = {name: value for name, value in rendering.items() if value is not None}
        folder = Path(_default_folder(source)) if output is None else output
        check_simulation(folder, overwrite=overwrite)
        with progress_bars() as progress:
            if is_spec:
                given = {"--scale": scale, "--structure": structure, "--members": members, "--states": states}
                given |= {"--moving": moving, "--axis": axis, "--linker": linker}
                for option, value in given.items():
                    if value is not None:
                        raise InputError(f"{option} is for the datasets that have a name: change the spec instead")
                changes = {"imaging": imaging, "rendering": rendering, "seed": seed, "images": images}
                changes = {name: value for name, value in changes.items() if value not in (None, {})}
                inputs = prepare_simulation(with_changes(read_spec(source), changes), progress)
            else:
                motion = {"moving": _listed(moving), "axis": axis, "linker": _listed(linker)}
                inputs = prepare_inputs(
                    source,
                    "full" if scale is None else scale,
                    0 if seed is None else seed,
                    structure=structure,
                    states=states,
                    images_per_state=images,
                    members=_members(source, members),
                    motion={name: value for name, value in motion.items() if value is not None},
                    rendering=rendering,
                    imaging=imaging,
                    progress=progress,
                )
            if dry_run:
                _print_plan(inputs, folder)
                return
        print_facts(_facts(inputs) | {"On disk": f"about {_size(disk_size(inputs.spec))} in {folder}"})
        if inputs.spec.scale == "full":
            note = "This is the published size: --scale demo makes a small one, --dry-run says how long it takes."
            console.print(note, markup=False, soft_wrap=True)
        start = time.monotonic()
        with progress_bars() as progress:
            made = simulate_inputs(inputs, folder, progress=progress, overwrite=overwrite)
        if made:
            seconds = time.monotonic() - start
            console.print(f"Made in {seconds:.0f} s: {folder}", markup=False, soft_wrap=True)
            console.print(f"Its card is {folder / 'README.md'}", markup=False, soft_wrap=True)
        else:
            console.print(f"Nothing to do: {folder} holds this dataset, complete and unchanged", soft_wrap=True)


def _listed(text: str | None) -> tuple[str, ...] | None:
    """Return the parts of a list that is separated by commas."""
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _members(name: str, text: str | None) -> list[str] | None:
    """Return the names of the states asked for."""
    named = _listed(text)
    if named is None:
        return None
    return available_members(name) if named == ("available",) else [part.lower() for part in named]


def _default_folder(source: str) -> str:
    return Path(source).stem if source.endswith(SPEC_SUFFIXES) else source.replace(":", "-")


def _facts(inputs: Inputs) -> dict[str, str]:
    facts = {"Dataset": f"{inputs.spec.id}, scale {inputs.spec.scale}", **spec_facts(inputs.spec)}
    if inputs.stand_in:
        facts["STAND-IN"] = inputs.stand_in
    return facts


def _print_plan(inputs: Inputs, folder: Path) -> None:
    plan = plan_build(inputs)
    threads = get_threads()
    facts = _facts(inputs) | {
        "On disk": f"about {_size(plan.disk)} in {folder}",
        "Time": f"about {_duration(plan.seconds)} with {threads} thread{'s' if threads > 1 else ''}, measured on a few "
        "images",
        "Memory": f"about {_size(plan.memory)}, measured on a few images",
    }
    print_facts(facts, title="Dry run: nothing is made")
    for note in inputs.notes:
        console.print(f"- {note}", markup=False)


def _size(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 1):.0f} MB"


def _duration(seconds: float) -> str:
    for unit, length in (("hours", 3600.0), ("minutes", 60.0)):
        if seconds >= 1.5 * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{max(seconds, 1):.0f} s"
