"""The command line: ``cryobench COMMAND``."""

from __future__ import annotations

import importlib.metadata
import signal
import sys
from types import FrameType
from typing import Annotated

import typer

from cryobench.cli import add_ctf as add_ctf_command
from cryobench.cli import add_noise as add_noise_command
from cryobench.cli import align as align_command
from cryobench.cli import compare as compare_command
from cryobench.cli import demo as demo_command
from cryobench.cli import downsample as downsample_command
from cryobench.cli import latents as latents_command
from cryobench.cli import poses as poses_command
from cryobench.cli import project as project_command
from cryobench.cli import queries as queries_command
from cryobench.cli import report as report_command
from cryobench.cli import sample_ctf as sample_ctf_command
from cryobench.cli import score as score_command
from cryobench.cli import simulate as simulate_command
from cryobench.cli import umap as umap_command
from cryobench.cli.console import console
from cryobench.cli.datasets import app as datasets_app
from cryobench.cli.fsc import app as fsc_app
from cryobench.cli.leaderboard import app as leaderboard_app
from cryobench.cli.methods import app as methods_app
from cryobench.cli.submission import app as submission_app

app = typer.Typer(
    name="cryobench",
    help="Find out how well a heterogeneous cryo-EM reconstruction method recovers a molecule's many shapes.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)
app.command("demo", epilog=demo_command.EPILOG)(demo_command.demo)
app.add_typer(datasets_app)
app.add_typer(fsc_app)
app.add_typer(leaderboard_app)
app.add_typer(submission_app)
app.add_typer(methods_app)
app.command("align", epilog=align_command.EPILOG)(align_command.align)
app.command("score", epilog=score_command.EPILOG)(score_command.score)
app.command("compare", epilog=compare_command.EPILOG)(compare_command.compare)
app.command("latents", epilog=latents_command.EPILOG)(latents_command.latents)
app.command("poses", epilog=poses_command.EPILOG)(poses_command.poses)
app.command("queries", epilog=queries_command.EPILOG)(queries_command.queries)
app.command("umap", epilog=umap_command.EPILOG)(umap_command.umap)
app.command("report", epilog=report_command.EPILOG)(report_command.report)
app.command("simulate", epilog=simulate_command.EPILOG)(simulate_command.simulate)
app.command("sample-ctf", epilog=sample_ctf_command.EPILOG)(sample_ctf_command.sample_ctf)
app.command("project", epilog=project_command.EPILOG)(project_command.project)
app.command("add-ctf", epilog=add_ctf_command.EPILOG)(add_ctf_command.add_ctf)
app.command("add-noise", epilog=add_noise_command.EPILOG)(add_noise_command.add_noise)
app.command("downsample", epilog=downsample_command.EPILOG)(downsample_command.downsample)


def _print_version(asked: bool) -> None:
    if asked:
        console.print(f"cryobench {importlib.metadata.version('cryobench')}")
        raise typer.Exit


@app.callback()
def cryobench(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Find out how well a heterogeneous cryo-EM reconstruction method recovers a molecule's many shapes."""


def _terminate(number: int, frame: FrameType | None) -> None:
    """End as on an error, so that what is half-written is removed."""
    del frame
    sys.exit(128 + number)


def main() -> None:
    """Run the command line."""
    signal.signal(signal.SIGTERM, _terminate)
    app()
