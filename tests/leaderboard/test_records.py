"""Entries refuse what cannot be, and slugs are names of files for any text."""

from __future__ import annotations

import re
from typing import Any

import pydantic
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from made_up_leaderboard import NASTY_DATASET, NASTY_METHOD, PUBLISHED, entry

from cryobench.core import LeaderboardEntry, slug

NAMES = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=80)


@given(NAMES)
@example(NASTY_METHOD)
@example(NASTY_DATASET)
@example("../../etc/passwd")
@example("con")
@example("漢字")
@example(" ")
def test_slugs_are_names_of_files(name: str) -> None:
    made = slug(name)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", made)
    assert len(made) <= 49
    assert made not in {"con", "prn", "aux", "nul", "com1", "lpt9"}
    assert slug(name) == made


@given(NAMES, NAMES)
@example("CryoDRGN", "cryodrgn")
@example("a b", "a-b")
@example("é", "e")
@example(slug("A"), "A")
def test_two_names_never_share_a_slug(first: str, second: str) -> None:
    assume(first != second)
    assert slug(first) != slug(second)


@pytest.mark.parametrize("name", ["ppca", "igg-1d", "3dva", "tomotwin-100"])
def test_what_is_a_slug_stays(name: str) -> None:
    assert slug(name) == name


def changed(**fields: Any) -> dict[str, Any]:
    content: dict[str, Any] = entry(PUBLISHED, "ppca", 0.5, 0).model_dump(mode="json")
    for path, value in fields.items():
        *parts, last = path.split("__")
        place = content
        for part in parts:
            place = place[int(part) if part.isdigit() else part]
        place[last] = value
    return content


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"scores__0__value": float("nan")}, "finite number"),
        ({"scores__0__value": 1.5, "scores__0__interval": None}, "outside of the metric's range, -inf to 1.0"),
        ({"scores__0__value": 0.9}, "outside of its interval"),
        ({"scores__0__interval__low": float("-inf")}, "finite"),
        ({"scores__2__value": 1e300}, "less than or equal to 1000000000000"),
        ({"scores__2__interval__high": 1e300}, "too large"),
        ({"scores__1__convention": "published"}, "there are two such scores"),
        ({"scores__0__metric": "beauty"}, "not among the entry's metrics"),
        ({"metrics__0__range": [float("nan"), 1.0]}, "finite"),
        ({"status": "rerun"}, "expected igg-1d.ppca.rerun and a number"),
        ({"evidence": None}, "a claimed entry has evidence"),
        ({"dataset__checksum": None}, "either the checksum of its dataset or its commitment"),
        ({"dataset__commitment": "0" * 64}, "either the checksum of its dataset or its commitment"),
        ({"dataset__checksum": "abc"}, "match pattern"),
        ({"method__name": "a\nb"}, r"no control characters, found U\+000A"),
        ({"method__name": "x" * 201}, "1 to 200 characters"),
        ({"cost__seconds": -1}, "greater than or equal to 0"),
        ({"schema_version": 2}, "Input should be 1"),
        ({"praise": "high"}, "Extra inputs"),
        ({"scores": []}, "at least 1 item"),
    ],
)
def test_what_cannot_be_is_refused(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=message):
        LeaderboardEntry.model_validate(changed(**fields))


def test_a_sound_entry_survives_its_file() -> None:
    made = entry(PUBLISHED, NASTY_METHOD, 0.5, 0)
    assert LeaderboardEntry.model_validate_json(made.model_dump_json()) == made


def test_quoted_scores_name_their_source() -> None:
    content = changed(id="igg-1d.ppca.quoted.1", status="quoted", evidence=None)
    with pytest.raises(pydantic.ValidationError, match="a quoted score names its source"):
        LeaderboardEntry.model_validate(content)
    for score in content["scores"]:
        score["source"] = "A table"
    assert LeaderboardEntry.model_validate(content).status == "quoted"
