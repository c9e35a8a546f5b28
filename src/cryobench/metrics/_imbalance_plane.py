"""Information imbalance with error bars, and of a latent space against several others: the plane.

The plane has the imbalance from the latent to another space on one axis, and back on the other. Against the true
latent, the pose and the CTF it shows what a latent encodes: the conformation, or what should not be in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int

from cryobench.core import CTF_COLUMNS, InputError, stream
from cryobench.core.checks import require_finite, require_shape
from cryobench.metrics._imbalance import information_imbalance
from cryobench.ops.distances import require_same_points

SUBSET_SIZE = 2000


@dataclass(frozen=True)
class SubsampledImbalance:
    """Information imbalance of disjoint random subsets: its mean over them, and the standard error of that mean.

    Parameters
    ----------
    a_to_b, b_to_a
        Means.
    a_to_b_error, b_to_a_error
        Standard deviation over subsets (divisor: their number less one), divided by the root of their number.
    size, subsets
        Points of a subset, and number of subsets.
    """

    a_to_b: float
    b_to_a: float
    a_to_b_error: float
    b_to_a_error: float
    size: int
    subsets: int


@dataclass(frozen=True)
class PlanePoint:
    """Information imbalance between a latent space and another one, which has a name.

    Parameters
    ----------
    space
        Name of the other space.
    to_space
        From the latent to it: near 0 where the latent predicts it.
    from_space
        From it to the latent: near 0 where it predicts the latent.
    """

    space: str
    to_space: float
    from_space: float


def subsampled_imbalance(
    a: Float[np.ndarray, "n p"], b: Float[np.ndarray, "m q"], k: int = 1, size: int = SUBSET_SIZE, seed: int = 0
) -> SubsampledImbalance:
    """Return the information imbalance of random subsets that share no point, with standard errors, as dadapy does.

    The points are shuffled and cut into as many subsets of one size as there are; what is left over is left out. A
    subset has fewer points than the whole, so that its nearest neighbours are farther: compare imbalances of equal
    ``size`` and ``k`` alone.

    Parameters
    ----------
    a, b, k
        As for :func:`information_imbalance`, within each subset.
    size
        Points of a subset, at most half of all.
    seed
        Of the shuffle.

    Raises
    ------
    InputError
        If there are not two subsets, and as :func:`information_imbalance`.

    References
    ----------
    Glielmo et al., PNAS Nexus 1 (2022) pgac039; Glielmo et al., Patterns 3 (2022) 100589 (DADApy).
    """
    require_same_points(len(a), len(b))
    if not 2 <= size <= len(a) // 2:
        raise InputError(
            f"subsets of {size} of {len(a)} points: an error needs at least two subsets of at least two points, so "
            f"choose a size from 2 to {len(a) // 2}"
        )
    order = stream(seed, "information imbalance subsets").permutation(len(a))
    count = len(a) // size
    return imbalance_of_parts(a, b, k, order[: count * size].reshape(count, size))


def imbalance_of_parts(
    a: Float[np.ndarray, "n p"], b: Float[np.ndarray, "m q"], k: int, parts: Int[np.ndarray, "subsets size"]
) -> SubsampledImbalance:
    """Return the information imbalance of given subsets, each a row of indices, with standard errors."""
    subsets, size = parts.shape
    found = np.array([information_imbalance(a[part], b[part], k) for part in parts])
    means, errors = found.mean(axis=0), found.std(axis=0, ddof=1) / np.sqrt(subsets)
    return SubsampledImbalance(float(means[0]), float(means[1]), float(errors[0]), float(errors[1]), size, subsets)


def imbalance_plane(
    latent: Float[np.ndarray, "n d"], spaces: Mapping[str, Float[np.ndarray, "n p"]], k: int = 1
) -> list[PlanePoint]:
    """Return the information imbalance between a latent and each of several named spaces of the same n points.

    :func:`rotation_space` and :func:`ctf_space` make spaces of poses and CTF parameters.

    Raises
    ------
    InputError
        As :func:`information_imbalance`.
    """
    return [PlanePoint(name, *information_imbalance(latent, space, k)) for name, space in spaces.items()]


def rotation_space(rotations: Float[np.ndarray, "n 3 3"]) -> Float64[np.ndarray, "n 9"]:
    """Return rotations as points whose order of distances is that of the angles between them, shape (n, 9).

    They are the entries of the matrices: two rotations an angle t apart are sqrt(8) sin(t/2) apart, which grows with t
    up to 180°.

    Raises
    ------
    InputError
        If the shape is not (n, 3, 3) or a value is not finite.
    """
    require_shape("rotations", rotations, (None, 3, 3))
    require_finite("rotations", rotations)
    return rotations.reshape(-1, 9).astype(np.float64)


def ctf_space(table: Float[np.ndarray, "n 7"]) -> Float64[np.ndarray, "n c"]:
    """Return CTF parameters as points, shape (n, c).

    The mean defocus and the astigmatism, as a vector (U - V)/2 (cos 2a, sin 2a) with the angle a of U, are three
    numbers in Å and share one scale, the root of their summed variances. So the angle neither jumps at 180° nor matters
    without astigmatism. Each other column is divided by its own standard deviation. What does not vary is left out.

    Parameters
    ----------
    table
        Shape (n, 7), columns :data:`cryobench.core.CTF_COLUMNS`.

    Raises
    ------
    InputError
        If the shape is another, a value is not finite, or no parameter varies.
    """
    require_shape("CTF table", table, (None, len(CTF_COLUMNS)))
    require_finite("CTF table", table)
    given = table.astype(np.float64)
    u, v, angle = given[:, 0], given[:, 1], 2 * np.deg2rad(given[:, 2])
    defocus = np.column_stack(((u + v) / 2, (u - v) / 2 * np.cos(angle), (u - v) / 2 * np.sin(angle)))
    columns = []
    if (defocus != defocus[0]).any():
        columns.append((defocus - defocus.mean(axis=0)) / np.sqrt(defocus.var(axis=0).sum()))
    for values in given[:, 3:].T:
        if (values != values[0]).any():
            columns.append((values - values.mean())[:, None] / values.std())
    if not columns:
        raise InputError("no CTF parameter varies between particles: there is no space of them; leave it out")
    return np.concatenate(columns, axis=1)
