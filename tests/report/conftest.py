"""A small run made up from scratch, with names that would break a careless page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryobench.core import Results

sys.path.insert(0, str(Path(__file__).parent))

from made_up import make_results


@pytest.fixture(scope="session")
def results() -> Results:
    return make_results()


@pytest.fixture(scope="session")
def stand_in_results() -> Results:
    return make_results(stand_in="A synthetic chain takes the place of the published antibody model.", seed=2)


@pytest.fixture(scope="session")
def empty_results(results: Results) -> Results:
    nothing = ("methods", "runs", "scores", "comparisons", "curves", "matrices", "imbalance", "histograms")
    return Results(results.document.model_copy(update=dict.fromkeys(nothing, ())))
