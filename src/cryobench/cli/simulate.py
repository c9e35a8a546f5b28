"""``cryobench simulate``: particle images of given maps, as a dataset with known truth."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.options import Overwrite, Threads
from cryobench.core import InputError
from cryobench.datasets import (
    SPEC_SUFFIXES,
    Inputs,
    SimulationSpec,
    check_simulation,
    prepare_simulation,
    read_spec,
    simulate_inputs,
    spec_facts,
    with_changes,
)
from cryobench.ops.threads import get_threads, set_threads

EPILOG = """Examples:

  cryobench simulate maps/ -N 1000 -o particles --output-box 128 --snr 0.01 --ctf empiar-10028

  cryobench simulate spec.toml -o particles --seed 2

An option takes the place of what the spec says. If the same command is given again, it goes on where it stopped."""


def simulate(
    source: Annotated[
        list[Path],
        typer.Argument(metavar="SOURCE...", help="Maps (.mrc) and folders of them, or one spec (.yaml, .toml, .json)."),
    ],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Dataset folder to make.")],
    images: Annotated[
        int | None, typer.Option("-N", "--images", help="Images of each map.", show_default="1000")
    ] = None,
    output_box: Annotated[
        int | None, typer.Option(help="Box of the images in pixels.", show_default="that of the maps")
    ] = None,
    apix: Annotated[
        float | None, typer.Option("--apix", metavar="Å", help="Pixel size.", show_default="what the headers say")
    ] = None,
    snr: Annotated[
        float | None, typer.Option(help="Signal-to-noise ratio at the maps' box.", show_default="0.1")
    ] = None,
    no_noise: Annotated[bool, typer.Option("--no-noise", help="Leave the noise out.")] = False,
    snr_scope: Annotated[
        str | None,
        typer.Option(metavar="state|dataset", help="Whose images the signal is measured on.", show_default="dataset"),
    ] = None,
    noise: Annotated[
        str | None,
        typer.Option(
            metavar="COLOUR",
            help="white, power-law:EXPONENT, or a file of two columns: frequency in 1/Å, and power.",
            show_default="white",
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
    ctf_in_order: Annotated[
        bool, typer.Option("--ctf-in-order", help="Row i of the table for image i, as for poses of the same file.")
    ] = False,
    phase_shift: Annotated[
        float | None, typer.Option(metavar="DEGREES", help="Phase shift of a phase plate.", show_default="none")
    ] = None,
    b_factor: Annotated[
        float | None, typer.Option(metavar="Å²", help="B of the envelope exp(-B s²/4).", show_default="0")
    ] = None,
    poses: Annotated[
        str | None,
        typer.Option(
            metavar="SOURCE",
            help="uniform, preferred:STRENGTH (0 to 1), grid:LEVEL, or a file: .pkl, .star, .cs.",
            show_default="uniform",
        ),
    ] = None,
    shift: Annotated[
        float | None, typer.Option(metavar="Å", help="Shifts are uniform within ± this.", show_default="30")
    ] = None,
    contrast: Annotated[
        float | None,
        typer.Option(metavar="SD", help="Standard deviation of each image's own contrast factor.", show_default="0"),
    ] = None,
    not_inverted: Annotated[
        bool, typer.Option("--not-inverted", help="Leave the particle dark, as the CTF makes it.")
    ] = False,
    seed: Annotated[
        int | None,
        typer.Option(
            help="The same seed gives the same bytes, and other maps the same poses and noise.", show_default="0"
        ),
    ] = None,
    chunk: Annotated[
        int | None, typer.Option(help="Images at a time; no byte depends on it.", show_default="by memory")
    ] = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")] = False,
) -> None:
    """Make particle images of maps: project, shift, CTF, noise, contrast sign, crop, in one stream.

    The dataset folder holds the images, poses and CTF for RELION, cryoDRGN and cryoSPARC, and the truth.
    """
    with mendable_errors("what is finished is kept, give the same command again to go on"):
        if threads is not None:
            set_threads(threads)
        if no_noise and any(option is not None for option in (snr, snr_scope, noise)):
            raise InputError("--no-noise leaves the noise out: leave --snr, --snr-scope and --noise out too")
        changes: dict[str, Any] = {
            "images": images,
            "pixel_size": apix,
            "seed": seed,
            "imaging": {
                "output_box": output_box,
                "b_factor": b_factor,
                "contrast": contrast,
                "sign": 1 if not_inverted else None,
                "ctf": {"source": ctf, "phase_shift": phase_shift, "shuffle": False if ctf_in_order else None},
                "noise": {
                    "snr": "none" if no_noise else snr,
                    "scope": snr_scope,
                    "colour": None if noise is None else _colour(noise),
                },
                "poses": {
                    "rotations": None if poses is None else _rotations(poses),
                    "shifts": None if shift is None else {"kind": "uniform", "extent": shift},
                },
            },
        }
        spec = with_changes(_spec(source), _given(changes))
        inputs = prepare_simulation(spec)
        check_simulation(output, overwrite=overwrite)
        _print_plan(inputs, output, dry_run=dry_run)
        if dry_run:
            return
        start = time.monotonic()
        with progress_bars() as progress:
            made = simulate_inputs(inputs, output, progress=progress, overwrite=overwrite, chunk=chunk)
        if made:
            seconds = time.monotonic() - start
            each = 1000 * seconds / inputs.spec.particles
            console.print(f"Made in {seconds:.0f} s, {each:.1f} ms an image: {output}", markup=False, soft_wrap=True)
        else:
            console.print(f"Nothing to do: {output} holds this dataset, complete and unchanged", soft_wrap=True)


def _spec(source: list[Path]) -> SimulationSpec:
    specs = [path for path in source if path.suffix in SPEC_SUFFIXES]
    if specs and len(source) > 1:
        raise InputError(f"{specs[0]} is a spec, and names its maps itself: give one spec, or maps")
    if specs:
        return read_spec(specs[0])
    return read_spec({"volumes": tuple(source)})


def _given(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the settings that were given, nested as they are."""
    nested = {name: _given(value) if isinstance(value, dict) else value for name, value in changes.items()}
    return {name: value for name, value in nested.items() if value is not None and value != {}}


def _colour(text: str) -> dict[str, Any]:
    kind, _, number = text.partition(":")
    if text == "white":
        return {"kind": "white"}
    if kind == "power-law":
        return {"kind": "power-law", "exponent": _number(number, text, "power-law:-1")}
    return {"kind": "spectrum", "file": _file(text, "white, power-law:EXPONENT")}


def _rotations(text: str) -> dict[str, Any]:
    kind, _, number = text.partition(":")
    if text in {"uniform", "preferred"}:
        return {"kind": text}
    if kind == "preferred":
        return {"kind": "preferred", "strength": _number(number, text, "preferred:0.5")}
    if kind == "grid":
        return {"kind": "grid", "level": _number(number, text, "grid:2")}
    return {"kind": "file", "file": _file(text, "uniform, preferred:STRENGTH, grid:LEVEL")}


def _number(text: str, whole: str, example: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise InputError(f"'{whole}' has no number after a colon: expected something like {example}") from error


def _file(text: str, kinds: str) -> str:
    if not Path(text).is_file():
        raise InputError(f"'{text}' is neither one of {kinds} nor a file")
    return text


def _print_plan(inputs: Inputs, output: Path, *, dry_run: bool) -> None:
    spec = inputs.spec
    box = spec.imaging.output_box
    size = 4 * (spec.particles * box**2 + len(spec.images) * box**3) / 1e6
    title = "Dry run: nothing is made" if dry_run else None
    plan = Table(show_header=False, box=None, title=title, title_justify="left")
    rows = spec_facts(spec) | {"Threads": str(get_threads()), "On disk": f"about {max(size, 1):,.0f} MB in {output}"}
    for label, text in rows.items():
        plan.add_row(label, escape(text))
    console.print(plan)
