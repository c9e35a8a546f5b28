"""What a check found, and what all checks of a dataset found together."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cryobench.core import Strict

Status = Literal["ok", "warning", "fault", "not done"]

Kind = Literal["dataset", "imported", "published", "particles"]
"""A dataset folder that was built, one that points at a published archive, such an archive, or a user's particles."""


class Finding(Strict):
    """What one check found.

    Parameters
    ----------
    check
        What was looked at.
    status
        ``fault`` where something is broken, ``warning`` where a user should know, ``not done`` where it could not be
        looked at.
    words
        What was found, with numbers, or why it was not looked at.
    advice
        How to mend it; empty where nothing is to be mended.
    values
        The same numbers by name, for programs.
    """

    check: str
    status: Status
    words: str
    advice: str = ""
    values: dict[str, float] = Field(default_factory=dict)


class CheckReport(Strict):
    """Findings about one dataset, in the order of the checks; ``images`` and ``seed`` are those of the sample."""

    schema_version: Literal[1] = 1
    name: str
    kind: Kind
    images: int
    seed: int
    findings: tuple[Finding, ...]

    def of(self, status: Status) -> tuple[Finding, ...]:
        """Return the findings of one status."""
        return tuple(finding for finding in self.findings if finding.status == status)
