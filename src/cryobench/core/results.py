"""Self-describing results: every record carries its own meaning, range, direction and unit.

A report needs nothing but what is here and in :mod:`cryobench.core.views`. Numbers go into :class:`ResultsDocument`
(``results.json``); arrays travel beside it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from cryobench.core.dataset import Coordinate, DatasetCard, State
from cryobench.core.submission import MethodCard


class Record(BaseModel):
    """Base of the immutable records; their numbers are finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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


class StateMatrix(Record):
    """How well the map that a method recovers of each state (rows) matches the true map of every state (columns).

    ``values`` are FSC AUC of the convention; a row is None throughout where a map could not be scored.
    """

    method: str
    protocol: str
    convention: str
    names: tuple[str, ...]
    values: tuple[tuple[float | None, ...], ...]


class Histogram(Record):
    """How often a quantity of one method's particles falls between two edges; there is one edge more than counts."""

    method: str
    quantity: str
    unit: str
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    median: float


class ImbalancePoint(Record):
    """Information imbalance between a latent space and another one, ``space``, both ways.

    ``to_space`` is near 0 where the latent predicts the space, ``from_space`` where the space predicts the latent; the
    floors are those of the shuffled latent.
    """

    method: str
    space: str
    to_space: float
    from_space: float
    floor_to_space: float
    floor_from_space: float


class MethodRun(Record):
    """What of a method was scored, how it came to be, and what it cost.

    ``checksum`` is the SHA-256 of the submission's files; ``missing`` says why a measure was not taken, by its name;
    ``notes`` name what is odd about the submission as a whole; ``scored_at`` is when it was scored, in UTC, and
    ``scoring_seconds`` how long that took.
    """

    method: str
    kind: Literal["fixed-pose", "ab-initio"]
    checksum: str = ""
    seconds: float | None = None
    device: str = ""
    peak_memory_mb: float | None = None
    command: tuple[str, ...] = ()
    missing: dict[str, str] = {}
    notes: tuple[str, ...] = ()
    scored_at: str = ""
    scoring_seconds: float | None = None


class PublishedScore(Record):
    """A number quoted from a publication; nothing here was computed.

    ``printed`` is the dataset's name as printed there; ``note`` says what to beware of.
    """

    dataset: str
    method: str
    protocol: str
    mean: float
    std: float | None
    median: float | None
    source: str
    note: str
    printed: str = ""


class ResultsDocument(Record):
    """Everything of a benchmark run that is a number or a word: the content of ``results.json``.

    ``arrays`` is the SHA-256 of the ``results.npz`` that was written with it, empty where it is not on disk.
    """

    schema_version: Literal[2] = 2
    arrays: str = ""
    dataset: DatasetCard
    coordinate: Coordinate
    states: tuple[State, ...] = ()
    methods: tuple[MethodCard, ...]
    runs: tuple[MethodRun, ...] = ()
    scores: tuple[Score, ...]
    comparisons: tuple[Comparison, ...]
    curves: tuple[Curve, ...]
    matrices: tuple[StateMatrix, ...] = ()
    imbalance: tuple[ImbalancePoint, ...] = ()
    histograms: tuple[Histogram, ...] = ()
    provenance: dict[str, str]
