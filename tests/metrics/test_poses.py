"""Pose errors against the published scripts, scipy, and what must not change them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from scipy.stats import f_oneway, kruskal

from cryobench.align import CRITERIA, MIRROR
from cryobench.core import InputError
from cryobench.metrics import entanglement, rotation_error, translation_error
from cryobench.metrics._rotation_error import rotation_parts

SEEDS = st.integers(0, 10_000)
TWOFOLD = Rotation.create_group("C2").as_matrix()


def draw(n: int, seed: int) -> np.ndarray:
    return np.asarray(Rotation.random(n, rng=seed).as_matrix())


def noisy(true: np.ndarray, degrees: float, seed: int) -> np.ndarray:
    turns = Rotation.from_rotvec(np.random.default_rng(seed).normal(0, np.deg2rad(degrees), (len(true), 3)))
    return np.asarray(turns.as_matrix() @ true)


def angles(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.rad2deg((Rotation.from_matrix(a) * Rotation.from_matrix(b).inv()).magnitude()))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize(
    ("case", "mirrored"), [("plain", False), ("flip", True), ("plain10out", False), ("mirror_volume", True)]
)
def test_no_worse_than_the_published_search(published: Path, case: str, mirrored: bool, criterion: str) -> None:
    data = np.load(published / "f_rot_error.npz")
    found = rotation_error(data[f"pred_{case}"], data["rot_gt"], criterion=criterion)
    theirs = data[f"dist2_{case}"]
    assert found.mirrored is mirrored
    assert found.squared_frobenius.mean() < theirs.mean()
    assert np.median(found.squared_frobenius) < np.median(theirs)
    assert found.geodesic_degrees.mean() < data[f"ang_{case}"].mean()
    assert np.linalg.det(found.gauge[0]) == pytest.approx(-1 if case == "mirror_volume" else 1)


def test_outliers_do_not_move_the_frame(published: Path) -> None:
    data = np.load(published / "f_rot_error.npz")
    clean, spoilt = (rotation_error(data[f"pred_{case}"], data["rot_gt"]) for case in ("plain", "plain10out"))
    assert angles(clean.gauge, spoilt.gauge)[0] < 0.2
    assert np.median(spoilt.geodesic_degrees[50:]) == pytest.approx(np.median(clean.geodesic_degrees[50:]), abs=0.1)


def test_a_wrong_minority_in_one_pose_does_not_move_the_frame() -> None:
    true = draw(400, 0)
    estimated = noisy(true, 2.0, 1)
    estimated[:160] = estimated[:160] @ Rotation.from_euler("z", 90, degrees=True).as_matrix()
    robust, squared = (rotation_error(estimated, true, criterion=c) for c in CRITERIA)
    assert robust.summary().under_10_degrees == pytest.approx(0.6)
    assert squared.summary().under_10_degrees == 0.0  # 34 degrees off the majority, as the mean of the two is


@given(seed=SEEDS, n=st.integers(1, 40))
@settings(max_examples=40, deadline=None)
def test_the_squared_criterion_is_that_of_scipy(seed: int, n: int) -> None:
    true = draw(n, seed)
    estimated = noisy(true, 20.0, seed) @ draw(1, seed + 1)[0]
    found = rotation_error(estimated, true, handedness=False, criterion="squared")
    theirs = Rotation.from_matrix(true.transpose(0, 2, 1) @ estimated).mean().as_matrix()
    np.testing.assert_allclose(found.gauge[0], theirs, atol=1e-6)
    np.testing.assert_allclose(found.geodesic_degrees, angles(estimated @ theirs.T, true), atol=1e-5)
    np.testing.assert_allclose(found.squared_frobenius, ((found.aligned - true) ** 2).sum(axis=(1, 2)), atol=1e-10)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_no_frame_nearby_is_better(seed: int) -> None:
    true = draw(60, seed)
    estimated = noisy(true, 10.0, seed)
    estimated[:15] = draw(15, seed + 1)
    found = rotation_error(estimated, true)
    cost = np.sqrt(found.squared_frobenius + 1e-6).mean()
    for step in (1e-4, 1e-2, 1.0):
        for turn in Rotation.from_rotvec(step * np.random.default_rng(seed).normal(size=(20, 3))).as_matrix():
            other = ((found.aligned @ turn - true) ** 2).sum(axis=(1, 2))
            assert np.sqrt(other + 1e-6).mean() > cost - 1e-12


Change = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
TURN = Rotation.from_euler("zyx", [20, 140, -70], degrees=True).as_matrix()
UNCHANGED_BY: dict[str, Change] = {
    "a rotation of the estimated map": lambda a, b: (a @ TURN, b),
    "a rotation of the true map": lambda a, b: (a, b @ TURN),
    "a mirror of the estimated map": lambda a, b: (MIRROR @ a @ MIRROR, b),
    "a mirror of the true map": lambda a, b: (a, MIRROR @ b @ MIRROR),
    "a mirror and a rotation": lambda a, b: (MIRROR @ a @ MIRROR @ TURN, b),
    "another order": lambda a, b: (a[::-1], b[::-1]),
    "single precision": lambda a, b: (a.astype(np.float32), b.astype(np.float32)),
}


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("change", UNCHANGED_BY)
def test_errors_are_unchanged_by(change: str, criterion: str) -> None:
    true = draw(200, 3)
    estimated = noisy(true, 8.0, 4)
    estimated[:20] = draw(20, 5)
    base = rotation_error(estimated, true, criterion=criterion)
    found = rotation_error(*UNCHANGED_BY[change](estimated, true), criterion=criterion)
    for name in ("geodesic_degrees", "view_degrees", "in_plane_degrees"):
        ours, theirs = np.sort(getattr(found, name)), np.sort(getattr(base, name))
        np.testing.assert_allclose(ours, theirs, atol=1e-3 if change == "single precision" else 1e-5)
    assert found.mirrored is ("mirror" in change)


def test_without_handedness_a_mirrored_map_is_wrong() -> None:
    true = draw(300, 0)
    mirrored = MIRROR @ true @ MIRROR
    assert rotation_error(mirrored, true).geodesic_degrees.max() < 1e-5
    assert rotation_error(mirrored, true, handedness=False).summary().median_degrees > 30


def test_ceiling_and_floor() -> None:
    true = draw(5000, 0)
    perfect = rotation_error(true, true)
    assert perfect.geodesic_degrees.max() < 1e-6
    assert perfect.summary().under_5_degrees == 1.0
    random = rotation_error(draw(5000, 1), true).summary()
    assert random.mean_degrees == pytest.approx(np.rad2deg(np.pi / 2 + 2 / np.pi), abs=2.5)
    assert random.median_degrees == pytest.approx(132.35, abs=2.5)
    assert random.mean_squared_frobenius == pytest.approx(6, abs=0.2)


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_parts_make_up_the_whole(seed: int) -> None:
    true, estimated = draw(50, seed), draw(50, seed + 1)
    found = rotation_error(estimated, true)
    whole, view, in_plane = (
        np.deg2rad(part) for part in (found.geodesic_degrees, found.view_degrees, found.in_plane_degrees)
    )
    np.testing.assert_allclose(np.cos(whole / 2), np.cos(view / 2) * np.cos(in_plane / 2), atol=1e-9)
    np.testing.assert_allclose(np.cos(view), np.einsum("nj,nj->n", found.aligned[:, 2], true[:, 2]), atol=1e-9)


def test_parts_of_turns_about_known_axes() -> None:
    true = draw(400, 2)
    half = len(true) // 2
    turns = np.concatenate([
        Rotation.from_euler("z", [[3.0], [-3.0]] * (half // 2), degrees=True).as_matrix(),
        Rotation.from_euler("x", [[7.0], [-7.0]] * (half // 2), degrees=True).as_matrix(),
    ])  # fmt: skip
    found = rotation_error(turns @ true, true)
    assert found.in_plane_degrees[:half] == pytest.approx(3.0, abs=0.5)
    assert found.view_degrees[:half] == pytest.approx(0.0, abs=0.5)
    assert found.view_degrees[half:] == pytest.approx(7.0, abs=0.5)
    assert found.in_plane_degrees[half:] == pytest.approx(0.0, abs=0.5)


def test_small_and_straight_angles_are_exact() -> None:
    turns = np.array([Rotation.from_euler("x", 1e-7, degrees=True).as_matrix(), np.diag([1.0, -1.0, -1.0])])
    geodesic, view, in_plane = np.rad2deg(rotation_parts(turns))
    np.testing.assert_allclose(geodesic, [1e-7, 180], rtol=1e-6)
    np.testing.assert_allclose(view, [1e-7, 180], rtol=1e-6)
    np.testing.assert_allclose(in_plane, 0, atol=1e-12)


@pytest.mark.parametrize("name", ["C2", "D3", "O"])
def test_symmetric_maps(name: str) -> None:
    group = Rotation.create_group(name).as_matrix()
    true = draw(300, 0)
    picked = np.random.default_rng(1).integers(len(group), size=300)
    estimated = noisy(true @ group[picked], 3.0, 2) @ TURN
    found = rotation_error(estimated, true, symmetry=group)
    assert found.summary().median_degrees == pytest.approx(angles(noisy(true, 3.0, 2), true).mean(), abs=0.5)
    assert found.geodesic_degrees.max() < 15
    assert rotation_error(estimated, true).summary().mean_degrees > 30
    # The identity alone is no symmetry at all.
    plain, none = rotation_error(estimated, true, symmetry=np.eye(3)[None]), rotation_error(estimated, true)
    np.testing.assert_array_equal(plain.geodesic_degrees, none.geodesic_degrees)


def test_symmetry_of_some_states() -> None:
    true, labels = draw(300, 0), np.arange(300) % 3
    picked = np.where(labels == 1, np.arange(300) // 3 % 2, 0)
    estimated = noisy(true @ TWOFOLD[picked], 2.0, 1) @ TURN
    one = np.eye(3)[None]
    by_state = {0: one, 1: TWOFOLD, 2: one}
    found = rotation_error(estimated, true, labels, symmetry=by_state)
    assert found.geodesic_degrees.max() < 10
    listed = rotation_error(estimated, true, labels, symmetry=[one, TWOFOLD, one])
    np.testing.assert_array_equal(found.geodesic_degrees, listed.geodesic_degrees)
    with pytest.raises(InputError, match="state 2 has no symmetry"):
        rotation_error(estimated, true, labels, symmetry={0: one, 1: TWOFOLD})
    with pytest.raises(InputError, match="give labels"):
        rotation_error(estimated, true, symmetry=by_state)


def test_one_frame_for_each_state() -> None:
    true, labels = draw(300, 0), np.repeat([0, 1, 4], 100)
    frames = draw(3, 1)
    estimated = noisy(true, 2.0, 2)
    for i, state in enumerate((0, 1, 4)):
        estimated[labels == state] = estimated[labels == state] @ frames[i]
    estimated[labels == 4] = MIRROR @ estimated[labels == 4] @ MIRROR
    own = rotation_error(estimated, true, labels, frame="per-state")
    assert own.gauge.shape == (3, 3, 3)
    np.testing.assert_array_equal(own.gauge_mirrored, [False, False, True])
    assert not own.mirrored
    assert angles(own.gauge[:2], frames[:2]).max() < 1.0
    assert own.geodesic_degrees.max() < 15
    states = own.per_state()
    assert list(states) == [0, 1, 4]
    assert states[4].mean_degrees == pytest.approx(own.geodesic_degrees[200:].mean())
    together = rotation_error(estimated, true, labels)
    assert together.gauge.shape == (1, 3, 3)
    assert together.summary().under_10_degrees < 0.5


def test_one_particle_is_always_right() -> None:
    found = rotation_error(draw(1, 0), draw(1, 1))
    assert found.geodesic_degrees == pytest.approx(0.0, abs=1e-6)
    assert not found.mirrored


def test_one_line_of_sight_has_no_hand() -> None:
    turns = Rotation.from_euler("z", np.linspace(0, 300, 20)[:, None], degrees=True).as_matrix() @ TURN
    for estimated in (turns, MIRROR @ turns @ MIRROR):
        found = rotation_error(estimated, turns)
        assert found.geodesic_degrees == pytest.approx(0.0, abs=1e-5)
        assert not found.mirrored


def test_many_particles_are_screened_and_still_exact() -> None:
    true = draw(6000, 0)
    estimated = noisy(true, 5.0, 1) @ TURN
    estimated[:3600] = draw(3600, 2)
    found = rotation_error(estimated, true)
    assert angles(found.gauge, TURN[None])[0] < 0.5
    again = rotation_error(estimated, true)
    np.testing.assert_array_equal(found.geodesic_degrees, again.geodesic_degrees)


@pytest.mark.parametrize(
    ("estimated", "true", "options", "message"),
    [
        (np.eye(3), draw(1, 0), {}, r"estimated rotations have shape \(3, 3\)"),
        (draw(3, 0), draw(2, 0), {}, "3 estimated and 2 true"),
        (draw(3, 0) * np.array([1, 1, 2.0])[:, None, None], draw(3, 0), {}, "row 2: the matrix is not orthogonal"),
        (draw(3, 0) * np.array([1, -1, 1.0])[:, None, None], draw(3, 0), {}, "row 1: the determinant is -1"),
        (-draw(3, 0), draw(3, 0), {"handedness": False}, "row 0: the determinant is -1"),
        (draw(3, 0), -draw(3, 0), {}, "true rotations, row 0"),
        (np.full((2, 3, 3), np.nan), draw(2, 0), {}, "not finite"),
        (draw(3, 0), draw(3, 0), {"labels": np.zeros(2, int)}, r"labels have shape \(2,\)"),
        (draw(3, 0), draw(3, 0), {"frame": "per-state"}, "give labels"),
        (draw(3, 0), draw(3, 0), {"symmetry": TWOFOLD[1:]}, "identity"),
        (draw(3, 0), draw(3, 0), {"symmetry": Rotation.create_group("C4").as_matrix()[:2]}, "not a group|identity"),
    ],
)  # fmt: skip
def test_what_is_not_a_set_of_rotations(
    estimated: np.ndarray, true: np.ndarray, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        rotation_error(estimated, true, **options)


def test_shifts_no_worse_than_the_published_fit(published: Path) -> None:
    data = np.load(published / "g_trans_error.npz")
    before = translation_error(data["trans_pred"], data["trans_gt"])
    found = translation_error(data["trans_pred"], data["trans_gt"], data["rot"])
    np.testing.assert_allclose(found.offset, data["offset_lstsq"], atol=1e-6)
    np.testing.assert_allclose(found.offset, data["offset_adam"][0], atol=1e-3)
    np.testing.assert_allclose(found.distance, data["dists_after"], atol=1e-3)
    assert found.distance.mean() == pytest.approx(float(data["mean_lstsq"]), abs=1e-6)
    assert (found.distance**2).mean() <= (data["dists_after"] ** 2).mean()
    differences = data["trans_pred"] - data["trans_gt"]
    np.testing.assert_allclose(np.linalg.norm(differences, axis=1), data["dists_before"], atol=1e-6)
    assert (found.distance**2).mean() < (before.distance**2).mean() <= (data["dists_before"] ** 2).mean()


@given(seed=SEEDS, n=st.integers(1, 50))
@settings(max_examples=30, deadline=None)
def test_a_moved_map_has_no_error(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    rotations, true, offset = draw(n, seed), rng.normal(size=(n, 2)), rng.normal(size=3)
    moved = true + (rotations @ offset)[:, :2]
    found = translation_error(moved, true, rotations)
    np.testing.assert_allclose(found.distance, 0, atol=1e-7)
    if n > 10:
        np.testing.assert_allclose(found.offset, offset, atol=1e-6)


def test_a_shift_of_all_images() -> None:
    true = np.random.default_rng(0).normal(size=(20, 2)).astype(np.float32)
    found = translation_error(true + np.float32([3, -1]), true)
    np.testing.assert_allclose(found.distance, 0, atol=1e-6)
    np.testing.assert_allclose(found.offset, [3, -1, 0], atol=1e-6)


def test_the_offset_says_where_the_particle_sits() -> None:
    from cryobench import project  # noqa: PLC0415

    volume, rotations, pixel = np.zeros((16, 16, 16), np.float32), draw(30, 0).astype(np.float32), 2.0
    volume[8, 8, 8] = 1.0
    moved = np.roll(volume, (1, -1, 2), axis=(0, 1, 2))  # z, y, x
    shifts = []
    for density in (volume, moved):
        images = project(density, rotations, None, pixel_size=pixel).astype(np.float64)
        axis = (np.arange(16) - 8) * pixel
        weights = images * (images > 0.2 * images.max(axis=(1, 2), keepdims=True))
        centres = [(weights * grid).sum(axis=(1, 2)) / weights.sum(axis=(1, 2)) for grid in (axis, axis[:, None])]
        shifts.append(np.column_stack(centres))
    # What is seen at c is centred by the shift c: the shift of the true map's pose is nothing, that of this one c.
    found = translation_error(shifts[1], shifts[0], rotations)
    np.testing.assert_allclose(found.offset, np.array([2, -1, 1]) * pixel, atol=0.3)


def test_what_is_not_a_set_of_shifts() -> None:
    with pytest.raises(InputError, match=r"expected \(N, 2\)"):
        translation_error(np.zeros((3, 3)), np.zeros((3, 3)))
    with pytest.raises(InputError, match="2 rotations for 3 shifts"):
        translation_error(np.zeros((3, 2)), np.zeros((3, 2)), draw(2, 0))
    with pytest.raises(InputError, match="not finite"):
        translation_error(np.full((3, 2), np.inf), np.zeros((3, 2)))


@given(seed=SEEDS)
@settings(max_examples=20, deadline=None)
def test_entanglement_is_that_of_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = np.concatenate((np.arange(3), rng.integers(3, size=60)))
    errors = rng.gamma(2.0, size=63) + 0.5 * labels
    groups = [errors[labels == state] for state in range(3)]
    plain = entanglement(errors, labels, ranks=False, shuffles=9)
    f = float(f_oneway(*groups).statistic)
    assert plain.explained == pytest.approx(f * 2 / (f * 2 + 60))
    assert entanglement(errors, labels, shuffles=9).explained * 62 == pytest.approx(float(kruskal(*groups).statistic))
    assert plain.state_means[2] == pytest.approx(groups[2].mean())


def test_entanglement_tells_dependence_from_chance() -> None:
    rng = np.random.default_rng(0)
    labels, errors = np.repeat(np.arange(4), 100), rng.gamma(2.0, size=400)
    free = [entanglement(rng.permutation(errors), labels, seed, shuffles=99) for seed in range(60)]
    assert np.mean([found.explained for found in free]) == pytest.approx(free[0].chance, rel=0.3)
    assert np.mean([found.null.low <= found.explained <= found.null.high for found in free]) >= 0.8
    assert 0.3 < np.mean([found.p_value for found in free]) < 0.7
    bound = entanglement(errors + labels, labels)
    assert bound.p_value == pytest.approx(1 / 1000)
    assert bound.explained > bound.null.high
    assert bound == entanglement(errors + labels, labels) or bound.null == entanglement(errors + labels, labels).null


def test_entanglement_at_the_edges() -> None:
    constant = entanglement(np.ones(6), np.array([0, 0, 1, 1, 2, 2]), shuffles=9)
    assert (constant.explained, constant.p_value) == (0.0, 1.0)
    one_state = entanglement(np.arange(6.0), np.zeros(6, int), shuffles=9)
    assert one_state.explained == pytest.approx(0.0)
    assert (one_state.chance, one_state.p_value) == (0.0, 1.0)
    perfect = entanglement(np.array([1.0, 1, 5, 5]), np.array([0, 0, 1, 1]), shuffles=9)
    assert perfect.explained == pytest.approx(1.0)
    with pytest.raises(InputError, match="two particles"):
        entanglement(np.ones(1), np.zeros(1, int))
