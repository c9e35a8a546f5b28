from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cryobench.ops.ctf import electron_wavelength, evaluate_ctf


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
    table = data[params][:, 2:].astype(np.float32)
    box = expected.shape[-2]
    got = evaluate_ctf(table, box, float(data[apix]), b_factor)
    # At the Nyquist line the astigmatic CTF of -k differs between the layouts' conventions: left out.
    inside = np.ones(got.shape[1:], dtype=bool)
    inside[box // 2] = inside[:, box // 2] = False
    np.testing.assert_allclose(got[:, inside], expected[:, inside], atol=2e-4)


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
