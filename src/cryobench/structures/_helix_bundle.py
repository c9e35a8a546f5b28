"""Ideal bundles of alpha helices.

Domain frame, in Å: z runs along the helices, up for the first, down for the second, and so on.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from jaxtyping import Float64

from cryobench.structures._beta_sandwich import CA_STEP, backbone

_TURN = np.deg2rad(99.13)  # of an alpha helix per residue, for phi -63 and psi -42 degrees
_RISE = 1.544  # of an alpha helix per residue, Å
_CYLINDER = {  # radius (Å), angle (degrees) and height (Å) of the atoms of the residue whose CA is at angle 0
    "N": (1.535, -26.3, -0.913),
    "CA": (2.286, 0.0, 0.0),
    "C": (1.709, 27.5, 1.054),
    "O": (2.036, 22.6, 2.230),
    "CB": (3.353, 16.1, -0.775),
}
_TILT = np.deg2rad(10)  # of each helix against the bundle: neighbours cross by 20 degrees
_LOOP = 4  # residues from one helix to the next

Vector = Float64[np.ndarray, " 3"]


def four_helices() -> Float64[np.ndarray, "R 5 3"]:
    """Return N, CA, C, O and CB in Å of a four-helix bundle of 100 residues."""
    return _bundle(np.array([[5.0, 5.0], [-5.0, 5.0], [-5.0, -5.0], [5.0, -5.0]]), 22)


def three_helices() -> Float64[np.ndarray, "R 5 3"]:
    """Return N, CA, C, O and CB in Å of a long three-helix bundle of 104 residues."""
    angles = 2 * np.pi / 3 * np.arange(3)
    return _bundle(6.1 * np.stack([np.cos(angles), np.sin(angles)], axis=1), 32)


def helix_repeat() -> Float64[np.ndarray, "R 5 3"]:
    """Return N, CA, C, O and CB in Å of three helical hairpins side by side, 110 residues."""
    return _bundle(np.array([[-10, -5], [-10, 5], [0, 5], [0, -5], [10, -5], [10, 5]]) * 1.02, 15)


def _bundle(places: Float64[np.ndarray, "h 2"], length: int) -> Float64[np.ndarray, "R 5 3"]:
    """Return helices that cross the plane z = 0 at ``places`` (x, y), wound about z left-handed, and their loops."""
    helices = []
    for k, (x, y) in enumerate(places):
        around = np.array([-y, x, 0.0]) / np.hypot(x, y)
        axis = (-1.0) ** k * (np.cos(_TILT) * np.array([0.0, 0.0, 1.0]) - np.sin(_TILT) * around)
        helices.append(_helix(np.array([x, y, 0.0]), axis, length))
    pieces = [helices[0]]
    for before, after in pairwise(helices):
        peptides = backbone(_loop(before[:, 1], after[:, 1]))
        before[-1, 2:4], after[0, 0] = peptides[1, 2:4], peptides[-2, 0]
        pieces += [peptides[2:-2], after]
    return np.concatenate(pieces)


def _helix(centre: Vector, axis: Vector, length: int) -> Float64[np.ndarray, "L 5 3"]:
    """Return a right-handed alpha helix of ``length`` residues along ``axis`` (a unit vector)."""
    inwards = -centre if centre.any() else np.array([1.0, 0.0, 0.0])
    x = inwards - (inwards @ axis) * axis
    x /= np.linalg.norm(x)
    radius, angle, height = np.array(list(_CYLINDER.values())).T
    residue = np.arange(length)[:, None] - (length - 1) / 2
    turned = _TURN * residue + np.deg2rad(angle)
    across = radius[:, None] * (np.cos(turned)[..., None] * x + np.sin(turned)[..., None] * np.cross(axis, x))
    return np.asarray(centre + across + (_RISE * residue + height)[..., None] * axis)


def _loop(before: Float64[np.ndarray, "L 3"], after: Float64[np.ndarray, "M 3"]) -> Float64[np.ndarray, "n 3"]:
    """Return the CA between two helices, and two of each helix: an arc with steps of about one CA distance."""
    start, end = before[-1], after[0]
    leave, arrive = (ends / np.linalg.norm(ends) for ends in (before[-1] - before[-5], after[4] - after[0]))
    t = np.linspace(0, 1, 200)[:, None]
    low, high = 0.0, 40.0
    for _ in range(40):
        reach = (low + high) / 2
        curve = (1 - t) ** 3 * start + 3 * t * (1 - t) ** 2 * (start + reach * leave)
        curve += 3 * t**2 * (1 - t) * (end - reach * arrive) + t**3 * end
        trace = _evenly_spaced(curve)
        step = np.linalg.norm(trace[1] - trace[0])
        low, high = (low, reach) if step > CA_STEP else (reach, high)
    return np.concatenate([before[-2:], trace[1:-1], after[:2]])


def _evenly_spaced(curve: Float64[np.ndarray, "c 3"]) -> Float64[np.ndarray, "n 3"]:
    """Return the places of a loop's residues on a curve, ends included, all one step apart as the crow flies."""
    at = np.linspace(0, len(curve) - 1, _LOOP + 2)
    for _ in range(8):
        trace = np.stack([np.interp(at, np.arange(len(curve)), axis) for axis in curve.T], axis=1)
        flown = np.concatenate([[0], np.linalg.norm(np.diff(trace, axis=0), axis=1).cumsum()])
        at = np.interp(np.linspace(0, flown[-1], _LOOP + 2), flown, at)
    return trace
