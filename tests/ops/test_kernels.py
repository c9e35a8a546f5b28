"""Splatting, shell sums and inner products against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest

from cryobench.ops.fft import volume_to_fourier
from cryobench.ops.grams import slice_products
from cryobench.ops.shells import half_shell_products, pack_shells, whole_shells
from cryobench.ops.splat import splat_gaussians


def test_splat_agrees_with_the_direct_sum() -> None:
    rng = np.random.default_rng(0)
    box, pixel, sigma = 24, 2.0, 3.1
    points, weights = rng.uniform(-10, 10, (40, 3)), rng.uniform(1, 8, 40)
    axis = (np.arange(box) - box // 2) * pixel
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    direct = np.zeros((box, box, box))
    for (px, py, pz), w in zip(points, weights, strict=True):
        squared = (x - px) ** 2 + (y - py) ** 2 + (z - pz) ** 2
        direct += w * np.exp(-squared / (2 * sigma**2)) * (2 * np.pi * sigma**2) ** -1.5
    found = splat_gaussians(points, weights, sigma, box, pixel)
    assert np.abs(found - direct).max() / direct.max() < 1e-5
    assert found.sum(dtype=np.float64) * pixel**3 == pytest.approx(weights.sum(), rel=1e-4)


def test_splat_outside_the_box_is_cut() -> None:
    found = splat_gaussians(np.array([[0.0, 0, 0], [500.0, 0, 0]]), np.ones(2), 2.0, 16, 2.0)
    assert found.sum(dtype=np.float64) * 8 == pytest.approx(1.0, rel=1e-4)


@pytest.mark.parametrize("rounded", [True, False])
@pytest.mark.parametrize("box", [8, 16, 18])
def test_shell_sums_agree_with_the_full_transform(box: int, rounded: bool) -> None:
    rng = np.random.default_rng(box)
    a, b = (rng.normal(size=(box, box, box)).astype(np.float32) for _ in range(2))
    packed = np.stack([pack_shells(volume_to_fourier(v)) for v in (a, b)])
    sums = whole_shells(half_shell_products(packed, packed, box), rounded=rounded)
    found = np.stack((sums[0, 1], sums[0, 0], sums[1, 1]))
    fa, fb = (np.fft.fftn(v.astype(np.float64)) for v in (a, b))
    k = np.fft.fftfreq(box, 1 / box)
    radius = np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k**2)
    for shell in range(box // 2 + 1):
        chosen = np.rint(radius) == shell if rounded else (radius >= shell - 1) & (radius < shell)
        expected = [(fa * fb.conj())[chosen].real.sum(), (abs(fa) ** 2)[chosen].sum(), (abs(fb) ** 2)[chosen].sum()]
        np.testing.assert_allclose(found[:, shell], expected, rtol=1e-4, atol=1e-3)


def test_products_of_a_pair_do_not_depend_on_what_else_is_computed() -> None:
    rng = np.random.default_rng(0)
    packed = np.stack([pack_shells(np.fft.rfftn(rng.normal(size=(18, 18, 18))).astype(np.complex64)) for _ in range(5)])
    together = half_shell_products(packed, packed[:3], 18)
    for i in range(5):
        for j in range(3):
            alone = half_shell_products(packed[i : i + 1], packed[j : j + 1], 18)
            np.testing.assert_array_equal(alone[0, 0], together[i, j])


def test_slice_products_agree_with_the_full_plane() -> None:
    rng = np.random.default_rng(0)
    n, box, components = 2, 12, 3
    images = rng.normal(size=(n, components + 1, box, box))
    half = np.fft.rfft2(images).astype(np.complex64)
    ctf = rng.normal(size=(n, box, box // 2 + 1)).astype(np.float32)
    ctf[:, :, 0] = 0.5  # the mirrored halves of a real image's plane have one CTF
    grams, products = slice_products(np.moveaxis(half[:, :3], 1, -1).copy(), ctf, half[:, 3])
    k = np.fft.fftfreq(box, 1 / box)
    radius = k[:, None] ** 2 + np.arange(box // 2 + 1) ** 2
    weight = np.where(np.arange(box // 2 + 1) == 0, 1.0, 2.0) * ((radius > 0) & (radius < (box // 2) ** 2))
    for i in range(n):
        x = half[i, :3] * ctf[i]
        np.testing.assert_allclose(grams[i], np.einsum("yx,ayx,byx->ab", weight, x.conj(), x).real, rtol=1e-5)
        np.testing.assert_allclose(products[i], np.einsum("yx,ayx,yx->a", weight, x.conj(), half[i, 3]).real, rtol=1e-4)
