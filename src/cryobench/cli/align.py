"""``cryobench align``: one map brought onto another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from scipy.spatial.transform import Rotation

from cryobench.align import Alignment, Transform, align_volumes, transform_volume
from cryobench.cli.console import console, mendable_errors
from cryobench.cli.options import Threads
from cryobench.cli.stage import use_threads
from cryobench.core import InputError, Volume
from cryobench.io import read_volume, write_text, write_volume

EPILOG = """Examples:

  cryobench align recovered.mrc true.mrc -o aligned.mrc

  cryobench align recovered.mrc true.mrc -o aligned.mrc --flip --json transform.json"""

Apix = Annotated[
    float | None,
    typer.Option("--apix", "--Apix", metavar="Å", help="Pixel size.", show_default="what the headers say"),
]


def align(
    moving: Annotated[Path, typer.Argument(metavar="MOVING", help="Map to be moved.")],
    reference: Annotated[Path, typer.Argument(metavar="REF", help="Map that stays.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="The moved map, as MRC.")],
    flip: Annotated[
        bool | None,
        typer.Option(
            "--flip/--no-flip",
            help="Take the mirror image of MOVING, or MOVING as it is.",
            show_default="the better of both",
        ),
    ] = None,
    apix: Apix = None,
    transform: Annotated[
        Path | None, typer.Option("--json", metavar="JSON", help="Write the transform there.", show_default=False)
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace what is there.")] = False,
    threads: Threads = None,
) -> None:
    """Bring a map onto another: turn, shift and hand, found without a starting point."""
    with mendable_errors("nothing was written"):
        use_threads(threads)
        require_own_files([moving, reference], [output, transform])
        for path in (output, transform):
            if path is not None and path.exists() and not overwrite:
                raise InputError(f"{path} is there already: add --overwrite to replace it, or choose another name")
        first, second = read_volume(moving, apix), read_volume(reference, apix)
        if flip:
            first = transform_volume(first, Transform(np.eye(3), np.zeros(3), mirrored=True))
        found = align_volumes(first, second, handedness=flip is None)
        print_alignment(found, mirrored=bool(flip) or found.mirrored)
        for path in (output, transform):
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
        write_volume(output, found.volume)
        if transform is not None:
            write_text(transform, json.dumps(_record(found, bool(flip) or found.mirrored), indent=1) + "\n")
        written = [str(path) for path in (output, transform) if path is not None]
        console.print(f"Written: {', '.join(written)}", markup=False, soft_wrap=True)


def require_own_files(read: Iterable[Path | None], written: Iterable[Path | None]) -> None:
    """Raise unless each output is a file of its own, and none of those that are read.

    Raises
    ------
    InputError
        Naming the file that would be lost.
    """
    taken = {path.resolve() for path in read if path is not None}
    for path in written:
        if path is not None:
            if path.resolve() in taken:
                raise InputError(f"{path} is named twice: choose another name for what is written")
            taken.add(path.resolve())


def print_alignment(found: Alignment[Volume], *, mirrored: bool | None = None) -> None:
    """Print by how much a map was moved, and what is odd about it."""
    angle = np.rad2deg(Rotation.from_matrix(found.rotation).magnitude())
    shift = ", ".join(f"{each:.2f}" for each in found.shift)
    hand = "mirrored (z to -z), " if (found.mirrored if mirrored is None else mirrored) else ""
    margin = "" if found.hand_margin is None else f"; the other hand is worse by {found.hand_margin:.3f} of mean FSC"
    console.print(f"Aligned: {hand}turned by {angle:.2f}°, shifted by ({shift}) voxels{margin}.", soft_wrap=True)
    console.print(f"Correlation of the voxels: {found.correlation:.4f}")
    for flag in found.flags:
        console.print(f"! {flag}", markup=False)


def _record(found: Alignment[Volume], mirrored: bool) -> dict[str, object]:
    return {
        "convention": "density at p (x, y, z about the voxel with index D/2) lands at rotation M p + shift, where M "
        "makes z of -z if mirrored",
        "rotation": found.rotation.tolist(),
        "shift_voxels_xyz": found.shift.tolist(),
        "mirrored": mirrored,
        "correlation": found.correlation,
        "hand_margin": found.hand_margin,
        "flags": list(found.flags),
    }
