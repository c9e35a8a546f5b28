"""``cryobench fsc per-conformation`` and ``per-image``: the volumes of a method."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from cryobench.benchmark import PER_CONFORMATION, PER_IMAGE
from cryobench.cli.console import mendable_errors, progress_bars
from cryobench.cli.fsc.options import ManyOptions
from cryobench.cli.fsc.scoring import sane, score, show, write
from cryobench.cli.fsc.sources import Draw, of_published, of_submission
from cryobench.cli.options import with_options
from cryobench.cli.stage import use_threads

EPILOG = """Examples:

  cryobench fsc per-conformation demo/submissions/ppca --dataset demo/dataset -o scores

  cryobench fsc per-image demo/submissions/oracle --dataset demo/dataset -o scores -n 100

  cryobench fsc per-conformation --input-dir results/cryodrgn --epoch 19 --apix 3.0 -o output
  --method cryodrgn --gt-dir gt_vols --mask mask.mrc --num-imgs 1000 --num-vols 100

The last form is that of the published scripts. Where the input folder holds z.EPOCH.pkl and weights.EPOCH.pkl,
cryoDRGN's eval_vol makes the volumes. Else they are those (.mrc) in OUTPUT/METHOD/per_conf_fsc/vols or in the input
folder, one for each that is scored."""


@with_options
def per_conformation(
    options: ManyOptions,
    matrix: Annotated[
        bool, typer.Option("--matrix", help="Compare the map of each state with every true one.")
    ] = False,
) -> None:
    """Score one volume of each state: that at the particle whose latent is nearest to the state's mean."""
    _run(options, PER_CONFORMATION, Draw(1, stratified=False, seed=options.seed), matrix=matrix)


@with_options
def per_image(
    options: ManyOptions,
    particles: Annotated[int, typer.Option("-n", "--particles", help="Number of particles.")] = 100,
    stratified: Annotated[
        bool, typer.Option("--stratified", help="Draw them at random within states, not every N // n-th.")
    ] = False,
    available: Annotated[
        bool, typer.Option("--available", help="Score the particles that the submission has volumes of.")
    ] = False,
) -> None:
    """Score the volumes at some particles, each against the truth of its own state."""
    _run(options, PER_IMAGE, Draw(particles, stratified, options.seed, available), matrix=False)


def _run(options: ManyOptions, protocol: str, draw: Draw, *, matrix: bool) -> None:
    with mendable_errors("what was written is kept"):
        use_threads(options.threads)
        options.check(available=draw.available)
        with progress_bars() as progress, contextlib.ExitStack() as stack:
            if options.submission is None:
                found = stack.enter_context(of_published(options, protocol, draw, progress))
            else:
                found = of_submission(options.submission, options, protocol, draw)
            notes = sane(found, options.align, progress) if options.sanity else ()
            scores, records, confused = score(found, protocol, options.align, draw.seed, progress, matrix=matrix)
            records = [each.model_copy(update={"flags": (*each.flags, *found.flags, *notes)}) for each in records]
        show(scores, records, found)
        write(options.output, found, scores, records, confused, published_files=options.published_files)
