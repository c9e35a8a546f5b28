"""Time of a Fourier shell correlation beside a loop over shells."""

from __future__ import annotations

import time

import numpy as np

from cryobench.core import Volume
from cryobench.metrics import fsc_curve


def shell_loop(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Mask out shell after shell of the full transforms."""
    box = first.shape[0]
    a, b = (np.fft.fftn(np.fft.ifftshift(volume)) for volume in (first, second))
    k = np.fft.fftfreq(box, 1 / box)
    radius = np.rint(np.sqrt(k[:, None, None] ** 2 + k[:, None] ** 2 + k**2))
    curve = []
    for shell in range(box // 2 + 1):
        x, y = a[radius == shell], b[radius == shell]
        curve.append(np.vdot(y, x).real / np.sqrt(np.vdot(x, x).real * np.vdot(y, y).real))
    return np.array(curve)


def main() -> None:
    rng = np.random.default_rng(0)
    for box in (64, 128):
        common, *noise = rng.normal(size=(3, box, box, box))
        first, second = ((common + n).astype(np.float32) for n in noise)
        pair = Volume(first, 1.0), Volume(second, 1.0)
        fsc_curve(*pair)
        start = time.perf_counter()
        ours = fsc_curve(*pair).correlation
        middle = time.perf_counter()
        loop = shell_loop(first, second)
        end = time.perf_counter()
        difference = np.abs(ours - loop).max()
        ratio = (end - middle) / (middle - start)
        print(f"box {box}: ours {1e3 * (middle - start):6.1f} ms, loop {1e3 * (end - middle):7.1f} ms: {ratio:.1f} x, "
              f"largest difference {difference:.1e}")  # fmt: skip


if __name__ == "__main__":
    main()
