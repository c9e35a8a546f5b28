"""The page: what it shows, that it shows nothing else, and that names stay names."""

from __future__ import annotations

import base64
import html
import re

import numpy as np
import pytest
from made_up import NASTY, make_results
from page_text import Page, embedded, score_table, without_plotly

from cryobench.core import InputError, Results
from cryobench.report import render_report


@pytest.fixture(scope="module")
def text(results: Results) -> str:
    return render_report([results])


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_same_results_give_the_same_page(results: Results, text: str) -> None:
    assert render_report([results]) == text


def test_nothing_is_fetched(text: str, page: Page) -> None:
    for tag, attributes in page.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            value = attributes.get(name)
            assert value is None or value.startswith(("data:image/png;base64,", "#")), f"<{tag} {name}={value}>"
    assert not page.having("link")
    assert not page.having("iframe")
    ours = without_plotly(text)
    assert "http://" not in ours
    assert "https://" not in ours
    assert "url(" not in ours
    assert "@import" not in ours
    policy = next(a["content"] for a in page.having("meta") if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; ")
    assert "http" not in policy
    assert "eval" not in policy


def test_plotly_is_there_once(text: str) -> None:
    assert text.count("* plotly.js v") == 1


def test_names_are_text(text: str, page: Page) -> None:
    assert NASTY not in text
    assert "</script><script>alert(2)" not in text
    assert html.escape(NASTY) in text
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert all((image["src"] or "").startswith("data:") for image in page.having("img"))


def test_ids_are_their_own(results: Results, stand_in_results: Results) -> None:
    page = Page(render_report([results, stand_in_results]))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for attribute in ("aria-controls", "aria-labelledby", "for", "data-how"):
        named = {attributes[attribute] for _, attributes in page.elements if attribute in attributes}
        assert named <= set(ids), attribute
    inner = {(a["href"] or "").removeprefix("#") for a in page.having("a")}
    assert inner <= set(ids)


def test_every_score_shown_is_a_record(results: Results, text: str) -> None:
    body = score_table(text).split("</thead>")[1]
    shown = re.findall(r'<td[^>]* data-value="([^"]+)"[^>]*><span class="value">([^<]+)</span>', body)
    assert sorted(float(value) for value, _ in shown) == sorted(score.value for score in results.document.scores)
    for value, written in shown:
        places = len(written.partition(".")[2])
        assert float(written.replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            float(value), abs=0.5 * 10**-places + 1e-12
        )


def test_methods_are_apart_from_controls_and_bounds(text: str) -> None:
    head, methods, controls = score_table(text).split("<tbody")
    assert head.count('<th scope="col"') == 1 + 9
    name = r'<th scope="row"[^>]*>\s*([^<]*?)\s*<'
    assert re.findall(name, methods) == ["ppca", html.escape(NASTY)]
    assert re.findall(name, controls) == ["oracle", "_consensus", "shuffle", "truth as the claim", "claim shuffled"]
    floors = controls.split("claim shuffled")[1]
    assert re.findall(r'<span class="value">([^<]*)', floors) == [
        "20.000", "0.0640 to 0.0710", "1.0000", "10.000", "0.192 to 0.213",
    ]  # fmt: skip


def test_best_and_what_cannot_be_told_from_it(text: str) -> None:
    _, methods, controls = score_table(text).split("<tbody")
    first, second = methods.split("<tr")[1:]
    assert first.count("★ best") == 9
    assert second.count("★ best") == 0
    # The means of the two conventions were compared; their medians and all other measures were not.
    assert second.count("≈ best") == 2
    assert "best" not in controls


def test_main_columns_are_one_a_measure(text: str) -> None:
    head = score_table(text).split("</thead>")[0]
    main = re.findall(r'class="main" data-family="(\w+)".*?class="sort">([^<]*)<', head, flags=re.DOTALL)
    assert main == [
        ("Maps", "FSC AUC"), ("Maps", "FSC AUC"), ("Maps", "FSC resolution"), ("Latents", "Neighborhood similarity"),
        ("Latents", "Information imbalance"), ("Poses", "Rotation error"),
    ]  # fmt: skip
    assert re.findall(r'class="other" data-family="Other"', head) == ['class="other" data-family="Other"']


def test_each_number_is_explained(text: str) -> None:
    dialogs = re.findall(r"<dialog.*?</dialog>", text, flags=re.DOTALL)
    assert len(dialogs) == 9
    assert "Glielmo et al. 2022" in dialogs[6]
    assert "<dt>k</dt><dd>10</dd>" in dialogs[6]
    assert "95 % bootstrap over states" in dialogs[6]
    assert text.count('data-how="d0-how-6"') == 2


def test_comparisons_are_told_by_measure(text: str) -> None:
    groups = embedded(text)["d0-json"]["comparisons"]
    assert [group["title"] for group in groups] == [
        "FSC AUC · per-conformation · published convention",
        "FSC AUC · per-conformation · standard convention",
    ]
    rows = {(row["first"], row["second"]): row["verdict"] for row in groups[1]["rows"]}
    assert len(rows) == 10
    assert rows["ppca", NASTY] == "not distinguishable"
    assert rows["oracle", "shuffle"] == "oracle is better"


def test_plots_hold_the_curves(results: Results, text: str) -> None:
    data = embedded(text)
    figure = data["d0-shells-0-data"]["figure"]
    means = {trace["name"]: trace["y"] for trace in figure["data"] if trace["showlegend"]}
    assert list(means) == [
        "oracle (ceiling)", "ppca", html.escape(NASTY), "_consensus (floor)", "shuffle (floor)",
    ]  # fmt: skip
    record = next(c for c in results.document.curves if c.method == "ppca" and c.convention == "standard")
    assert means["ppca"] == pytest.approx(record.mean, abs=1e-5)
    assert figure["layout"]["xaxis"]["ticktext"][2] == "0.05<br>1/20"
    assert {shape["y0"] for shape in figure["layout"]["shapes"]} == {0.143, 0.5}


def test_each_curve_knows_its_state(results: Results, text: str) -> None:
    link = embedded(text)["d0-shells-0-data"]["link"]
    line = next(line for line in link["lines"] if line["method"] == "ppca")
    record = next(c for c in results.document.curves if c.method == "ppca" and c.convention == "standard")
    assert line["states"] == list(range(24))
    steps = np.frombuffer(base64.b64decode(line["data"]), "<u2").reshape(24, -1)
    values = line["low"] + (line["high"] - line["low"]) * steps / 65534
    np.testing.assert_allclose(values, record.items, atol=1e-5)


def test_several_datasets_have_a_tab_each_and_a_table_of_all(results: Results, stand_in_results: Results) -> None:
    text = render_report([results, stand_in_results])
    page = Page(text)
    tabs = [a for a in page.having("button") if a.get("role") == "tab"]
    assert [tab["aria-selected"] for tab in tabs] == ["true", "false"]
    panels = [a for a in page.having("section") if a.get("class") == "panel"]
    assert ["hidden" in panel for panel in panels] == [False, True]
    table = re.search(r'<table class="scores sortable" id="outline-table">.*?</table>', text, flags=re.DOTALL)
    assert table is not None
    assert table[0].count('scope="row"') == 5
    assert table[0].count("STAND-IN") == 1
    assert "standard convention" in text.split('id="outline-table"')[0]


def test_stand_in_is_said_everywhere(stand_in_results: Results, text: str) -> None:
    assert "STAND-IN" not in text
    page = render_report([stand_in_results])
    words = html.escape(stand_in_results.document.dataset.stand_in)
    assert page.index('class="stand-in-banner"') < page.index("<h1")
    assert words in page[page.index("stand-in-banner") : page.index("<h1")]
    captions = re.findall(r"<figcaption>.*?</figcaption>|<p class=\"caption\">.*?</p>", page, flags=re.DOTALL)
    assert len(captions) == 1 + 3 + 2 + 3 + 2 + 1 + 1 + 1
    assert all("STAND-IN" in caption for caption in captions)


def test_an_empty_run_is_a_page(empty_results: Results) -> None:
    page = render_report([empty_results])
    for words in ("no scores", "no curves", "no latent spaces", "no pictures", "compares no methods"):
        assert words in page
    assert "plotly.js v" not in page


def test_a_document_alone_is_a_page_that_says_what_is_missing(results: Results, text: str) -> None:
    bare = render_report([Results(results.document)])
    assert "came without their arrays" in bare
    assert "came without their arrays" not in text
    data = embedded(bare)
    # Means of the curves stand in for the values of each state.
    link = data["d0-states-0-data"]["link"]
    assert (link["kind"], link["states"], len(link["methods"])) == ("columns", list(range(24)), 5)
    assert data["d0-json"]["names"][1].startswith("15°")


def test_no_results_are_refused() -> None:
    with pytest.raises(InputError, match="no results"):
        render_report([])


def test_a_method_without_a_card_is_named(results: Results) -> None:
    bare = results.document.model_copy(update={"methods": results.document.methods[1:]})
    with pytest.raises(InputError, match="record of method 'oracle'"):
        render_report([Results(bare)])


def test_two_scores_for_one_place_are_refused(results: Results) -> None:
    twice = results.document.model_copy(update={"scores": (*results.document.scores, results.document.scores[0])})
    with pytest.raises(InputError, match="two scores of method 'oracle'"):
        render_report([Results(twice)])


@pytest.mark.parametrize("states", [1, 2])
def test_few_states(states: int) -> None:
    text = render_report([make_results(states=states, surface_states=1)])
    assert ('class="state-bar' in text) is (states > 1)
