"""Protein domains to build with."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Float64

from cryobench.structures._helix_bundle import four_helices, helix_repeat, three_helices
from cryobench.structures.synthetic_igg import synthetic_igg

ATOMIC_NUMBERS = {"N": 7, "CA": 6, "C": 6, "O": 8, "CB": 6, "CG": 6, "CD": 6}
"""Atoms of every residue: norvaline, which has about as many as the average residue."""

_SANDWICHES = (("H", 1, 113), ("H", 118, 222), ("K", 246, 345), ("K", 346, 450), ("L", 1, 108), ("L", 110, 214))
_BOND = 1.53  # Å
_ANGLE = np.deg2rad(109.5)


@functools.cache
def folds() -> tuple[Float64[np.ndarray, "R 7 3"], ...]:
    """Return the atoms of each domain in Å, about its centre and with its long axis along z.

    Six beta sandwiches, those of the synthetic antibody, and three bundles of helices, each twice: a complex drawn
    from them has about as many helices as sheets.
    """
    igg = synthetic_igg()
    sandwiches = [igg.coordinates[igg.select(*part)].reshape(-1, 5, 3) for part in _SANDWICHES]
    bundles = [four_helices(), three_helices(), helix_repeat()]
    return tuple(_upright(_with_side_chains(domain)) for domain in (*sandwiches, *bundles, *bundles))


def _with_side_chains(domain: Float64[np.ndarray, "R 5 3"]) -> Float64[np.ndarray, "R 7 3"]:
    """Return N, CA, C, O and CB with CG and CD, of the three rotamers about CA-CB each in turn the roomiest."""
    whole = np.concatenate([domain, np.full((len(domain), 2, 3), np.inf)], axis=1)
    n, ca, cb = domain[:, 0], domain[:, 1], domain[:, 4]
    rotamers = []
    for degrees in (180.0, 60.0, -60.0):
        cg = _next(n, ca, cb, np.deg2rad(degrees))
        rotamers.append(np.stack([cg, _next(ca, cb, cg, np.pi)], axis=1))
    for k in range(len(domain)):
        others = np.delete(whole, k, axis=0).reshape(-1, 3)
        room = [np.min(np.linalg.norm(others[:, None] - ends[k], axis=2)) for ends in rotamers]
        whole[k, 5:] = rotamers[int(np.argmax(room))][k]
    return whole


def _next(
    a: Float64[np.ndarray, "R 3"], b: Float64[np.ndarray, "R 3"], c: Float64[np.ndarray, "R 3"], torsion: float
) -> Float64[np.ndarray, "R 3"]:
    """Return the atom bonded to c with a torsion (radians) about b-c and the tetrahedral angle there."""
    back = (b - c) / np.linalg.norm(b - c, axis=1, keepdims=True)
    aside = (a - b) - np.sum((a - b) * back, axis=1, keepdims=True) * back
    aside /= np.linalg.norm(aside, axis=1, keepdims=True)
    turned = np.cos(torsion) * aside + np.sin(torsion) * np.cross(aside, back)
    return np.asarray(c + _BOND * (np.cos(_ANGLE) * back + np.sin(_ANGLE) * turned))


def _upright(domain: Float64[np.ndarray, "R 7 3"]) -> Float64[np.ndarray, "R 7 3"]:
    """Return a domain about the centre of its CA, with its long axis along z."""
    trace = domain[:, 1]
    axes = np.linalg.eigh(np.cov(trace.T))[1]
    axes *= np.sign(axes[np.abs(axes).argmax(axis=0), range(3)])
    axes[:, 0] *= np.linalg.det(axes)  # right-handed, or it would be a mirror image
    return np.asarray((domain - trace.mean(axis=0)) @ axes)
