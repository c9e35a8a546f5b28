"""Freedom of gauge: one map to another, one set of poses to another, and shifts."""

from cryobench.align.frames import (
    CRITERIA,
    Criterion,
    Frame,
    SymmetricRows,
    align_rotations,
    best_frame,
    symmetry_traces,
)
from cryobench.align.offsets import best_offset, offset_shifts
from cryobench.align.rotation_sets import MIRROR, require_operators, require_rotations

__all__ = [
    "CRITERIA",
    "MIRROR",
    "Criterion",
    "Frame",
    "SymmetricRows",
    "align_rotations",
    "best_frame",
    "best_offset",
    "offset_shifts",
    "require_operators",
    "require_rotations",
    "symmetry_traces",
]
