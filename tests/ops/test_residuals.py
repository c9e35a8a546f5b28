"""Residuals of shells against sums over the full plane."""

from __future__ import annotations

import numpy as np

from cryobench.ops.grams import slice_products
from cryobench.ops.residuals import linear_residuals, shell_counts, shell_residuals

N, BOX, COMPONENTS = 3, 12, 2
K = np.fft.fftfreq(BOX, 1 / BOX)
RADIUS = np.hypot(K[:, None], K)
INSIDE = (RADIUS > 0) & (RADIUS < BOX // 2)


def fields() -> tuple[np.ndarray, np.ndarray]:
    """Real images and slices, whose transforms have a mirrored half."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, BOX, BOX)), rng.normal(size=(N, COMPONENTS, BOX, BOX))


def halves() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    images, slices = fields()
    ctf = np.full((N, BOX, BOX // 2 + 1), -0.7, dtype=np.float32)
    packed = np.ascontiguousarray(np.moveaxis(np.fft.rfft2(slices), 1, -1)).astype(np.complex64)
    return packed, ctf, np.fft.rfft2(images).astype(np.complex64)


def by_shell(power: np.ndarray) -> np.ndarray:
    shells = np.rint(RADIUS[INSIDE]).astype(int)
    return np.bincount(shells, weights=power[INSIDE], minlength=BOX // 2 + 1)


def test_counts_are_those_of_the_plane() -> None:
    np.testing.assert_array_equal(shell_counts(BOX), by_shell(np.ones((BOX, BOX))))


def test_residuals_agree_with_the_full_plane() -> None:
    images, slices = fields()
    found = shell_residuals(*halves())
    for i in range(N):
        for c in range(COMPONENTS):
            expected = by_shell(np.abs(np.fft.fft2(images[i] + 0.7 * slices[i, c])) ** 2)
            np.testing.assert_allclose(found[i, c], expected, rtol=1e-4)


def test_expected_residuals_are_the_mean_over_draws() -> None:
    """Of two equally likely factors, the mean of the two powers."""
    images, slices = fields()
    draws = np.array([[1.0, 2.0], [0.5, -1.0]])
    first, second = np.tile(draws.mean(axis=0), (N, 1)), np.tile(draws.T @ draws / 2, (N, 1, 1))
    found = linear_residuals(*halves(), first, second)
    for i in range(N):
        powers = [
            by_shell(np.abs(np.fft.fft2(images[i] + 0.7 * np.tensordot(u, slices[i], axes=1))) ** 2) for u in draws
        ]
        np.testing.assert_allclose(found[i], np.mean(powers, axis=0), rtol=1e-4)


def test_products_are_weighed_shell_by_shell() -> None:
    _, slices = fields()
    precision = np.linspace(0.5, 3.0, BOX // 2 + 1)
    grams, _ = slice_products(*halves(), precision)
    for i in range(N):
        x = np.fft.fft2(-0.7 * slices[i])
        expected = [[by_shell((a.conj() * b).real) @ precision for b in x] for a in x]
        np.testing.assert_allclose(grams[i], expected, rtol=1e-4, atol=1e-3)
