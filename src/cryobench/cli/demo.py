"""``cryobench demo``: everything at a small size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from cryobench.benchmark import RESULT_FILES, run_methods, score_run, write_results, write_submissions
from cryobench.cli.console import console, mendable_errors, progress_bars
from cryobench.cli.options import Overwrite, Threads
from cryobench.cli.summary import print_summary
from cryobench.core import InputError
from cryobench.datasets import Inputs, build_dataset, load_dataset, prepare_inputs
from cryobench.io import check_output, write_bytes, write_text
from cryobench.methods import METHODS, find_method
from cryobench.ops.threads import get_threads, set_threads

EPILOG = """Examples:

  cryobench demo -o demo --seed 1

  cryobench demo -o demo-1hzh --structure 1hzh.pdb.gz --ctf ctf.pkl

It makes DIR/dataset, DIR/submissions, DIR/results.json, DIR/overview.png and DIR/report.html."""

_MEASURES = ("neighborhood-similarity", "information-imbalance", "classes")

_RESULTS = ("report.html", "overview.png", *RESULT_FILES)


def demo(
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for everything.")] = Path(
        "cryobench-demo"
    ),
    seed: Annotated[int, typer.Option(help="The same seed gives the same images and scores.")] = 1,
    structure: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="PDB or mmCIF file (.gz too) in place of the synthetic antibody."),
    ] = None,
    moving: Annotated[
        str | None, typer.Option(metavar="RANGES", help="Residues that turn.", show_default="H:1-230,L:1-214")
    ] = None,
    axis: Annotated[
        str | None,
        typer.Option(metavar="RESIDUE", help="Residue about whose CA-C bond they turn.", show_default="H:230"),
    ] = None,
    ctf: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="CTF table to draw from: cryoDRGN .pkl, .npy or .npz of its columns, .star, .cs; or a preset's name.",
            show_default="a parametric distribution",
        ),
    ] = None,
    methods: Annotated[
        str,
        typer.Option(metavar="NAMES", help="Methods to run, separated by commas; kclasses:16 sets a number."),
    ] = "oracle,ppca,consensus,shuffle",
    states: Annotated[int | None, typer.Option(help="Number of conformations.", show_default="20")] = None,
    images: Annotated[int | None, typer.Option(help="Images of each conformation.", show_default="200")] = None,
    box: Annotated[int | None, typer.Option(help="Box size in pixels, even.", show_default="64")] = None,
    pixel_size: Annotated[float | None, typer.Option(help="Pixel size in Å.", show_default="6")] = None,
    resolution: Annotated[
        float | None, typer.Option(help="Resolution of the true maps in Å.", show_default="12")
    ] = None,
    snr: Annotated[float | None, typer.Option(help="Signal-to-noise ratio.", show_default="1")] = None,
    threads: Threads = None,
    overwrite: Overwrite = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on in that folder: keep images that are finished and unchanged.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be made, and make nothing.")] = False,
) -> None:
    """Simulate a small dataset with known truth, run built-in methods on it, score them and write a report.

    An antibody (IgG), one Fab of which turns through 360° (dataset igg-1d at demo size). A minute or two of work.
    """
    with mendable_errors():
        names = [name.strip() for name in methods.split(",") if name.strip()]
        if not names:
            raise InputError(f"no method to run: give --methods one or more of {', '.join(METHODS)}")
        for name in names:
            find_method(name)  # an unknown name should stop us before any work
        if threads is not None:
            set_threads(threads)
        sizes = {"box": box, "output_box": box, "pixel_size": pixel_size}
        imaging: dict[str, object] = {key: value for key, value in sizes.items() if value is not None}
        if snr is not None:
            imaging["noise"] = {"snr": snr}
        turn = {"moving": tuple(moving.split(",")) if moving else None, "axis": axis}
        inputs = prepare_inputs(
            "igg-1d:standin" if structure is None else "igg-1d",
            "demo",
            seed,
            structure=structure,
            ctf=ctf,
            states=states,
            images_per_state=images,
            resolution=resolution,
            motion={key: value for key, value in turn.items() if value is not None},
            imaging=imaging,
        )
        for name in names:
            find_method(name).require(inputs.spec.particles)
        check_output(output, overwrite=overwrite, resume=resume, advice="add --resume to go on there, ")
        if dry_run:
            _print_plan(inputs, names, output)
            return
        output.mkdir(exist_ok=True)
        for name in _RESULTS:
            (output / name).unlink(missing_ok=True)  # of an earlier run: they must not stand beside another dataset
        from cryobench.report import overview_figure, render_report  # noqa: PLC0415 (half a second to load)

        with progress_bars() as progress:
            folder = output / "dataset"
            build_dataset(inputs, folder, progress, resume=resume)
            dataset = load_dataset(folder)
            submissions = run_methods(dataset, names, seed, progress)
            write_submissions(dataset, submissions, output / "submissions")
            results = score_run(dataset, [submission for submission, _ in submissions], seed, progress, _MEASURES)
        write_results(results, output)
        write_bytes(output / "overview.png", overview_figure(results))
        write_text(output / "report.html", render_report([results]))
        print_summary(results.document, str(output / "results.json"))
        console.print(f"\nReport: {output / 'report.html'}", markup=False, soft_wrap=True)


def _print_plan(inputs: Inputs, names: list[str], output: Path) -> None:
    spec = inputs.spec
    box = spec.imaging.output_box
    states = len(spec.images)
    maps = states * (1 + len(names))
    size = 4 * (spec.particles * box**2 + maps * box**3) / 2**20
    plan = Table(show_header=False, box=None, title="Dry run: nothing is made", title_justify="left")
    rows = {
        "dataset": spec.id,
        **spec.states.facts(),
        "CTF": spec.ctf.words(),
        "particles": f"{spec.particles:,}: {states} states, box {box}, {spec.imaging.output_pixel_size:g} Å/px, "
        f"SNR {spec.imaging.noise.snr:g}",
        "methods": ", ".join(names),
        "threads": str(get_threads()),
        "on disk": f"up to {size:.0f} MB of images and maps in {output}",
    }
    for label, text in rows.items():
        plan.add_row(label, escape(text))
    console.print(plan)
