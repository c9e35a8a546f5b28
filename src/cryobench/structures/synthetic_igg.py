"""An IgG antibody built by code, for a benchmark that needs no download.

The Fc points down y. The Fab of chains H and L lies to the right (x > 0) and can turn about the CA-C bond of residue
230 of chain H, which points obliquely down into the hinge: the Fab sweeps a wide cone clear of the rest. Residues are
numbered about as in PDB entry 1HZH.
"""

from __future__ import annotations

import functools
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float64
from scipy.spatial import cKDTree

from cryobench.structures._beta_sandwich import CA_STEP, CONSTANT, RISE, VARIABLE, Topology, backbone, strand_traces
from cryobench.structures.atoms import Atoms

_ATOMIC_NUMBERS = {"N": 7, "CA": 6, "C": 6, "O": 8, "CB": 6}
_ELECTRONS = 150_000 * 0.535  # of 150 kDa of protein
_SPAN = 37.0  # between the centres of domains that follow each other, Å
_LOOP_RISE = 2.1  # advance per residue where the chain is not a strand, Å
_APART = 4.6  # least distance between CA not next to each other, Å
_SWEEPS = 600

Vector = Float64[np.ndarray, " 3"]


class _Segment(NamedTuple):
    """CA positions in Å, shape (L, 3), of consecutive residues, the first of which is ``first``."""

    first: int
    trace: Float64[np.ndarray, "L 3"]


@functools.cache
def synthetic_igg() -> Atoms:
    """Return a synthetic IgG antibody of 150 kDa, centred on its weighted mean.

    Twelve beta-sandwich domains: heavy chains H and K (VH 1-113, CH1 114-229, hinge 230-245, CH2 246-345, CH3 346-450)
    and light chains L and M (VL 1-108, CL 109-214); H pairs with L, K with M. Each residue has N, CA, C, O and CB; the
    electrons of the side chains are spread over them in proportion to Z.
    """
    chains = _layout()
    traces = _relaxed({name: _joined(segments) for name, segments in chains.items()})
    names = np.array(list(_ATOMIC_NUMBERS))
    coordinates = np.concatenate([backbone(trace).reshape(-1, 3) for trace in traces.values()])
    n_residues = sum(map(len, traces.values()))
    numbers = np.tile(np.array(list(_ATOMIC_NUMBERS.values())), n_residues)
    weights = numbers * (_ELECTRONS / numbers.sum())
    return Atoms(
        coordinates=coordinates - np.average(coordinates, axis=0, weights=weights),
        weights=weights,
        numbers=numbers,
        b_factors=np.zeros(len(numbers)),
        chains=np.repeat(list(traces), [len(names) * len(trace) for trace in traces.values()]),
        residues=np.concatenate([np.repeat(np.arange(1, len(trace) + 1), len(names)) for trace in traces.values()]),
        residue_names=np.full(len(numbers), "ALA"),
        names=np.tile(names, n_residues),
        title="Synthetic IgG antibody (built by code, not an experimental structure)",
    )


def _layout() -> dict[str, list[_Segment]]:
    """Return the strands and fixed hinge residues of each chain, each chain from its first residue to its last."""
    turning = _fab(hinge_end=np.array([17.0, 13.0, 0.0]), long_axis=_unit(0.0, 0.0), normal=_unit(90.0, 55.0))
    fixed = _fab(hinge_end=np.array([-17.0, 0.0, 0.0]), long_axis=_unit(190.0, 10.0), normal=_unit(90.0, -35.0))
    # Turned so that the CA-C bond of residue 230 lies in the xy plane, 60 degrees from x.
    pivot = _strand_along(228, 5, centre=np.array([8.0, 10.0, 0.0]), direction=-_unit(80.92, -29.72))
    bent = _strand_along(229, 3, centre=np.array([-8.0, 4.0, 0.0]), direction=-_unit(110.0, 0.0))
    return {
        "H": [*turning[0], pivot, *_fc(1.0)],
        "L": turning[1],
        "K": [*fixed[0], bent, *_fc(-1.0)],
        "M": fixed[1],
    }


def _fab(hinge_end: Vector, long_axis: Vector, normal: Vector) -> tuple[list[_Segment], list[_Segment]]:
    """Return the heavy and light strands of a Fab.

    The constant domains lie along ``long_axis`` from ``hinge_end`` (Å) on; the variable ones beyond are bent by the
    elbow angle. ``normal`` is roughly the direction from the light to the heavy chain.
    """
    across = np.cross(long_axis, normal)
    across /= np.linalg.norm(across)
    normal = np.cross(across, long_axis)
    bend = np.deg2rad(25)
    outer = np.cos(bend) * long_axis + np.sin(bend) * across
    constant = hinge_end + 18 * long_axis
    variable = constant + _SPAN / 2 * (long_axis + outer)
    # Variable domains touch with the sheet of G, F and C, constant ones with that of A, B, E and D.
    heavy = [
        *_domain(VARIABLE, (3, 109), variable + 11 * normal, -outer, -normal),
        *_domain(CONSTANT, (118, 219), constant + 10.5 * normal, -long_axis, normal),
    ]
    light = [
        *_domain(VARIABLE, (3, 106), variable - 11 * normal, -outer, normal),
        *_domain(CONSTANT, (115, 212), constant - 10.5 * normal, -long_axis, -normal),
    ]
    return heavy, light


def _fc(side: float) -> list[_Segment]:
    """Return the strands of CH2 and CH3 on the right (+1) or the left (-1) of the Fc."""
    turn = np.deg2rad(30)  # of the Fc about its long axis, out of the plane of the Fabs
    outwards = side * np.array([np.cos(turn), 0.0, np.sin(turn)])
    down = np.array([0.0, -1.0, 0.0])
    return [
        *_domain(CONSTANT, (248, 342), 19 * outwards + 36 * down, down - 0.25 * outwards, outwards),
        *_domain(CONSTANT, (349, 448), 10.5 * outwards + (36 + _SPAN) * down, down, outwards),
    ]


def _domain(
    topology: Topology, residues: tuple[int, int], centre: Vector, axis: Vector, normal: Vector
) -> list[_Segment]:
    """Return the strands of a domain, spread evenly over residues (first, last).

    They lie along ``axis``; sheet 1 is displaced from sheet 0 along ``normal``.
    """
    first, last = residues
    n_residues = 7 if topology is VARIABLE else 9
    y = axis / np.linalg.norm(axis)
    x = np.cross(y, normal)
    x /= np.linalg.norm(x)
    traces = centre + strand_traces(topology, n_residues) @ np.stack([x, y, np.cross(x, y)])
    starts = np.linspace(first, last - n_residues + 1, len(traces)).round().astype(int)
    return [_Segment(int(start), trace) for start, trace in zip(starts, traces, strict=True)]


def _strand_along(first: int, n_residues: int, centre: Vector, direction: Vector) -> _Segment:
    """Return a lone extended stretch of the hinge, pleated towards z as far as ``direction`` lets it."""
    k = np.arange(n_residues) - (n_residues - 1) / 2
    pleat = np.sqrt(CA_STEP**2 - RISE**2) / 2 * (-1.0) ** np.arange(n_residues)
    sideways = np.array([0.0, 0.0, 1.0]) - direction[2] * direction
    sideways /= np.linalg.norm(sideways)
    return _Segment(first, centre + RISE * k[:, None] * direction + pleat[:, None] * sideways)


def _joined(segments: list[_Segment]) -> tuple[Float64[np.ndarray, "R 3"], Bool[np.ndarray, " R"]]:
    """Return the CA of a whole chain in Å, loops included, and which of them may still move."""
    head, tail = segments[0].trace, segments[-1].trace
    # Two more residues of the pleated strand at either end.
    pieces = [head[:2] - (head[2] - head[0])]
    for here, there in pairwise(segments):
        pieces += [here.trace, _loop(here.trace, there.trace, there.first - here.first - len(here.trace))]
    pieces += [tail, tail[-2:] + (tail[-1] - tail[-3])]
    free = np.concatenate([np.full(len(piece), i % 2 == 0) for i, piece in enumerate(pieces)])
    return np.concatenate(pieces), free


def _loop(before: Float64[np.ndarray, "L 3"], after: Float64[np.ndarray, "M 3"], n: int) -> Float64[np.ndarray, "n 3"]:
    """Return ``n`` residues wound about a smooth curve from the end of one stretch to the start of the next."""
    start, end = before[-2:].mean(axis=0), after[:2].mean(axis=0)
    leave, arrive = (t / np.linalg.norm(t) for t in (before[-1] - before[-3], after[2] - after[0]))
    reach = 0.75 * _LOOP_RISE * (n + 1) / 2
    t = np.linspace(0, 1, 200)[:, None]
    bezier = (1 - t) ** 3 * start + t**3 * end
    bezier += 3 * t * (1 - t) * ((1 - t) * (start + reach * leave) + t * (end - reach * arrive))
    length = np.concatenate([[0], np.linalg.norm(np.diff(bezier, axis=0), axis=1).cumsum()])
    at = np.linspace(0, length[-1], n + 3)[1:-1]
    curve = np.stack([np.interp(at, length, axis) for axis in bezier.T], axis=1)

    # Three residues a turn, left-handed (polyproline II), as wide as keeps neighbours one CA step apart.
    tangent = np.gradient(curve, axis=0)
    first = np.cross(np.cross(end - start, leave), tangent)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(first, tangent)
    second /= np.linalg.norm(second, axis=1, keepdims=True)
    radius = np.sqrt(max(CA_STEP**2 - (length[-1] / (n + 2)) ** 2, 0.0) / 3)
    angle = 2 * np.pi / 3 * np.arange(n + 1)[:, None]
    wound = curve + radius * (np.cos(angle) * first + np.sin(angle) * second)
    return np.asarray(wound[:n])


def _relaxed(
    chains: dict[str, tuple[Float64[np.ndarray, "R 3"], Bool[np.ndarray, " R"]]],
) -> dict[str, Float64[np.ndarray, "R 3"]]:
    """Return the CA of each chain with the loops moved until bonds are one CA step long and nothing overlaps."""
    position = np.concatenate([trace for trace, _ in chains.values()])
    free = np.concatenate([free for _, free in chains.values()]).astype(float)
    ends = np.cumsum([len(trace) for trace, _ in chains.values()])[:-1]
    chain = np.repeat(np.arange(len(chains)), [len(trace) for trace, _ in chains.values()])
    index = np.arange(len(position))

    def close(separation: int) -> np.ndarray:
        pairs = np.stack([index[:-separation], index[separation:]], axis=1)
        return np.asarray(pairs[chain[pairs[:, 0]] == chain[pairs[:, 1]]])

    bonds, angles = close(1), close(2)
    for _ in range(_SWEEPS):
        pairs = cKDTree(position).query_pairs(_APART, output_type="ndarray")
        pairs = pairs[(chain[pairs[:, 0]] != chain[pairs[:, 1]]) | (np.abs(pairs[:, 0] - pairs[:, 1]) > 2)]
        shift = np.zeros_like(position)
        for couples, low, high in ((bonds, CA_STEP, CA_STEP), (angles, 5.0, 7.0), (pairs, _APART, np.inf)):
            a, b = couples.T
            between = position[b] - position[a]
            distance = np.linalg.norm(between, axis=1)
            mobile = free[a] + free[b]
            wanted = np.clip(distance, low, high)
            pull = ((distance - wanted) / distance / np.maximum(mobile, 1))[:, None] * between
            np.add.at(shift, a, pull * free[a, None])
            np.add.at(shift, b, -pull * free[b, None])
        position = position + 0.4 * shift
    return dict(zip(chains, np.split(position, ends), strict=True))


def _unit(azimuth: float, elevation: float) -> Vector:
    """Return the unit vector at an angle from x in the xy plane and an angle from that plane towards z, in degrees."""
    phi, theta = np.deg2rad([azimuth, elevation])
    return np.array([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)])
