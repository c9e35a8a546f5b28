"""CTF parameters drawn from formulas: a typical session, and fits to the tables of real datasets.

There is no preset of EMPIAR-11247, whose CTF parameters the published sets use: its table was not available.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from cryobench.core import Registry

Row = tuple[float, float, float, float, float, float, float]
"""CTF parameters of one particle, in the order of :data:`cryobench.core.CTF_COLUMNS`."""

Z95 = 1.6448536269514722
"""The 95 % quantile of the standard normal distribution."""


@runtime_checkable
class CTFPreset(Protocol):
    """A distribution of CTF parameters."""

    @property
    def title(self) -> str:
        """What it is, in words."""
        ...

    def draw(self, generator: np.random.Generator) -> Row:
        """Return the parameters of one particle."""
        ...


@dataclass(frozen=True)
class TwoPieceNormal:
    """A normal distribution with its own standard deviation on each side of the median.

    Parameters
    ----------
    median, below, above
        The median, and the standard deviations of the half normal distributions on either side of it. Each half holds
        half of the probability, so the density jumps at the median where they differ.
    """

    median: float
    below: float
    above: float

    @classmethod
    def from_quantiles(cls, low: float, median: float, high: float) -> TwoPieceNormal:
        """Return the one with these 5 %, 50 % and 95 % quantiles."""
        return cls(median, (median - low) / Z95, (high - median) / Z95)

    @classmethod
    def from_mean(cls, low: float, mean: float, high: float) -> TwoPieceNormal:
        """Return the one with these 5 % and 95 % quantiles and this mean.

        A half normal distribution has its mean sqrt(2 / pi) standard deviations from its edge, so that
        mean = median + (above - below) / sqrt(2 pi) = median + c (low + high - 2 median) with c = 1 / (Z95 sqrt(2 pi)).

        Raises
        ------
        ValueError
            If the median would not lie between the quantiles.
        """
        c = 1 / (Z95 * math.sqrt(2 * math.pi))
        median = (mean - c * (low + high)) / (1 - 2 * c)
        if not low <= median <= high:
            raise ValueError(f"no two-piece normal distribution has the mean {mean} and the quantiles {low} and {high}")
        return cls.from_quantiles(low, median, high)

    def at(self, z: float) -> float:
        """Return the value whose quantile is that of ``z`` in the standard normal distribution."""
        return self.median + z * (self.below if z < 0 else self.above)


@dataclass(frozen=True)
class TypicalSession:
    """A made-up 300 kV session, fitted to nothing.

    Defocus uniform from 10,000 to 25,000 Å, astigmatism normal with a standard deviation of 200 Å at a uniform angle,
    Cs 2.7 mm, amplitude contrast 0.1, no phase shift.
    """

    title: str = "parametric: defocus uniform from 10,000 to 25,000 Å, 300 kV"

    def draw(self, generator: np.random.Generator) -> Row:
        """Return the parameters of one particle."""
        mean, astigmatism, angle = generator.uniform(1e4, 2.5e4), generator.normal(0, 200), generator.uniform(0, 180)
        return (mean + astigmatism / 2, mean - astigmatism / 2, angle, 300.0, 2.7, 0.1, 0.0)


@dataclass(frozen=True)
class NoCTF:
    """A CTF of 1 at every frequency: amplitude contrast alone, at a phase shift of 180 degrees, without defocus."""

    title: str = "no CTF: 1 at every frequency"

    def draw(self, generator: np.random.Generator) -> Row:
        """Return the parameters of one particle."""
        del generator
        return (0.0, 0.0, 0.0, 300.0, 0.0, 1.0, 180.0)


@dataclass(frozen=True)
class FittedSession:
    """A session with the defocus and astigmatism quantiles of a real dataset's particles.

    Defocus U and astigmatism U - V are independent two-piece normals, at an angle uniform from 0 to 180 degrees. Both
    are drawn again where U or V is not above 0. No phase shift.

    Parameters
    ----------
    entry
        Accession of the dataset.
    defocus_u
        5 %, 50 % and 95 % quantiles of defocus U in Å.
    astigmatism
        5 % quantile, mean and 95 % quantile of U - V in Å.
    cs_mm, amplitude_contrast
        Spherical aberration in mm, and amplitude contrast as a fraction.
    voltage_kv
        Voltage in kV.
    """

    entry: str
    defocus_u: tuple[float, float, float]
    astigmatism: tuple[float, float, float]
    cs_mm: float
    amplitude_contrast: float
    voltage_kv: float = 300.0

    @property
    def title(self) -> str:
        """What it is, in words."""
        return f"parametric, fitted to the defocus and astigmatism quantiles of {self.entry}'s table; not its rows"

    def draw(self, generator: np.random.Generator) -> Row:
        """Return the parameters of one particle."""
        u_model = TwoPieceNormal.from_quantiles(*self.defocus_u)
        difference = TwoPieceNormal.from_mean(*self.astigmatism)
        u = v = 0.0
        while u <= 0 or v <= 0:
            u = u_model.at(generator.standard_normal())
            v = u - difference.at(generator.standard_normal())
        return (u, v, generator.uniform(0, 180), self.voltage_kv, self.cs_mm, self.amplitude_contrast, 0.0)


_TABLES = (
    ("EMPIAR-10028", (13400.0, 20130.0, 27700.0), (-309.0, -157.0, 123.0), 2.0, 0.1),
    ("EMPIAR-10049", (14280.0, 18840.0, 22050.0), (-300.0, 159.0, 386.0), 2.0, 0.1),
    ("EMPIAR-10076", (10490.0, 17910.0, 24430.0), (-829.0, 72.0, 1080.0), 2.7, 0.07),
    ("EMPIAR-10180", (8196.0, 16920.0, 28340.0), (-875.0, 214.0, 1215.0), 2.7, 0.1),
)

CTF_PRESETS: Registry[CTFPreset] = Registry("CTF preset")
CTF_PRESETS.add("parametric", TypicalSession())
CTF_PRESETS.add("none", NoCTF())
for _table in _TABLES:
    CTF_PRESETS.add(_table[0].lower(), FittedSession(*_table))
