"""``cryobench fsc per-conformation`` and ``per-image``: the volumes of a method."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from cryobench.benchmark import PER_CONFORMATION, PER_IMAGE
from cryobench.cli.align import Apix
from cryobench.cli.console import mendable_errors, progress_bars
from cryobench.cli.fsc.scoring import Align, Frame, score, show, write
from cryobench.cli.fsc.sources import Draw, PublishedCall, of_published, of_submission
from cryobench.cli.options import AnyDataset, Threads
from cryobench.cli.stage import use_threads
from cryobench.core import InputError

EPILOG = """Examples:

  cryobench fsc per-conformation demo/submissions/ppca --dataset demo/dataset -o scores

  cryobench fsc per-image demo/submissions/oracle --dataset demo/dataset -o scores -n 100

  cryobench fsc per-conformation --input-dir results/cryodrgn --epoch 19 --apix 3.0 -o output
  --method cryodrgn --gt-dir gt_vols --mask mask.mrc --num-imgs 1000 --num-vols 100

The last form is that of the published scripts. Volumes are those (.mrc) in OUTPUT/METHOD/per_conf_fsc/vols or in the
input folder, one for each that is scored; without any, cryoDRGN's eval_vol makes them of z.EPOCH.pkl and
weights.EPOCH.pkl."""

Submission = Annotated[
    Path | None, typer.Argument(metavar="[SUBMISSION]", help="Submission folder.", show_default=False)
]
Dataset = Annotated[
    Path | None, typer.Option("--dataset", metavar="DIR", help="Dataset folder: the truth.", show_default=False)
]
Output = Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for tables and plots.")]
InputDir = Annotated[
    Path | None, typer.Option("--input-dir", metavar="DIR", help="A method's folder.", show_default=False)
]
Epoch = Annotated[int | None, typer.Option(help="Epoch of the latents and weights.", show_default="z.pkl, weights.pkl")]
Method = Annotated[
    str, typer.Option("--method", metavar="NAME", help="Name of the method.", show_default="of the folder")
]
GtDir = Annotated[
    Path | None, typer.Option("--gt-dir", metavar="DIR", help="Folder of the true maps.", show_default=False)
]
Mask = Annotated[Path | None, typer.Option(metavar="MRC", help="Mask, with --gt-dir.", show_default="none")]
NumImgs = Annotated[int, typer.Option("--num-imgs", metavar="N", help="Images of each state.")]
NumVols = Annotated[int | None, typer.Option("--num-vols", metavar="N", help="Number of states.", show_default=False)]
Labels = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="State of each particle (.npy, .pkl), in place of the two.", show_default=False),
]
Command = Annotated[str, typer.Option(metavar="WORDS", help="What runs cryoDRGN.")]
Keep = Annotated[bool, typer.Option("--keep-volumes", help="Keep the volumes that are made.")]
Moving = Annotated[bool, typer.Option("--moving", help="With --gt-dir: score the region of differences too.")]
Published = Annotated[bool, typer.Option("--published-files", help="Write the published text files (pixres fsc) too.")]
Seed = Annotated[int, typer.Option(min=0, help="Of the draw of particles and of resampling.")]


def per_conformation(
    submission: Submission = None,
    dataset: Dataset = None,
    output: Output = Path("output_fsc"),
    input_dir: InputDir = None,
    epoch: Epoch = None,
    apix: Apix = None,
    method: Method = "",
    gt_dir: GtDir = None,
    mask: Mask = None,
    num_imgs: NumImgs = 1000,
    num_vols: NumVols = None,
    labels: Labels = None,
    align: Align = Frame.none,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Compare the map of each state with every true one.")
    ] = False,
    moving: Moving = False,
    command: Command = "cryodrgn",
    keep_volumes: Keep = False,
    published_files: Published = False,
    seed: Seed = 0,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
) -> None:
    """Score one volume of each state: that at the particle whose latent is nearest to the state's mean."""
    with mendable_errors("what was written is kept"):
        use_threads(threads)
        call = _call(
            input_dir, method, epoch, apix, gt_dir, mask, num_imgs, num_vols, labels, command, output,
            keep=keep_volumes, moving=moving,
        )  # fmt: skip
        draw = Draw(1, stratified=False, seed=seed)
        _run(submission, dataset, call, PER_CONFORMATION, draw, align, output, any_dataset=any_dataset, matrix=matrix,
             published_files=published_files)  # fmt: skip


def per_image(
    submission: Submission = None,
    dataset: Dataset = None,
    output: Output = Path("output_fsc"),
    particles: Annotated[int, typer.Option("-n", "--particles", help="Number of particles.")] = 100,
    stratified: Annotated[
        bool, typer.Option("--stratified", help="Draw them at random within states, not every N // n-th.")
    ] = False,
    available: Annotated[
        bool, typer.Option("--available", help="Score the particles that the submission has volumes of.")
    ] = False,
    input_dir: InputDir = None,
    epoch: Epoch = None,
    apix: Apix = None,
    method: Method = "",
    gt_dir: GtDir = None,
    mask: Mask = None,
    num_imgs: NumImgs = 1000,
    num_vols: NumVols = None,
    labels: Labels = None,
    align: Align = Frame.none,
    moving: Moving = False,
    command: Command = "cryodrgn",
    keep_volumes: Keep = False,
    published_files: Published = False,
    seed: Seed = 0,
    any_dataset: AnyDataset = False,
    threads: Threads = None,
) -> None:
    """Score the volumes at some particles, each against the truth of its own state."""
    with mendable_errors("what was written is kept"):
        use_threads(threads)
        call = _call(
            input_dir, method, epoch, apix, gt_dir, mask, num_imgs, num_vols, labels, command, output,
            keep=keep_volumes, moving=moving,
        )  # fmt: skip
        _run(submission, dataset, call, PER_IMAGE, Draw(particles, stratified, seed, available), align, output,
             any_dataset=any_dataset, matrix=False, published_files=published_files)  # fmt: skip


def _call(
    input_dir: Path | None,
    method: str,
    epoch: int | None,
    apix: float | None,
    gt_dir: Path | None,
    mask: Path | None,
    num_imgs: int,
    num_vols: int | None,
    labels: Path | None,
    command: str,
    output: Path,
    *,
    keep: bool,
    moving: bool,
) -> PublishedCall | None:
    if input_dir is None:
        others = {"--method": method, "--epoch": epoch, "--apix": apix, "--gt-dir": gt_dir, "--mask": mask,
                  "--num-vols": num_vols, "--labels": labels, "--keep-volumes": keep, "--moving": moving}  # fmt: skip
        given = [flag for flag, value in others.items() if value not in {None, "", False}]
        if given:
            raise InputError(
                f"{', '.join(given)} goes with --input-dir: a submission folder has the masks of its dataset"
            )
        return None
    if labels is not None and num_vols is not None:
        raise InputError("--labels and --num-vols both say which state a particle has: give one")
    name = method or input_dir.resolve().name
    if "/" in name or name in {".", ".."}:
        raise InputError(f"--method {name}: expected a name, without a slash")
    return PublishedCall(
        input_dir, name, epoch, apix, gt_dir, mask, num_imgs, num_vols, labels, command, keep, moving, output
    )


def _run(
    submission: Path | None,
    dataset: Path | None,
    call: PublishedCall | None,
    protocol: str,
    draw: Draw,
    frame: Frame,
    output: Path,
    *,
    any_dataset: bool,
    matrix: bool,
    published_files: bool,
) -> None:
    if (submission is None) == (call is None):
        raise InputError("what is to be scored? Give either a submission folder, or --input-dir with --gt-dir")
    if call is not None and (dataset is not None or any_dataset or draw.available):
        raise InputError("--dataset, --any-dataset and --available go with a submission folder, not with --input-dir")
    if output.exists() and not output.is_dir():
        raise InputError(f"{output} is a file: give a folder with -o")

    with progress_bars() as progress, contextlib.ExitStack() as stack:
        if call is not None:
            found = stack.enter_context(of_published(call, protocol, draw, progress))
        else:
            assert submission is not None
            found = of_submission(submission, dataset, protocol, draw, any_dataset=any_dataset)
        scores, records, confused = score(found, protocol, frame, draw.seed, progress, matrix=matrix)
    show(scores, records, found.mask, found.source)
    write(output, found, scores, records, confused, published_files=published_files)
