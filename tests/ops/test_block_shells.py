from __future__ import annotations

import numpy as np
import pytest

from cryobench.ops.block_shells import block_shell_products


@pytest.mark.parametrize("box", [2, 8, 12])
def test_sums_are_those_of_the_full_transforms(box: int) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 3, box, box, box))
    half = [np.fft.rfftn(each, axes=(1, 2, 3)).astype(np.complex64) for each in (a, b)]
    sums = block_shell_products(*half)
    f = np.fft.fftfreq(box) * box
    shells = np.rint(np.sqrt(f[:, None, None] ** 2 + f[:, None] ** 2 + f**2)).astype(int)
    assert sums.shape == (3, 3, box // 2 + 1)
    for block in range(3):
        x, y = np.fft.fftn(a[block]), np.fft.fftn(b[block])
        for row, values in enumerate(((x * y.conj()).real, abs(x) ** 2, abs(y) ** 2)):
            expected = np.bincount(shells.ravel(), values.ravel())[: box // 2 + 1]
            np.testing.assert_allclose(sums[block, row], expected, rtol=1e-5, atol=1e-5 * box**3)
