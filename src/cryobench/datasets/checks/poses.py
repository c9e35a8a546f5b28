"""Rotations and shifts."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from cryobench.datasets.checks.finding import Finding

_ORTHOGONAL = 1e-4
_EVEN = 0.01


def check_rotations(rotations: Float64[np.ndarray, "N 3 3"]) -> list[Finding]:
    """Return whether matrices are rotations: finite, orthogonal within 1e-4, of determinant 1."""
    finite = np.isfinite(rotations).all(axis=(1, 2))
    if not finite.all():
        bad = np.flatnonzero(~finite)
        words = f"{bad.size:,} hold a value that is not finite, first that of particle {bad[0]}"
        return [Finding(check="rotations", status="fault", words=words, advice="estimate or draw these poses again")]
    gram = np.einsum("nij,nik->njk", rotations, rotations)
    error = np.abs(gram - np.eye(3)).max(axis=(1, 2))
    bad = np.flatnonzero(error > _ORTHOGONAL)
    if bad.size:
        first = bad[0]
        words = f"{bad.size:,} are not orthogonal, first that of particle {first}: RᵀR is off by {error[first]:.2g}"
        advice = "expected 3 x 3 rotation matrices, not Euler angles or scaled matrices: write them again"
        return [Finding(check="rotations", status="fault", words=words, advice=advice)]
    mirrored = np.flatnonzero(np.linalg.det(rotations) < 0)
    if mirrored.size:
        words = f"{mirrored.size:,} are reflections (determinant -1), first that of particle {mirrored[0]}"
        advice = "the poses of the other hand are M R M with M = diag(1, 1, -1), not a change of one sign"
        return [Finding(check="rotations", status="fault", words=words, advice=advice)]
    words = f"orthogonal within {max(error.max(initial=0.0), 1e-9):.0e}, of determinant 1"
    return [Finding(check="rotations", status="ok", words=words), _views(rotations)]


def view_moments(rotations: Float64[np.ndarray, "N 3 3"]) -> tuple[float, Float64[np.ndarray, " 3"]]:
    """Return how far views are from even: the length of their mean, and the eigenvalues of their second moment.

    The view of R in the volume's frame is its third row, Rᵀ z. For uniform views the mean is 0 and each eigenvalue 1/3.
    """
    views = rotations[:, 2]
    second = views.T @ views / len(views)
    return float(np.linalg.norm(views.mean(axis=0))), np.asarray(np.linalg.eigvalsh(second))


def _views(rotations: Float64[np.ndarray, "N 3 3"]) -> Finding:
    """Return how evenly the views are spread, by Rayleigh's and Bingham's tests of uniformity."""
    from scipy.stats import chi2  # noqa: PLC0415 -- slow to import

    n = len(rotations)
    mean, moments = view_moments(rotations)
    p_mean = float(chi2.sf(3 * n * mean**2, 3))
    p_second = float(chi2.sf(7.5 * n * ((moments - 1 / 3) ** 2).sum(), 5))
    values = {"mean": mean, "smallest": float(moments[0]), "largest": float(moments[2])}
    said = f"mean {mean:.3f}, second moments {moments[0]:.3f} to {moments[2]:.3f}; uniform: 0 and 0.333"
    if n > 1 and np.abs(rotations - rotations[0]).max() == 0:
        advice = "every particle has the same rotation: was a table of poses forgotten?"
        return Finding(check="views", status="warning", words="all the same", advice=advice, values=values)
    even = min(p_mean, p_second) > _EVEN
    return Finding(check="views", status="ok", words=f"{'even' if even else 'not even'} ({said})", values=values)


def check_shifts(shifts: Float64[np.ndarray, "N 2"], extent: float) -> list[Finding]:
    """Return whether shifts (Å) leave the particle in a box of ``extent`` Å."""
    if not np.isfinite(shifts).all():
        bad = np.flatnonzero(~np.isfinite(shifts).all(axis=1))
        words = f"{bad.size:,} are not finite, first that of particle {bad[0]}"
        return [Finding(check="shifts", status="fault", words=words, advice="estimate or draw these poses again")]
    largest = np.abs(shifts).max(axis=1)
    values = {"largest": float(largest.max(initial=0.0))}
    out = np.flatnonzero(largest > extent / 2)
    if out.size:
        words = (
            f"{out.size:,} are beyond half the box of {extent:g} Å, first that of particle {out[0]} "
            f"({largest[out[0]]:.4g} Å)"
        )
        advice = "shifts in a pickle are fractions of the box, in a STAR file Å (3.1) or pixels (3.0): check the unit"
        return [Finding(check="shifts", status="fault", words=words, advice=advice, values=values)]
    words = f"up to {values['largest']:.1f} Å in a box of {extent:g} Å"
    return [Finding(check="shifts", status="ok", words=words, values=values)]
