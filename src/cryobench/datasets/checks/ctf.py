"""Ranges of CTF parameters."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float64

from cryobench.core import CTF_COLUMNS
from cryobench.datasets.checks.finding import Finding, Status

_DEFOCUS = (1_000.0, 60_000.0)
_IMPOSSIBLE = (0.0, 200_000.0)
_FEW = 0.01


def check_ctf(table: Float64[np.ndarray, "N 7"]) -> list[Finding]:
    """Return whether CTF parameters lie where those of a microscope do."""
    if not np.isfinite(table).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(table))[0])
        words = f"{CTF_COLUMNS[column]} of particle {row} is not finite"
        return [Finding(check="CTF", status="fault", words=words, advice="estimate or draw these parameters again")]
    columns = dict(zip(CTF_COLUMNS, table.T, strict=True))
    if (columns["amplitude_contrast"] == 1).all() and (columns["phase_shift_degrees"] == 180).all():
        words = "left out: amplitude contrast 1 at a phase shift of 180°, which is 1 at every frequency"
        return [Finding(check="CTF", status="ok", words=words)]
    findings = [*_settings(columns), *_defocus(columns)]
    if findings:
        return findings
    u = columns["defocus_u_angstrom"]
    low, middle, high = np.quantile(u, [0.05, 0.5, 0.95])
    words = (
        f"defocus {low:,.0f} / {middle:,.0f} / {high:,.0f} Å (5, 50, 95 %), {_one_of(columns['voltage_kv'])} kV, "
        f"Cs {_one_of(columns['cs_mm'])} mm, amplitude contrast {_one_of(columns['amplitude_contrast'])}; "
        f"{len(np.unique(table, axis=0)):,} different rows"
    )
    values = {"defocus_5": float(low), "defocus_50": float(middle), "defocus_95": float(high)}
    if len(table) > 1 and (table == table[0]).all():
        advice = "every image has the same CTF, so its zeros are missing in every one: draw defocus values that differ"
        return [Finding(check="CTF", status="warning", words=f"one row for all: {words}", advice=advice, values=values)]
    return [Finding(check="CTF", status="ok", words=words, values=values)]


def _settings(columns: dict[str, np.ndarray]) -> list[Finding]:
    """Return what is wrong with the microscope's own settings."""
    no_beam = (columns["voltage_kv"] <= 0).any()
    allowed: tuple[tuple[str, float, float, Status, str], ...] = (
        (
            "voltage_kv",
            80.0,
            300.0,
            "fault" if no_beam else "warning",
            "kV: 80 to 300 are usual; volts and keV are easily mixed up",
        ),
        ("cs_mm", 0.0, 10.0, "warning", "mm: 2.7, or near 0 with a corrector"),
        ("amplitude_contrast", 0.0, 1.0, "fault", "a fraction, such as 0.1; not percent"),
        ("phase_shift_degrees", -360.0, 360.0, "warning", "degrees, 0 without a phase plate"),
    )
    findings = []
    for name, low, high, status, expected in allowed:
        bad = np.flatnonzero((columns[name] < low) | (columns[name] > high))
        if bad.size:
            words = (
                f"{name} of {bad.size:,} particles lies outside {low:g} to {high:g}, {columns[name][bad[0]]:g} first"
            )
            advice = f"expected {expected}: check the unit and the order of the columns"
            findings.append(Finding(check="CTF", status=status, words=words, advice=advice))
    return findings


def _defocus(columns: dict[str, np.ndarray]) -> list[Finding]:
    """Return whether the mean defocus is one that cryo-EM uses: rare exceptions are not worth a word."""
    mean = (columns["defocus_u_angstrom"] + columns["defocus_v_angstrom"]) / 2
    outside = (mean < _DEFOCUS[0]) | (mean > _DEFOCUS[1])
    impossible = (mean <= _IMPOSSIBLE[0]) | (mean > _IMPOSSIBLE[1])
    if outside.mean() <= _FEW and not impossible.any():
        return []
    first = np.flatnonzero(impossible if impossible.any() else outside)[0]
    words = (
        f"the defocus of {outside.sum():,} of {len(mean):,} particles lies outside 1,000 to 60,000 Å, "
        f"{mean[first]:,.4g} Å at particle {first}"
    )
    middle = float(np.median(mean))
    if 0.1 <= middle < 10:
        advice = "these look like micrometres: multiply by 10,000"
    elif middle < 0:
        advice = "underfocus is positive here: change the sign"
    else:
        advice = "expected Å of underfocus: check the unit and the order of the columns"
    return [Finding(check="CTF", status="warning", words=words, advice=advice, values={"median": middle})]


def _one_of(column: np.ndarray) -> str:
    low, high = column.min(), column.max()
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
