"""``cryobench submission init``: a submission folder to fill."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pydantic
import typer

from cryobench.cli.console import console, mendable_errors
from cryobench.cli.scores import DatasetFolder
from cryobench.core import InputError, MethodCard, OutputError
from cryobench.datasets import load_dataset
from cryobench.io import write_text
from cryobench.methods import SubmissionManifest
from cryobench.methods.submission_manifest import SUBMISSION

EPILOG = """Examples:

  cryobench submission init my_submission --dataset igg-1d --name my-method

  cryobench submission init my_submission --dataset igg-1d --name my-method --version 2.1 --kind ab-initio"""

_NEXT = """\
Wrote {path}. Put any of these beside it, a row for each of the {n:,} particles in the order of the dataset:

  latents.npy        ({n}, d) real numbers: latent coordinates
  labels.npy         ({n},) whole numbers: the class of each particle
  posteriors.npy     ({n}, K) real numbers: the probability of each class, each row with the sum 1
  poses.npz          rotations ({n}, 3, 3), active; translations ({n}, 2) in Å, (x, y), those that centre the image
  volumes/index.csv  file,particle (or file,class): which map is whose; the maps beside it
  volumes/*.mrc      maps of {box} voxels of {size:g} Å, indexed [z, y, x], in the dataset's frame

Which volumes are wanted: cryobench queries {dataset} -n 100 -o wanted.csv
Fill in method.summary, seconds and device in {path}.
Then: cryobench submission check {folder} --dataset {dataset}"""


class Kind(StrEnum):
    """Whether poses were given or found."""

    fixed_pose = "fixed-pose"
    ab_initio = "ab-initio"


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make.")],
    dataset: DatasetFolder,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the method, as results will have it.")],
    version: Annotated[str, typer.Option("--version", help="Version of the program.")] = "unknown",
    kind: Annotated[Kind, typer.Option(help="Whether the method was given the poses or found them.")] = Kind.fixed_pose,
    summary: Annotated[str, typer.Option(help="What the method is, in a sentence.")] = "",
) -> None:
    """Write the submission.json of a new submission, and say what belongs beside it. Nothing is overwritten."""
    with mendable_errors("nothing was written"):
        path = folder / SUBMISSION
        if path.exists() or path.is_symlink():
            raise OutputError(f"{path} exists: choose another folder, or edit the file")
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file: choose a folder")
        known = load_dataset(dataset)
        particles = known.particles
        try:
            manifest = SubmissionManifest(
                method=MethodCard(name=name, version=version, role="method", summary=summary),
                dataset=known.card.id,
                dataset_checksum=known.card.checksum,
                kind=kind.value,
                particles=len(particles),
                device="",
            )
        except pydantic.ValidationError as error:
            raise InputError(f"--name: {error.errors()[0]['msg']}") from error
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, manifest.model_dump_json(indent=1) + "\n")
        text = _NEXT.format(
            path=path, folder=folder, dataset=dataset, n=len(particles), box=particles.box, size=particles.pixel_size
        )
        console.print(text, markup=False, soft_wrap=True)
