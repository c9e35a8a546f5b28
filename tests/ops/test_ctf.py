from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryobench.ops.ctf import apply_optics, electron_wavelength, evaluate_ctf, evaluate_ctf_plane
from cryobench.ops.shift import displace


def half(full: np.ndarray) -> np.ndarray:
    """Bring a centred full transform into the layout of a half one."""
    box = full.shape[-1]
    return np.fft.ifftshift(full, axes=(-2, -1))[..., : box // 2 + 1]


@pytest.mark.parametrize(("suffix", "b_factor"), [("nob", 0.0), ("bfac100", 100.0)])
@pytest.mark.parametrize(("prefix", "params", "apix"), [("ctf", "params", "apix"), ("ctf64", "params64", "apix64")])
def test_agrees_with_the_published_ctf(
    published: Path, prefix: str, params: str, apix: str, suffix: str, b_factor: float
) -> None:
    data = np.load(published / "b_ctf.npz")
    expected = half(data[f"{prefix}_{suffix}"])
    table = data[params][:, 2:].astype(np.float64)
    box = expected.shape[-2]
    got = evaluate_ctf(table, box, float(data[apix]), b_factor)
    # At the Nyquist line the astigmatic CTF of -k differs between the layouts' conventions: left out.
    inside = np.ones(got.shape[1:], dtype=bool)
    inside[box // 2] = inside[:, box // 2] = False
    np.testing.assert_allclose(got[:, inside], expected[:, inside], atol=1e-4)
    plane = evaluate_ctf_plane(table, box, float(data[apix]), b_factor)
    np.testing.assert_allclose(plane, data[f"{prefix}_{suffix}"], atol=1e-4)  # the reference is single precision inside


def independent_ctf(table: np.ndarray, box: int, pixel_size: float, b_factor: float) -> np.ndarray:
    """The formula of the conventions as it stands, with the angle of each frequency."""
    k = np.fft.fftshift(np.fft.fftfreq(box, pixel_size))
    ky, kx = np.meshgrid(k, k, indexing="ij")
    s = np.hypot(kx, ky)
    images = []
    for u, v, angle, kv, cs, w, phase in table:
        volts = kv * 1000
        wavelength = 12.2639 / np.sqrt(volts + 0.97845e-6 * volts**2)
        defocus = (u + v + (u - v) * np.cos(2 * (np.arctan2(ky, kx) - np.deg2rad(angle)))) / 2
        g = 2 * np.pi * (-0.5 * defocus * wavelength * s**2 + 0.25 * cs * 1e7 * wavelength**3 * s**4)
        g -= np.deg2rad(phase)
        images.append((np.sqrt(1 - w**2) * np.sin(g) - w * np.cos(g)) * np.exp(-b_factor * s**2 / 4))
    return np.stack(images)


def test_agrees_with_the_formula_in_double_precision() -> None:
    rng = np.random.default_rng(0)
    n = 8
    columns = [rng.uniform(5e3, 3e4, n), rng.uniform(5e3, 3e4, n), rng.uniform(0, 180, n), rng.choice([200, 300], n)]
    columns += [rng.uniform(0, 2.7, n), rng.uniform(0, 1, n), rng.uniform(0, 180, n)]
    table = np.column_stack(columns)
    for b_factor in (0.0, 80.0):
        expected = independent_ctf(table, 48, 1.1, b_factor)
        found = evaluate_ctf_plane(table, 48, 1.1, b_factor, np.float64)
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)
        halved = evaluate_ctf(table, 48, 1.1, b_factor, np.float64)
        np.testing.assert_allclose(halved[:, :, :-1], half(expected)[:, :, :-1], rtol=0, atol=1e-9)


def test_optics_are_shift_ctf_and_factor_in_one_pass() -> None:
    rng = np.random.default_rng(1)
    box, n = 32, 3
    transforms = (rng.normal(size=(n, box, 17)) + 1j * rng.normal(size=(n, box, 17))).astype(np.complex64)
    table = np.tile([12000.0, 11000.0, 20.0, 300.0, 2.7, 0.1, 0.0], (n, 1))
    shifts, factors = rng.uniform(-4, 4, (n, 2)), rng.uniform(0.5, 2, n)
    expected = displace(transforms, shifts) * evaluate_ctf(table, box, 2.0, 30.0) * factors[:, None, None]
    plain = displace(transforms, shifts) * factors[:, None, None]
    without = transforms.copy()
    apply_optics(transforms, table, shifts, factors, 2.0, 30.0)
    apply_optics(without, None, shifts, factors, 2.0)
    np.testing.assert_allclose(transforms, expected, atol=1e-5)
    np.testing.assert_allclose(without, plain, atol=1e-5)


def test_value_at_zero_is_minus_the_amplitude_contrast() -> None:
    table = np.array([[15000, 14000, 30, 300, 2.7, 0.07, 0]], dtype=np.float32)
    assert evaluate_ctf(table, 32, 2.0)[0, 0, 0] == pytest.approx(-0.07, rel=1e-6)


def test_wavelength_at_300_kv() -> None:
    assert electron_wavelength(300.0) == pytest.approx(0.019687, rel=1e-4)


def test_astigmatism_is_along_its_angle() -> None:
    """Along the angle of U the CTF is that of a round defocus U, across it that of V."""
    u, v, box = 20000.0, 10000.0, 64
    astigmatic = np.array([[u, v, 0, 300, 2.7, 0.1, 0]], dtype=np.float32)
    round_u, round_v = (np.array([[d, d, 0, 300, 2.7, 0.1, 0]], dtype=np.float32) for d in (u, v))
    found = evaluate_ctf(astigmatic, box, 3.0)[0]
    np.testing.assert_allclose(found[0], evaluate_ctf(round_u, box, 3.0)[0, 0], atol=1e-6)
    np.testing.assert_allclose(found[:, 0], evaluate_ctf(round_v, box, 3.0)[0, :, 0], atol=1e-6)
