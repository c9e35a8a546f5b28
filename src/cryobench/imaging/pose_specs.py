"""Poses as data: which distribution of rotations and shifts, or which file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from cryobench.core import Strict


class UniformRotations(Strict):
    """Rotations uniform on SO(3)."""

    kind: Literal["uniform"] = "uniform"

    def words(self) -> str:
        """Return what they are, in words."""
        return "uniform rotations"


class GridRotations(Strict):
    """The even grid of 72 * 8^level rotations: particle i has rotation i modulo their number."""

    kind: Literal["grid"] = "grid"
    level: int = Field(ge=0, le=5)

    def words(self) -> str:
        """Return what they are, in words."""
        return f"an even grid of {72 * 8**self.level:,} rotations"


class Mode(Strict):
    """A preferred viewing direction: a lobe of the von Mises-Fisher distribution.

    ``rot`` and ``tilt`` (degrees, RELION's) name its centre (cos rot sin tilt, sin rot sin tilt, cos tilt) in the
    volume's frame. The density falls as exp(concentration cos(angle to the centre)). ``weight`` is relative to the
    other modes.
    """

    rot: float = Field(ge=-360, le=360)
    tilt: float = Field(ge=-360, le=360)
    concentration: float = Field(gt=0, le=1e6)
    weight: float = Field(default=1.0, gt=0, le=1e6)


class PreferredRotations(Strict):
    """Some viewing directions more often than others, at a uniform in-plane angle.

    ``strength`` is the share of particles that belong to a mode; the others are uniform. So 0 is uniform and 1 severe:
    with the mode given here, a lobe along the volume's z axis, 93 % of the views then lie within 30 degrees of z. Of
    uniform ones 6.7 % do.
    """

    kind: Literal["preferred"] = "preferred"
    strength: float = Field(default=0.8, ge=0, le=1)
    modes: tuple[Mode, ...] = Field(default=(Mode(rot=0.0, tilt=0.0, concentration=20.0),), min_length=1)

    def words(self) -> str:
        """Return what they are, in words."""
        return f"preferred viewing directions, strength {self.strength:g}"


class FileRotations(Strict):
    """Rotations and shifts from a file: particle i has row i."""

    kind: Literal["file"] = "file"
    file: str = Field(min_length=1)

    def words(self) -> str:
        """Return what they are, in words."""
        return "rotations and shifts from a file"


class UniformShifts(Strict):
    """Shifts uniform within plus and minus ``extent`` Å on each axis.

    The default is that of the published sets: 20 pixels of 1.5 Å.
    """

    kind: Literal["uniform"] = "uniform"
    extent: float = Field(default=30.0, ge=0, le=1000)

    def words(self) -> str:
        """Return what they are, in words."""
        return f"shifts within ±{self.extent:g} Å"


class GaussianShifts(Strict):
    """Shifts normal with a standard deviation of ``sigma`` Å on each axis."""

    kind: Literal["gaussian"] = "gaussian"
    sigma: float = Field(ge=0, le=1000)

    def words(self) -> str:
        """Return what they are, in words."""
        return f"normal shifts, standard deviation {self.sigma:g} Å"


Rotations = Annotated[
    UniformRotations | GridRotations | PreferredRotations | FileRotations, Field(discriminator="kind")
]
Shifts = Annotated[UniformShifts | GaussianShifts, Field(discriminator="kind")]


class PoseSpec(Strict):
    """Where the poses come from. A file brings its own shifts, so beside one ``shifts`` is left as it is."""

    rotations: Rotations = UniformRotations()
    shifts: Shifts = UniformShifts()

    @model_validator(mode="after")
    def _a_file_brings_its_shifts(self) -> PoseSpec:
        if isinstance(self.rotations, FileRotations) and self.shifts != UniformShifts():
            raise ValueError("poses from a file bring their own shifts: leave shifts out, or take other rotations")
        return self
