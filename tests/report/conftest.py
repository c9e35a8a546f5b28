"""A small run made up from scratch, with names that would break a careless page."""

from __future__ import annotations

import numpy as np
import pytest

from cryobench.core import (
    Comparison,
    Coordinate,
    Curve,
    DatasetCard,
    Embedding,
    Interval,
    MethodCard,
    MetricCard,
    Picture,
    Results,
    ResultsDocument,
    Score,
)

NASTY = "<img src=x onerror=alert(1)>"
SCRIPT_END = "</script><script>alert(2)</script>"

METHODS = (
    MethodCard(name="oracle", version="1", role="ceiling", summary="Is told the truth."),
    MethodCard(name="ppca", version="0.1.0", role="method", summary="Probabilistic principal components."),
    MethodCard(name=NASTY, version="2", role="method", summary=SCRIPT_END),
    MethodCard(name="_consensus", version="1", role="floor", summary="One volume for all particles. Costs $5."),
    MethodCard(name="shuffle", version="1", role="floor", summary="The truth, dealt out at random."),
)
AUC = MetricCard(
    name="fsc_auc",
    label="FSC, area under the curve",
    summary="Area under the Fourier shell correlation.",
    reference="Harauz and van Heel 1986",
    range=(0.0, 1.0),
    direction="higher",
    unit="",
)
IMBALANCE = MetricCard(
    name="information_imbalance",
    label="Information imbalance",
    summary="How badly near neighbours in one space predict near neighbours in another.",
    reference="Glielmo et al. 2022",
    range=(0.0, None),
    direction="lower",
    unit="",
)
LEVELS = {"oracle": 0.95, "ppca": 0.71, NASTY: 0.64, "_consensus": 0.42, "shuffle": 0.31}
STATES = 24


def _interval(value: float, half: float) -> Interval:
    return Interval(low=value - half, high=value + half, kind="95 % bootstrap over states")


def _scores() -> tuple[Score, ...]:
    scores = []
    for convention, factor in (("published", 0.49), ("standard", 1.0)):
        for method, level in LEVELS.items():
            value = level * factor + 0.00123
            scores.append(
                Score(metric=AUC, method=method, protocol="per-conformation", convention=convention, statistic="mean",
                      value=value, spread=0.05, interval=_interval(value, 0.021), n=STATES,
                      flags=("never crosses 0.143", NASTY) if method == "shuffle" else ())
            )  # fmt: skip
    for method in ("oracle", "ppca", NASTY, "shuffle"):
        value = 1.02 - LEVELS[method]
        scores.append(
            Score(metric=IMBALANCE, method=method, protocol="all particles", convention="", statistic="mean",
                  value=value, spread=0.0, interval=_interval(value, 0.004), n=1000, parameters={"k": 10})
        )  # fmt: skip
    return tuple(scores)


def _curves(rng: np.random.Generator) -> tuple[Curve, ...]:
    x = np.linspace(0, 1 / 6, 33)
    curves = []
    for convention in ("published", "standard"):
        for method, level in LEVELS.items():
            middle = 0.02 + 0.1 * level
            items = 1 / (1 + np.exp((x - middle * (1 + 0.1 * rng.standard_normal((STATES, 1)))) / 0.012))
            curves.append(
                Curve(metric=AUC, method=method, protocol="per-conformation", convention=convention,
                      label="Fourier shell correlation", x=tuple(x.tolist()), x_label="Spatial frequency", x_unit="1/Å",
                      mean=tuple(items.mean(axis=0).tolist()),
                      item_names=tuple(f"{15 * i}° {NASTY}" for i in range(STATES)),
                      items=tuple(tuple(row) for row in items.tolist()))
            )  # fmt: skip
    return tuple(curves)


def _embeddings(rng: np.random.Generator, count: int) -> tuple[Embedding, ...]:
    labels = np.arange(count, dtype=np.int32) % STATES
    angle = 2 * np.pi * labels / STATES
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    made = []
    for method, noise in (("oracle", 0.03), ("ppca", 0.15), (NASTY, 0.3)):
        points = (ring + noise * rng.standard_normal((count, 2))).astype(np.float32)
        made += [Embedding(method, kind, points, labels, np.degrees(angle)) for kind in ("UMAP", "PCA")]
    return tuple(made)


def _blob(box: int, angle: float) -> np.ndarray:
    y, x = np.mgrid[:box, :box] - box / 2
    body = np.exp(-(x**2 + y**2) / (0.12 * box) ** 2)
    arm = np.exp(-((x - 0.25 * box * np.cos(angle)) ** 2 + (y - 0.25 * box * np.sin(angle)) ** 2) / (0.07 * box) ** 2)
    return (body + arm).astype(np.float32)


def _pictures(rng: np.random.Generator, box: int) -> tuple[Picture, ...]:
    angles = 2 * np.pi * np.arange(6) / 6
    pictures = []
    for row, noise in (("clean", 0.0), ("noisy", 1.5)):
        for i, angle in enumerate(angles):
            pixels = _blob(box, angle) + noise * rng.standard_normal((box, box)).astype(np.float32)
            pictures.append(Picture("particles", row, f"image {i}", pixels.astype(np.float32), 6.0, "projection"))
    for row in ("truth", "ppca", NASTY, "_consensus"):
        for angle in angles:
            if row == "_consensus":
                pixels = np.mean([_blob(box, other) for other in angles], axis=0).astype(np.float32)
            else:
                pixels = _blob(box, angle)
            pictures.append(Picture("volumes", row, f"{np.degrees(angle):.0f}°", pixels, 6.0, "projection along z"))
    return tuple(pictures)


def make_results(*, stand_in: str = "", points: int = 600, box: int = 32, seed: int = 1) -> Results:
    """Return a made-up run of five methods over 24 states of a cyclic coordinate."""
    rng = np.random.default_rng(seed)
    document = ResultsDocument(
        dataset=DatasetCard(
            id="toy-ring",
            title="Toy ring",
            summary="A body with an arm that goes round once in 24 steps.",
            stand_in=stand_in,
            facts={"images": "24,000", "box": "32 pixels of 6 Å", NASTY: SCRIPT_END},
            checksum="sha256:0123456789abcdef",
        ),
        coordinate=Coordinate(name="arm angle", unit="°", cyclic=True),
        methods=METHODS,
        scores=_scores(),
        comparisons=tuple(
            Comparison(metric=AUC, protocol="per-conformation", convention="standard", first="ppca", second=second,
                       difference=difference, interval=_interval(difference, 0.08), n=STATES)
            for second, difference in ((NASTY, 0.07), ("shuffle", 0.4), ("oracle", -0.24))
        ),
        curves=_curves(rng),
        provenance={"software": "cryobench 0.1.0", "seed": "1", NASTY: SCRIPT_END},
    )  # fmt: skip
    return Results(document, _embeddings(rng, points), _pictures(rng, box))


@pytest.fixture(scope="session")
def results() -> Results:
    return make_results()


@pytest.fixture(scope="session")
def stand_in_results() -> Results:
    return make_results(stand_in="A synthetic chain takes the place of the published antibody model.", seed=2)


@pytest.fixture(scope="session")
def empty_results(results: Results) -> Results:
    bare = results.document.model_copy(update={"methods": (), "scores": (), "comparisons": (), "curves": ()})
    return Results(bare, (), ())
