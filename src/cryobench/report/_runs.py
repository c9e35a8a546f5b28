"""What a run cost, in words."""

from __future__ import annotations

from cryobench.core import MethodRun
from cryobench.core.words import counted


def duration(seconds: float) -> str:
    """Return a time in the unit that it is read in."""
    if seconds < 99.5:
        return f"{seconds:.3g} s"
    minutes = seconds / 60
    return f"{minutes:.3g} min" if minutes < 99.5 else f"{minutes / 60:.3g} h"


def memory(megabytes: float) -> str:
    """Return an amount of memory in the unit that it is read in."""
    return f"{megabytes:.3g} MB" if megabytes < 999.5 else f"{megabytes / 1000:.3g} GB"


def more(run: MethodRun) -> str:
    """Return what else is known of a run, in words."""
    parts = [
        counted(len(run.notes), "note") if run.notes else "",
        counted(len(run.missing), "measure") + " not taken" if run.missing else "",
        "command" if run.command else "",
    ]
    return ", ".join(part for part in parts if part)
