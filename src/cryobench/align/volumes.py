"""One map brought onto another: turn, shift and hand.

A transform takes the moving map, mirrors it (z becomes -z) where it says so, turns it about the voxel with index D/2 by
an active rotation and then shifts it: density at p lands at R M p + t.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from jaxtyping import Float32, Float64

from cryobench.align._refine import fsc_weights, refine
from cryobench.align._search import BOX, Candidate, search
from cryobench.align._spectrum import SpectrumPair, spectrum_pair
from cryobench.align.rotation_sets import MIRROR
from cryobench.core import InputError, MapLike, Volume
from cryobench.core.maps import as_array, require_map
from cryobench.ops.fft import fourier_to_volume
from cryobench.ops.gridding import DEFAULT, Gridding
from cryobench.ops.shift import displace_volume
from cryobench.ops.slices import slice_grid, turned_transforms

Map = TypeVar("Map", Volume, np.ndarray)

AMBIGUOUS = 0.05
"""A margin between the hands below which neither is clearly the better one."""

_GRIDDING = Gridding(width=6, oversampling=1.5)
_CANDIDATES = 4
_FIRST_BOX, _HAND_BOX = 32, 48
_LAST_BOXES = (64, 128)
_AGREES = 0.5
_SMALLEST = 16
_STEPS = 12


@dataclass(frozen=True, eq=False)
class Transform:
    """A change of frame of a map; see the module.

    Parameters
    ----------
    rotation
        Active rotation R about the voxel with index D/2, shape (3, 3).
    shift
        Shift t in voxels (x, y, z), after the rotation.
    mirrored
        Whether the map is mirrored (z becomes -z) before the rotation.
    """

    rotation: Float64[np.ndarray, "3 3"]
    shift: Float64[np.ndarray, " 3"]
    mirrored: bool

    @property
    def matrix(self) -> Float64[np.ndarray, "3 3"]:
        """R M: the rotation after the mirror, if there is one."""
        return self.rotation @ MIRROR if self.mirrored else self.rotation


@dataclass(frozen=True, eq=False)
class Alignment(Transform, Generic[Map]):
    """How one map was brought onto another.

    Parameters
    ----------
    volume
        The moving map, brought onto the reference: an array where an array was given.
    correlation
        Pearson correlation of that map with the reference, over all voxels.
    hand_margin
        By how much the chosen hand is the better one: the difference of the mean FSC over the shells of box 48, each
        hand at its own best place. ``None`` where one hand alone was tried.
    """

    volume: Map
    correlation: float
    hand_margin: float | None

    @property
    def flags(self) -> tuple[str, ...]:
        """What is odd about it, in words."""
        unsure = self.hand_margin is not None and self.hand_margin < AMBIGUOUS
        return ("the hand is not clear",) if unsure else ()


def align_volumes(moving: Map, reference: MapLike, *, handedness: bool = True) -> Alignment[Map]:
    """Return the turn, shift and hand that bring a map onto another, found without a starting point.

    All turns 15 degrees apart, both hands and all shifts are tried at box 24. The best of each hand are refined
    continuously at box 32 and then 48, where the hand is chosen. The winner is refined at box 64 and, as long as the
    maps agree that far, at 128. What is made largest is the correlation of both flattened spectra, each shell
    weighted by how well the maps agree in it: the plain correlation is led by the outlines, which differ where one map
    lacks a domain.

    Parameters
    ----------
    moving, reference
        Maps of one box, shape (D, D, D), D even and at least 16, and pixel size: arrays, or :class:`~cryobench.Volume`.
    handedness
        Whether the mirror image of ``moving`` is tried too.

    Raises
    ------
    InputError
        If a map is constant, holds a value that is not finite, is not cubic, even or large enough, or the grids differ.
    """
    target = require_map(reference, "the reference")
    data = require_map(moving, "the moving map", reference, "the reference")
    box = len(data)
    if box % 2 or box < _SMALLEST:
        raise InputError(f"the maps have a box of {box} voxels, expected an even number of at least {_SMALLEST}")
    best, margin = _best_hand(data, target, search(data, target, hands=handedness, keep=_CANDIDATES))
    found = _finest(data, target, best)
    rotation = found.matrix @ MIRROR if found.mirrored else found.matrix
    transform = Transform(rotation, found.shift, found.mirrored)
    placed = transform_volume(moving, transform)
    correlation = _correlation(as_array(placed, "the aligned map"), target)
    return Alignment(transform.rotation, transform.shift, transform.mirrored, placed, correlation, margin)


def transform_volume(volume: Map, transform: Transform) -> Map:
    """Return a map, mirrored, turned and shifted; an array where an array is given.

    What leaves the box on one side comes in on the other, as everywhere with Fourier transforms.

    Parameters
    ----------
    volume
        Map of shape (D, D, D), D even.
    transform
        What to do to it; its shift in voxels of this box.
    """
    data = as_array(volume, "the map")
    turned = turned_transforms(slice_grid(data[None], DEFAULT), transform.matrix[None])[0, ..., 0]
    placed = fourier_to_volume(displace_volume(turned, transform.shift))
    return Volume(placed, volume.pixel_size) if isinstance(volume, Volume) else placed


def _best_hand(
    moving: Float32[np.ndarray, "D D D"], reference: Float32[np.ndarray, "D D D"], candidates: list[Candidate]
) -> tuple[Candidate, float | None]:
    """Return the best candidate, refined, and by how much its hand is better than the other (None if there is one)."""
    first = _pair(moving, reference, _FIRST_BOX)
    scale = first.box / min(BOX, len(moving))
    refined = [_refined(first, c.matrix, scale * c.shift, np.sqrt(first.flat)) for c in candidates]
    second = _pair(moving, reference, _HAND_BOX)
    winners = []
    for mirrored in (False, True):
        hand = [each for each in refined if each.mirrored == mirrored]
        if hand:
            start = max(hand, key=lambda each: each.score)
            winners.append(_agreeing(second, start.matrix, start.shift * second.box / first.box))
    winners.sort(key=lambda each: -each.score)
    best = winners[0]
    best = Candidate(best.matrix, best.shift * len(moving) / second.box, best.score)
    return best, best.score - winners[1].score if len(winners) > 1 else None


def _finest(
    moving: Float32[np.ndarray, "D D D"], reference: Float32[np.ndarray, "D D D"], start: Candidate
) -> Candidate:
    """Return a candidate, its shift in voxels of the maps, refined as far as the maps agree."""
    found, box = start, len(moving)
    for wanted in _LAST_BOXES:
        pair = _pair(moving, reference, wanted)
        found = _agreeing(pair, found.matrix, found.shift * pair.box / box)
        fsc = pair.fsc(found.matrix, found.shift)
        found = Candidate(found.matrix, found.shift * box / pair.box, found.score)
        if pair.box == box or fsc[-pair.box // 16 :].mean() < _AGREES:
            break
    return found


def _agreeing(pair: SpectrumPair, matrix: Float64[np.ndarray, "3 3"], shift: Float64[np.ndarray, " 3"]) -> Candidate:
    """Return the best place near a given one, shells weighted by their FSC, and the mean FSC there as its score."""
    for _ in range(2):  # the weights are those of where it starts
        weights = fsc_weights(pair, pair.fsc(matrix, shift))
        matrix, shift, _ = refine(pair, matrix, shift, weights, _STEPS)
    return Candidate(matrix, shift, float(pair.fsc(matrix, shift)[1:].mean()))


def _refined(
    pair: SpectrumPair, matrix: np.ndarray, shift: np.ndarray, weights: Float64[np.ndarray, " s"]
) -> Candidate:
    return Candidate(*refine(pair, matrix, shift, weights, _STEPS))


def _pair(moving: Float32[np.ndarray, "D D D"], reference: Float32[np.ndarray, "D D D"], box: int) -> SpectrumPair:
    return spectrum_pair(moving, reference, min(box, len(moving)), _GRIDDING, moments=True)


def _correlation(first: Float32[np.ndarray, "D D D"], second: Float32[np.ndarray, "D D D"]) -> float:
    """Return the Pearson correlation of two maps, a plane at a time in double precision."""
    means = [float(each.mean(dtype=np.float64)) for each in (first, second)]
    sums = np.zeros(3)
    for one, other in zip(first, second, strict=True):
        a, b = one - np.float64(means[0]), other - np.float64(means[1])
        sums += (np.vdot(a, b), np.vdot(a, a), np.vdot(b, b))
    return float(sums[0] / np.sqrt(sums[1] * sums[2]))
