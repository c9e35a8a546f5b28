"""Controls that were beaten."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cryobench.benchmark.merging import BEATEN, flag_beaten
from cryobench.core import Interval, ResultsDocument

sys.path.insert(0, str(Path(__file__).parents[1] / "report"))  # a folder of tests is no package

from made_up import make_results

PROTOCOLS = ("per-conformation", "per-image")


def flagged(document: ResultsDocument) -> set[tuple[str, str, str]]:
    scores = flag_beaten(document).scores
    return {(score.method, score.protocol, score.convention) for score in scores if BEATEN in score.flags}


@pytest.mark.parametrize(("low", "high", "beaten"), [(-0.3, -0.1, True), (-0.3, 0.1, False), (0.1, 0.3, False)])
def test_a_ceiling_is_flagged_where_it_is_beaten_beyond_doubt(low: float, high: float, beaten: bool) -> None:
    document = make_results().document
    assert not flagged(document)
    found = next(each for each in document.comparisons if each.first == "oracle" and each.protocol in PROTOCOLS)
    difference = {"difference": (low + high) / 2, "interval": Interval(low=low, high=high, kind="paired")}
    changed = document.model_copy(update={"comparisons": (found.model_copy(update=difference),)})
    expected = {("oracle", found.protocol, found.convention)} if beaten else set()
    assert flagged(changed) == expected
    once = flag_beaten(flag_beaten(changed))
    assert all(score.flags.count(BEATEN) <= 1 for score in once.scores)


def test_latents_are_not_explained_by_images() -> None:
    """The latents of the oracle are the truth: if it is beaten, that is not for want of images."""
    document = make_results().document
    found = next(each for each in document.comparisons if each.first == "oracle")
    update = {"protocol": "all particles", "difference": -0.2, "interval": Interval(low=-0.3, high=-0.1, kind="paired")}
    assert not flagged(document.model_copy(update={"comparisons": (found.model_copy(update=update),)}))
