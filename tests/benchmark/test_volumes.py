"""Scores of volumes: who meets whom, what is held at a time, and no score for nothing."""

from __future__ import annotations

import csv
import io
import weakref
from collections.abc import Callable, Sequence

import numpy as np
import pytest

from cryobench.align import Transform
from cryobench.benchmark import (
    PER_CONFORMATION,
    PER_IMAGE,
    Task,
    VolumeScores,
    common_frame,
    confusion,
    per_item_text,
    per_state_text,
    score_tasks,
    volume_score_records,
)
from cryobench.core import Coordinate, InputError, ProgramError, State, Truth, Volume, silent
from cryobench.metrics import CONVENTIONS, NEGATED, fsc_curve, real_space_correlation, stratified_particles
from cryobench.ops.threads import get_threads, set_threads

BOX, PIXEL_SIZE, STATES = 16, 3.0, 4
LABELS = np.repeat(np.arange(STATES), 5).astype(np.int32)


def blobs(seed: int, box: int = BOX) -> np.ndarray:
    """Six balls at places of their own, away from the faces of the box."""
    places = np.random.default_rng(seed).uniform(-box / 4, box / 4, size=(6, 3))
    grid = np.arange(box) - box // 2
    along = np.exp(-((grid - places[:, :, None]) ** 2) / 4.5)
    return np.einsum("nz,ny,nx->zyx", *(along[:, i] for i in range(3))).astype(np.float32)


MAPS = [Volume(3 * blobs(0) + blobs(state + 1), PIXEL_SIZE) for state in range(STATES)]
SOFT = Volume(np.clip(2 * sum(each.data for each in MAPS) - 0.1, 0, 1).astype(np.float32), PIXEL_SIZE)
MOVING = Volume(np.clip(8 * np.std([each.data for each in MAPS], axis=0) - 0.1, 0, 1).astype(np.float32), PIXEL_SIZE)


def truth_of(
    volumes: Sequence[Volume] = MAPS, labels: np.ndarray = LABELS, mask: Volume | None = SOFT, moving: bool = True
) -> Truth:
    counts = np.bincount(labels, minlength=len(volumes)).tolist()
    return Truth(
        labels=labels,
        latents=labels[:, None].astype(np.float32),
        latent_meaning="number of the state",
        states=tuple(State(index=i, name=f"s{i}", images=n, variables={"state": i}) for i, n in enumerate(counts)),
        coordinate=Coordinate(name="state", unit="", cyclic=False),
        volumes=volumes,
        mask=mask,
        moving_mask=MOVING if moving else None,
    )


class Claims:
    """The volume of each particle by a function, asked for in ``asked``."""

    def __init__(self, make: Callable[[int], Volume]) -> None:
        self._make = make
        self.asked: list[int] = []

    def at(self, particle: int) -> Volume:
        self.asked.append(particle)
        return self._make(particle)


def noisy(particle: int) -> Volume:
    noise = np.random.default_rng(particle).normal(0, 0.3, (BOX,) * 3)
    return Volume((MAPS[LABELS[particle]].data + noise).astype(np.float32), PIXEL_SIZE)


def perfect(particle: int) -> Volume:
    return MAPS[LABELS[particle]]


ALL = np.arange(len(LABELS))
FIRSTS = np.arange(0, len(LABELS), 5)


def scores_of(
    make: Callable[[int], Volume], particles: np.ndarray = FIRSTS, truth: Truth | None = None, **more: object
) -> VolumeScores:
    protocol = PER_CONFORMATION if len(particles) == STATES else PER_IMAGE
    task = Task("mine", protocol, Claims(make), particles, **more)  # type: ignore[arg-type]
    return score_tasks([task], truth or truth_of(), silent)[0]


class Counted:
    """Makes volumes and counts how many of them live at a time."""

    def __init__(self, make: Callable[[int], np.ndarray]) -> None:
        self._make = make
        self._living: weakref.WeakSet[Volume] = weakref.WeakSet()
        self.most = self.made = 0

    def __len__(self) -> int:
        return STATES

    def __getitem__(self, index: int) -> Volume:
        volume = Volume(self._make(index), PIXEL_SIZE)
        self._living.add(volume)
        self.made += 1
        self.most = max(self.most, len(self._living))
        return volume

    at = __getitem__


def test_one_true_and_one_claimed_volume_live_at_a_time() -> None:
    true, claimed, other = (Counted(make) for make in (
        lambda state: MAPS[state].data.copy(), lambda particle: noisy(particle).data, lambda _: blobs(7),
    ))  # fmt: skip
    tasks = [Task("mine", PER_IMAGE, claimed, ALL), Task("other", PER_CONFORMATION, other, FIRSTS)]
    score_tasks(tasks, truth_of(true), silent)
    assert (true.most, claimed.most, other.most) == (1, 1, 1)
    assert true.made == STATES, "a true volume serves all tasks"
    assert (claimed.made, other.made) == (len(ALL), STATES)


def test_the_common_frame_holds_one_pair_at_a_time() -> None:
    true, claimed = Counted(lambda state: MAPS[state].data.copy()), Counted(lambda particle: noisy(particle).data)
    common_frame(claimed, ALL, truth_of(true), 7, silent)
    assert (true.most, claimed.most) == (1, 1)
    assert (true.made, claimed.made) == (7, 7)


def test_each_volume_meets_the_truth_of_its_own_state_in_the_order_of_states() -> None:
    particles = np.array([19, 3, 12, 0, 8, 4])
    claims = Claims(noisy)
    seen: list[int] = []
    task = Task("mine", PER_IMAGE, claims, particles)
    scores = score_tasks([task], truth_of(), lambda label, total: seen.append(total) or seen.append)[0]  # type: ignore[func-returns-value]
    assert [item.particle for item in scores.items] == [3, 0, 4, 8, 12, 19] == claims.asked
    assert seen == [6] + 6 * [1]
    for item in scores.items:
        assert item.state == LABELS[item.particle]
        true, made = MAPS[item.state], noisy(item.particle)
        assert item.real_space == real_space_correlation(made, true, SOFT)
        assert item.moving is not None
        for convention in CONVENTIONS:
            for curve, mask in ((item.curves[convention], SOFT), (item.moving[convention], MOVING)):
                wanted = fsc_curve(made, true, mask, convention)
                np.testing.assert_array_equal(curve.correlation, wanted.correlation)
                assert curve.auc == wanted.auc


def nan_in(data: np.ndarray, value: float) -> np.ndarray:
    spoilt = data.copy()
    spoilt[1, 2, 3] = value
    return spoilt


def missing(particle: int) -> Volume:
    raise InputError(f"no volume of particle {particle}")


GOOD = MAPS[1].data
BAD: dict[str, tuple[Callable[[int], Volume], str]] = {
    "empty": (lambda _: Volume(np.zeros_like(GOOD), PIXEL_SIZE), "constant"),
    "constant": (lambda _: Volume(np.full_like(GOOD, 2.5), PIXEL_SIZE), "constant"),
    "constant but for rounding": (lambda _: Volume(np.float32(3) + np.float32(1e-7) * GOOD, PIXEL_SIZE), "constant"),
    "constant in the mask": (lambda _: Volume(np.where(SOFT.data > 0, np.float32(1), GOOD), PIXEL_SIZE), "mask"),
    "nan": (lambda _: Volume(nan_in(GOOD, np.nan), PIXEL_SIZE), "not finite"),
    "infinite": (lambda _: Volume(nan_in(GOOD, -np.inf), PIXEL_SIZE), "not finite"),
    "box": (lambda _: Volume(blobs(1, BOX + 2), PIXEL_SIZE), "box of 18"),
    "pixel size": (lambda _: Volume(GOOD, 1.01 * PIXEL_SIZE), "3.03"),
    "missing": (missing, "no volume of particle 5"),
}


def spoilt(kind: str) -> Callable[[int], Volume]:
    """The truth, but for the volume of state 1."""
    return lambda particle: BAD[kind][0](particle) if LABELS[particle] == 1 else perfect(particle)


_TURN = np.array([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
SPUN = Transform(_TURN, np.array([0.5, -1.0, 2.0]), mirrored=True)


@pytest.mark.parametrize("gauge", ["one", "each"])
@pytest.mark.parametrize("kind", [kind for kind in BAD if "mask" not in kind])
def test_a_bad_volume_is_none_in_another_frame_either(kind: str, gauge: str) -> None:
    """A constant map that is turned is no longer quite constant, and within a mask would correlate with anything."""
    scores = scores_of(spoilt(kind), FIRSTS[1:2], gauge=SPUN if gauge == "one" else gauge)
    assert BAD[kind][1] in scores.items[0].failure


@pytest.mark.parametrize("kind", list(BAD))
def test_a_bad_volume_scores_0_and_says_why(kind: str) -> None:
    scores = scores_of(spoilt(kind))
    item = scores.items[1]
    assert BAD[kind][1] in item.failure
    assert [bool(each.failure) for each in scores.items] == [False, True, False, False]
    assert item.real_space == 0
    assert item.moving is not None
    for convention in CONVENTIONS:
        for curves in (item.curves, item.moving):
            curve = curves[convention]
            assert not curve.correlation.any(), "also the point that is 1 by definition"
            assert curve.auc == curve.auc_over_ceiling == 0
            assert len(curve.correlation) == len(scores.items[0].curves[convention].correlation)


@pytest.mark.parametrize("kind", list(BAD))
def test_a_bad_volume_counts_in_means_and_tables(kind: str) -> None:
    mask = Volume((SOFT.data > 0.5).astype(np.float32), PIXEL_SIZE) if kind.endswith("mask") else SOFT
    scores = scores_of(spoilt(kind), truth=truth_of(mask=mask))
    records = {(r.metric.name, r.convention, r.statistic): r for r in volume_score_records(scores, "m", 0)
               if "threshold" not in r.parameters}  # fmt: skip
    for key in (("fsc-auc", "standard"), ("fsc-auc-moving", "standard"), ("real-space-correlation", "")):
        mean = records[*key, "mean"]
        assert mean.value == pytest.approx(0.75, abs=1e-6)
        assert records[*key, "median"].value == pytest.approx(1, abs=1e-6)
        assert mean.flags == ("1 of 4 volumes could not be scored and count as 0",)
        assert (mean.n, mean.ceiling) == (4, 1)
    published = records["fsc-auc", "published", "mean"]
    assert published.value == pytest.approx(0.75 * (BOX / 2 - 1) / BOX, abs=1e-6)
    assert published.ceiling == (BOX / 2 - 1) / BOX

    rows = list(csv.DictReader(io.StringIO(per_item_text([scores], ["a", "b", "c", "d"]))))
    assert [row["state"] for row in rows] == 2 * ["a", "b", "c", "d"]
    for row in rows[1::4]:
        assert float(row["auc"]) == float(row["auc_moving"]) == float(row["real_space_correlation"]) == 0
        assert row["resolution_0.143_angstrom"] == row["crosses_0.5"] == ""
        assert BAD[kind][1] in row["flags"]
    states = list(csv.DictReader(io.StringIO(per_state_text([scores], ["a", "b", "c", "d"], "m"))))
    bad = [row for row in states if row["state"] == "b"]
    assert len(bad) == 4
    assert all(float(row["mean"]) == float(row["median"]) == 0 for row in bad)


def test_resolutions_leave_out_what_failed_and_say_so() -> None:
    records = volume_score_records(scores_of(spoilt("nan")), "m", 0)
    found = [r for r in records if r.metric.name == "fsc-resolution" and r.statistic == "mean"]
    assert [r.parameters["threshold"] for r in found] == [0.143, 0.5]
    for record in found:
        assert record.n == 3
        assert record.value == pytest.approx(2 * PIXEL_SIZE)
        assert any("3 of 3 curves never fall below" in flag for flag in record.flags)
        assert "1 volumes that could not be scored are left out" in record.flags


def test_nothing_but_failures_is_0_without_a_resolution() -> None:
    scores = scores_of(BAD["empty"][0])
    records = volume_score_records(scores, "m", 0)
    assert {record.value for record in records} == {0.0}
    assert not any(record.metric.name == "fsc-resolution" for record in records)


def test_a_negated_map_is_named() -> None:
    scores = scores_of(
        lambda particle: Volume(-perfect(particle).data, PIXEL_SIZE) if particle == 5 else noisy(particle)
    )
    assert [NEGATED in item.curves["standard"].flags for item in scores.items] == [False, True, False, False]
    assert scores.items[1].curves["standard"].auc == pytest.approx(-1, abs=1e-6)
    assert scores.items[1].curves["published"].auc < 0.04, "clipped at 0 but for the point that is 1 by definition"
    assert any("1 of 4 volumes are negated" in flag for r in volume_score_records(scores, "m", 0) for flag in r.flags)
    assert NEGATED in per_item_text([scores], ["a", "b", "c", "d"])


def test_a_program_that_fails_is_no_score() -> None:
    def fails(particle: int) -> Volume:
        raise ProgramError("status 1")

    with pytest.raises(ProgramError, match="status 1"):
        scores_of(fails)
    with pytest.raises(ProgramError, match="status 1"):
        common_frame(Claims(fails), FIRSTS, truth_of(), 2, silent)
    with pytest.raises(ProgramError, match="status 1"):
        confusion(Task("mine", PER_CONFORMATION, Claims(fails), FIRSTS), truth_of(), silent)


def test_a_bad_true_volume_is_an_error() -> None:
    maps = [*MAPS[:3], Volume(np.zeros_like(GOOD), PIXEL_SIZE)]
    with pytest.raises(InputError, match="the true volume of state 3 is constant"):
        scores_of(perfect, truth=truth_of(maps))


def test_the_moving_region_is_scored_by_itself() -> None:
    """What is wrong beside the region that moves counts in the whole, and not there."""
    place = int(np.argmin(MOVING.data.sum(axis=(1, 2))))
    assert not MOVING.data[place].any()

    def claimed(particle: int) -> Volume:
        data = MAPS[LABELS[particle]].data.copy()
        data[place] += 1
        return Volume(data, PIXEL_SIZE)

    for item in scores_of(claimed, truth=truth_of(mask=None)).items:
        assert item.moving is not None
        assert item.moving["standard"].auc == pytest.approx(1, abs=1e-6)
        assert item.curves["standard"].auc < 0.9
    nothing = Volume(np.zeros_like(GOOD), PIXEL_SIZE)
    still = Truth(**{**vars(truth_of()), "moving_mask": nothing})
    assert scores_of(perfect, truth=still).items[0].moving is None
    assert scores_of(perfect, truth=truth_of(moving=False)).items[0].moving is None


@pytest.mark.parametrize("seed", range(3))
def test_a_stratified_draw_takes_from_each_state_what_is_its_share(seed: int) -> None:
    labels = np.random.default_rng(seed).permutation(np.repeat([0, 1, 2], [600, 300, 7])).astype(np.int32)
    chosen = stratified_particles(labels, 90, seed)
    assert np.bincount(labels[chosen]).tolist() == [60, 30, 1]
    assert (np.diff(chosen) > 0).all()
    np.testing.assert_array_equal(chosen, stratified_particles(labels, 90, seed))
    assert not np.array_equal(chosen, stratified_particles(labels, 90, seed + 1))
    assert len(stratified_particles(labels, len(labels), seed)) == len(labels)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_number_of_threads_changes_no_number(threads: int) -> None:
    before = get_threads()
    texts = []
    try:
        for count in (before, threads):
            set_threads(count)
            texts.append(per_item_text([scores_of(noisy, ALL)], ["a", "b", "c", "d"]))
    finally:
        set_threads(before)
    assert texts[0] == texts[1]


def test_the_matrix_of_the_truth_has_its_largest_values_on_the_diagonal() -> None:
    found = confusion(Task("mine", PER_CONFORMATION, Claims(perfect), FIRSTS), truth_of(), silent)
    np.testing.assert_allclose(np.diag(found.areas), 1, atol=1e-9)
    np.testing.assert_allclose(found.areas, found.areas.T, atol=1e-6)
    assert (found.areas[~np.eye(STATES, dtype=bool)] < 0.99).all()
    for i in range(STATES):
        for j in range(STATES):
            assert found.areas[i, j] == pytest.approx(fsc_curve(MAPS[i], MAPS[j], SOFT).auc, abs=1e-6)
    score = found.score(0)
    assert (score.value, score.floor, score.n) == (1, 1 / STATES, STATES)
    rows = list(csv.reader(io.StringIO(found.text())))
    assert rows[0] == ["recovered", "s0", "s1", "s2", "s3"]
    np.testing.assert_array_equal([[float(cell) for cell in row[1:]] for row in rows[1:]], found.areas)


def test_a_method_that_takes_one_state_for_another_is_seen() -> None:
    swapped = {0: 0, 1: 2, 2: 1, 3: 3}
    task = Task("mine", PER_CONFORMATION, Claims(lambda particle: MAPS[swapped[int(LABELS[particle])]]), FIRSTS)
    found = confusion(task, truth_of(), silent)
    assert found.areas.argmax(axis=1).tolist() == [0, 2, 1, 3]
    assert found.score(0).value == 0.5


@pytest.mark.parametrize("kind", list(BAD))
def test_a_bad_map_is_a_row_of_nan_that_identifies_nothing(kind: str) -> None:
    mask = Volume((SOFT.data > 0.5).astype(np.float32), PIXEL_SIZE) if kind.endswith("mask") else SOFT
    found = confusion(Task("mine", PER_CONFORMATION, Claims(spoilt(kind)), FIRSTS), truth_of(mask=mask), silent)
    np.testing.assert_array_equal(np.isnan(found.areas).all(axis=1), [False, True, False, False])
    np.testing.assert_allclose(np.diag(found.areas)[[0, 2, 3]], 1, atol=1e-9)
    assert found.score(0).value == 0.75


def test_a_matrix_needs_one_frame() -> None:
    with pytest.raises(InputError, match="needs one frame"):
        confusion(Task("mine", PER_CONFORMATION, Claims(perfect), FIRSTS, "each"), truth_of(), silent)
