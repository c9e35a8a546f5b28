"""Fourier shell correlation (FSC) of two maps, in two named conventions.

``published``
    As the CryoBench tables were made. D/2 points; point 0 is 1 by definition; point i is the shell i - 1 <= |k| < i,
    drawn at i/D cycles per pixel. The area under the curve (AUC) is a trapezoid over i/D of the values clipped to [0,
    1]; its ceiling is (D/2 - 1)/D.
``standard``
    Shell i holds round(|k|) = i, for i = 0 ... D/2. The AUC is a trapezoid of the unclipped values divided by its own
    ceiling, so that 1 is a perfect match.

A mask multiplies both maps before the transform. Frequencies are in cycles per pixel, resolutions in Å. In a shell
where a map has no power the correlation is 0: what is not there does not agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft
from jaxtyping import Complex64, Float32, Float64

from cryobench.core import InputError, MapLike, MetricCard, Volume
from cryobench.core.checks import require_positive
from cryobench.core.maps import alike, is_constant, require_map, require_mask
from cryobench.metrics._registry import METRICS
from cryobench.ops.shells import half_shell_power, half_shell_products, pack_shells, whole_shells
from cryobench.ops.threads import get_threads

Convention = Literal["published", "standard"]
CONVENTIONS: tuple[Convention, ...] = ("standard", "published")
THRESHOLDS = (0.143, 0.5)

NEGATED = "negated: its density is dark where the truth is bright"
"""Flag of a map that correlates negatively with the reference as a whole."""

_NEGATED_BELOW = -0.2
_LARGEST = 2.0**40

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

FSC_AUC_MOVING = METRICS.add(
    "fsc-auc-moving",
    MetricCard(
        name="fsc-auc-moving",
        label="FSC AUC, moving region",
        summary="Area under the Fourier shell correlation as in FSC AUC, within a soft mask around what differs "
        "between the true states. What keeps still, and scores well in a map of any state, is left out.",
        reference="Harauz & van Heel, Optik 73 (1986) 146; the mask: where the standard deviation over the true states "
        "exceeds a tenth of its maximum",
        range=(None, 1.0),
        direction="higher",
        unit="",
    ),
)
FSC_RESOLUTION = METRICS.add(
    "fsc-resolution",
    MetricCard(
        name="fsc-resolution",
        label="FSC resolution",
        summary="Resolution at which the Fourier shell correlation with the true map first falls below a threshold, "
        "interpolated. A curve that never does counts with that of Nyquist, and is flagged.",
        reference="Rosenthal & Henderson, J. Mol. Biol. 333 (2003) 721: the threshold 0.143",
        range=(0.0, None),
        direction="lower",
        unit="Å",
    ),
)


@dataclass(frozen=True, eq=False)
class FSCCurve:
    """A Fourier shell correlation.

    Parameters
    ----------
    frequency
        Where the points are drawn, in cycles per pixel, shape (n,).
    correlation
        One for each point, as computed: neither clipped nor rounded, shape (n,).
    convention
        Which one the points follow.
    pixel_size
        Edge of a voxel in Å, where the maps know it.
    overall
        Correlation of the whole transforms without their zero frequency: of the maps less their means.
    """

    frequency: Float64[np.ndarray, " n"]
    correlation: Float64[np.ndarray, " n"]
    convention: Convention
    pixel_size: float | None
    overall: float

    @property
    def auc(self) -> float:
        """Area under the curve as the convention defines it."""
        return self.area("clipped") if self.convention == "published" else self.area() / self.ceiling

    @property
    def auc_over_ceiling(self) -> float:
        """Area under the curve, clipped as the convention has it, divided by that of a perfect match."""
        return self.auc / self.ceiling if self.convention == "published" else self.auc

    @property
    def ceiling(self) -> float:
        """Area of a perfect match in cycles per pixel."""
        return float(self.frequency[-1])

    def area(self, values: Literal["raw", "absolute", "clipped"] = "raw") -> float:
        """Return the area in cycles per pixel, by the trapezoid rule.

        Parameters
        ----------
        values
            The correlations as they are, their magnitudes (as the published per-image script has it), or clipped to 0
            to 1 (as the published plots have it).
        """
        drawn = self.correlation
        if values != "raw":
            drawn = np.abs(drawn) if values == "absolute" else np.clip(drawn, 0.0, 1.0)
        return float(np.trapezoid(drawn, self.frequency))

    def crosses(self, threshold: float) -> bool:
        """Return whether the curve ever falls below a threshold."""
        return bool((self.correlation[1:] < threshold).any())

    def resolution(self, threshold: float, pixel_size: float | None = None) -> float:
        """Return the resolution in Å where the curve first falls below a threshold, interpolated.

        One that never does has that of Nyquist, and :meth:`crosses` says so. Zero frequency is left out; a curve below
        the threshold from the start has the resolution of its first point.

        Parameters
        ----------
        threshold
            Such as 0.143 or 0.5.
        pixel_size
            Edge of a voxel in Å; the maps' own by default.

        Raises
        ------
        InputError
            If the pixel size is not known.
        """
        size = self.pixel_size if pixel_size is None else pixel_size
        if size is None:
            raise InputError("the pixel size is not known: give pixel_size in Å")
        require_positive("pixel size", size)
        found = _first_below(self.frequency, self.correlation, threshold) if self.crosses(threshold) else 0.5
        return size / found

    @property
    def flags(self) -> tuple[str, ...]:
        """What is odd about the curve, in words."""
        never = [f"never below {threshold:g}" for threshold in THRESHOLDS if not self.crosses(threshold)]
        return (NEGATED, *never) if self.overall < _NEGATED_BELOW else tuple(never)


@dataclass(frozen=True, eq=False)
class TransformedMap:
    """The transform of a (masked) map, made once where it meets several others; make it with :func:`transform_map`.

    Parameters
    ----------
    packed
        The transform in the order of its shells, shape (M,).
    power
        Sum of squares over each half shell, shape (D + 1,).
    box, pixel_size
        Those of the map; ``pixel_size`` is None where the map does not know it.
    """

    packed: Complex64[np.ndarray, " M"]
    power: Float64[np.ndarray, " S"]
    box: int
    pixel_size: float | None


def transform_map(volume: MapLike, mask: MapLike | None = None, name: str = "the map") -> TransformedMap:
    """Return the transform of a map times a mask.

    Parameters
    ----------
    volume
        Map of shape (D, D, D), D even.
    mask
        Weights of the same shape, or None.
    name
        What messages call the map.

    Raises
    ------
    InputError
        If the map is not cubic and even, holds a value that is not finite, or is empty or constant (also within the
        mask), or if the mask has another box or pixel size, or selects nothing.
    """
    data = require_map(volume, name)
    if len(data) % 2:
        raise InputError(f"{name} has a box of {len(data)} voxels, expected an even number: crop or pad it by one")
    if mask is not None:
        weights = require_mask(mask, volume, name)
        if is_constant(data[weights > 0]):
            raise InputError(f"{name} is constant within the mask: there is nothing to score")
        data = data * weights
    packed = pack_shells(np.asarray(scipy.fft.rfftn(_in_range(data), workers=get_threads())))
    pixel_size = volume.pixel_size if isinstance(volume, Volume) else None
    return TransformedMap(packed, half_shell_power(packed, len(data)), len(data), pixel_size)


def fsc_curve(
    volume: MapLike, reference: MapLike, mask: MapLike | None = None, convention: Convention = "standard"
) -> FSCCurve:
    """Return the Fourier shell correlation of two maps.

    Parameters
    ----------
    volume, reference
        Maps of the same box, shape (D, D, D), D even, and pixel size: arrays, or :class:`~cryobench.Volume`.
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
    return fsc_curves((volume,), (reference,), convention)[0][0]


def fsc_curves(
    volumes: tuple[TransformedMap, ...], references: tuple[TransformedMap, ...], convention: Convention
) -> list[list[FSCCurve]]:
    """Return the curve of each transformed map with each reference, ``[volume][reference]``."""
    box = references[0].box
    for volume in volumes:
        for reference in references:
            _require_same_grid(volume, reference)
    cross = half_shell_products(_stacked(volumes), _stacked(references), box)
    first, second = (np.stack([each.power for each in maps]) for maps in (volumes, references))
    _require_convention(convention)
    correlations = shell_correlations(cross, first[:, None], second, convention)
    frequency = np.arange(correlations.shape[-1]) / box
    overall = _ratio(cross[..., 1:].sum(-1), first[:, None, 1:].sum(-1), second[:, 1:].sum(-1))

    def curve(i: int, j: int) -> FSCCurve:
        pixel_size = volumes[i].pixel_size or references[j].pixel_size
        return FSCCurve(frequency, correlations[i, j], convention, pixel_size, float(overall[i, j]))

    return [[curve(i, j) for j in range(len(references))] for i in range(len(volumes))]


def failed_curve(reference: TransformedMap, convention: Convention) -> FSCCurve:
    """Return the curve of a volume that could not be scored: 0 everywhere, also where a convention has 1."""
    points = reference.box // 2 + (convention == "standard")
    frequency = np.arange(points) / reference.box
    return FSCCurve(frequency, np.zeros(points), convention, reference.pixel_size, 0.0)


def shell_correlations(
    cross: Float64[np.ndarray, "... S"],
    first: Float64[np.ndarray, "... S"],
    second: Float64[np.ndarray, "... S"],
    convention: Convention,
) -> Float64[np.ndarray, "... n"]:
    """Return the points of curves from sums over half shells: of the products, and of the squares of both maps."""
    published = convention == "published"
    sums = (whole_shells(each, rounded=not published) for each in (cross, first, second))
    correlations = _ratio(*sums)
    if published:
        correlations = correlations[..., :-1]
        correlations[..., 0] = 1.0
    return correlations


def _ratio(cross: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    power = np.sqrt(first) * np.sqrt(second)
    return np.asarray(np.divide(cross, power, out=np.zeros(np.broadcast(cross, power).shape), where=power > 0))


def _first_below(frequency: np.ndarray, correlation: np.ndarray, threshold: float) -> float:
    """Return the frequency where a curve that does so first falls below a threshold."""
    i = int(np.flatnonzero(correlation[1:] < threshold)[0]) + 1
    if i == 1:
        return float(frequency[1])
    fraction = (correlation[i - 1] - threshold) / (correlation[i - 1] - correlation[i])
    return float(frequency[i - 1] + fraction * (frequency[i] - frequency[i - 1]))


def _require_convention(convention: str) -> None:
    if convention not in CONVENTIONS:
        raise InputError(f"'{convention}' is no convention: choose {' or '.join(CONVENTIONS)}")


def _in_range(data: Float32[np.ndarray, "D D D"]) -> Float32[np.ndarray, "D D D"]:
    """Return a map times a power of two, if need be, so that no sum of its transform overflows or vanishes."""
    largest = float(np.abs(data).max())
    if 1 / _LARGEST < largest < _LARGEST:
        return data
    return np.asarray(np.ldexp(data, -int(np.frexp(largest)[1])))


def _stacked(maps: tuple[TransformedMap, ...]) -> Complex64[np.ndarray, "n M"]:
    return maps[0].packed[None] if len(maps) == 1 else np.stack([each.packed for each in maps])


def _require_same_grid(volume: TransformedMap, reference: TransformedMap) -> None:
    first, second = (each.pixel_size or volume.pixel_size or 1.0 for each in (volume, reference))
    if volume.box != reference.box or not alike(first, second):
        words = [f"{each.box} voxels of {each.pixel_size or '?'} Å" for each in (volume, reference)]
        raise InputError(f"the volume has {words[0]} but the reference {words[1]}: bring them to the same grid first")
