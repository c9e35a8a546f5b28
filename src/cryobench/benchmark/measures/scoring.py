"""Readings of a submission, with the floor that shuffling it makes and the ceiling that the truth makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64
from scipy.stats import t as student

from cryobench.benchmark.measures.claim import Claim, Reference
from cryobench.benchmark.measures.reading import LEVEL, Reading
from cryobench.benchmark.measures.registry import MEASURES, Family, Measure
from cryobench.core import InputError, Interval, Progress, Score, Submission, silent, stream


@dataclass(frozen=True, eq=False)
class Measured:
    """What was measured of one submission.

    Parameters
    ----------
    scores, readings
        The scores, and the readings that they are made of, in the same order.
    missing
        Why a measure was not taken, by its name.
    claim
        What was measured, with what was computed of it.
    """

    scores: tuple[Score, ...]
    readings: tuple[Reading, ...]
    missing: dict[str, str]
    claim: Claim


def family(name: Family) -> tuple[str, ...]:
    """Return the names of the measures of a family, in the order of the registry."""
    return tuple(measure for measure in MEASURES if MEASURES[measure].family == name)


def measure_submission(
    submission: Submission,
    reference: Reference,
    names: Sequence[str],
    seed: int = 0,
    progress: Progress = silent,
) -> Measured:
    """Score a submission by measures.

    Parameters
    ----------
    submission
        Whose parts are scored; a measure whose part is missing is left out, and said to be.
    reference
        The truth of the same particles; several submissions may share it.
    names
        Measures, by their names.
    seed
        Of shuffles, subsamples, k-means and the bootstrap.
    progress
        Told of the measures finished.

    Raises
    ------
    InputError
        If the numbers of particles differ.
    UnknownNameError
        If there is no such measure.
    """
    if submission.particles != len(reference):
        raise InputError(
            f"method '{submission.method.name}' has {submission.particles:,} particles, the truth {len(reference):,}"
        )
    chosen = [MEASURES[name] for name in dict.fromkeys(names)]
    claim = Claim.of(submission)
    scores: list[Score] = []
    readings: list[Reading] = []
    missing: dict[str, str] = {}
    advance = progress(f"Scoring {submission.method.name}", len(chosen))
    for measure in chosen:
        if claim.has(measure.needs):
            try:
                pairs = _take(measure, claim, reference, submission.method.name, seed)
            except InputError as error:  # of this claim, such as latents that are all the same
                pairs, missing[measure.name] = [], f"cannot be computed: {error}"
            scores += [score for score, _ in pairs]
            readings += [reading for _, reading in pairs]
            if not pairs:
                missing.setdefault(measure.name, "does not apply to this dataset")
        else:
            missing[measure.name] = f"needs {measure.needs}"
        advance(1)
    return Measured(tuple(scores), tuple(readings), missing, claim)


def _take(measure: Measure, claim: Claim, reference: Reference, method: str, seed: int) -> list[tuple[Score, Reading]]:
    """Return the scores that a measure makes of a claim, each with its reading."""
    most = measure.most(reference) if callable(measure.most) else measure.most
    part, known = part_of(claim, reference, most, seed)
    taken = measure.read(part, known, seed)
    if len(known) < len(reference):
        taken = [replace(reading, protocol=f"{len(known):,} particles drawn") for reading in taken]
    few, known = part_of(claim, reference, measure.most_bounds or most, seed)
    floors = [measure.read(shuffled(few, i, seed), known, seed) for i in range(measure.shuffles)]
    ceilings = known.shared.once(
        ("ceilings", measure.name, seed), lambda: tuple(measure.read(known.perfect(), known, seed))
    )
    return [
        (_score(method, reading, [floor[place] for floor in floors], ceilings[place], len(known)), reading)
        for place, reading in enumerate(taken)
    ]


def part_of(claim: Claim, reference: Reference, most: int | None, seed: int) -> tuple[Claim, Reference]:
    """Return a claim and the truth of so many of the particles at most, the same ones for the same seed."""
    count = len(reference)
    if most is None or count <= most:
        return claim, reference
    rows = reference.shared.once(
        ("rows", most, seed), lambda: np.sort(stream(seed, "part of the particles", most).permutation(count)[:most])
    )
    part = claim.once(("part", most, seed), lambda: claim.part(rows))
    return part, reference.shared.once(("part", most, seed), lambda: reference.part(rows))


def shuffled(claim: Claim, number: int, seed: int) -> Claim:
    """Return a shuffle of a claim, the same whenever it is asked for."""

    def shuffle() -> Claim:
        parts = (claim.latents, claim.classes, claim.poses)
        count = next(len(part) for part in parts if part is not None)
        return claim.shuffled(stream(seed, "shuffled claim", number).permutation(count), number)

    return claim.once(("shuffled", number, seed), shuffle)


def _score(method: str, reading: Reading, floors: Sequence[Reading], ceiling: Reading, particles: int) -> Score:
    for other in (*floors, ceiling):
        assert (other.metric.name, other.statistic) == (reading.metric.name, reading.statistic), (
            f"a measure takes other readings of another claim: {other}, {reading}"
        )
    values = np.array([floor.value for floor in floors])
    return Score(
        metric=reading.metric,
        method=method,
        protocol=reading.protocol,
        convention=reading.convention,
        statistic=reading.statistic,
        value=reading.value,
        spread=reading.spread,
        interval=reading.interval(),
        n=reading.n,
        parameters=reading.parameters,
        flags=reading.flags,
        floor=float(values.mean()),
        floor_interval=_floor_interval(values, particles if particles < reading.n else None),
        ceiling=ceiling.value,
    )


def _floor_interval(values: Float64[np.ndarray, " r"], particles: int | None) -> Interval:
    """Return where another shuffle would fall, by the spread of those made."""
    count = len(values)
    half = float(student.ppf((1 + LEVEL) / 2, count - 1) * values.std(ddof=1) * (1 + 1 / count) ** 0.5)
    mean = float(values.mean())
    of = "" if particles is None else f" of {particles:,} particles"
    return Interval(low=mean - half, high=mean + half, kind=f"95 % prediction interval of a shuffle, by {count}{of}")
