"""The Kaiser-Bessel kernel with which Fourier space is read and written between its grid points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy.special
from jaxtyping import Float32, Float64

_TABLE_STEPS = 4096
_TAP_STEPS = 1024
_MOST_TAPS = 8


@dataclass(frozen=True)
class Gridding:
    """A Kaiser-Bessel kernel on an oversampled grid.

    Parameters
    ----------
    width
        Width W of the kernel in points of the oversampled grid.
    oversampling
        Ratio of the oversampled box to the box.

    References
    ----------
    Beatty, Nishimura and Pauly, IEEE Trans. Med. Imaging 24 (2005) 799: the shape parameter.
    """

    width: int = 8
    oversampling: float = 1.25

    def padded_box(self, box: int) -> int:
        """Return the oversampled box M of a box, an even number: of the smallest boxes, one that holds the margins."""
        return max(2 * math.ceil(box * self.oversampling / 2), 2 * (self.margin + 1))

    @property
    def margin(self) -> int:
        """Points by which grids are padded on each side."""
        return self.width // 2 + 1

    @cached_property
    def beta(self) -> float:
        """Shape parameter of the kernel."""
        ratio = self.width / self.oversampling * (self.oversampling - 0.5)
        return math.pi * math.sqrt(ratio * ratio - 0.8)

    @cached_property
    def table(self) -> Float64[np.ndarray, " steps"]:
        """The kernel at distances 0 to W/2 in steps of 1/4096, and two zeros."""
        t = np.arange(self.width * _TABLE_STEPS // 2 + 1) / _TABLE_STEPS
        inside = np.sqrt(np.maximum(0.0, 1.0 - (2.0 * t / self.width) ** 2))
        kernel = scipy.special.i0(self.beta * inside) / scipy.special.i0(self.beta)
        return np.concatenate((kernel, np.zeros(2)))

    @cached_property
    def taps(self) -> Float32[np.ndarray, "steps 8"]:
        """The W weights of the grid points about a position, by the position's place between two of them.

        Row u * 1024 belongs to a position that lies W/2 - u below the first of them; columns beyond W are 0.
        """
        distances = np.arange(_MOST_TAPS) - self.width / 2 + (np.arange(_TAP_STEPS + 2) / _TAP_STEPS)[:, None]
        inside = np.sqrt(np.maximum(0.0, 1.0 - (2.0 * distances / self.width) ** 2))
        kernel = scipy.special.i0(self.beta * inside) / scipy.special.i0(self.beta)
        reached = np.arange(_MOST_TAPS) < self.width
        return np.where(reached & (np.abs(distances) <= self.width / 2), kernel, 0.0).astype(np.float32)

    def transform(self, box: int) -> Float64[np.ndarray, " D"]:
        """Return the kernel's continuous transform at the voxels -D/2 ... D/2 - 1 of a box."""
        x = np.arange(-(box // 2), box // 2) / self.padded_box(box)
        root = np.emath.sqrt(self.beta**2 - (math.pi * self.width * x) ** 2)
        ratio = np.where(np.abs(root) < 1e-12, 1.0, np.sinh(root) / np.where(root == 0, 1.0, root))
        return np.real(self.width * ratio / scipy.special.i0(self.beta))


DEFAULT = Gridding()
"""Of kernels that reach single precision, the one whose oversampled volume takes least time and memory.

An image is off by 2e-6 where the density keeps within a ball of 0.3 times the box, by 3e-6 within one of 0.4 times it,
and by 3e-5 where white noise fills the whole cube.
"""
