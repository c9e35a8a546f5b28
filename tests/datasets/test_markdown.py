"""Words as Markdown, read back by a parser of CommonMark that is not ours."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cryobench.datasets.cards.markdown import code, code_block, code_cell, one_line, table, text

PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])
MARKUP = st.text(st.sampled_from("ab1 .)-+#>=[]()!<&;:|*_~`\\$/\"'\n\tÅ\u202e"), max_size=12)
ANY = MARKUP | st.text(max_size=12)


def inline(tokens: list[Token]) -> list[Token]:
    return [child for token in tokens for child in token.children or []]


def plain(markdown: str) -> str:
    """Return the text that Markdown shows, once it is certain that it is text and nothing else."""
    children = inline(PARSER.parse(markdown))
    assert {child.type for child in children} <= {"text"}
    return "".join(child.content for child in children)


PLACES = {
    "": ["paragraph_open"],
    "label: ": ["paragraph_open"],
    "- ": ["bullet_list_open", "list_item_open", "paragraph_open"],
    "- label: ": ["bullet_list_open", "list_item_open", "paragraph_open"],
    "> ": ["blockquote_open", "paragraph_open"],
    "# ": ["heading_open"],
}
"""What each beginning of a line opens."""


@given(ANY)
@example("1. a")
@example("- a")
@example("---")
@example("[a]: http://x")
@example("[a](http://x)")
@example("<script>alert(1)</script>")
@example("&lt;b&gt; &#60;")
@example("a_b_c __d__ _e_ f_")
@example("# a #")
@example("a\n\nb  \nc\\")
def test_text_is_shown_as_it_is(words: str) -> None:
    expected = one_line(words)
    assume(expected)
    for before, kinds in PLACES.items():
        tokens = PARSER.parse(f"{before}{text(words)}")
        assert [token.type for token in tokens if token.type.endswith("_open")] == kinds
        assert plain(f"{before}{text(words)}") == f"{before.lstrip('-># ')}{expected}"


@given(ANY, ANY)
def test_a_cell_is_one_cell(words: str, name: str) -> None:
    lines = table(("file", "content"), [(code_cell(name), text(words))])
    tokens = PARSER.parse("\n".join(lines))
    cells = [tokens[i + 1] for i, token in enumerate(tokens) if token.type == "td_open"]
    assert len(cells) == 2
    shown = ["".join(child.content for child in cell.children or []).strip() for cell in cells]
    assert shown == [one_line(name), one_line(words)]


@given(ANY)
@example("`")
@example("a``b`")
def test_code_is_shown_as_it_is(words: str) -> None:
    expected = one_line(words)
    children = inline(PARSER.parse(f"a {code(words)}"))
    assert [child.content for child in children if child.type == "code_inline"] == ([expected] if expected else [])


@given(st.lists(MARKUP.filter(lambda line: "\n" not in line), min_size=1, max_size=3))
def test_a_block_of_code_ends_where_it_should(lines: list[str]) -> None:
    tokens = PARSER.parse("\n".join([*code_block(lines), "after"]))
    assert [token.type for token in tokens] == ["fence", "paragraph_open", "inline", "paragraph_close"]
    assert tokens[0].content == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    "words", ["particles_01_of_10.mrc", "-5.5 Å", "0.5, of 3", "PDB 1HZH [pdb:1hzh]", "a & b", "18°"]
)
def test_ordinary_words_stay_readable(words: str) -> None:
    assert text(words) == words


@given(ANY)
def test_no_control_character_is_left(words: str) -> None:
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text(words) + code(words))
