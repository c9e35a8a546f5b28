"""A results file that somebody hands in: nothing of it is believed before it was checked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from cryobench.benchmark.leaderboard.known_scores import what_is_odd
from cryobench.benchmark.results_files import DOCUMENT, read_document
from cryobench.core import FormatError, MethodRun, ResultsDocument, Score, UnknownNameError
from cryobench.io import sha256
from cryobench.metrics import METRICS

_CHECKSUM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class HandedIn:
    """The document of a results file, with its path and SHA-256 checksum."""

    path: Path
    checksum: str
    document: ResultsDocument

    def run(self, method: str) -> MethodRun:
        """Return how the results of a method came to be.

        Raises
        ------
        FormatError
            If the file does not say, or gives no checksum of the submission.
        """
        run = next((run for run in self.document.runs if run.method == method), None)
        if run is None:
            raise FormatError(
                f"{self.path}: no entry of 'runs' is of method '{method}', so its kind and submission are not known: "
                "make the results with cryobench score"
            )
        if not _CHECKSUM.fullmatch(run.checksum):
            raise FormatError(
                f"{self.path}: the run of method '{method}' has the checksum '{run.checksum}', expected the SHA-256 of "
                "its submission in hexadecimal"
            )
        return run

    def scores(self, method: str) -> list[Score]:
        """Return the scores of a method, whose metrics are the known ones and which these can have.

        Raises
        ------
        FormatError
            If there are none, a metric is unknown or another one than its name says, or cannot have such a score.
        """
        scores = [score for score in self.document.scores if score.method == method]
        if not scores:
            raise FormatError(f"{self.path}: there are no scores of method '{method}'")
        for score in scores:
            self._require_known(score)
        return scores

    def _require_known(self, score: Score) -> None:
        try:
            known = METRICS[score.metric.name]
        except UnknownNameError as error:
            raise FormatError(f"{self.path}: method '{score.method}': {error}") from error
        for field in ("range", "direction", "unit"):
            given, expected = getattr(score.metric, field), getattr(known, field)
            own_unit = field == "unit" and str(expected).startswith("of ")  # that of the dataset's coordinate
            if given != expected and not own_unit:
                raise FormatError(
                    f"{self.path}: method '{score.method}': metric '{known.name}' has the {field} {given}, "
                    f"expected {expected}"
                )
        odd = what_is_odd(score, self.document.coordinate.name)
        if odd:
            raise FormatError(f"{self.path}: method '{score.method}': {odd}: make the results with cryobench score")


def read_handed_in(path: Path) -> HandedIn:
    """Read a results file, or the one of a results folder.

    Raises
    ------
    FormatError
        If it is not valid.
    """
    file = path / DOCUMENT if path.is_dir() else path
    document = read_document(file)
    if not _CHECKSUM.fullmatch(document.dataset.checksum):
        raise FormatError(
            f"{file}: the dataset has the checksum '{document.dataset.checksum}', expected the SHA-256 of dataset.json"
        )
    return HandedIn(file, sha256(file), document)
