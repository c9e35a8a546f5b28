"""The page: what it shows, that it shows nothing else, and that names stay names."""

from __future__ import annotations

import html
import json
import re
from html.parser import HTMLParser

import pytest

from cryobench.core import InputError, Results
from cryobench.report import render_report

NASTY = "<img src=x onerror=alert(1)>"


class Page(HTMLParser):
    """Collects elements with their attributes, and the text inside each kind."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def having(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def without_plotly(text: str) -> str:
    return re.sub(r"<script>/\*\*\n\* plotly\.js.*?</script>", "", text, flags=re.DOTALL)


@pytest.fixture(scope="module")
def text(results: Results) -> str:
    return render_report(results)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_same_results_give_the_same_page(results: Results, text: str) -> None:
    assert render_report(results) == text


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


def test_plotly_is_there_once(text: str) -> None:
    assert text.count("* plotly.js v") == 1


def test_names_are_text(text: str, page: Page) -> None:
    assert NASTY not in text
    assert "</script><script>alert(2)" not in text
    assert html.escape(NASTY) in text
    assert not any("onerror" in attributes for _, attributes in page.elements)
    assert all((image["src"] or "").startswith("data:") for image in page.having("img"))


def test_every_score_shown_is_a_record(results: Results, text: str) -> None:
    table = re.search(r'<table class="scores.*?</table>', text, flags=re.DOTALL)
    assert table is not None
    body = table[0].split("<tbody>")[1]
    shown = re.findall(r'<td data-value="([^"]+)".*?<span class="value">([^<]+)</span>', body, flags=re.DOTALL)
    assert sorted(float(value) for value, _ in shown) == sorted(score.value for score in results.document.scores)
    for value, written in shown:
        places = len(written.partition(".")[2])
        assert float(written.replace("\N{MINUS SIGN}", "-")) == pytest.approx(
            float(value), abs=0.5 * 10**-places + 1e-12
        )


def test_a_row_a_method_and_a_column_a_measure(results: Results, text: str) -> None:
    table = re.search(r'<table class="scores.*?</table>', text, flags=re.DOTALL)
    assert table is not None
    assert table[0].count('<th scope="row"') == len(results.document.methods)
    assert table[0].count('<th scope="col"') == 1 + 3
    assert table[0].count('<span class="missing"') == 1


def test_best_is_a_method(text: str) -> None:
    rows = re.findall(r"<tr[^>]*>\s*<th scope=\"row\" data-value=\"([^\"]*)\">.*?</tr>", text, flags=re.DOTALL)
    assert "ppca" in rows
    marked = [row for row in re.findall(r"<tr.*?</tr>", text, flags=re.DOTALL) if 'class="best"' in row]
    assert len(marked) == 1
    assert 'data-value="ppca"' in marked[0]
    assert marked[0].count("★ best") == 3


def test_verdicts(text: str) -> None:
    table = re.search(r'<table class="sortable" id="comparison-table">.*?</table>', text, flags=re.DOTALL)
    assert table is not None
    assert re.findall(r">([^<]*)</td>\s*</tr>", table[0]) == [
        "not distinguishable",
        "ppca is better",
        "oracle is better",
    ]


def test_plots_hold_the_curves(results: Results, text: str) -> None:
    data = dict(re.findall(r'<script type="application/json" id="([a-z0-9-]+)-data">(.*?)</script>', text))
    assert list(data) == ["curve-0", "items-0", "curve-1", "items-1", *(f"latent-{i}" for i in range(6))]
    figure = json.loads(data["curve-0"])
    means = {trace["name"]: trace["y"] for trace in figure["data"] if trace["showlegend"]}
    assert list(means) == [
        "oracle (ceiling)", "ppca", html.escape(NASTY), "_consensus (floor)", "shuffle (floor)",
    ]  # fmt: skip
    record = next(curve for curve in results.document.curves if curve.method == "ppca")
    assert means["ppca"] == pytest.approx(record.mean, abs=1e-5)
    assert figure["layout"]["xaxis"]["ticktext"][2] == "0.05<br>1/20"
    assert {shape["y0"] for shape in figure["layout"]["shapes"]} == {0.143, 0.5}


def test_stand_in_is_said_everywhere(stand_in_results: Results, text: str) -> None:
    assert "STAND-IN" not in text
    page = render_report(stand_in_results)
    words = html.escape(stand_in_results.document.dataset.stand_in)
    assert page.index('class="stand-in-banner"') < page.index("<h1>")
    assert words in page[page.index("stand-in-banner") : page.index("<h1>")]
    captions = re.findall(r"<figcaption>.*?</figcaption>|<p class=\"caption\">.*?</p>", page, flags=re.DOTALL)
    assert len(captions) == 2 + 4 + 6 + 2
    assert all("STAND-IN" in caption for caption in captions)


def test_an_empty_run_is_a_page(empty_results: Results) -> None:
    page = render_report(empty_results)
    for words in ("no scores", "no curves", "no latent spaces", "no pictures", "compares no methods"):
        assert words in page
    assert "plotly.js v" not in page


def test_a_method_without_a_card_is_named(results: Results) -> None:
    bare = results.document.model_copy(update={"methods": results.document.methods[1:]})
    with pytest.raises(InputError, match="record of method 'oracle'"):
        render_report(Results(bare, (), ()))


def test_two_scores_for_one_place_are_refused(results: Results) -> None:
    twice = results.document.model_copy(update={"scores": (*results.document.scores, results.document.scores[0])})
    with pytest.raises(InputError, match="two scores of method 'oracle'"):
        render_report(Results(twice, (), ()))
