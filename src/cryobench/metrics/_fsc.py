"""Fourier shell correlation (FSC) of two maps, in two named conventions.

``published``
    As the CryoBench tables were made. D/2 points; point 0 is 1 by definition; point i is the shell i - 1 <= |k| < i,
    drawn at i/D cycles per pixel. The area under the curve (AUC) is a trapezoid over i/D of the values clipped to [0,
    1]; its ceiling is (D/2 - 1)/D.
``standard``
    Shell i holds round(|k|) = i, for i = 0 ... D/2. The AUC is a trapezoid of the unclipped values divided by its own
    ceiling, so that 1 is a perfect match.

A mask multiplies both maps before the transform. Frequencies are in 1/Å, resolutions in Å.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Complex64, Float64

from cryobench.core import InputError, MetricCard, Volume
from cryobench.core.checks import require_finite
from cryobench.metrics._registry import METRICS
from cryobench.ops.fft import volume_to_fourier
from cryobench.ops.shells import shell_products

Convention = Literal["published", "standard"]
CONVENTIONS: tuple[Convention, ...] = ("standard", "published")
THRESHOLDS = (0.143, 0.5)

FSC_AUC = METRICS.add(
    "fsc-auc",
    MetricCard(
        name="fsc-auc",
        label="FSC AUC",
        summary="Area under the Fourier shell correlation between a recovered map and the true one, from zero to the "
        "Nyquist frequency. Standard: divided by the area of a perfect match, unclipped. Published: in cycles per "
        "pixel, clipped to 0 to 1, at most (D/2 - 1)/D.",
        reference="Harauz & van Heel, Optik 73 (1986) 146; Jeon et al., CryoBench, NeurIPS 2024",
        range=(None, 1.0),
        direction="higher",
        unit="",
    ),
)


@dataclass(frozen=True, eq=False)
class FSCCurve:
    """A Fourier shell correlation.

    Parameters
    ----------
    frequencies
        Where the points are drawn, in 1/Å.
    correlations
        One for each point.
    auc
        Area under the curve, as the convention defines it.
    auc_over_ceiling
        The same divided by the area of a perfect match.
    resolutions
        For each threshold (0.143, 0.5) the resolution in Å at which the curve first falls below it.
    crosses
        For each threshold whether it ever does: where it does not, the resolution is that of Nyquist.
    """

    frequencies: Float64[np.ndarray, " n"]
    correlations: Float64[np.ndarray, " n"]
    auc: float
    auc_over_ceiling: float
    resolutions: dict[float, float]
    crosses: dict[float, bool]


@dataclass(frozen=True, eq=False)
class TransformedMap:
    """The transform of a (masked) map, made once where it meets several others."""

    transform: Complex64[np.ndarray, "D D H"]
    pixel_size: float

    @property
    def box(self) -> int:
        """Edge of the map in voxels."""
        return int(self.transform.shape[0])


def transform_map(volume: Volume, mask: Volume | None = None, name: str = "the map") -> TransformedMap:
    """Return the transform of a map times a mask.

    Raises
    ------
    InputError
        If the map holds a value that is not finite, is empty or constant, or if the mask has another box.
    """
    require_finite(name, volume.data)
    if volume.data.min() == volume.data.max():
        raise InputError(f"{name} is constant ({volume.data.flat[0]:g} everywhere): there is nothing to correlate")
    data = volume.data
    if mask is not None:
        _require_same_grid(volume.box, volume.pixel_size, mask.box, mask.pixel_size, name, "the mask")
        data = data * mask.data
    return TransformedMap(volume_to_fourier(data), volume.pixel_size)


def fsc_curve(
    volume: Volume, reference: Volume, mask: Volume | None = None, convention: Convention = "standard"
) -> FSCCurve:
    """Return the Fourier shell correlation of two maps.

    Parameters
    ----------
    volume, reference
        Maps of the same box and pixel size.
    mask
        Multiplies both before the transform.
    convention
        ``"published"`` or ``"standard"``; see the module.

    Raises
    ------
    InputError
        If the grids differ, or a map has nothing to correlate.
    """
    return fsc_of_transforms(
        transform_map(volume, mask, "the volume"), transform_map(reference, mask, "the reference"), convention
    )


def fsc_of_transforms(volume: TransformedMap, reference: TransformedMap, convention: Convention) -> FSCCurve:
    """Return the Fourier shell correlation of two transformed maps; see :func:`fsc_curve`."""
    _require_same_grid(
        volume.box, volume.pixel_size, reference.box, reference.pixel_size, "the volume", "the reference"
    )
    box = volume.box
    published = convention == "published"
    cross, first, second = shell_products(volume.transform, reference.transform, rounded=not published)
    power = np.sqrt(first * second)
    points = np.arange(box // 2 + (0 if published else 1))
    correlations = np.divide(cross, power, out=np.zeros_like(cross), where=power > 0)[: len(points)]
    cycles = points / box
    if published:
        correlations[0] = 1.0
    ceiling = float(cycles[-1])
    auc = float(np.trapezoid(np.clip(correlations, 0, 1) if published else correlations, cycles))
    frequencies = cycles / volume.pixel_size
    found = {
        threshold: resolution_at(frequencies, correlations, threshold, 2 * volume.pixel_size)
        for threshold in THRESHOLDS
    }
    return FSCCurve(
        frequencies=frequencies,
        correlations=correlations,
        auc=auc if published else auc / ceiling,
        auc_over_ceiling=auc / ceiling,
        resolutions={threshold: resolution for threshold, (resolution, _) in found.items()},
        crosses={threshold: crosses for threshold, (_, crosses) in found.items()},
    )


def resolution_at(
    frequencies: Float64[np.ndarray, " n"], correlations: Float64[np.ndarray, " n"], threshold: float, finest: float
) -> tuple[float, bool]:
    """Return the resolution in Å where a curve first falls below a threshold, interpolated, and whether it does.

    Point 0 (frequency 0) is left out. A curve below the threshold from the start has the resolution of its first point;
    one that never falls below it has ``finest``, the resolution at Nyquist in Å.
    """
    below = np.flatnonzero(correlations[1:] < threshold) + 1
    if not below.size:
        return finest, False
    i = int(below[0])
    if i == 1:
        return 1.0 / float(frequencies[1]), True
    fraction = (correlations[i - 1] - threshold) / (correlations[i - 1] - correlations[i])
    return 1.0 / float(frequencies[i - 1] + fraction * (frequencies[i] - frequencies[i - 1])), True


def _require_same_grid(box: int, pixel_size: float, other_box: int, other_size: float, name: str, other: str) -> None:
    if box != other_box or not np.isclose(pixel_size, other_size, rtol=1e-3):
        raise InputError(f"{name} has {box} voxels of {pixel_size:g} Å but {other} {other_box} of {other_size:g} Å: "
                         "bring them to the same grid first")  # fmt: skip
