"""Presets against the quantiles that they are fitted to, and against real rows; how rows of a table are drawn."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cryobench.core import CTFParameters, InputError, UnknownNameError, stream
from cryobench.imaging import (
    CTF_PRESETS,
    CTFSpec,
    draw_ctf,
    load_ctf_table,
    parametric_ctf,
    sample_ctf,
    state_ranks,
)
from cryobench.imaging.ctf_presets import FittedSession, TwoPieceNormal
from cryobench.ops.ctf import evaluate_ctf

FITTED = [name for name in CTF_PRESETS if name.startswith("empiar")]
FILE = CTFSpec(source="a.npz")

# From the particles' tables: defocus U at 5 %, 50 %, 95 %; U - V at 5 %, its mean, at 95 %; Cs, amplitude contrast.
TABLES = {
    "empiar-10028": (13_400, 20_130, 27_700, -309, -157, 123, 2.0, 0.1),
    "empiar-10049": (14_280, 18_840, 22_050, -300, 159, 386, 2.0, 0.1),
    "empiar-10076": (10_490, 17_910, 24_430, -829, 72, 1_080, 2.7, 0.07),
    "empiar-10180": (8_196, 16_920, 28_340, -875, 214, 1_215, 2.7, 0.1),
}


def numbered(rows: int) -> CTFParameters:
    """A table whose defocus is the row's number."""
    table = np.tile([0, 0, 0, 300, 2.7, 0.1, 0], (rows, 1)).astype(np.float64)
    table[:, 0] = np.arange(rows)
    return CTFParameters(table)


def of_preset(name: str, n: int, seed: int = 0) -> CTFParameters:
    states = np.zeros(n, dtype=np.int64)
    return draw_ctf(CTFSpec(source=name), seed, np.arange(n), states, np.arange(n))


def rows_of(spec: CTFSpec, seed: int, states: np.ndarray, rows: int) -> np.ndarray:
    drawn = draw_ctf(spec, seed, np.arange(len(states)), states, state_ranks(states), numbered(rows))
    return drawn.column("defocus_u_angstrom").astype(int)


def test_each_table_has_its_preset() -> None:
    assert set(FITTED) == set(TABLES)


@pytest.mark.parametrize("name", FITTED)
def test_presets_have_the_quantiles_of_their_tables(name: str) -> None:
    """To four standard errors of a sample's quantile, and the 0.7 % that leaving out defocus below 0 can move one."""
    low, median, high, d_low, d_mean, d_high, cs, contrast = TABLES[name]
    n = 10_000
    ctf = of_preset(name, n)
    u, v = ctf.column("defocus_u_angstrom"), ctf.column("defocus_v_angstrom")
    assert u.min() > 0
    assert v.min() > 0
    for fraction, expected in ((0.05, low), (0.5, median), (0.95, high)):
        assert (u < 0.993 * expected).mean() - fraction < 4 * np.sqrt(fraction * (1 - fraction) / n)
        assert (u < 1.007 * expected).mean() - fraction > -4 * np.sqrt(fraction * (1 - fraction) / n)
    for fraction, expected in ((0.05, d_low), (0.95, d_high)):
        assert (u - v < expected).mean() == pytest.approx(fraction, abs=4 * np.sqrt(0.05 * 0.95 / n) + 1e-3)
    assert (u - v).mean() == pytest.approx(d_mean, abs=4 * (u - v).std() / np.sqrt(n))
    angle = ctf.column("defocus_angle_degrees")
    assert angle.min() >= 0
    assert angle.max() <= 180
    assert angle.mean() == pytest.approx(90, abs=4 * 180 / np.sqrt(12 * n))
    np.testing.assert_allclose(ctf.table[:, 3:], np.float32([[300, cs, contrast, 0]]).repeat(n, axis=0))


@pytest.mark.parametrize(("name", "tolerance"), [("empiar-10028", 0.02), ("empiar-10049", 0.08)])
def test_presets_are_near_real_rows(cache: Path, name: str, tolerance: float) -> None:
    """The files hold each micrograph's row once, while the fit is to particles: that weighting moves the quantiles.

    By up to 1 % for EMPIAR-10028, and by up to 6.5 % for EMPIAR-10049.
    """
    real = load_ctf_table(cache / "ctf" / f"{name.replace('-', '')}_unique_ctf.npz")
    drawn = of_preset(name, 10_000)
    u_real, u_drawn = (ctf.column("defocus_u_angstrom") for ctf in (real, drawn))
    fractions = [0.05, 0.5, 0.95]
    np.testing.assert_allclose(np.quantile(u_drawn, fractions), np.quantile(u_real, fractions), rtol=tolerance)
    d_real, d_drawn = (u - ctf.column("defocus_v_angstrom") for u, ctf in ((u_real, real), (u_drawn, drawn)))
    # A twentieth of the rows lie beyond each: 54 and 33 of them, which leaves their quantiles uncertain by tens of Å.
    np.testing.assert_allclose(np.quantile(d_drawn, [0.05, 0.95]), np.quantile(d_real, [0.05, 0.95]), atol=60)
    assert d_drawn.mean() == pytest.approx(d_real.mean(), abs=60)
    np.testing.assert_array_equal(drawn.table[0, 3:], real.table[0, 3:])


@given(
    low=st.floats(-1e4, 1e4),
    below=st.floats(1, 1e4),
    above=st.floats(1, 1e4),
    z=st.sampled_from([-1.6448536, 0.0, 1.6448536]),
)
@settings(max_examples=50, deadline=None)
def test_two_pieces_meet_their_quantiles_and_mean(low: float, below: float, above: float, z: float) -> None:
    median, high = low + below, low + below + above
    model = TwoPieceNormal.from_quantiles(low, median, high)
    assert model.at(z) == pytest.approx({-1.6448536: low, 0: median, 1.6448536: high}[z], abs=1e-2)
    deviates = np.sqrt(2) * _erfinv(np.arange(-0.99975, 1, 0.0005))  # even in probability
    mean = np.mean([model.at(float(d)) for d in deviates])
    again = TwoPieceNormal.from_mean(low, float(mean), high)
    assert again.median == pytest.approx(median, abs=2e-3 * (below + above))


def _erfinv(x: np.ndarray) -> np.ndarray:
    from scipy.special import erfinv  # noqa: PLC0415

    return np.asarray(erfinv(x))


def test_a_mean_beyond_the_quantiles_has_no_fit() -> None:
    with pytest.raises(ValueError, match="no two-piece normal"):
        TwoPieceNormal.from_mean(0.0, 10.0, 1.0)


def test_defocus_is_never_below_zero() -> None:
    """Even where a fit would put a quarter of the particles there."""
    session = FittedSession("a test", (-5000.0, 1000.0, 5000.0), (-2000.0, 0.0, 2000.0), 2.7, 0.1)
    rows = np.array([session.draw(stream(0, "ctf", i)) for i in range(500)])
    assert rows[:, :2].min() > 0


def test_titles_say_what_presets_are() -> None:
    assert "EMPIAR-10028's table; not its rows" in CTF_PRESETS["empiar-10028"].title
    assert all(CTF_PRESETS[name].title.startswith("parametric") for name in ("parametric", *FITTED))


def test_parametric_keeps_its_numbers() -> None:
    """Built datasets hang on them."""
    indices = np.array([8, 0, 123])
    expected = []
    for index in indices.tolist():
        g = stream(4, "ctf", index)
        mean, astigmatism, angle = g.uniform(1e4, 2.5e4), g.normal(0, 200), g.uniform(0, 180)
        expected.append((mean + astigmatism / 2, mean - astigmatism / 2, angle, 300.0, 2.7, 0.1, 0.0))
    drawn = parametric_ctf(4, indices)
    np.testing.assert_array_equal(drawn.table, np.float32(expected))
    states = np.zeros(3, dtype=np.int64)
    np.testing.assert_array_equal(draw_ctf(CTFSpec(), 4, indices, states, np.arange(3)).table, drawn.table)


@given(
    source=st.sampled_from([*CTF_PRESETS, "a.npz"]),
    replacement=st.booleans(),
    scope=st.sampled_from(["dataset", "state"]),
    states=st.lists(st.integers(0, 3), min_size=1, max_size=12),
    data=st.data(),
)
@settings(max_examples=60, deadline=None)
def test_a_draw_does_not_depend_on_the_others(
    source: str, replacement: bool, scope: str, states: list[int], data: st.DataObject
) -> None:
    spec = CTFSpec.model_validate({"source": source, "replacement": replacement, "scope": scope})
    table = numbered(5) if spec.is_file else None
    indices, everyone = np.arange(len(states)), np.array(states)
    ranks = state_ranks(everyone)
    whole = draw_ctf(spec, 3, indices, everyone, ranks, table)
    some = np.array(data.draw(st.lists(st.sampled_from(indices.tolist()), max_size=6)), dtype=np.int64)
    part = draw_ctf(spec, 3, indices[some], everyone[some], ranks[some], table)
    np.testing.assert_array_equal(part.table, whole.table[some])
    assert whole.table.dtype == np.float64
    np.testing.assert_array_equal(whole.table, whole.table.astype(np.float32))


@given(seed=st.integers(0, 100), rows=st.integers(1, 30), n=st.integers(1, 60))
@settings(max_examples=30, deadline=None)
def test_tables_are_drawn_without_replacement(seed: int, rows: int, n: int) -> None:
    drawn = sample_ctf(numbered(rows), seed, np.arange(n)).column("defocus_u_angstrom").astype(int)
    counts = np.bincount(drawn, minlength=rows)
    assert counts.max() - counts.min() <= 1
    np.testing.assert_array_equal(rows_of(FILE, seed, np.zeros(n, dtype=np.int64), rows), drawn)


@given(seed=st.integers(0, 100), rows=st.integers(1, 30), states=st.lists(st.integers(0, 3), min_size=1, max_size=60))
@settings(max_examples=30, deadline=None)
def test_each_state_has_its_own_permutation(seed: int, rows: int, states: list[int]) -> None:
    everyone = np.array(states)
    drawn = rows_of(CTFSpec(source="a.npz", scope="state"), seed, everyone, rows)
    for state in set(states):
        counts = np.bincount(drawn[everyone == state], minlength=rows)
        assert counts.max() - counts.min() <= 1


def test_states_do_not_share_a_permutation() -> None:
    states = np.repeat([0, 1, 2], 50)
    drawn = rows_of(CTFSpec(source="a.npz", scope="state"), 1, states, 50).reshape(3, 50)
    np.testing.assert_array_equal(np.sort(drawn, axis=1), np.tile(np.arange(50), (3, 1)))
    assert len({tuple(row) for row in drawn.tolist()}) == 3
    assert tuple(rows_of(FILE, 1, states, 50)[:50].tolist()) not in {tuple(row) for row in drawn.tolist()}


def test_with_replacement_rows_are_uniform_and_independent() -> None:
    drawn = rows_of(CTFSpec(source="a.npz", replacement=True), 1, np.zeros(5_000, dtype=np.int64), 10)
    counts = np.bincount(drawn, minlength=10)
    assert ((counts - 500) ** 2 / 500).sum() < 27.9  # chi-squared of 9 degrees of freedom at 0.1 %
    assert drawn[0] == stream(1, "ctf row", 0).integers(10)
    assert len(np.unique(drawn[:10])) < 10


@pytest.mark.parametrize("source", ["empiar-10028", "a.npz"])
def test_a_phase_plate_replaces_the_phase_shift(source: str) -> None:
    states = np.zeros(4, dtype=np.int64)
    table = numbered(3) if source == "a.npz" else None
    plain, plate = (
        draw_ctf(CTFSpec(source=source, phase_shift=shift), 0, np.arange(4), states, np.arange(4), table)
        for shift in (None, 90.0)
    )
    assert (plate.column("phase_shift_degrees") == 90).all()
    np.testing.assert_array_equal(plate.table[:, :6], plain.table[:, :6])
    assert (plain.column("phase_shift_degrees") == 0).all()


@given(states=st.lists(st.integers(0, 5), max_size=40))
def test_ranks_count_those_before(states: list[int]) -> None:
    expected = [states[:i].count(state) for i, state in enumerate(states)]
    np.testing.assert_array_equal(state_ranks(np.array(states, dtype=np.int64)), expected)


@pytest.mark.parametrize(
    ("source", "is_file"),
    [("empiar-10028", False), ("empiar", False), ("a.npz", True), ("/data/a", True), ("b/a.STAR", True)],
)
def test_sources_are_names_or_paths(source: str, is_file: bool) -> None:
    assert CTFSpec(source=source).is_file is is_file


def test_bad_sources_are_named() -> None:
    one = np.zeros(1, dtype=np.int64)
    with pytest.raises(UnknownNameError, match="did you mean 'empiar-10028'"):
        draw_ctf(CTFSpec(source="empiar10028"), 0, one, one, one)
    with pytest.raises(InputError, match=r"from 'a\.npz', but its table was not given"):
        draw_ctf(FILE, 0, one, one, one)
    with pytest.raises(InputError, match="the source is the preset 'parametric': expected a file"):
        draw_ctf(CTFSpec(), 0, one, one, one, numbered(2))
    with pytest.raises(ValidationError):
        CTFSpec.model_validate({"source": "parametric", "seed": 1})


def test_no_ctf_is_one_at_every_frequency() -> None:
    drawn = draw_ctf(CTFSpec(source="none"), 0, np.arange(2), np.zeros(2, int), np.arange(2))
    np.testing.assert_allclose(evaluate_ctf(drawn.table, 16, 3.0), 1.0, atol=1e-6)


@pytest.mark.parametrize(("scope", "expected"), [("dataset", [0, 1, 2, 3, 0, 1]), ("state", [0, 1, 2, 0, 1, 2])])
def test_rows_in_order_go_with_the_poses_of_their_file(scope: str, expected: list[int]) -> None:
    rows = np.tile([0.0, 1e4, 0, 300, 2.7, 0.1, 0], (4, 1))
    rows[:, 0] = np.arange(4)
    states = np.repeat([0, 1], 3)
    spec = CTFSpec.model_validate({"source": "ctf.pkl", "shuffle": False, "scope": scope})
    drawn = draw_ctf(spec, 5, np.arange(6), states, state_ranks(states), CTFParameters(rows))
    assert drawn.column("defocus_u_angstrom").tolist() == expected
    with pytest.raises(ValidationError, match="choose one of the two"):
        CTFSpec(source="ctf.pkl", shuffle=False, replacement=True)
