"""Quoted scores stand beside ours, and never among them."""

from __future__ import annotations

import dataclasses
import re

import pytest
from made_up import make_results
from page_text import score_table

from cryobench.core import PublishedScore
from cryobench.report import render_report

QUOTES = tuple(
    PublishedScore(dataset="toy-ring", method=f"<b>{method}</b>", protocol=protocol, mean=mean, std=0.01, median=median,
                   source="Table 2 of a paper", note="source does not say whether copied or rerun")
    for method, protocol, mean, median in (
        ("DRGN", "per-conformation FSC AUC", 0.999, 0.998), ("Other", "per-image FSC AUC", 0.361, None),
    )
)  # fmt: skip


@pytest.mark.parametrize("name", ["toy-ring", "toy-ring:published"])
def test_rows_of_their_own_that_are_not_ranked(name: str) -> None:
    text = render_report([make_results(name=name)], QUOTES)
    table = score_table(text)
    quoted = table.split('<tbody class="quoted">')[1]
    assert quoted.count("&lt;b&gt;DRGN&lt;/b&gt;") == 1
    assert re.findall(r'<span class="value">([^<]*)', quoted) == ["0.999", "0.998"]
    assert "not computed here, not ranked" in quoted
    assert "Table 2 of a paper" in quoted
    assert "source does not say" in quoted
    assert "data-value" not in quoted
    # 0.999 is more than any of ours; the best of ours stays the best.
    assert table.split('<tbody class="quoted">')[0].count("★ best") == 9
    listed = text.split('<details class="published">')[1]
    assert "per-image FSC AUC" in listed.split("</details>")[0]
    assert "<b>" not in text


@pytest.mark.parametrize(("name", "stand_in"), [("toy-ring:standin", "A chain."), ("toy-ring:subset", "")])
def test_they_may_not_be_compared_with_another_dataset(name: str, stand_in: str) -> None:
    text = render_report([make_results(name=name, stand_in=stand_in)], QUOTES)
    assert '<tbody class="quoted">' not in text
    folded = text.split('<details class="published">')[1].split("</details>")[0]
    assert "may not be compared" in folded.split("</summary>")[0]
    assert "No number here may be set beside one of this page" in folded


@pytest.mark.parametrize(("scale", "compared"), [("full", True), ("demo", False), ("full, with other settings", False)])
def test_they_may_not_be_compared_with_a_smaller_build(scale: str, compared: bool) -> None:
    results = make_results()
    card = results.document.dataset
    smaller = card.model_copy(update={"facts": {**card.facts, "Scale": scale}})
    document = results.document.model_copy(update={"dataset": smaller})
    text = render_report([dataclasses.replace(results, document=document)], QUOTES)
    assert ('<tbody class="quoted">' in text) == compared
    assert (f"not of the published size and settings (scale: {scale})" in text) != compared


def test_those_of_other_datasets_are_left_out() -> None:
    text = render_report([make_results(name="another")], QUOTES)
    assert "DRGN" not in text
