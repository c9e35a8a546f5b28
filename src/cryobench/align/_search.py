"""Exhaustive search over turns, hands and shifts at low resolution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from jaxtyping import Float32, Float64, Int64

from cryobench.align._spectrum import spectrum_pair
from cryobench.align.rotation_sets import MIRROR
from cryobench.ops.fft import signed_frequencies
from cryobench.ops.gridding import Gridding
from cryobench.ops.slices import turned_transforms
from cryobench.ops.so3 import so3_grid
from cryobench.ops.threads import get_threads

BOX = 24
"""Box of the search: its voxels resolve a molecule that fills half of it into about ten."""

_LEVEL = 2  # 4,608 turns, 15 degrees apart
_GRIDDING = Gridding(width=4, oversampling=2.0)
_BATCH = 64
_APART = 12.0


@dataclass(frozen=True, eq=False)
class Candidate:
    """A place to start from: an orthogonal matrix, a shift in voxels of the box that it was found in, and its score."""

    matrix: Float64[np.ndarray, "3 3"]
    shift: Float64[np.ndarray, " 3"]
    score: float

    @property
    def mirrored(self) -> bool:
        """Whether the matrix mirrors."""
        return bool(np.linalg.det(self.matrix) < 0)


def search(
    moving: Float32[np.ndarray, "D D D"],
    reference: Float32[np.ndarray, "D D D"],
    *,
    hands: bool,
    keep: int,
) -> list[Candidate]:
    """Return the best candidates of each hand, best first, no two of a hand within 12 degrees of each other.

    For each turn, the correlation at all shifts comes from one Fourier transform. Shells are half flattened: between
    the plain correlation, which knows the outline alone, and that of flat spectra, which knows the details alone.

    Parameters
    ----------
    moving, reference
        Maps of one box.
    hands
        Whether the moving map's mirror image is tried too.
    keep
        Number of candidates of each hand.
    """
    box = min(BOX, len(moving))
    pair = spectrum_pair(moving, reference, box, _GRIDDING, moments=False)
    conjugate = pair.conjugate(np.sqrt(pair.flat)) / np.float32(1 + (np.arange(box // 2 + 1) > 0))
    turns = so3_grid(_LEVEL)
    found = []
    for hand in (np.eye(3), MIRROR) if hands else (np.eye(3),):
        matrices = turns @ hand
        scores, shifts = np.empty(len(turns)), np.empty((len(turns), 3))
        for start in range(0, len(turns), _BATCH):
            batch = slice(start, start + _BATCH)
            products = turned_transforms(pair.grid, matrices[batch], reach=pair.reach)[..., 0] * conjugate
            np.conjugate(products, out=products)
            scores[batch], shifts[batch] = _best_shifts(products)
        found += _apart(matrices, shifts, scores, keep)
    return sorted(found, key=lambda candidate: -candidate.score)


def _best_shifts(products: np.ndarray) -> tuple[Float32[np.ndarray, " n"], Int64[np.ndarray, "n 3"]]:
    """Return the largest value of each correlation map and the shift (x, y, z) where it stands."""
    box = products.shape[1]
    maps = scipy.fft.irfftn(products, s=(box, box, box), axes=(1, 2, 3), workers=get_threads(), overwrite_x=True)
    flat = maps.reshape(len(maps), -1)
    at = flat.argmax(axis=1)
    z, y, x = np.unravel_index(at, (box, box, box))
    return flat[np.arange(len(flat)), at], signed_frequencies(box)[np.column_stack((x, y, z))]


def _apart(matrices: np.ndarray, shifts: np.ndarray, scores: np.ndarray, keep: int) -> list[Candidate]:
    """Return the best of one hand that are apart from each other."""
    chosen: list[int] = []
    enough = 1 + 2 * np.cos(np.deg2rad(_APART))
    for i in np.argsort(-scores, kind="stable").tolist():
        if all(np.trace(matrices[i] @ matrices[j].T) < enough for j in chosen):
            chosen.append(i)
        if len(chosen) == keep:
            break
    return [Candidate(matrices[i], shifts[i].astype(np.float64), float(scores[i])) for i in chosen]
