"""Poses in cryoSPARC's tables."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int64

from cryobench.core import FormatError, Poses
from cryobench.methods.systems.cryosparc_table import Table
from cryobench.methods.systems.found_poses import poses_of
from cryobench.ops.rotations import rotation_from_cryosparc


def cryosparc_poses(table: Table, prefix: str, rows: Int64[np.ndarray, " n"]) -> Poses | None:
    """Return the poses of some rows; None where no table has them.

    Parameters
    ----------
    table
        With ``PREFIX/pose`` (a rotation vector, of R transposed), and ``PREFIX/shift`` in pixels of ``PREFIX/psize_A``,
        which may be coarser than those of the images; without it there are no shifts.
    prefix
        Such as ``alignments3D`` or ``alignments_class_0``.
    rows
        Which rows, in which order.

    Raises
    ------
    FormatError
        If a field does not hold what it should.
    """
    fields = table.fields()
    if f"{prefix}/pose" not in fields:
        return None
    vectors = table.numbers(f"{prefix}/pose", 3)[rows]
    shifts = np.zeros((len(rows), 2))
    if f"{prefix}/shift" in fields:
        sizes = table.numbers(f"{prefix}/psize_A")[rows]
        if not (sizes > 0).all():
            raise FormatError(f"{table.source}: {prefix}/psize_A is not above 0: expected Å per pixel of the shifts")
        shifts = table.numbers(f"{prefix}/shift", 2)[rows] * sizes
    return poses_of(rotation_from_cryosparc(vectors), shifts, table.source)
