"""Self-describing results: every record carries its own meaning, range, direction and unit.

A report needs nothing but what is here. Numbers go into :class:`ResultsDocument` (``results.json``); arrays that are
only looked at (:class:`Embedding`, :class:`Picture`) travel beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, Float64, Int32
from pydantic import BaseModel, ConfigDict

from cryobench.core.checks import require_shape
from cryobench.core.dataset import Coordinate, DatasetCard
from cryobench.core.submission import MethodCard


class Record(BaseModel):
    """Base of the immutable records."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class MetricCard(Record):
    """What a metric is.

    ``range`` is the smallest and largest value it can take, ``None`` where it is unbounded; ``direction`` says which
    end is better.
    """

    name: str
    label: str
    summary: str
    reference: str
    range: tuple[float | None, float | None]
    direction: Literal["higher", "lower"]
    unit: str


class Interval(Record):
    """A two-sided interval and how it was made, for example ``"95 % bootstrap over states"``."""

    low: float
    high: float
    kind: str


class Score(Record):
    """One number: a statistic of one metric for one method.

    ``protocol`` says over what it was taken (``"per-conformation"``, ``"per-image"``, ``"all particles"``);
    ``convention`` is ``"published"``, ``"standard"`` or empty; ``statistic`` is ``"value"`` where the number is no
    average over items; ``n`` counts the items behind the statistic; ``parameters`` hold what else defines it, such as
    the number of neighbours; ``flags`` name what was odd. ``floor`` is what the method's claim scores when it is dealt
    out over the particles at random, ``ceiling`` what the truth scores when it is handed in as the claim; both are
    ``None`` where they were not computed.
    """

    metric: MetricCard
    method: str
    protocol: str
    convention: str
    statistic: Literal["mean", "median", "value"]
    value: float
    spread: float
    interval: Interval
    n: int
    parameters: dict[str, float | int | str] = {}
    flags: tuple[str, ...] = ()
    floor: float | None = None
    floor_interval: Interval | None = None
    ceiling: float | None = None


class Comparison(Record):
    """Paired difference ``first - second`` of the same statistic of two methods over the same items."""

    metric: MetricCard
    protocol: str
    convention: str
    first: str
    second: str
    difference: float
    interval: Interval
    n: int
    parameters: dict[str, float | int | str] = {}

    @property
    def distinguishable(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.interval.low > 0 or self.interval.high < 0


class Curve(Record):
    """A curve of one method: the mean over items, and the curve of each item.

    ``label`` says what is drawn upwards; ``x`` has ``x_unit``; ``items`` has a row of the same length for each entry
    of ``item_names``.
    """

    metric: MetricCard
    method: str
    protocol: str
    convention: str
    label: str
    x: tuple[float, ...]
    x_label: str
    x_unit: str
    mean: tuple[float, ...]
    item_names: tuple[str, ...]
    items: tuple[tuple[float, ...], ...]


class ResultsDocument(Record):
    """Everything of a benchmark run that is a number or a word: the content of ``results.json``."""

    schema_version: Literal[1] = 1
    dataset: DatasetCard
    coordinate: Coordinate
    methods: tuple[MethodCard, ...]
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]
    curves: tuple[Curve, ...]
    provenance: dict[str, str]


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


@dataclass(frozen=True)
class ImbalancePoint:
    """Information imbalance between a latent space and another one, ``space``, both ways.

    ``to_space`` is near 0 where the latent predicts the space, ``from_space`` where the space predicts the latent; the
    floors are those of the shuffled latent.
    """

    space: str
    to_space: float
    from_space: float
    floor_to_space: float
    floor_from_space: float


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
class Results:
    """A benchmark run, ready to be reported."""

    document: ResultsDocument
    embeddings: tuple[Embedding, ...]
    pictures: tuple[Picture, ...]
