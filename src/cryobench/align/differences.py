"""How one map differs from another as a whole: magnification, sign, place, turn, hand and grey scale.

The moving map is taken to be a x T((p - t) / m) with T the reference, turned and maybe mirrored: m the magnification, t
the shift and a the grey scale, negative where the map is negated. What is compared is the mean FSC over the shells in
which the reference can be trusted, each shell having the same say: so an outline that differs, where one map lacks a
domain, does not lead the search.

First the frame is kept: all shifts of both signs are tried at 47 magnifications from 0.4 to 2.5, at box 32, and the
best is refined at box 48. Where the maps do not agree well then, all turns of both hands are tried, at the
magnification that the decay of the power spectra suggests, at 1 and at the best one so far.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.optimize
from jaxtyping import Float32, Float64

from cryobench.align._refine import fsc_weights, refine
from cryobench.align._scaled import ScaledPair, scaled_pair, shell_powers
from cryobench.align._spectrum import spectrum_pair
from cryobench.align.rotation_sets import MIRROR
from cryobench.align.volumes import AMBIGUOUS, align_volumes
from cryobench.core import MapLike, Volume
from cryobench.core.maps import require_map, require_same_grid
from cryobench.ops.fft import crop_volume
from cryobench.ops.gridding import Gridding

LARGEST = 2.5
"""Largest magnification that is found, and one over the smallest."""

FINEST_BOX = 48
"""Box at which maps are compared in the end: a reference need not have a larger one."""

_STEP = 0.04
_COARSE_BOX = 32
_COARSE_SHELLS = 10
_CLOSE = 1e-3
_SMALLEST_BOX = 16
_FAIR = 0.5  # where the first place tried is the one to compare with
_GOOD = 0.8  # a smooth map agrees with its mirror image by more than half
_STEPS = 12
_NO_TURN = 1 + 2 * np.cos(np.deg2rad(0.5))
_GRIDDING = Gridding(width=6, oversampling=1.5)


@dataclass(frozen=True, eq=False)
class MapDifference:
    """How a map differs from a reference.

    Parameters
    ----------
    magnification
        How many times it is larger.
    shift
        Where the reference's origin lies in it, (x, y, z) in voxels from its own.
    rotation
        The turn that brings it back, shape (3, 3), after the mirror if there is one.
    mirrored
        Whether it is of the other hand.
    grey_scale
        Its density over that of the reference; negative where it is negated.
    agreement
        Mean FSC over the shells that count once all of that is taken back.
    as_it_is
        The same with none of it taken back.
    scale_gain, shift_gain, turn_gain
        How much of the agreement is owed to taking back the magnification (over those shells of the map that the
        reference reaches at both sizes), the shift, and the turn with the mirror.
    shells
        Shells that were compared.
    """

    magnification: float
    shift: Float64[np.ndarray, " 3"]
    rotation: Float64[np.ndarray, "3 3"]
    mirrored: bool
    grey_scale: float
    agreement: float
    as_it_is: float
    scale_gain: float
    shift_gain: float
    turn_gain: float
    shells: int

    @property
    def degrees(self) -> float:
        """Angle of the turn."""
        return float(np.degrees(np.arccos(np.clip((np.trace(self.rotation) - 1) / 2, -1.0, 1.0))))


@dataclass(frozen=True, eq=False)
class _Place:
    """Magnification, sign, matrix and displacement (in voxels of the pair) that take a map back, and the agreement."""

    magnification: float
    sign: float
    matrix: Float64[np.ndarray, "3 3"]
    displacement: Float64[np.ndarray, " 3"]
    agreement: float


def find_difference(moving: MapLike, reference: MapLike, shells: int) -> MapDifference:
    """Return how a map differs from a reference as a whole; see the module.

    Parameters
    ----------
    moving, reference
        Maps of one box D, even, or the reference of a smaller one, cropped from D in Fourier space.
    shells
        Shells in which the reference can be trusted; at most 23 of them count.

    Raises
    ------
    InputError
        If a map is constant, holds a value that is not finite, or the grids differ.
    """
    target, data = require_map(reference, "the reference"), require_map(moving, "the map")
    box = len(data)
    if len(target) < box:
        data = crop_volume(data, len(target))
    if isinstance(moving, Volume) and isinstance(reference, Volume):
        cropped = Volume(data, moving.pixel_size * box / len(data))
        require_same_grid(cropped, "the map", reference, "the reference")
    require_same_grid(data, "the map", target, "the reference")
    fine = scaled_pair(data, target, min(FINEST_BOX, len(data)), shells)
    found = _in_frame(fine, scaled_pair(data, target, min(_COARSE_BOX, len(data)), min(shells, _COARSE_SHELLS)))
    if found.agreement < _GOOD:
        found = _in_any_frame(fine, found)
    return _described(fine, found, box)


def _in_frame(fine: ScaledPair, coarse: ScaledPair) -> _Place:
    """Return the best place without a turn, but for a small one that refinement finds."""
    half = int(np.log(LARGEST) / _STEP)
    magnifications = np.exp(_STEP * np.arange(-half - 1, half + 2))
    magnifications[[0, -1]] = 1 / LARGEST, LARGEST
    scores = [coarse.fit(m)[0] for m in magnifications.tolist()]
    start = float(magnifications[int(np.argmax(scores))])
    return _refined(fine, start, np.eye(3))


def _refined(pair: ScaledPair, magnification: float, matrix: Float64[np.ndarray, "3 3"]) -> _Place:
    """Return the best place near a magnification and a matrix."""
    found = _rescaled(pair, magnification, matrix, 1.5 * _STEP)
    turned = _turned(pair, found)
    if turned.agreement <= found.agreement:
        return found
    if np.trace(turned.matrix.T @ matrix) > _NO_TURN:
        return turned
    again = _rescaled(pair, turned.magnification, turned.matrix, _STEP / 2)
    return max(turned, again, key=lambda place: place.agreement)


def _rescaled(pair: ScaledPair, magnification: float, matrix: Float64[np.ndarray, "3 3"], within: float) -> _Place:
    """Return the best magnification near one, the displacement found anew at each."""
    own = pair.own_shells(magnification * float(np.exp(within)))
    best = scipy.optimize.minimize_scalar(
        lambda log: -pair.fit(magnification * float(np.exp(log)), matrix, own)[0],
        bounds=(-within, within),
        method="bounded",
        options={"xatol": _CLOSE},
    )
    scale = magnification * float(np.exp(best.x))
    _, displacement, sign = pair.fit(scale, matrix, own)
    return _Place(scale, sign, matrix, displacement, sign * pair.agreement(scale, matrix, displacement))


def _turned(pair: ScaledPair, place: _Place) -> _Place:
    """Return a place with its turn and displacement refined."""
    moving, reference = pair.maps(place.magnification)
    spectra = spectrum_pair(np.float32(place.sign) * moving, reference, pair.box, _GRIDDING, moments=True)
    shrunk = max(place.magnification, 1.0)
    weights = fsc_weights(spectra, spectra.fsc(place.matrix, place.displacement / shrunk))
    weights[pair.shrunk_shells(place.magnification) + 1 :] = 0.0
    matrix, displacement, _ = refine(spectra, place.matrix, place.displacement / shrunk, weights, _STEPS)
    displacement *= shrunk
    agreement = place.sign * pair.agreement(place.magnification, matrix, displacement)
    return _Place(place.magnification, place.sign, matrix, displacement, agreement)


def _in_any_frame(fine: ScaledPair, found: _Place) -> _Place:
    """Return the best place at a few magnifications, turned at will and of either hand."""
    magnifications = [spectral_magnification(fine)]
    magnifications += [
        m for m in (1.0, found.magnification) if not any(abs(np.log(m / other)) < _STEP for other in magnifications)
    ]
    best = found
    for turn, magnification in enumerate(magnifications):
        box = min(fine.box, max(_SMALLEST_BOX, 2 * fine.shrunk_shells(magnification) + 2))
        moving, reference = (crop_volume(each, box) for each in fine.maps(magnification))
        likely = 1.0 if _skewness(moving) * _skewness(reference) >= 0 else -1.0
        for sign in (likely, -likely) if turn == 0 else (likely,):
            aligned = align_volumes(np.float32(sign) * moving, reference)
            place = _refined(fine, magnification, aligned.matrix)
            best = max(best, place, key=lambda each: each.agreement)
            if best.agreement >= _GOOD or found.agreement >= _FAIR:
                break
        if best.agreement >= _GOOD or found.agreement >= _FAIR:
            break
    # A map that fits where it is as well as turned has not been turned.
    return best if best.agreement > found.agreement + AMBIGUOUS else found


def _skewness(data: Float32[np.ndarray, "d d d"]) -> float:
    """Return the third moment of a map: of the sign of its density, where that stands out of a flat background."""
    centred = data - data.mean(dtype=np.float64)
    return float(np.mean(centred**3))


def _described(pair: ScaledPair, place: _Place, box: int) -> MapDifference:
    m, matrix, sign = place.magnification, place.matrix, place.sign
    mirrored = bool(np.linalg.det(matrix) < 0)
    own = pair.own_shells(m)

    def of_sign(found: tuple[float, Float64[np.ndarray, " 3"], float]) -> float:
        return found[0] * found[2] * sign  # the fit of the other sign is one of this sign below 0

    return MapDifference(
        magnification=m,
        shift=-(matrix.T @ place.displacement) * box / pair.box,
        rotation=matrix @ MIRROR if mirrored else matrix,
        mirrored=mirrored,
        grey_scale=pair.grey_scale(m, matrix, place.displacement),
        agreement=place.agreement,
        as_it_is=pair.agreement(1.0, np.eye(3), np.zeros(3)),
        scale_gain=of_sign(pair.fit(m, matrix, own)) - of_sign(pair.fit(1.0, matrix, own)),
        shift_gain=place.agreement - sign * pair.agreement(m, matrix, np.zeros(3)),
        turn_gain=place.agreement - of_sign(pair.fit(m)),
        shells=pair.shrunk_shells(m),
    )


def spectral_magnification(pair: ScaledPair) -> float:
    """Return the magnification that explains the power spectra best, but for a factor and a Gaussian decay.

    Spectra know nothing of turn, shift, hand and sign.
    """
    first, second = (np.log(np.maximum(shell_powers(each, pair.box), 1e-30)) for each in pair.transforms())
    shells = np.arange(1, min(pair.shells, pair.band) + 1, dtype=np.float64)
    all_shells = np.arange(len(first), dtype=np.float64)
    logs = np.arange(-np.log(LARGEST), np.log(LARGEST), _STEP / 2)
    misfits = np.empty(len(logs))
    for i, m in enumerate(np.exp(logs).tolist()):
        k = shells[shells / max(m, 1 / m) >= 1]
        one = np.interp(k / max(m, 1.0), all_shells, first)
        other = np.interp(k * min(m, 1.0), all_shells, second)
        design = np.column_stack((np.ones_like(k), k**2))
        residual = (one - other) - design @ np.linalg.lstsq(design, one - other, rcond=None)[0]
        misfits[i] = float(np.mean(residual**2)) if len(k) > 3 else np.inf
    return float(np.exp(logs[int(np.argmin(misfits))]))
