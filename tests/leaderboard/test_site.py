"""The pages: what they show, what they keep apart, and that names stay names."""

from __future__ import annotations

import html
import random
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_up_leaderboard import HELD_BACK, NASTY_DATASET, NASTY_METHOD, ODD, PUBLISHED, STAND_IN, entry

from cryobench.core import EntryDataset, InputError, LeaderboardEntry, slug
from cryobench.report import render_leaderboard
from cryobench.report.leaderboard._history import histories_of, nice_ticks


class Page(HTMLParser):
    """Collects elements with their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


@pytest.fixture(scope="module")
def pages(entries: tuple[LeaderboardEntry, ...]) -> dict[str, str]:
    return render_leaderboard(entries)


def html_pages(pages: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in pages.items() if name.endswith(".html")}


def sections(page: str, status: str) -> list[str]:
    return re.findall(rf'<section class="status {status}".*?</section>', page, flags=re.DOTALL)


def test_the_order_of_entries_does_not_matter(pages: dict[str, str], entries: tuple[LeaderboardEntry, ...]) -> None:
    mixed = list(entries)
    random.Random(1).shuffle(mixed)
    assert render_leaderboard(mixed) == pages


def test_files(pages: dict[str, str]) -> None:
    fixed = {"index.html", "stand-ins.html", "methods.html", "history.html", "reading.html"}
    assert fixed | {"leaderboard.css", "leaderboard.js"} <= set(pages)
    assert [name for name in pages if name.endswith((".css", ".js"))] == ["leaderboard.css", "leaderboard.js"]
    assert all(re.fullmatch(r"[a-z0-9-]+(/[a-z0-9-]+)?\.(html|css|js)", name) for name in pages)


def test_every_link_leads_somewhere_in_the_site(pages: dict[str, str]) -> None:
    parsed = {name: Page(text) for name, text in html_pages(pages).items()}
    ids = {name: [a["id"] for _, a in page.elements if "id" in a] for name, page in parsed.items()}
    for name, page in parsed.items():
        assert len(set(ids[name])) == len(ids[name]), f"{name}: an id is there twice"
        for tag, attributes in page.elements:
            for key in ("href", "src"):
                target = attributes.get(key)
                if target is None or target == "data:,":
                    continue
                parts = urlsplit(target)
                assert not parts.scheme, f"{name}: <{tag} {key}={target}>"
                assert not parts.netloc, f"{name}: <{tag} {key}={target}>"
                path = Path(name).parent / parts.path if parts.path else Path(name)
                resolved = str(path.as_posix()).replace("methods/../", "").replace("datasets/../", "")
                resolved = resolved.replace("stand-ins/../", "")
                assert resolved in pages, f"{name}: {target}"
                if parts.fragment:
                    assert unquote(parts.fragment) in ids[resolved], f"{name}: {target}"


def test_names_are_text(pages: dict[str, str]) -> None:
    for name, text in html_pages(pages).items():
        page = Page(text)
        assert NASTY_METHOD not in text, name
        assert not any(key.startswith("on") for _, attributes in page.elements for key in attributes), name
        assert [a for tag, a in page.elements if tag == "script"] == [
            {"src": f"{'../' * name.count('/')}leaderboard.js", "defer": None}
        ], name
        assert not any(tag in {"img", "iframe", "object"} for tag, _ in page.elements), name
    assert html.escape(NASTY_METHOD, quote=False) in pages["index.html"]
    assert NASTY_DATASET in "".join(Page(pages[f"datasets/{slug(NASTY_DATASET)}.html"]).words)
    assert NASTY_METHOD in "".join(Page(pages[f"methods/{slug(NASTY_METHOD)}.html"]).words)


@settings(max_examples=40, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=60))
def test_any_name_is_text(name: str) -> None:
    name = f"{name}x"  # one of blanks alone is refused
    made = entry(EntryDataset(id=name, title=name, checksum="0" * 64), name, 0.5, 0)
    site = render_leaderboard([made])
    plain = render_leaderboard([entry(EntryDataset(id="p", title="p", checksum="0" * 64), "p", 0.5, 0)])
    for ours, theirs in (
        (site[f"methods/{slug(name)}.html"], plain["methods/p.html"]),
        (site["index.html"], plain["index.html"]),
    ):
        page, other = Page(ours), Page(theirs)
        assert [tag for tag, _ in page.elements] == [tag for tag, _ in other.elements]
        assert name in "".join(page.words)


def test_nothing_is_fetched(pages: dict[str, str]) -> None:
    for name, text in pages.items():
        assert "://" not in text, name
        assert "@import" not in text, name
        assert "url(" not in text, name
    for text in html_pages(pages).values():
        assert "default-src 'none'; script-src 'self' file:;" in text


def test_quotes_stand_apart(pages: dict[str, str]) -> None:
    page = pages["datasets/igg-1d.html"]
    (quoted,) = sections(page, "quoted")
    runs = [*sections(page, "rerun"), *sections(page, "claimed")]
    assert len(runs) == 3
    assert "CryoSPIRE" in quoted
    assert not any("CryoSPIRE" in section for section in runs)
    assert "★" not in quoted
    assert "intervals meet" not in quoted
    assert "source does not say whether copied or rerun" in quoted
    assert all("[1]" not in section for section in runs)
    (rerun,) = sections(page, "rerun")
    assert "oracle" in rerun
    assert html.escape(NASTY_METHOD, quote=False) not in rerun


def test_quotes_stand_in_the_order_of_their_names(pages: dict[str, str]) -> None:
    (quoted,) = sections(pages["datasets/igg-1d.html"], "quoted")
    names = re.findall(r'<th scope="row" data-value="([^"]*)"', quoted)
    assert len(names) > 5
    assert names == sorted(names, key=str.casefold)
    head = quoted.split("</thead>")[0]
    assert re.findall(r'aria-sort="(\w+)"', head) == ["ascending"] + ["none"] * (head.count("aria-sort") - 1)
    assert head.index('aria-sort="ascending"') < head.index("Method")


def test_history_names_its_axis_and_hides_no_mark(pages: dict[str, str]) -> None:
    page = pages["datasets/igg-1d.html"]
    drawings = re.findall(r'<svg class="history".*?</svg>', page, flags=re.DOTALL)
    assert drawings
    for drawing in drawings:
        assert re.search(r'<text class="label"[^>]*rotate\(-90 [^>]*>FSC AUC</text>', drawing)
    both = " ".join(drawings)
    (radius,) = set(re.findall(r'<circle class="dot rerun"[^>]* r="([\d.]+)"', both))
    (side,) = set(re.findall(r'<rect class="dot claimed"[^>]* width="([\d.]+)"', both))
    assert float(side) > 2 * float(radius) + 2, "a circle is seen within a square at its place"
    assert "svg .dot.claimed { fill: none;" in pages["leaderboard.css"]


def test_marks_go_to_methods_by_direction(pages: dict[str, str]) -> None:
    (rerun,) = sections(pages["datasets/igg-1d.html"], "rerun")
    rows = {
        re.search(r"<bdi>(.*?)</bdi>", row)[1]: row  # type: ignore[index]
        for row in re.findall(r"<tr data-poses.*?</tr>", rerun, flags=re.DOTALL)
    }
    assert list(rows) == ["oracle", "recovar", "cryodrgn", "ppca", "cryodrgn2"]
    marks = {name: re.findall(r'class="mark[ a-z]*">(.) ', row) for name, row in rows.items()}
    # Areas, resolution and imbalance of 0.78 and 0.775 ± 0.01 meet; the ceiling is above them and gets no mark.
    assert marks == {"oracle": [], "recovar": ["★"] * 4, "cryodrgn": ["∩"] * 4, "ppca": [], "cryodrgn2": []}


def test_alignments_have_columns_of_their_own_and_flags_are_said() -> None:
    """Of two methods, the one whose volumes were aligned has the better value, and is not the best of a column."""
    plain, moved = entry(PUBLISHED, "ppca", 0.5, 0, status="rerun"), entry(PUBLISHED, "recovar", 0.9, 1, status="rerun")
    note = "the volumes are mirrored"

    def with_alignment(made: LeaderboardEntry, alignment: str, *flags: str) -> LeaderboardEntry:
        chosen = {"alignment": alignment, "images": 1000}
        scores = (
            score.model_copy(update={"protocol": "per-image", "parameters": chosen, "flags": flags})
            for score in made.scores
            if score.metric == "fsc-auc"
        )
        return made.model_copy(update={"scores": tuple(scores), "metrics": made.metrics[:1]})

    site = render_leaderboard([with_alignment(plain, "none"), with_alignment(moved, "one", note)])
    (rerun,) = sections(site["datasets/igg-1d.html"], "rerun")
    words = re.findall(r'head-note">(mean[^<]*)<', rerun)
    assert sorted(words) == [
        f"mean · per-image · {convention} convention · {alignment}, 1,000 images"
        for convention in ("published", "standard")
        for alignment in ("aligned by one transform", "volumes as they are")
    ]
    assert not re.search(r'class="mark', rerun)
    assert rerun.count(f"⚑ {note}") == 2
    method = site["methods/recovar.html"]
    assert method.count(f"<td>{note}</td>") == 2
    assert "⚑" in site["reading.html"]


def test_what_is_superseded_is_not_in_the_tables(pages: dict[str, str]) -> None:
    page = pages["datasets/igg-1d.html"]
    tables = "".join(section for status in ("rerun", "claimed") for section in sections(page, status))
    assert "4.3.1" in tables
    assert "3.4.1" not in tables
    method = pages["methods/cryodrgn.html"]
    (old,) = sections(method, "superseded")
    assert "3.4.1" in old
    assert "4.3.1" in sections(method, "rerun")[0]
    assert 'href="#igg-1d.cryodrgn.rerun.2"' in old


def test_stand_ins_stand_apart(pages: dict[str, str]) -> None:
    assert STAND_IN not in pages["index.html"]
    assert "igg-1d:standin" not in pages["index.html"]
    assert STAND_IN in pages["stand-ins.html"]
    own = f"stand-ins/{slug('igg-1d:standin')}.html"
    assert STAND_IN in pages[own]
    assert "· STAND-IN ·" in pages[own]
    assert "CryoSPIRE" not in pages[own]
    method = pages["methods/ppca.html"]
    for status in ("rerun", "claimed"):
        assert "STAND-IN" not in "".join(sections(method, status))
    assert "STAND-IN" in "".join(sections(method, "stand-in"))
    same_id = EntryDataset(id="igg-1d", title="IgG-1D", checksum="0" * 64, stand_in=STAND_IN)
    both = render_leaderboard([entry(PUBLISHED, "ppca", 0.5, 0), entry(same_id, "recovar", 0.5, 0)])
    assert "recovar" not in both["index.html"]
    assert "ppca" not in both["stand-ins.html"]


def test_builds_have_tables_of_their_own(pages: dict[str, str]) -> None:
    page = pages["datasets/igg-1d.html"]
    assert "There are 2 builds" in page
    first, second = sections(page, "claimed")
    assert "3dflex" in first
    assert "3dflex" not in second
    assert "ppca" in second
    assert HELD_BACK.commitment is not None
    private = pages["datasets/private.html"]
    assert f'committed to as <code title="{HELD_BACK.commitment}"' in private


def test_quoted_numbers_are_as_printed(pages: dict[str, str]) -> None:
    (quoted,) = sections(pages["datasets/igg-rl.html"], "quoted")
    assert "± 0.010" in quoted
    assert ">0.309</span>" in quoted


def test_every_score_is_on_the_page_of_its_method(pages: dict[str, str], entries: tuple[LeaderboardEntry, ...]) -> None:
    for each in entries:
        page = pages[f"methods/{slug(each.method.name)}.html"]
        article = re.search(rf'<article id="{re.escape(each.id)}".*?</article>', page, flags=re.DOTALL)
        assert article is not None
        shown = re.findall(r"</th><td>([^<]*)</td>", article[0])
        assert [float(value) for value in shown] == [pytest.approx(score.value, rel=1e-5) for score in each.scores]
        if each.evidence is not None:
            assert each.evidence.results in article[0]


def test_what_is_counted(pages: dict[str, str]) -> None:
    counts = re.findall(r"<li><strong>(\d+)</strong> <span class=\"badge (\w+)\"", pages["index.html"])
    assert counts == [("5", "rerun"), ("6", "claimed"), ("34", "quoted")]
    assert "2 more are on" in pages["index.html"]
    row = next(row for row in pages["methods.html"].split("<tr>") if "<bdi>ppca</bdi>" in row)
    assert re.findall(r'<td data-value="(\d+)"', row) == ["1", "3", "0", "1"]
    assert "standin" not in row


def test_names_that_read_alike_know_of_each_other(pages: dict[str, str]) -> None:
    assert f'href="../methods/{slug("CryoDRGN")}.html"' in pages["methods/cryodrgn.html"]
    assert 'href="../methods/cryodrgn.html"' in pages[f"methods/{slug('CryoDRGN')}.html"]
    assert "reads alike" not in pages["methods/ppca.html"]


def test_empty_and_twice() -> None:
    site = render_leaderboard([])
    assert "There are no entries of datasets" in site["index.html"]
    assert "There are no entries of stand-ins" in site["stand-ins.html"]
    one = entry(ODD, "ppca", 0.5, 0)
    with pytest.raises(InputError, match="two entries have the id"):
        render_leaderboard([one, one])


def test_history_is_of_what_stood_on_the_day(entries: tuple[LeaderboardEntry, ...]) -> None:
    own = [each for each in entries if each.dataset.id == "igg-1d"]
    published, standard = histories_of(own, "fsc-auc", "h")
    assert (published.column.key[2], standard.column.key[2]) == ("published", "standard")
    steps = [(step.date.isoformat(), step.status, step.entry.method.name, step.value) for step in standard.steps]
    assert steps == [
        ("2026-01-01", "rerun", "cryodrgn", "0.71"),
        ("2026-01-21", "claimed", NASTY_METHOD, "0.85"),
        ("2026-02-10", "rerun", "recovar", "0.78"),
        ("2026-03-12", "claimed", NASTY_METHOD, "0.80"),
    ]
    left, right, top, bottom = standard.bounds
    for line in standard.lines:
        assert line.path.startswith("M")
        for mark in line.marks:
            assert left <= mark.x <= right
            assert top <= mark.y <= bottom
    rerun = next(line for line in standard.lines if line.status == "rerun")
    higher = sorted(rerun.marks, key=lambda mark: -mark.y)
    assert [mark.value for mark in higher] == ["0.41", "0.52", "0.71", "0.78", "0.78"]


@given(st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_ticks_hold_the_values(low: float, width: float) -> None:
    ticks = nice_ticks(low, low + width)
    assert 2 <= len(ticks) <= 7
    slack = 1e-9 * max(abs(low), width, 1)
    assert ticks[0] <= low + slack
    assert ticks[-1] >= low + width - slack
