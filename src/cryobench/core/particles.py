"""Particle images with their poses and CTF parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float, Float32

from cryobench.core.checks import require_even_box, require_finite, require_positive, require_shape
from cryobench.core.errors import InputError

CTF_COLUMNS = (
    "defocus_u_angstrom",
    "defocus_v_angstrom",
    "defocus_angle_degrees",
    "voltage_kv",
    "cs_mm",
    "amplitude_contrast",
    "phase_shift_degrees",
)
"""Columns of :attr:`CTFParameters.table`, in cryoDRGN's order."""


@dataclass(frozen=True, eq=False)
class Poses:
    """Orientation and in-plane shift of each particle.

    Parameters
    ----------
    rotations
        Active rotations, shape (N, 3, 3): density at p lands at R p.
    shifts
        Shifts (x, y) in Å that centre each image, shape (N, 2): the particle is displaced by minus the shift.
    """

    rotations: Float32[np.ndarray, "N 3 3"]
    shifts: Float32[np.ndarray, "N 2"]

    def __post_init__(self) -> None:
        n = len(self.rotations)
        require_shape("rotations", self.rotations, (n, 3, 3))
        require_shape("shifts", self.shifts, (n, 2))
        require_finite("rotations", self.rotations)
        require_finite("shifts", self.shifts)
        gram = np.einsum("nij,nik->njk", self.rotations, self.rotations, dtype=np.float64)
        bad = np.flatnonzero(np.abs(gram - np.eye(3)).max(axis=(1, 2), initial=0.0) > 1e-4)
        if bad.size:
            raise InputError(f"rotation of particle {bad[0]} is not orthogonal: expected a 3 x 3 rotation matrix")
        mirrored = np.flatnonzero(np.linalg.det(self.rotations.astype(np.float64)) < 0)
        if mirrored.size:
            raise InputError(
                f"rotation of particle {mirrored[0]} is a reflection (its determinant is -1): the poses of the other "
                "hand are M R M with M = diag(1, 1, -1)"
            )

    def __len__(self) -> int:
        return len(self.rotations)

    def __getitem__(self, index: slice | np.ndarray) -> Poses:
        return Poses(self.rotations[index], self.shifts[index])


def _rows(table: list[object]) -> object:
    """Return the rows of a list as an array, where they are of one length."""
    try:
        return np.asarray(table)
    except ValueError:
        return table


@dataclass(frozen=True, eq=False)
class CTFParameters:
    """Contrast transfer function parameters of each particle.

    Parameters
    ----------
    table
        Shape (N, 7), columns :data:`CTF_COLUMNS`: defocus U and V in Å, angle of U in degrees, voltage in kV, spherical
        aberration in mm, amplitude contrast as a fraction, phase shift in degrees. Best in double precision: a phase of
        many turns hangs on them.
    """

    table: Float[np.ndarray, "N 7"]

    @classmethod
    def from_cryodrgn(cls, table: object) -> CTFParameters:
        """Return the parameters in cryoDRGN's table of nine columns, or in its last seven.

        Parameters
        ----------
        table
            Shape (N, 9): box, pixel size (Å), then :data:`CTF_COLUMNS`; or (N, 7), without the first two, which
            describe some stack and are dropped.

        Raises
        ------
        InputError
            If it is not a numeric table of valid parameters.
        """
        if isinstance(table, list):
            table = _rows(table)
        wanted = f"expected cryoDRGN's CTF table of 9 columns: box, pixel size, {', '.join(CTF_COLUMNS)}; or the last 7"
        if not isinstance(table, np.ndarray):
            raise InputError(f"holds a {type(table).__name__}, {wanted}")
        columns = len(CTF_COLUMNS)
        known = table.ndim == 2 and len(table) > 0 and table.shape[1] in {columns, columns + 2}
        if not known or table.dtype.kind not in "fiu":
            raise InputError(f"shape {table.shape}, type {table.dtype}, {wanted}")
        return cls(np.ascontiguousarray(table[:, -columns:], dtype=np.float64))

    def __post_init__(self) -> None:
        require_shape("CTF table", self.table, (None, len(CTF_COLUMNS)))
        with np.errstate(over="ignore"):
            require_finite("CTF table", self.table.astype(np.float32))  # which is how files hold it
        if len(self.table) and not (self.column("voltage_kv") > 0).all():
            raise InputError("CTF table has a voltage that is not above 0 kV")
        contrast = self.column("amplitude_contrast")
        if ((contrast < 0) | (contrast > 1)).any():
            raise InputError("CTF table has an amplitude contrast outside 0 to 1: expected a fraction, such as 0.1")

    def column(self, name: str) -> Float[np.ndarray, " N"]:
        """Return one column by its name in :data:`CTF_COLUMNS`."""
        return self.table[:, CTF_COLUMNS.index(name)]

    def __len__(self) -> int:
        return len(self.table)

    def __getitem__(self, index: slice | np.ndarray) -> CTFParameters:
        return CTFParameters(self.table[index])


@runtime_checkable
class ImageSource(Protocol):
    """Images that can be read a few at a time."""

    @property
    def box(self) -> int:
        """Edge of an image in pixels."""
        ...

    def __len__(self) -> int:
        """Return the number of images."""
        ...

    def read(self, indices: np.ndarray) -> Float32[np.ndarray, "n D D"]:
        """Return the images with these indices, in this order, as a new array."""
        ...


@dataclass(frozen=True, eq=False)
class ArrayImages:
    """Images held in memory.

    Parameters
    ----------
    array
        Shape (N, D, D), indexed ``[y, x]``.
    """

    array: Float32[np.ndarray, "N D D"]

    def __post_init__(self) -> None:
        require_shape("images", self.array, (None, self.box, self.box))

    @property
    def box(self) -> int:
        """Edge of an image in pixels."""
        return int(self.array.shape[-1])

    def __len__(self) -> int:
        return len(self.array)

    def read(self, indices: np.ndarray) -> Float32[np.ndarray, "n D D"]:
        """Return the images with these indices, in this order, as a new array."""
        return np.asarray(self.array[indices])


@dataclass(frozen=True, eq=False)
class Particles:
    """What a method is given: images, poses and CTF, and never the truth.

    Parameters
    ----------
    images
        N images of D x D pixels, indexed ``[y, x]``, read on demand.
    poses
        Pose of each image.
    ctf
        CTF parameters of each image.
    pixel_size
        Edge of a pixel in Å.
    sign
        Factor by which the image formation model (projection, CTF, noise) was multiplied: -1 for an inverted stack,
        in which the particle is bright.
    """

    images: ImageSource
    poses: Poses
    ctf: CTFParameters
    pixel_size: float
    sign: Literal[-1, 1]

    def __post_init__(self) -> None:
        n = len(self.images)
        require_even_box(self.images.box)
        require_positive("pixel size", self.pixel_size)
        for name, count in (("poses", len(self.poses)), ("CTF rows", len(self.ctf))):
            if count != n:
                raise InputError(f"there are {n} images but {count} {name}: one is needed for each image")

    def __len__(self) -> int:
        return len(self.images)

    @property
    def box(self) -> int:
        """Edge of an image in pixels."""
        return self.images.box
