"""DRGN-AI, OPUS-DSD and RECOVAR, whose layouts are written here field by field; no program of theirs was run."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import layouts
import numpy as np
import pytest
from layouts import BOX, PIXEL_SIZE, N
from scipy.spatial.transform import Rotation

from cryobench.core import FormatError, Particles, Volume
from cryobench.io import write_star, write_volume
from cryobench.methods.systems import SYSTEMS, Choice, Found, detect_system, detect_systems

GENERATOR = np.random.default_rng(4)
Z = GENERATOR.normal(size=(N, 3)).astype(np.float32)
ROTATIONS = Rotation.random(N, random_state=5).as_matrix()
SHIFTS = GENERATOR.uniform(-3, 3, (N, 2))
ORDER = GENERATOR.permutation(N)
HALVES = [np.sort(ORDER[: N // 2]), np.sort(ORDER[N // 2 :])]
TABLES = {2: Z[:, :2], 3: Z, 12: np.hstack([Z] * 4)}
OWN = "/gone/particles.star"


def read(folder: Path, particles: Particles, choice: Choice | None = None) -> Found:
    return SYSTEMS[detect_system(folder).name].read(folder, particles, choice or Choice())


WRITERS: dict[str, Callable[[Path], None]] = {
    "cryodrgn": lambda folder: layouts.old_cryodrgn(folder, Z, OWN),
    "cryodrgn-abinit-het": lambda folder: layouts.old_cryodrgn(folder, Z, OWN, poses=False),
    "drgnai": lambda folder: layouts.drgnai(folder, Z, (ROTATIONS, SHIFTS), OWN),
    "opus-dsd": lambda folder: layouts.opus_dsd(folder, Z, None, OWN),
    "recovar": lambda folder: layouts.recovar(folder, TABLES, OWN, "1.0"),
    "recovar ": lambda folder: layouts.recovar(folder, TABLES, OWN, None, HALVES),
}


@pytest.mark.parametrize("name", WRITERS)
def test_each_layout_is_recognised_as_itself_alone(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path / "run")
    (found,) = detect_systems(tmp_path / "run")
    assert found.name == name.strip()
    assert any(word in found.reason for word in ("config.pkl", "drgnai-configs.yaml", "params.pkl"))


def test_other_folders_are_none_of_these(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "params.pkl").write_bytes(b"")
    (tmp_path / "config.yaml").write_text("a: 1")
    (tmp_path / "z.pkl").write_bytes(pickle.dumps(Z))
    assert detect_systems(tmp_path) == []


@pytest.mark.parametrize("inner", ["", "out"])
def test_drgnai_is_read(tmp_path: Path, particles: Particles, inner: str) -> None:
    layouts.drgnai(tmp_path / "run", Z, (ROTATIONS, SHIFTS), OWN)
    found = read(tmp_path / "run" / inner, particles)
    submission = found.submission
    np.testing.assert_array_equal(submission.latents, Z)
    assert submission.kind == "ab-initio"
    assert submission.poses is not None
    np.testing.assert_allclose(submission.poses.rotations, ROTATIONS, atol=1e-6)
    np.testing.assert_allclose(submission.poses.shifts, SHIFTS * PIXEL_SIZE, rtol=1e-6)
    assert any("for want of a map" in note for note in found.notes)
    np.testing.assert_array_equal(read(tmp_path / "run", particles, Choice(epoch=0)).submission.latents, Z + 3)


def test_drgnais_shifts_are_pixels_of_the_images_it_was_trained_on(tmp_path: Path, particles: Particles) -> None:
    layouts.drgnai(tmp_path / "run", Z, (ROTATIONS, SHIFTS), OWN)
    write_volume(tmp_path / "run" / "out" / "reconstruct.3.mrc", Volume(np.zeros((BOX // 2,) * 3, np.float32), 1.0))
    poses = read(tmp_path / "run", particles).submission.poses
    assert poses is not None
    np.testing.assert_allclose(poses.shifts, SHIFTS * 2 * PIXEL_SIZE, rtol=1e-6)


def test_drgnai_without_shifts_or_with_given_poses(tmp_path: Path, particles: Particles) -> None:
    layouts.drgnai(tmp_path / "one", Z, ROTATIONS, OWN, no_trans=True)
    poses = read(tmp_path / "one", particles).submission.poses
    assert poses is not None
    assert not poses.shifts.any()
    layouts.drgnai(tmp_path / "two", Z, (ROTATIONS, SHIFTS), OWN, use_gt_poses=True)
    submission = read(tmp_path / "two", particles).submission
    assert (submission.kind, submission.poses) == ("fixed-pose", None)
    layouts.drgnai(tmp_path / "refined", Z, (ROTATIONS, SHIFTS), OWN, refine_gt_poses=True)
    submission = read(tmp_path / "refined", particles).submission
    assert submission.kind == "fixed-pose"
    assert submission.poses is not None
    layouts.drgnai(tmp_path / "three", Z, (ROTATIONS, SHIFTS), OWN, subtomogram_averaging=True)
    with pytest.raises(FormatError, match="a run on tilt series"):
        read(tmp_path / "three", particles)


@pytest.mark.parametrize(
    ("poses", "message"),
    [
        ((ROTATIONS[:-1], SHIFTS[:-1]), r"an array of shape \(47, 3, 3\): expected rotations \(48, 3, 3\)"),
        ((ROTATIONS, SHIFTS[:, :1]), r"an array of shape \(48, 1\)"),
        ((ROTATIONS * 2, SHIFTS), "is not orthogonal"),
        ((ROTATIONS, None), "2 parts"),
        ((ROTATIONS, SHIFTS, SHIFTS), "3 parts"),
        ((ROTATIONS, SHIFTS * np.nan), "not finite"),
    ],
)
def test_drgnais_poses_are_checked(tmp_path: Path, particles: Particles, poses: object, message: str) -> None:
    layouts.drgnai(tmp_path / "run", Z, poses, OWN)
    with pytest.raises(FormatError, match=message):
        read(tmp_path / "run", particles)


@pytest.mark.parametrize("zipped", [True, False])
def test_opus_dsd_is_read(tmp_path: Path, particles: Particles, zipped: bool) -> None:
    layouts.opus_dsd(tmp_path / "run", Z, None, OWN, zipped=zipped)
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, Z)
    assert (found.submission.method.version, found.submission.kind) == ("0.3.2b", "fixed-pose")
    np.testing.assert_array_equal(read(tmp_path / "run", particles, Choice(epoch=0)).submission.latents, Z + 1)


def test_opus_dsds_poses_are_said_not_to_be_read(tmp_path: Path, particles: Particles) -> None:
    layouts.opus_dsd(tmp_path / "run", Z, None, OWN)
    assert "poses: none; the run left none of its own for this epoch" in read(tmp_path / "run", particles).notes
    (tmp_path / "run" / "pose.1.pkl").write_bytes(b"not read")
    found = read(tmp_path / "run", particles)
    assert "poses: none; those in pose.1.pkl are not read, also where the run refined them" in found.notes
    assert found.submission.poses is None


def test_opus_dsds_bodies_come_after_the_composition(tmp_path: Path, particles: Particles) -> None:
    layouts.opus_dsd(tmp_path / "run", Z, Z[::-1, :2].copy(), OWN)
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, np.hstack((Z, Z[::-1, :2])))
    assert any("3 of the composition, then 2 of the bodies" in note for note in found.notes)
    layouts.opus_dsd(tmp_path / "odd", Z, Z[:-1].copy(), OWN)
    with pytest.raises(FormatError, match="'multi_mu' is no table with the rows of 'mu'"):
        read(tmp_path / "odd", particles)
    (tmp_path / "odd" / "z.1.pkl").write_bytes(layouts.torch_archive({"nu": Z}, {}))
    with pytest.raises(FormatError, match="no tensor 'mu'"):
        read(tmp_path / "odd", particles)
    (tmp_path / "odd" / "z.1.pkl").write_bytes(layouts.torch_archive({"mu": Z}, {})[:-30])
    with pytest.raises(FormatError, match=r"z\.1\.pkl: not a readable archive"):
        read(tmp_path / "odd", particles)


@pytest.mark.parametrize("version", [None, "0.1", "0.4", "0.7", "1.0"])
def test_recovar_of_any_version_is_read(tmp_path: Path, particles: Particles, version: str | None) -> None:
    layouts.recovar(tmp_path / "run", TABLES, OWN, version, HALVES)
    found = read(tmp_path / "run", particles)
    np.testing.assert_array_equal(found.submission.latents, TABLES[12])  # the nearest to ten
    np.testing.assert_array_equal(read(tmp_path / "run", particles, Choice(zdim=3)).submission.latents, Z)
    assert any(("by half-set" in note) == (version is None) for note in found.notes if note.startswith("rows:"))
    assert any("particles.star, a file of the dataset" in note for note in found.notes)
    (tmp_path / "run" / "analysis_2").mkdir()
    np.testing.assert_array_equal(read(tmp_path / "run", particles).submission.latents, TABLES[2])
    with pytest.raises(FormatError, match="no latents of 5 dimensions: expected one of 2, 3, 12"):
        read(tmp_path / "run", particles, Choice(zdim=5))


def test_arrays_of_other_libraries_beside_recovars_latents_do_no_harm(tmp_path: Path, particles: Particles) -> None:
    layouts.recovar(tmp_path / "run", TABLES, OWN, "0.7")
    path = tmp_path / "run" / "model" / "embeddings.pkl"
    path.write_bytes(pickle.dumps({"zs": {3: Z}, "cov_zs": {3: layouts.Tensor()}, "dtype": np.dtype("f4")}))
    np.testing.assert_array_equal(read(tmp_path / "run", particles).submission.latents, Z)
    path.write_bytes(pickle.dumps({"zs": {3: layouts.Tensor()}}))
    with pytest.raises(FormatError, match="no array: expected latents"):
        read(tmp_path / "run", particles)


def test_recovars_rows_by_half_set_need_the_half_sets(tmp_path: Path, particles: Particles) -> None:
    layouts.recovar(tmp_path / "run", TABLES, OWN, None, None)
    with pytest.raises(FormatError, match=r"rows are by half-set, and there is no .*halfsets\.pkl"):
        read(tmp_path / "run", particles)
    path = tmp_path / "run" / "model" / "halfsets.pkl"
    for halves, message in (
        ([HALVES[0]], "expected the images of each of two half-sets"),
        ([HALVES[0], HALVES[0]], "an image comes twice"),
        ([HALVES[0], HALVES[1][:-1]], "47 images, but"),
        ([HALVES[0], HALVES[1] - 100], "an image comes twice, or has no number"),
        ("words", "expected the images of each of two half-sets"),
    ):
        path.write_bytes(pickle.dumps(halves))
        with pytest.raises(FormatError, match=message):
            read(tmp_path / "run", particles)


@pytest.mark.parametrize("version", [None, "0.7", "1.0"])
def test_recovars_shuffled_input_is_put_right(tmp_path: Path, particles: Particles, version: str | None) -> None:
    named = [f"{place + 1:06d}@000.mrcs" for place in ORDER]
    write_star(tmp_path / "dataset" / "a.star", {"particles": {"rlnImageName": named, "rlnB": ["0"] * N}})
    shuffled = {zdim: table[ORDER] for zdim, table in TABLES.items()}
    layouts.recovar(tmp_path / "run", shuffled, "/gone/a.star", version, HALVES)
    np.testing.assert_array_equal(read(tmp_path / "run", particles, Choice(zdim=3)).submission.latents, Z)


@pytest.mark.parametrize("version", ["0.7", "1.0"])
def test_a_particle_that_recovar_left_out_is_named(tmp_path: Path, particles: Particles, version: str) -> None:
    gaps = Z.copy()
    gaps[[3, 9]] = np.nan
    layouts.recovar(tmp_path / "run", {3: gaps}, OWN, version)
    with pytest.raises(FormatError, match=r"2 of 48 images have no latent \(rows 3, 9\)"):
        read(tmp_path / "run", particles)


def test_a_particle_of_neither_half_set_is_named(tmp_path: Path, particles: Particles) -> None:
    layouts.recovar(tmp_path / "run", {3: Z}, OWN, None, [HALVES[0], HALVES[1][HALVES[1] != 7]])
    with pytest.raises(FormatError, match=r"1 of 48 images have no latent \(rows 7\)"):
        read(tmp_path / "run", particles)


@pytest.mark.parametrize("name", WRITERS)
def test_a_damaged_file_is_named(tmp_path: Path, particles: Particles, name: str) -> None:
    WRITERS[name](tmp_path / "run")
    system = SYSTEMS[name.strip()]
    latents = [
        path for pattern in ("z.*.pkl", "out/conf.*.pkl", "model/embeddings.pkl", "model/zdim_*/*.npy")
        for path in (tmp_path / "run").glob(pattern)
    ]  # fmt: skip
    assert latents
    for path in latents:
        path.write_bytes(path.read_bytes()[:-25])
    with pytest.raises(FormatError, match=r"not a pickle of arrays|not a readable a"):
        system.read(tmp_path / "run", particles, Choice())


@pytest.mark.parametrize("name", ["drgnai", "opus-dsd", "recovar"])
def test_another_number_of_particles_is_refused(tmp_path: Path, particles: Particles, name: str) -> None:
    short = Z[:-1]
    writers: dict[str, Callable[[Path], None]] = {
        "drgnai": lambda folder: layouts.drgnai(folder, short, (ROTATIONS[:-1], SHIFTS[:-1]), "/gone/x.mrcs"),
        "opus-dsd": lambda folder: layouts.opus_dsd(folder, short, None, "/gone/x.mrcs"),
        "recovar": lambda folder: layouts.recovar(folder, {3: short}, "/gone/x.mrcs", "1.0"),
    }
    writers[name](tmp_path / "run")
    with pytest.raises(FormatError, match="the output has 47 rows for 48 particles; particle 47 is missing"):
        read(tmp_path / "run", particles, Choice(in_order=True))
    with pytest.raises(FormatError, match="the order of the rows is not known"):
        read(tmp_path / "run", particles)
