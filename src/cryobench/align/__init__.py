"""Freedom of gauge: one map to another, one set of poses to another, and shifts."""

from cryobench.align.differences import FINEST_BOX, MapDifference, find_difference
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
from cryobench.align.volumes import Alignment, Transform, align_volumes, transform_volume

__all__ = [
    "CRITERIA",
    "FINEST_BOX",
    "MIRROR",
    "Alignment",
    "Criterion",
    "Frame",
    "MapDifference",
    "SymmetricRows",
    "Transform",
    "align_rotations",
    "align_volumes",
    "best_frame",
    "best_offset",
    "find_difference",
    "offset_shifts",
    "require_operators",
    "require_rotations",
    "symmetry_traces",
    "transform_volume",
]
