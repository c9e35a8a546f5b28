"""What ``cryobench fsc per-conformation`` and ``per-image`` are told, in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cryobench.cli.align import Apix
from cryobench.cli.options import AnyDataset, Threads
from cryobench.core import InputError


class Frame(StrEnum):
    """What is done to the volumes before they are scored."""

    none = "none"
    one = "one"
    each = "each"


@dataclass(frozen=True)
class ManyOptions:
    """A submission with its dataset, or a method's folder with the flags of the published scripts."""

    submission: Annotated[
        Path | None, typer.Argument(metavar="[SUBMISSION]", help="Submission folder.", show_default=False)
    ] = None
    dataset: Annotated[
        Path | None, typer.Option("--dataset", metavar="DIR", help="Dataset folder: the truth.", show_default=False)
    ] = None
    output: Annotated[Path, typer.Option("-o", "--output", metavar="DIR", help="Folder for tables and plots.")] = Path(
        "output_fsc"
    )
    input_dir: Annotated[
        Path | None, typer.Option("--input-dir", metavar="DIR", help="A method's folder.", show_default=False)
    ] = None
    epoch: Annotated[
        int | None, typer.Option(help="Epoch of the latents and weights.", show_default="z.pkl, weights.pkl")
    ] = None
    apix: Apix = None
    method: Annotated[
        str, typer.Option("--method", metavar="NAME", help="Name of the method.", show_default="of the folder")
    ] = ""
    gt_dir: Annotated[
        Path | None, typer.Option("--gt-dir", metavar="DIR", help="Folder of the true maps.", show_default=False)
    ] = None
    mask: Annotated[Path | None, typer.Option(metavar="MRC", help="Mask, with --gt-dir.", show_default="none")] = None
    num_imgs: Annotated[int, typer.Option("--num-imgs", metavar="N", help="Images of each state.")] = 1000
    num_vols: Annotated[
        int | None, typer.Option("--num-vols", metavar="N", help="Number of states.", show_default=False)
    ] = None
    labels: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="State of each particle (.npy, .pkl), in place of the two.", show_default=False
        ),
    ] = None
    align: Annotated[
        Frame,
        typer.Option(
            "--align",
            help="Leave the volumes, bring all to the truth by one transform, or each by its own (as published).",
        ),
    ] = Frame.none
    moving: Annotated[bool, typer.Option("--moving", help="With --gt-dir: score the region of differences too.")] = (
        False
    )
    command: Annotated[str, typer.Option(metavar="WORDS", help="What runs cryoDRGN.")] = "cryodrgn"
    keep_volumes: Annotated[bool, typer.Option("--keep-volumes", help="Keep the volumes that are made.")] = False
    published_files: Annotated[
        bool, typer.Option("--published-files", help="Write the published text files (pixres fsc) too.")
    ] = False
    sanity: Annotated[
        bool,
        typer.Option("--sanity/--no-sanity", help="Compare a submission's mean volume with the images' consensus."),
    ] = True
    seed: Annotated[int, typer.Option(min=0, help="Of the draw of particles and of resampling.")] = 0
    any_dataset: AnyDataset = False
    threads: Threads = None

    def check(self, *, available: bool = False) -> None:
        """Raise unless the flags go together.

        Raises
        ------
        InputError
            Naming those that do not.
        """
        if (self.submission is None) == (self.input_dir is None):
            raise InputError("what is to be scored? Give either a submission folder, or --input-dir with --gt-dir")
        if self.input_dir is None:
            flags = {"--method": self.method != "", "--epoch": self.epoch is not None, "--apix": self.apix is not None,
                     "--gt-dir": self.gt_dir is not None, "--mask": self.mask is not None,
                     "--num-vols": self.num_vols is not None, "--labels": self.labels is not None,
                     "--keep-volumes": self.keep_volumes, "--moving": self.moving}  # fmt: skip
            given = [flag for flag, is_given in flags.items() if is_given]
            if given:
                raise InputError(
                    f"{', '.join(given)} goes with --input-dir: a submission folder has the masks of its dataset"
                )
        elif self.dataset is not None or self.any_dataset or available:
            raise InputError(
                "--dataset, --any-dataset and --available go with a submission folder, not with --input-dir"
            )
        elif self.labels is not None and self.num_vols is not None:
            raise InputError("--labels and --num-vols both say which state a particle has: give one")
        elif "/" in self.name or self.name in {"", ".", ".."}:
            raise InputError(f"--method {self.name}: expected a name, without a slash")
        if self.output.exists() and not self.output.is_dir():
            raise InputError(f"{self.output} is a file: give a folder with -o")

    @property
    def folder(self) -> Path:
        """The method's folder, where one is given."""
        assert self.input_dir is not None
        return self.input_dir

    @property
    def name(self) -> str:
        """The method's name: that given, or that of its folder."""
        return self.method or self.folder.resolve().name
