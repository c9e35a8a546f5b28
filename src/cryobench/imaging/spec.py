"""How images are formed, as data."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from cryobench.core import Strict
from cryobench.imaging.ctf_draw import CTFSpec
from cryobench.imaging.pose_specs import PoseSpec


class WhiteNoise(Strict):
    """The same power at each frequency."""

    kind: Literal["white"] = "white"

    def words(self) -> str:
        """Return what it is, in words."""
        return "white, Gaussian"


class PowerLawNoise(Strict):
    """Power proportional to frequency^exponent; frequency zero has that of the lowest one above it."""

    kind: Literal["power-law"] = "power-law"
    exponent: float = Field(ge=-4, le=4)

    def words(self) -> str:
        """Return what it is, in words."""
        return f"Gaussian, power proportional to frequency^{self.exponent:g}"


class SpectrumNoise(Strict):
    """Power read off a table of (frequency in 1/Å, power), on straight lines between its points, level beyond them.

    Only the shape of the table matters: its scale follows from the signal-to-noise ratio.
    """

    kind: Literal["spectrum"] = "spectrum"
    points: tuple[tuple[Annotated[float, Field(ge=0)], Annotated[float, Field(ge=0)]], ...] = Field(min_length=1)

    def words(self) -> str:
        """Return what it is, in words."""
        return f"Gaussian, with a spectrum given at {len(self.points)} frequencies"

    @model_validator(mode="after")
    def _rises(self) -> SpectrumNoise:
        frequencies = [frequency for frequency, _ in self.points]
        if any(b <= a for a, b in itertools.pairwise(frequencies)):
            raise ValueError("the frequencies of a noise spectrum have to rise from row to row")
        if not any(power for _, power in self.points):
            raise ValueError("a noise spectrum needs a power above 0 somewhere")
        return self


Colour = Annotated[WhiteNoise | PowerLawNoise | SpectrumNoise, Field(discriminator="kind")]


class NoiseSpec(Strict):
    """How much noise, and of which colour.

    ``snr`` is the variance of the clean images (with CTF, over all pixels) over that of the noise, both at the
    simulated box before any crop; None, or the word ``none``, leaves the noise out. The clean images are those of a
    ``state``, each with a noise level of its own, or of the whole ``dataset``, where the noise cannot give the state
    away.
    """

    snr: float | None = Field(default=0.1, ge=1e-6, le=1e6)
    scope: Literal["state", "dataset"] = "dataset"
    colour: Colour = WhiteNoise()

    @field_validator("snr", mode="before")
    @classmethod
    def _a_word_for_none(cls, value: object) -> object:
        return None if value == "none" else value  # TOML has no null


class ImagingOptions(Strict):
    """How images of any volumes are formed.

    ``output_box`` is the box of the images on disk, None the simulated one. ``b_factor`` (Å^2) is that of an envelope
    exp(-B s^2 / 4) on the CTF. ``contrast`` is the standard deviation of a factor of mean 1 (log-normal) on each clean
    image. ``sign`` multiplies the finished image.
    """

    output_box: int | None = None
    poses: PoseSpec = PoseSpec()
    ctf: CTFSpec = CTFSpec()
    b_factor: float = Field(default=0.0, ge=0, le=1e5)
    contrast: float = Field(default=0.0, ge=0, le=2)
    noise: NoiseSpec = NoiseSpec()
    sign: Literal[-1, 1] = -1


class ImagingSpec(ImagingOptions):
    """How images are formed: the options, with the simulated ``box`` and ``pixel_size`` (Å)."""

    box: int = Field(ge=8, le=1024)
    pixel_size: float = Field(gt=0, le=1000)
    output_box: int = Field(ge=8, le=1024)

    @property
    def output_pixel_size(self) -> float:
        """Edge of a pixel on disk, in Å."""
        return self.pixel_size * self.box / self.output_box
