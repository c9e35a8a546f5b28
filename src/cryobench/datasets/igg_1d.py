"""IgG-1D: an antibody, one arm (Fab) of which turns about a bond of the hinge."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cryobench.core import Coordinate, InputError, State, Volume
from cryobench.datasets.recipe import RECIPES, Ensemble, Recipe, Size
from cryobench.datasets.spec import DatasetSpec, FabTurn, Source, States
from cryobench.imaging import ImagingSpec, NoiseSpec, PoseSpec, UniformShifts
from cryobench.io import sha256
from cryobench.structures import (
    Atoms,
    ResidueRange,
    load_structure,
    render_density,
    sigma_of_resolution,
    turn_about_psi,
)
from cryobench.structures.density import CUTOFF
from cryobench.structures.synthetic_igg import synthetic_igg

_ANGLE = "angle"
_POSES = PoseSpec(shifts=UniformShifts(extent=30.0))


class IgG1D(Recipe):
    """The Fab of chains H and L turned about the CA-C bond (psi) of residue 230 of H, in equal steps."""

    title = "IgG-1D"
    summary = "An antibody (IgG), one Fab of which turns through 360° about a bond of the hinge, in equal steps."
    stand_in = "synthetic antibody built by code, in place of PDB 1HZH: not an experimental structure"
    sizes: Mapping[str, Size] = {
        "demo": Size(
            states=20,
            images_per_state=200,
            resolution=12.0,
            imaging=ImagingSpec(
                box=64, pixel_size=6.0, output_box=64, poses=_POSES, noise=NoiseSpec(snr=1.0, scope="state")
            ),
        ),
        "full": Size(
            states=100,
            images_per_state=1000,
            resolution=3.0,
            imaging=ImagingSpec(
                box=256, pixel_size=1.5, output_box=128, poses=_POSES, noise=NoiseSpec(snr=0.01, scope="state")
            ),
        ),
    }

    def states(self, structure: Path | None, resolution: float, changes: Mapping[str, Any]) -> States:
        """Return the turn of the Fab, of the synthetic antibody or of a structure in a file."""
        atoms = _atoms(structure)
        name, checksum = ("built-in", "") if structure is None else (structure.name, sha256(structure))
        default = {"moving": ("H:1-230", "L:1-214"), "axis": "H:230"}
        source = Source(name=name, title=atoms.title, sha256=checksum)
        return FabTurn(structure=source, resolution=resolution, **(default | dict(changes)))

    def ensemble(self, structure: Path | None, spec: DatasetSpec) -> Ensemble:
        """Return the antibody at equally spaced angles, all about the centre of the unturned one."""
        turn, count = spec.states, len(spec.images)
        assert isinstance(turn, FabTurn)
        atoms = _atoms(structure)
        centred = atoms.moved(atoms.coordinates - atoms.centre())
        moving = tuple(ResidueRange.parse(part) for part in turn.moving)
        axis = ResidueRange.parse(turn.axis)
        angles = 360.0 * np.arange(count) / count
        turned = [turn_about_psi(centred, moving, axis, float(angle)).coordinates for angle in angles]
        _require_fit(max(float(np.linalg.norm(points, axis=1).max()) for points in turned), turn.resolution, spec)
        radians = np.deg2rad(angles)

        def volume(state: int) -> Volume:
            imaging = spec.imaging
            return render_density(centred.moved(turned[state]), turn.resolution, imaging.box, imaging.pixel_size)

        return Ensemble(
            states=tuple(
                State(index=i, name=f"{angle:.7g}°", images=spec.images[i], variables={_ANGLE: float(angle)})
                for i, angle in enumerate(angles)
            ),
            latents=np.column_stack((np.cos(radians), np.sin(radians))).astype(np.float32),
            latent_meaning="cosine and sine of the angle by which the moving part is turned",
            coordinate=Coordinate(name=_ANGLE, unit="degrees", cyclic=True),
            volume=volume,
            resolution=turn.resolution,
        )

    def custom_summary(self, spec: DatasetSpec) -> str:
        """Return which residues of which structure turn."""
        turn = spec.states
        assert isinstance(turn, FabTurn)
        return f"{turn.structure.title}: {turn.words()}, in {len(spec.images)} equal steps through 360°."


def _atoms(structure: Path | None) -> Atoms:
    return synthetic_igg() if structure is None else load_structure(structure)


def _require_fit(radius: float, resolution: float, spec: DatasetSpec) -> None:
    """Raise unless each state, with the tails of its Gaussians, stays in the box however it is turned and shifted."""
    imaging = spec.imaging
    if resolution < imaging.pixel_size:
        raise InputError(
            f"a resolution of {resolution:g} Å is finer than a pixel of {imaging.pixel_size:g} Å: "
            "choose at least the pixel size, better twice that"
        )
    shifts = imaging.poses.shifts
    reach = radius + CUTOFF * sigma_of_resolution(resolution)
    reach += shifts.extent if isinstance(shifts, UniformShifts) else 3 * shifts.sigma
    held = imaging.box * imaging.pixel_size / 2
    if reach > held:
        raise InputError(
            f"the shifted structure reaches {reach:.0f} Å from the centre, but a box of {imaging.box} pixels of "
            f"{imaging.pixel_size:g} Å holds {held:.0f} Å: "
            f"choose a box of at least {2 * math.ceil(reach / imaging.pixel_size)} pixels"
        )


RECIPES.add("igg-1d", IgG1D())
