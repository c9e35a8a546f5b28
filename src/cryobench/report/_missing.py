"""Why a method has no score in a column, as its run says."""

from __future__ import annotations

from cryobench.core import MethodRun, Score
from cryobench.report._families import family

NOT_SCORED = "not scored"

# What is left out is recorded by the name of the measure, and some measures give several metrics.
_MEASURES = {
    "continuity": "trustworthiness",
    "latent-regression-error": "latent-regression",
    "rotations-within": "rotation-error",
    "rotation-frobenius": "rotation-error",
}


def why_missing(column: Score, run: MethodRun | None) -> str:
    """Return why a run has no score like another one, in words of the run; :data:`NOT_SCORED` where it does not say."""
    if run is None:
        return NOT_SCORED
    return next((run.missing[name] for name in _names(column) if run.missing.get(name)), NOT_SCORED)


def _names(column: Score) -> list[str]:
    """Return the names by which a run may know a column, the narrowest first."""
    name = column.metric.name
    names = [name, _MEASURES.get(name, name)]
    if family(name) == "Maps":
        names.append(column.protocol)
    if family(name) == "Classes":
        measure = "populations" if name.startswith("population") else "classes"
        claimed = str(column.parameters.get("classes", "claimed")) == "claimed"
        names.append(measure if claimed else f"k-means-{measure}")
    return names
