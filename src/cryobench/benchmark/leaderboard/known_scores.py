"""Which scores each metric can have: a results file that is handed in cannot make up a kind of score, and a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cryobench.benchmark.volumes import PER_CONFORMATION, PER_IMAGE
from cryobench.core import Score
from cryobench.metrics import REGRESSION_MODELS, THRESHOLDS

Check = Callable[[object], bool]
_DRAWN = re.compile(r"([1-9][0-9]{0,2}(,[0-9]{3})*) particles drawn")


def _among(*values: object) -> Check:
    return lambda value: any(type(value) is type(each) and value == each for each in values)


def _like(pattern: str) -> Check:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


_WAYS = _among(
    *(way for space in ("true latent", "pose", "CTF") for way in (f"latent to {space}", f"{space} to latent"))
)
_VOLUMES: Mapping[str, Check] = {
    "mask": _among("no mask", "union of the true states"),
    "alignment": _among("none", "one", "each"),
    "images": _count,
}
_CLASSES: Mapping[str, Check] = {"classes": _like(r"claimed|k-means to [1-9][0-9]{0,6}")}
_FRAME: Mapping[str, Check] = {"frame": _among("one", "per-state")}
_NEIGHBOURS: Mapping[str, Check] = {"k": _count}
_WAY: Mapping[str, Check] = {"k": _count, "from": _WAYS}
# The coordinate is that of the document.
_REGRESSION: Mapping[str, Check] = {"of": lambda value: isinstance(value, str), "model": _among(*REGRESSION_MODELS)}

_OF_VOLUMES: Mapping[str, tuple[tuple[str, ...], Mapping[str, Check]]] = {
    "fsc-auc": (("published", "standard"), _VOLUMES),
    "fsc-auc-moving": (("published", "standard"), _VOLUMES),
    "fsc-resolution": (("published", "standard"), {**_VOLUMES, "threshold": _among(*THRESHOLDS)}),
    "state-identification": (("published", "standard"), _VOLUMES),
    "real-space-correlation": (("",), _VOLUMES),
    "local-resolution": (("", "standard"), _VOLUMES),
    "volume-overlap": (("",), _VOLUMES),
    "chamfer-distance": (("",), _VOLUMES),
}
_OF_PARTICLES: Mapping[str, tuple[tuple[str, ...], Mapping[str, Check]]] = {
    "neighborhood-similarity": (("published", "standard"), _NEIGHBOURS),
    "information-imbalance": (("",), _WAY),
    "nuisance-imbalance": (("",), _WAY),
    "latent-regression": (("",), _REGRESSION),
    "latent-regression-error": (("",), _REGRESSION),
    "distance-correlation": (("",), {}),
    "trustworthiness": (("",), _NEIGHBOURS),
    "continuity": (("",), _NEIGHBOURS),
    "class-accuracy": (("",), _CLASSES),
    "adjusted-rand-index": (("",), _CLASSES),
    "adjusted-mutual-information": (("",), _CLASSES),
    "class-purity": (("",), _CLASSES),
    "population-total-variation": (("",), _CLASSES),
    "population-jensen-shannon": (("",), _CLASSES),
    "population-wasserstein": (("",), _CLASSES),
    "rotation-error": (("",), {**_FRAME, "part": _among("viewing direction", "in plane")}),
    "rotation-frobenius": (("",), _FRAME),
    "rotations-within": (("",), {**_FRAME, "degrees": _among(5, 10)}),
    "translation-error": (("",), {}),
    "pose-entanglement": (("",), {**_FRAME, "error": _among("rotation", "shift")}),
}


def what_is_odd(score: Score, coordinate: str) -> str:
    """Return what of a score its metric cannot have, in words; empty where it can be.

    Parameters
    ----------
    score
        Of a known metric.
    coordinate
        Name of the dataset's coordinate.
    """
    name = score.metric.name
    of_volumes = name in _OF_VOLUMES
    known = _OF_VOLUMES.get(name) or _OF_PARTICLES.get(name)
    if known is None:
        return f"metric '{name}' has no place on the leaderboard"
    conventions, parameters = known
    if not _is_protocol(score.protocol, of_volumes=of_volumes):
        expected = (
            f"{PER_CONFORMATION} or {PER_IMAGE}" if of_volumes else "all particles, or a number of particles drawn"
        )
        return f"metric '{name}' has the protocol '{score.protocol}', expected {expected}"
    if score.convention not in conventions:
        words = " or ".join(f"'{each}'" for each in conventions)
        return f"metric '{name}' has the convention '{score.convention}', expected {words}"
    return _odd_parameter(score, parameters, coordinate)


def _odd_parameter(score: Score, known: Mapping[str, Check], coordinate: str) -> str:
    name = score.metric.name
    for key, value in score.parameters.items():
        if key not in known:
            return f"metric '{name}' has a parameter '{key}', expected {', '.join(known) or 'none'}"
        if not known[key](value) or (key == "of" and value != coordinate):
            return f"metric '{name}' cannot have the parameter {key} = {value!r}"
    if "images" in score.parameters and score.protocol != PER_IMAGE:
        return f"metric '{name}' has a parameter 'images', which goes with the protocol {PER_IMAGE}"
    return ""


def _is_protocol(text: str, *, of_volumes: bool) -> bool:
    if of_volumes:
        return text in {PER_CONFORMATION, PER_IMAGE}
    return text == "all particles" or _DRAWN.fullmatch(text) is not None
