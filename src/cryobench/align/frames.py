"""One set of poses in the frame of another.

An active rotation R puts a map into an image. Where the map itself is turned, by G, its poses become R G. Where it is
mirrored as well, they become M R G with M = diag(1, 1, -1) and a G of determinant -1. So the frame of estimated poses
is a G, and their hand is whether M stands on the left. Aligned poses are R_est G^T, or M R_est G^T.

With the relative rotations Q_i = R_true,i^T R_est,i (or R_true,i^T M R_est,i) the best G minimises a mean over i of the
distance |Q_i - S_i G|, Frobenius, where S_i is that operator of the particle's symmetry that makes it smallest.

``"squared"``
    The mean squared distance. Without symmetry the minimum is known in closed form: the orthogonal matrix nearest to
    the mean of Q_i (Moakher, SIAM J. Matrix Anal. Appl. 24 (2002) 1).
``"distance"``
    The mean distance, smoothed within a thousandth: sqrt(d^2 + 1e-6). Poses that are wrong altogether do not pull the
    frame away from the others. Reweighted least squares (Weiszfeld's way: Hartley, Aftab and Trumpf, CVPR 2011, 3041)
    from the best four of 65 starts: the mean, and 64 Q_i spread over the set (all, where there are no more).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float64, Int

from cryobench.align.rotation_sets import MIRROR

Criterion = Literal["distance", "squared"]
CRITERIA: tuple[Criterion, ...] = ("distance", "squared")

_SMOOTHING = 1e-3
_STARTS = 64
_SAMPLE = 2000
_REFINED = 4


@dataclass(frozen=True, eq=False)
class SymmetricRows:
    """Particles that have the same symmetry.

    Parameters
    ----------
    rows
        Which ones, shape (n,).
    operators
        The group's operators, in the frame of the true map, shape (m, 3, 3).
    """

    rows: Int[np.ndarray, " n"]
    operators: Float64[np.ndarray, "m 3 3"]


@dataclass(frozen=True, eq=False)
class Frame:
    """The frame of a set of poses.

    Parameters
    ----------
    gauge
        G, shape (3, 3), of determinant -1 where the map is of the other hand.
    mirrored
        Whether M stands on the left of the estimated poses.
    cost
        The mean that is smallest for this frame.
    """

    gauge: Float64[np.ndarray, "3 3"]
    mirrored: bool
    cost: float


def align_rotations(estimated: Float64[np.ndarray, "N 3 3"], frame: Frame) -> Float64[np.ndarray, "N 3 3"]:
    """Return estimated poses in the frame of the true ones, shape (N, 3, 3)."""
    turned = np.matmul(estimated, frame.gauge.T)
    return np.asarray(np.matmul(MIRROR, turned) if frame.mirrored else turned)


def best_frame(
    estimated: Float64[np.ndarray, "N 3 3"],
    true: Float64[np.ndarray, "N 3 3"],
    operators: list[SymmetricRows] | None = None,
    hands: Iterable[bool] = (False, True),
    criterion: Criterion = "distance",
) -> Frame:
    """Return the frame in which estimated poses are nearest to the true ones.

    Parameters
    ----------
    estimated, true
        Rotations, shape (N, 3, 3); the estimated ones may all be reflections.
    operators
        Symmetry of the true map, by groups that make up all rows; None where there is none.
    hands
        The hands to try. The first wins where two are equally good.
    criterion
        What is smallest; see the module.
    """
    if operators is not None and all(len(group.operators) == 1 for group in operators):
        operators = None
    found = []
    for mirrored in hands:
        relative = np.matmul(true.transpose(0, 2, 1), np.matmul(MIRROR, estimated) if mirrored else estimated)
        gauge, cost = _first_fit(relative, operators, criterion)
        found.append((mirrored, relative, gauge, cost))
    # A hand that is clearly worse on the sample needs no fit to all.
    least = min(cost for *_, cost in found)
    best: Frame | None = None
    for mirrored, relative, first, first_cost in found:
        if first_cost > 1.05 * least + 1e-9:
            continue
        gauge = first
        if criterion == "distance" or operators is not None:
            gauge = _refine(relative, first, operators, criterion, 500, 1e-10, _SMOOTHING)
        cost = _cost(relative, gauge, operators, criterion)
        if best is None or cost < best.cost - 1e-9:
            best = Frame(gauge, mirrored, cost)
    assert best is not None
    return best


def symmetry_traces(
    relative: Float64[np.ndarray, "N 3 3"], operators: list[SymmetricRows]
) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N 3 3"]]:
    """Return the largest trace of X^T S over the operators S of each particle, and that S."""
    traces, chosen = np.empty(len(relative)), np.empty_like(relative)
    for group in operators:
        products = np.matmul(relative[group.rows].reshape(-1, 9), group.operators.reshape(-1, 9).T)
        best = products.argmax(axis=1)
        traces[group.rows] = products[np.arange(len(best)), best]
        chosen[group.rows] = group.operators[best]
    return traces, chosen


def _first_fit(
    relative: Float64[np.ndarray, "N 3 3"], operators: list[SymmetricRows] | None, criterion: Criterion
) -> tuple[Float64[np.ndarray, "3 3"], float]:
    """Return a frame that is the best for a sample of the particles, or for all in closed form, and its cost."""
    starts = [] if operators else [_nearest_orthogonal(relative.mean(axis=0), relative[0])]
    if criterion == "squared" and operators is None:
        return starts[0], _cost(relative, starts[0], None, criterion)
    rows = _strided(len(relative), _SAMPLE)
    few, few_operators = relative[rows], _only(operators, rows)
    starts += _medoid_candidates(relative, operators)
    starts.sort(key=lambda start: _cost(few, start, few_operators, criterion))
    refined = [_refine(few, start, few_operators, criterion, 60, 1e-6, 0.15) for start in starts[:_REFINED]]
    costs = [_cost(few, gauge, few_operators, criterion) for gauge in refined]
    best = int(np.argmin(costs))
    return refined[best], costs[best]


def _medoid_candidates(
    relative: Float64[np.ndarray, "N 3 3"], operators: list[SymmetricRows] | None
) -> list[Float64[np.ndarray, "3 3"]]:
    """Return frames in each of which one particle is exact."""
    rows = _strided(len(relative), _STARTS)
    few = _only(operators, rows)
    if few is None or len(few) == 1:  # the operators of one symmetry lead to equally good frames
        return list(relative[rows])
    return [
        operator.T @ relative[rows[row]] for group in few for row in group.rows.tolist() for operator in group.operators
    ]


def _refine(
    relative: Float64[np.ndarray, "N 3 3"],
    gauge: Float64[np.ndarray, "3 3"],
    operators: list[SymmetricRows] | None,
    criterion: Criterion,
    steps: int,
    tolerance: float,
    smoothing: float,
) -> Float64[np.ndarray, "3 3"]:
    """Return the frame that reweighted least squares leads to.

    ``smoothing`` is halved with each step, down to its final value: a frame in which one particle is exact would hardly
    be left without. Sums are taken by einsum, whose order does not hang on the number of threads.
    """
    for _ in range(steps):
        squares, chosen = _squares(relative, gauge, operators)
        weights = np.ones(len(relative)) if criterion == "squared" else 1 / np.sqrt(squares + smoothing**2)
        if chosen is None:
            total = np.einsum("n,nj->j", weights, relative.reshape(-1, 9)).reshape(3, 3)
        else:
            total = np.einsum("nij,nik->jk", chosen * weights[:, None, None], relative)
        following = _nearest_orthogonal(total, gauge)
        settled = smoothing == _SMOOTHING and np.abs(following - gauge).max() < tolerance
        gauge, smoothing = following, max(smoothing / 2, _SMOOTHING)
        if settled:
            break
    return gauge


def _cost(
    relative: Float64[np.ndarray, "N 3 3"],
    gauge: Float64[np.ndarray, "3 3"],
    operators: list[SymmetricRows] | None,
    criterion: Criterion,
) -> float:
    squares, _ = _squares(relative, gauge, operators)
    return float(np.mean(squares if criterion == "squared" else np.sqrt(squares + _SMOOTHING**2)))


def _squares(
    relative: Float64[np.ndarray, "N 3 3"], gauge: Float64[np.ndarray, "3 3"], operators: list[SymmetricRows] | None
) -> tuple[Float64[np.ndarray, " N"], Float64[np.ndarray, "N 3 3"] | None]:
    """Return squared distances to a frame, and the operator of each particle that makes it smallest."""
    if operators is None:
        return np.maximum(6 - 2 * np.einsum("nj,j->n", relative.reshape(-1, 9), gauge.ravel()), 0.0), None
    traces, chosen = symmetry_traces(np.matmul(relative, gauge.T), operators)
    return np.maximum(6 - 2 * traces, 0.0), chosen


def _nearest_orthogonal(
    matrix: Float64[np.ndarray, "3 3"], like: Float64[np.ndarray, "3 3"]
) -> Float64[np.ndarray, "3 3"]:
    """Return the orthogonal matrix nearest to a matrix, of the determinant of another."""
    left, _, right = np.linalg.svd(matrix)
    sign = np.sign(np.linalg.det(left) * np.linalg.det(right) * np.linalg.det(like))
    return np.asarray((left * np.array([1.0, 1.0, sign])) @ right)


def _strided(count: int, most: int) -> Int[np.ndarray, " n"]:
    """Return up to ``most`` row numbers, evenly spread."""
    return np.arange(min(count, most)) * count // min(count, most)


def _only(operators: list[SymmetricRows] | None, rows: Int[np.ndarray, " n"]) -> list[SymmetricRows] | None:
    """Return the groups of some of the particles, numbered anew."""
    if operators is None:
        return None
    found = [SymmetricRows(np.flatnonzero(np.isin(rows, group.rows)), group.operators) for group in operators]
    return [group for group in found if group.rows.size]
