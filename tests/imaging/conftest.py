"""Fixtures of the tests of image formation."""

from __future__ import annotations

import numpy as np
import pytest

from cryobench.core import Volume


@pytest.fixture(scope="session")
def volume() -> Volume:
    rng = np.random.default_rng(0)
    grid = np.arange(32) - 16
    data = np.zeros((32, 32, 32))
    for x, y, z in rng.uniform(-8, 8, (20, 3)):
        gx, gy, gz = (np.exp(-((grid - c) ** 2) / 5.0) for c in (x, y, z))
        data += gz[:, None, None] * gy[:, None] * gx
    return Volume(data.astype(np.float32), 4.0)
