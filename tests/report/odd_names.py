"""A run of names that are long, foreign, or read as formulas, and of errors that spread over decades."""

from __future__ import annotations

import numpy as np
from made_up import METHODS, make_results

from cryobench.core import MethodCard, Results

LONG = "a method with a very long name that says everything about its settings and more of them"
UNBROKEN = "one_word_of_a_name_that_has_no_place_to_break_it_and_goes_on_for_ever_and_ever_v12"
FORMULA = "model $a_b$"
FOREIGN = "\N{ETHIOPIC SYLLABLE GLOTTAL A}\N{ETHIOPIC SYLLABLE MAA}"  # in no font of matplotlib's own
EDGES = np.concatenate(([0.0], np.geomspace(0.02, 180.0, 60)))


def odd_results(*, stand_in: str = "", foreign: str = "model") -> Results:
    names = (LONG, UNBROKEN, FORMULA, foreign)
    cards = tuple(MethodCard(name=name, version="1", role="method", summary="") for name in names)
    made = make_results(
        methods=(METHODS[0], *cards, METHODS[-1]), title="A dataset of a title that is as long as titles of papers are",
        stand_in=stand_in, states=4, points=40, surface_states=2, shells=9, rings=6,
    )  # fmt: skip
    return Results(spread(made).document, made.embeddings, made.pictures, made.surfaces, made.items)


def spread(made: Results) -> Results:
    """Return the results with errors of poses in bins as scoring makes them: equally wide on a logarithmic axis."""
    draws = np.random.default_rng(0).lognormal(1.0, 1.0, 2000)
    counts = tuple(np.histogram(np.minimum(draws, 180.0), EDGES)[0].tolist())
    histograms = tuple(
        each.model_copy(update={"edges": tuple(EDGES.tolist()), "counts": counts}) for each in made.document.histograms
    )
    document = made.document.model_copy(update={"histograms": histograms})
    return Results(document, made.embeddings, made.pictures, made.surfaces, made.items)
