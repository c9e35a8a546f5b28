"""Arrays of a benchmark run that are looked at, or from which scores were made; they travel beside the document."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int32, Int64

from cryobench.core.checks import require_shape
from cryobench.core.dataset import Coordinate
from cryobench.core.results import MetricCard, ResultsDocument


@dataclass(frozen=True, eq=False)
class Embedding:
    """A latent space drawn in the plane.

    Parameters
    ----------
    method
        Whose latents.
    kind
        ``"UMAP"`` or ``"PCA"``.
    points
        Shape (N, 2).
    labels
        True state of each point, shape (N,).
    colours
        True collective variable of each point, shape (N,), described by ``ResultsDocument.coordinate``.
    """

    method: str
    kind: str
    points: Float32[np.ndarray, "N 2"]
    labels: Int32[np.ndarray, " N"]
    colours: Float64[np.ndarray, " N"]

    def __post_init__(self) -> None:
        n = len(self.points)
        require_shape("embedding", self.points, (n, 2))
        require_shape("embedding labels", self.labels, (n,))
        require_shape("embedding colours", self.colours, (n,))


@dataclass(frozen=True, eq=False)
class Colouring:
    """What the points of a drawing are coloured by.

    Parameters
    ----------
    coordinate
        Name and unit of the values, and whether they are cyclic.
    values
        One for each point, shape (N,): a number, or where there are ``names`` a place among them.
    names
        Names of the classes; empty where the values are numbers.
    """

    coordinate: Coordinate
    values: Float64[np.ndarray, " N"]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_shape("colours", self.values, (None,))


@dataclass(frozen=True, eq=False)
class Recovery:
    """A collective variable and what is foretold of it.

    Parameters
    ----------
    coordinate
        Its name and unit, and whether it is cyclic.
    true, predicted
        Of each particle, shape (N,).
    model
        What foretells it, in words.
    """

    coordinate: Coordinate
    true: Float64[np.ndarray, " N"]
    predicted: Float64[np.ndarray, " N"]
    model: str

    def __post_init__(self) -> None:
        require_shape("predicted values", self.predicted, self.true.shape)


@dataclass(frozen=True, eq=False)
class Picture:
    """A grey-scale image for the report.

    Parameters
    ----------
    group
        ``"particles"`` or ``"volumes"``: where it is shown.
    row, column
        Its place in the group's grid, as labels; rows and columns appear in the order first met.
    pixels
        Shape (H, W), indexed ``[y, x]``.
    pixel_size
        Edge of a pixel in Å.
    view
        How the pixels were made: ``"projection along z"``.
    """

    group: str
    row: str
    column: str
    pixels: Float32[np.ndarray, "H W"]
    pixel_size: float
    view: str


@dataclass(frozen=True, eq=False)
class Surface:
    """The iso-surface of a map as triangles.

    Parameters
    ----------
    method
        Whose map; ``None`` for the true one.
    state
        Index of the true state.
    vertices
        x, y, z in Å about the origin of the map, shape (V, 3).
    faces
        Vertices of each triangle, counter-clockwise seen from outside, shape (F, 3).
    level
        How the level was chosen, in words.
    """

    method: str | None
    state: int
    vertices: Float32[np.ndarray, "V 3"]
    faces: Int32[np.ndarray, "F 3"]
    level: str

    def __post_init__(self) -> None:
        require_shape("vertices", self.vertices, (None, 3))
        require_shape("faces", self.faces, (None, 3))


@dataclass(frozen=True, eq=False)
class ItemValues:
    """The values of one metric over the items of one protocol, from which a score and its comparisons are made.

    Parameters
    ----------
    metric, method, protocol, convention, parameters
        As in :class:`~cryobench.core.Score`.
    over
        What resampling is over: ``"states"``, ``"particles"``.
    particles
        Whose value each is, shape (n,).
    states
        True state of each item, shape (n,).
    values
        Shape (n,).
    groups
        The groups that resampling keeps, shape (n,), or ``None``.
    """

    metric: MetricCard
    method: str
    protocol: str
    convention: str
    parameters: dict[str, float | int | str]
    over: str
    particles: Int64[np.ndarray, " n"]
    states: Int32[np.ndarray, " n"]
    values: Float64[np.ndarray, " n"]
    groups: Int64[np.ndarray, " n"] | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What two methods must share to be compared."""
        return (self.metric.name, self.protocol, self.convention, repr(sorted(self.parameters.items())))


@dataclass(frozen=True, eq=False)
class Results:
    """A benchmark run, ready to be reported."""

    document: ResultsDocument
    embeddings: tuple[Embedding, ...] = ()
    pictures: tuple[Picture, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    items: tuple[ItemValues, ...] = ()
