"""Freedom of gauge: one map to another, one set of poses to another, and shifts."""

from cryobench.align.volumes import Alignment, Transform, align_volumes, transform_volume

__all__ = ["Alignment", "Transform", "align_volumes", "transform_volume"]
