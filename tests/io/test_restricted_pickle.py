"""Pickles read as data: what pickle writes comes back the same, and what is damaged is an error, never a crash."""

from __future__ import annotations

import argparse
import collections
import datetime
import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cryobench.core import FormatError
from cryobench.io import read_array_pickle, read_array_pickles, read_pickle_words
from cryobench.io.pickled_arrays import ArrayBuilder, Foreign
from cryobench.io.restricted_pickle import load_pickle

DATA = Path(__file__).parents[1] / "data" / "cryodrgn"
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

DTYPES = st.one_of(
    hnp.boolean_dtypes(),
    hnp.integer_dtypes(endianness="?"),
    hnp.unsigned_integer_dtypes(endianness="?"),
    hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64)),
    hnp.complex_number_dtypes(endianness="?", sizes=(64, 128)),
    hnp.unicode_string_dtypes(endianness="?", max_len=3),
    hnp.byte_string_dtypes(max_len=3),
)
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**100), 2**100), st.floats(), st.binary(max_size=300),
    st.text(st.characters(codec="utf-8"), max_size=300), ARRAYS,
)  # fmt: skip
KEYS = st.one_of(st.text(st.characters(codec="utf-8"), max_size=5), st.integers(-9, 9), st.booleans())
CONTENTS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(inner, max_size=4).map(tuple), st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


def loaded(content: bytes) -> Any:
    return load_pickle(content, ArrayBuilder(len(content)), "a.pkl")


def require_same(found: Any, expected: Any) -> None:
    assert type(found) is type(expected)
    if isinstance(expected, np.ndarray | np.generic):
        assert found.dtype == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, expected)
    elif isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            require_same(found[key], expected[key])
    elif isinstance(expected, list | tuple):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            require_same(one, other)
    else:
        assert found == expected or (found != found and expected != expected)  # noqa: PLR0124 -- not a number


@given(content=CONTENTS, protocol=st.sampled_from(PROTOCOLS))
@settings(max_examples=150, deadline=None)
def test_what_pickle_writes_comes_back(content: Any, protocol: int) -> None:
    require_same(loaded(pickle.dumps(content, protocol=protocol)), content)


@given(array=ARRAYS, protocol=st.sampled_from(PROTOCOLS), data=st.data())
@settings(max_examples=100, deadline=None)
def test_turned_arrays_and_numbers_come_back(array: np.ndarray, protocol: int, data: st.DataObject) -> None:
    axes = data.draw(st.permutations(range(array.ndim)))
    turned = np.array(array, order="F").transpose(axes)
    require_same(loaded(pickle.dumps(turned, protocol=protocol)), np.array(turned))
    if array.size:
        require_same(loaded(pickle.dumps(array.flat[0], protocol=protocol)), array.flat[0])


def test_shared_and_ordered_things_come_back() -> None:
    array = np.arange(6.0).reshape(2, 3)
    table = {"a": array, "b": [array, array]}
    for protocol in PROTOCOLS:
        require_same(loaded(pickle.dumps(table, protocol=protocol)), table)
    assert loaded(pickle.dumps({1, 2})) == {1, 2}
    assert loaded(pickle.dumps(frozenset((1, 2)))) == frozenset((1, 2))
    assert loaded(pickle.dumps(bytearray(b"ab"), protocol=5)) == b"ab"


def test_several_pickles_in_a_row(tmp_path: Path) -> None:
    path = tmp_path / "z.pkl"
    path.write_bytes(pickle.dumps(np.eye(2)) + pickle.dumps("words") + pickle.dumps([3]))
    first, second, third = read_array_pickles(path)
    np.testing.assert_array_equal(first, np.eye(2))
    assert (second, third) == ("words", [3])
    np.testing.assert_array_equal(read_array_pickle(path), np.eye(2))


def test_settings_are_read_around_what_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "params.pkl"
    arguments = argparse.Namespace(particles="a.star", zdim=[1, 2], when=datetime.datetime(2020, 1, 1))
    wrapped = np.empty((), dtype=object)
    wrapped[()] = arguments
    content = {
        "version": "0.5", "input_args": arguments, "wrapped": wrapped, "box": np.float32(3),
        "counter": collections.Counter("ab"), "many": np.array([{}, 1], dtype=object), "type": np.float32,
    }  # fmt: skip
    for protocol in (2, 4, 5):
        path.write_bytes(pickle.dumps(content, protocol=protocol) + pickle.dumps({"time": datetime.datetime.max}))
        words, after = read_pickle_words(path)
        expected = {"particles": "a.star", "zdim": [1, 2], "when": Foreign("datetime.datetime")}
        assert words["input_args"] == words["wrapped"] == expected
        assert (words["version"], words["box"]) == ("0.5", 3)
        assert words["type"] == Foreign("numpy.float32")
        assert all(isinstance(words[name], Foreign) for name in ("counter", "many"))
        assert after == {"time": Foreign("datetime.datetime")}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"N", "not a pickle"),
        (b".", "not a pickle"),
        (b"(.", "ends in the middle"),
        (b"NN.", "ends in the middle"),
        (b"N(t.", "ends in the middle"),
        (b"2.", "not a pickle"),
        (b"h\x05.", "not a pickle"),
        (b"]q\x00h\x00a.", "holds itself"),
        (b"}q\x00X\x01\x00\x00\x00ah\x00s.", "holds itself"),
        (b"]" * 70 + b"a" * 69 + b".", "nested more than 64 deep"),
        (b")" + b"\x85" * 20_000 + b".", "nested more than 64 deep"),
        (b"}" + b")" + b"\x85" * 20_000 + b"Ns.", "a key is a tuple"),
        (b"}]Ns.", "a key is a list"),
        (b"N]a.", "appends to"),
        (b"]NNs.", "sets items of"),
        (b"I" + b"9" * 5000 + b"\n.", "not a pickle"),
        (b"\x8b" + (1000).to_bytes(4, "little") + b"\x7f" * 1000 + b".", "an integer of"),
        (b"\x8e" + (2**60).to_bytes(8, "little") + b"ab.", "not a pickle"),
        (b"X\x03\x00\x00\x00\xed\xa0\x80.", "surrogates"),
    ],
)
def test_what_is_no_sound_pickle_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(FormatError, match=message):
        loaded(content)


def test_the_memo_may_have_any_number() -> None:
    assert loaded(b"Nr\xff\xff\xff\x7fj\xff\xff\xff\x7f0.") is None


ARRAY = pickle.dumps(np.arange(6, dtype=np.float32).reshape(2, 3), protocol=4)
BUFFER = pickle.dumps(np.arange(6, dtype=np.float32).reshape(2, 3), protocol=5)


@pytest.mark.parametrize(
    ("before", "after", "message"),
    [
        (b"K\x02K\x03\x86", b"K\x02K\x04\x86", "shape"),
        (b"K\x02K\x03\x86", b"K\x00K\x03\x86", "shape"),
        (b"K\x02K\x03\x86", b"J\xff\xff\xff\xffJ\xfa\xff\xff\xff\x86", "no shape"),
        (b"K\x02K\x03\x86", b"K\x06\x88\x86", "no shape"),
        (b"K\x02K\x03\x86", b"N", "no shape"),
        (b"\x8c\x02f4", b"\x8c\x02O8", "array of objects"),
        (b"\x8c\x02f4", b"\x8c\x02V0", "type 'V0'"),
        (b"\x8c\x02f4", b"\x8c\x02S0", "24 bytes"),
        (b"\x8c\x02f4", b"\x8c\x03f4,", "type 'f4,'"),
        (b"\x8c\x02f4", b"\x8c\x06(2,)f4", "type '"),
        (b"\x8c\x02f4", b"K\x01", "has no name"),
        (b"NNNJ\xff\xff\xff\xff", b"N\x8c\x01a\x85NJ\xff\xff\xff\xff", "array of records"),
        (b"\x8c\x01<", b"\x8c\x01@", "array of records"),
    ],
)
@pytest.mark.parametrize("whole", [ARRAY, BUFFER])
def test_an_array_is_its_bytes_and_no_more(whole: bytes, before: bytes, after: bytes, message: str) -> None:
    assert whole.count(before) == 1
    with pytest.raises(FormatError, match=message):
        loaded(whole.replace(before, after))


@pytest.mark.parametrize(
    "shape", [(0, 10**12), (10**12, 0), (10**6 + 10**6, 0), (0,) * 17], ids=["wide", "long", "large", "deep"]
)
def test_an_array_of_nothing_is_small(shape: tuple[int, ...]) -> None:
    sides = b"(" + b"".join(pickle.dumps(side)[2:-1].removeprefix(b"\x95") for side in shape) + b"t"
    content = pickle.dumps(np.zeros(0, np.float32), protocol=2)
    changed = content.replace(b"K\x01K\x00\x85", b"K\x01" + sides, 1)
    assert changed != content
    with pytest.raises(FormatError, match="not a pickle of arrays"):
        loaded(changed)


def test_text_in_an_array_is_of_characters() -> None:
    content = pickle.dumps(np.array(["ab"]), protocol=4)
    assert content.count(b"a\0\0\0") == 1
    with pytest.raises(FormatError, match="what is no character"):
        loaded(content.replace(b"a\0\0\0", b"\xff\xff\xff\xff"))


def test_a_state_is_given_to_an_array_or_a_type_alone() -> None:
    for made in (b"]", b"}", b"N", b"cnumpy\nndarray\n", b"cnumpy\ndtype\n", ARRAY[:-1]):
        with pytest.raises(FormatError, match="sets the state of"):
            loaded(made + b"}b.")


def test_a_small_file_cannot_become_large() -> None:
    # Each list holds the one before it ten times.
    lists = b"]q\x00" + b"".join(
        b"0(" + (b"h" + bytes([depth])) * 10 + b"lq" + bytes([depth + 1]) for depth in range(12)
    )
    with pytest.raises(FormatError, match="written out it would be more than"):
        loaded(lists + b".")
    head = (
        b"c_codecs\nencode\nq\x00(X"
        + (100_000).to_bytes(4, "little")
        + b"a" * 100_000
        + b"X\x06\x00\x00\x00latin1tq\x01"
    )
    with pytest.raises(FormatError, match="far more than the file holds"):
        loaded(head + b"h\x00h\x01R0" * 2000 + b"N.")


SEEDS = [
    pickle.dumps(value, protocol=protocol)
    for value in (
        (np.eye(3, dtype=np.float32), {"a": [1, 2.5, None], "b": np.arange(3)}),
        [np.float64(2), np.array(["ab"]), b"xy", {1, 2}],
    )
    for protocol in PROTOCOLS
] + [(DATA / "train_vae" / name).read_bytes() for name in ("z.2.pkl", "pose.2.pkl")]
OPCODES = [opcode.code.encode("latin1") for opcode in pickletools.opcodes]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    content = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, max(0, len(content) - 1)))
        kind = draw(st.integers(0, 3))
        if kind == 0:
            content[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
        elif kind == 1:
            content[place:place] = draw(st.sampled_from(OPCODES))
        elif kind == 2:
            del content[place : place + draw(st.integers(1, 20))]
        else:
            start = draw(st.integers(0, max(0, len(content) - 1)))
            content[place:place] = content[start : start + draw(st.integers(1, 40))]
    return bytes(content)


@given(content=mutated())
@example(content=b"\x80\x04]\x94(h\x00h\x00e.")
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_a_mutated_pickle_is_data_or_an_error(content: bytes) -> None:
    try:
        found = loaded(content)
    except FormatError:
        return
    repr(found)
    kinds = (dict, list, tuple, set, frozenset, str, bytes, int, float, np.ndarray, np.generic, type(None))
    waiting = [found]
    while waiting:
        value = waiting.pop()
        assert isinstance(value, kinds)
        assert not (isinstance(value, np.ndarray) and value.dtype.hasobject)
        if isinstance(value, dict):
            waiting.extend((*value, *value.values()))
        elif isinstance(value, list | tuple | set | frozenset):
            waiting.extend(value)


@given(content=st.binary(max_size=200))
@settings(max_examples=150, deadline=None)
def test_bytes_are_data_or_an_error(content: bytes) -> None:
    try:
        loaded(content)
    except FormatError:
        return
    assert pickletools.dis(content[: content.index(b".") + 1], io.StringIO()) is None or content
