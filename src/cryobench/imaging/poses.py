"""Random poses."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int

from cryobench.core import Poses, stream
from cryobench.ops.rotations import rotation_from_normals


def uniform_poses(seed: int, indices: Int[np.ndarray, " n"], shift_extent: float) -> Poses:
    """Return poses with rotations uniform on SO(3) and shifts uniform in a square.

    Parameters
    ----------
    seed
        The dataset's seed.
    indices
        Particle indices, shape (n,); a particle's pose depends on its own index alone.
    shift_extent
        Shifts are uniform within plus and minus this many Å on each axis.
    """
    normals = np.empty((len(indices), 4))
    shifts = np.empty((len(indices), 2))
    for row, index in enumerate(indices):
        generator = stream(seed, "pose", int(index))
        normals[row] = generator.standard_normal(4)
        shifts[row] = generator.uniform(-shift_extent, shift_extent, 2)
    return Poses(rotation_from_normals(normals).astype(np.float32), shifts.astype(np.float32))
