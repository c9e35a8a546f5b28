"""Runs made up from scratch: a small one with names that would break a careless page, and large ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np

from cryobench.core import (
    Comparison,
    Coordinate,
    Curve,
    DatasetCard,
    Embedding,
    Histogram,
    ImbalancePoint,
    Interval,
    ItemValues,
    MethodCard,
    MethodRun,
    MetricCard,
    Picture,
    Results,
    ResultsDocument,
    Score,
    State,
    StateMatrix,
    Surface,
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
LEVELS = {"oracle": 0.95, "ppca": 0.71, NASTY: 0.64, "_consensus": 0.42, "shuffle": 0.31}
MANY = (
    METHODS[0],
    *(
        MethodCard(name=name, version="1.0", role="method", summary=f"A method called {name}.")
        for name in ("ppca", "kclasses", "cryoDRGN", "DRGN-AI", "OPUS-DSD", "RECOVAR", "3DVA", "3DFlex")
    ),
    *METHODS[3:],
)
STATES = 24
SPIKE_STATES = 46_789  # frames of the trajectory behind the published dataset


def metric(
    name: str, label: str, summary: str, reference: str, top: float | None, direction: str, unit: str = ""
) -> MetricCard:
    return MetricCard.model_validate(
        {"name": name, "label": label, "summary": summary, "reference": reference, "range": (0.0, top),
         "direction": direction, "unit": unit}
    )  # fmt: skip


AUC = metric(
    "fsc-auc", "FSC AUC", "Area under the Fourier shell correlation.", "Harauz and van Heel 1986", 1.0, "higher"
)
RESOLUTION = metric("fsc-resolution", "FSC resolution", "Where the curve falls below 0.5.", "", None, "lower", "Å")
NEIGHBOURS = metric("neighborhood-similarity", "Neighborhood similarity", "Shared neighbours.", "", 1.0, "higher")
IMBALANCE = metric(
    "information-imbalance", "Information imbalance",
    "How badly near neighbours in one space predict near neighbours in another.", "Glielmo et al. 2022", None, "lower",
)  # fmt: skip
ROTATION = metric("rotation-error", "Rotation error", "Angle after the best frame.", "", 180.0, "lower", "°")
ODD = metric("something-else", "Something else", "A measure that no table knows.", "", None, "higher")


def interval(value: float, half: float) -> Interval:
    return Interval(low=value - half, high=value + half, kind="95 % bootstrap over states")


def surface(method: str | None, state: int, angle: float, rings: int = 24, *, ripple: float = 0.0) -> Surface:
    """Return a torus whose tube has a bump at an angle; its vertices are Å about the origin."""
    u, v = (2 * np.pi * np.arange(n) / n for n in (2 * rings, rings))
    around, tube = np.meshgrid(u, v, indexing="ij")
    bump = 1 + 0.6 * np.exp(-((np.angle(np.exp(1j * (around - angle))) / 0.35) ** 2)) + ripple * np.sin(9 * around)
    radius = 60 + 22 * bump * np.cos(tube)
    points = np.stack([radius * np.cos(around), radius * np.sin(around), 22 * bump * np.sin(tube)], axis=-1)
    index = np.arange(around.size).reshape(around.shape)
    a, b = index, np.roll(index, -1, axis=0)
    c, d = np.roll(b, -1, axis=1), np.roll(index, -1, axis=1)
    faces = np.stack([np.stack([a, b, c], -1), np.stack([a, c, d], -1)]).reshape(-1, 3)
    return Surface(
        method, state, points.reshape(-1, 3).astype(np.float32), faces.astype(np.int32), "half of the maximum"
    )


def make_results(
    *,
    stand_in: str = "",
    points: int = 600,
    box: int = 32,
    seed: int = 1,
    methods: tuple[MethodCard, ...] = METHODS,
    name: str = "toy-ring",
    title: str = "Toy ring",
    states: int = STATES,
    shells: int = 33,
    rings: int = 16,
    surface_states: int = 6,
    images: int | None = None,
    per_image: bool = False,
) -> Results:
    """Return a made-up run over the states of a cyclic coordinate.

    With ``images``, volumes are scored of so many states alone, by the per-image protocol, and none by that of
    conformations, as on a dataset with a state for every frame of a trajectory. With ``per_image`` both are.
    """
    rng = np.random.default_rng(seed)
    levels = {card.name: LEVELS.get(card.name, round(0.5 + 0.04 * i, 3)) for i, card in enumerate(methods)}
    suffix = f" {NASTY}" if methods is METHODS else ""
    names = tuple(f"{360 * i / states:g}°{suffix}" for i in range(states))
    angles = 2 * np.pi * np.arange(states) / states
    quality = {
        method: np.clip(level + 0.06 * np.cos(2 * angles + level * 9) + 0.02 * rng.standard_normal(states), 0, 1)
        for method, level in levels.items()
    }
    protocol = "per-conformation" if images is None else "per-image"
    protocols = (protocol, "per-image") if per_image else (protocol,)
    chosen = np.unique(np.linspace(0, states - 1, images or states).round().astype(int))
    scored = {method: values[chosen] for method, values in quality.items()}
    document = ResultsDocument(
        dataset=DatasetCard(
            id=name,
            title=title,
            summary=f"A body with an arm that goes round once in {states} steps.",
            stand_in=stand_in,
            facts={"images": "24,000", "box": "32 pixels of 6 Å", NASTY: SCRIPT_END},
            checksum="sha256:0123456789abcdef",
        ),
        coordinate=Coordinate(name="arm angle", unit="°", cyclic=True),
        methods=methods,
        runs=tuple(
            MethodRun(method=card.name, kind="fixed-pose", checksum="sha256:" + "ab" * 32, seconds=41.5 * (i + 1),
                      device="CPU, 2 cores", peak_memory_mb=812.0, command=("run", "--method", card.name),
                      missing={"rotation-error": "the method gives no poses"} if i % 2 else {}, notes=(SCRIPT_END,))
            for i, card in enumerate(methods) if card.role == "method"
        ),
        states=() if images is None else tuple(
            State(index=i, name=each, images=1, variables={"arm angle": 360 * i / states})
            for i, each in enumerate(names)
        ),
        scores=tuple(_scores(levels, quality, methods, protocol)),
        comparisons=tuple(_comparisons(quality, methods, protocol)),
        curves=tuple(_curves(rng, scored, [names[i] for i in chosen], shells, protocols)),
        matrices=() if images is not None else tuple(_matrices(quality, names, methods)),
        imbalance=tuple(
            ImbalancePoint(method=card.name, space=space, to_space=to, from_space=1.04 - levels[card.name] + 0.1 * i,
                           floor_to_space=0.99, floor_from_space=1.0)
            for card in methods if card.name != "_consensus"
            for i, (space, to) in enumerate((("true latent", 1.02 - levels[card.name]), ("pose", 0.97), ("CTF", 0.99)))
        ),
        histograms=tuple(
            Histogram(method=card.name, quantity=quantity, unit=unit, edges=tuple(np.linspace(0, 12, 41).tolist()),
                      counts=tuple(rng.poisson(60 * np.exp(-np.linspace(0, 5, 40))).tolist()), median=2.0 + i)
            for i, card in enumerate(methods) if card.role == "method"
            for quantity, unit in (("Rotation error", "°"), ("Shift error", "Å"))
        ),
        provenance={"software": "cryobench 0.1.0", "seed": "1", NASTY: SCRIPT_END},
    )  # fmt: skip
    return Results(
        document,
        tuple(_embeddings(rng, points, levels, states)),
        tuple(_pictures(rng, box, levels)),
        tuple(_surfaces(levels, states, surface_states, rings)),
        tuple(_items(quality, chosen, protocol, max(300, states))),
    )


def _scores(
    levels: dict[str, float], quality: dict[str, np.ndarray], methods: tuple[MethodCard, ...], maps: str
) -> list[Score]:
    scores = []
    for convention, factor in (("published", 0.49), ("standard", 1.0)):
        for statistic in ("mean", "median"):
            for method, values in quality.items():
                value = factor * float(values.mean() if statistic == "mean" else np.median(values))
                scores.append(
                    Score(metric=AUC, method=method, protocol=maps, convention=convention,
                          statistic=statistic, value=value, spread=0.05, interval=interval(value, 0.021),  # type: ignore[arg-type]
                          n=len(values), ceiling=factor * 0.97,
                          flags=("never crosses 0.143", NASTY) if method == "shuffle" else ())
                )  # fmt: skip
    for card, protocol, parameters, scale in (
        (RESOLUTION, maps, {"threshold": 0.5}, 20.0),
        (NEIGHBOURS, "all particles", {"k": 100}, 1.0),
        (IMBALANCE, "all particles", {"k": 10}, 1.0),
        (ROTATION, "all particles", {}, 10.0),
        (ODD, "all particles", {}, 3.0),
    ):
        for method, level in levels.items():
            if method == "_consensus" and card is not RESOLUTION:
                continue
            value = scale * (level if card.direction == "higher" else 1.02 - level)
            scores.append(
                Score(metric=card, method=method, protocol=protocol, convention="", statistic="mean", value=value,
                      spread=0.0, interval=interval(value, 0.004 * scale), n=1000, parameters=dict(parameters),
                      floor=0.1 * scale * level if card.direction == "higher" else scale,
                      ceiling=0.93 * scale if card.direction == "higher" else 0.05 * scale)
            )  # fmt: skip
    return scores


def _comparisons(quality: dict[str, np.ndarray], methods: tuple[MethodCard, ...], protocol: str) -> list[Comparison]:
    names = list(quality)
    made = []
    for convention, factor in (("published", 0.49), ("standard", 1.0)):
        for i, first in enumerate(names):
            for second in names[i + 1 :]:
                difference = factor * float(quality[first].mean() - quality[second].mean())
                made.append(
                    Comparison(metric=AUC, protocol=protocol, convention=convention, first=first,
                               second=second, difference=difference, interval=interval(difference, 0.08 * factor),
                               n=len(quality[first]))
                )  # fmt: skip
    return made


def _curves(
    rng: np.random.Generator,
    quality: dict[str, np.ndarray],
    names: Sequence[str],
    shells: int,
    protocols: Sequence[str],
) -> list[Curve]:
    x = np.linspace(0, 1 / 6, shells)
    curves = []
    for protocol, convention in itertools.product(protocols, ("published", "standard")):
        for method, values in quality.items():
            middle = 0.02 + 0.1 * values[:, None]
            items = 1 / (1 + np.exp((x - middle * (1 + 0.04 * rng.standard_normal((len(values), 1)))) / 0.012))
            curves.append(
                Curve(metric=AUC, method=method, protocol=protocol, convention=convention,
                      label="Fourier shell correlation", x=tuple(x.tolist()), x_label="Spatial frequency", x_unit="1/Å",
                      mean=tuple(items.mean(axis=0).tolist()), item_names=tuple(names),
                      items=tuple(tuple(row) for row in items.round(6).tolist()))
            )  # fmt: skip
    for method, values in quality.items():
        if method == "_consensus":
            continue
        k = np.linspace(1, 50, 25)
        curves.append(
            Curve(metric=NEIGHBOURS, method=method, protocol="all particles", convention="standard",
                  label="Matching neighbours (%)", x=tuple(k.tolist()), x_label="Neighbours", x_unit="% of particles",
                  mean=tuple((100 * values.mean() * (1 - np.exp(-k / 20))).tolist()), item_names=(), items=())
        )  # fmt: skip
    return curves


def _matrices(
    quality: dict[str, np.ndarray], names: tuple[str, ...], methods: tuple[MethodCard, ...]
) -> list[StateMatrix]:
    count = len(names)
    gap = np.abs(np.subtract.outer(np.arange(count), np.arange(count)))
    gap = np.minimum(gap, count - gap)
    made = []
    for card in methods:
        if card.role != "floor":
            values = quality[card.name][:, None] * np.exp(-gap / (count / 5))
            rows = [tuple(row) for row in values.round(5).tolist()]
            if card.name == "ppca" and count > 3:
                rows[3] = (None,) * count
            made.append(
                StateMatrix(method=card.name, protocol="per-conformation", convention="standard", names=names,
                            values=tuple(rows))
            )  # fmt: skip
    return made


def _items(quality: dict[str, np.ndarray], chosen: np.ndarray, protocol: str, particles: int) -> list[ItemValues]:
    made = []
    for convention, factor in (("published", 0.49), ("standard", 1.0)):
        for method, values in quality.items():
            states = chosen.astype(np.int32)
            made.append(
                ItemValues(AUC, method, protocol, convention, {}, "states", 10 * states.astype(np.int64),
                           states, factor * values[chosen])
            )  # fmt: skip
    every = np.arange(particles)
    for method, values in quality.items():
        states = (every % len(values)).astype(np.int32)
        errors = 8 * (1.1 - values[states]) + 0.1 * np.sin(every)
        made.append(ItemValues(ROTATION, method, "all particles", "", {}, "particles", every, states, errors))
    return made


def _embeddings(rng: np.random.Generator, count: int, levels: dict[str, float], states: int) -> list[Embedding]:
    labels = np.arange(count, dtype=np.int32) % states
    angle = 2 * np.pi * labels / states
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    made = []
    for method, level in levels.items():
        if method not in {"_consensus", "shuffle"}:
            points = (ring + (1.0 - level) * 0.5 * rng.standard_normal((count, 2))).astype(np.float32)
            made += [Embedding(method, kind, points, labels, np.degrees(angle)) for kind in ("UMAP", "PCA")]
    return made


def _blob(box: int, angle: float) -> np.ndarray:
    y, x = np.mgrid[:box, :box] - box / 2
    body = np.exp(-(x**2 + y**2) / (0.12 * box) ** 2)
    arm = np.exp(-((x - 0.25 * box * np.cos(angle)) ** 2 + (y - 0.25 * box * np.sin(angle)) ** 2) / (0.07 * box) ** 2)
    return np.asarray(body + arm, dtype=np.float32)


def _pictures(rng: np.random.Generator, box: int, levels: dict[str, float]) -> list[Picture]:
    angles = 2 * np.pi * np.arange(6) / 6
    pictures = []
    for row, noise in (("clean", 0.0), ("noisy", 1.5)):
        for i, angle in enumerate(angles):
            pixels = _blob(box, angle) + noise * rng.standard_normal((box, box)).astype(np.float32)
            pictures.append(Picture("particles", row, f"image {i}", pixels.astype(np.float32), 6.0, "projection"))
    for row in ("truth", *(name for name in levels if name not in {"oracle", "shuffle"})):
        for angle in angles:
            if row == "_consensus":
                pixels = np.mean([_blob(box, other) for other in angles], axis=0).astype(np.float32)
            else:
                pixels = _blob(box, angle)
            pictures.append(Picture("volumes", row, f"{math.degrees(angle):.0f}°", pixels, 6.0, "projection along z"))
    return pictures


def _surfaces(levels: dict[str, float], states: int, shown: int, rings: int) -> list[Surface]:
    chosen = np.unique(np.linspace(0, states - 1, shown).round().astype(int)).tolist()
    made = []
    for method in (None, *(name for name in levels if name not in {"shuffle", "_consensus"})):
        for state in chosen:
            angle = 2 * math.pi * state / states
            made.append(
                surface(method, state, angle, rings, ripple=0.0 if method is None else 0.3 * (1 - levels[method]))
            )
    return made


def make_many(datasets: int = 5) -> list[Results]:
    """Return runs of eight methods and three controls on several datasets, of the size that a real study has."""
    titles = ("IgG-1D", "IgG-RL", "Ribosembly", "Tomotwin-100", "Spike-MD")
    states = (100, 100, 16, 100, SPIKE_STATES)
    return [
        make_results(
            name=title.lower(), title=title, methods=MANY, states=states[i], points=6000, shells=65,
            box=96, rings=48, surface_states=20, seed=i, per_image=title != "Spike-MD",
            images=1000 if title == "Spike-MD" else None,
            stand_in="A synthetic chain." if title == "Spike-MD" else "",
        )
        for i, title in enumerate(titles[:datasets])
    ]  # fmt: skip
