"""cryoSPARC jobs, from their files to submissions in the dataset's order."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import cryosparc_layout as layout
import mrcfile
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryobench.core import CryobenchError, Dataset, FormatError, InputError, Poses, Submission
from cryobench.methods import Choice, detect_system, detect_systems, read_native
from cryobench.methods.systems.base import Found


def true_maps(dataset: Dataset) -> list[np.ndarray]:
    return [dataset.truth.volumes[state].data for state in range(len(dataset.truth.states))]


def state_components(dataset: Dataset) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return latents and maps of which each true volume is exactly the mean plus the components."""
    maps = true_maps(dataset)
    mean = np.mean(maps, axis=0)
    latents = np.eye(len(maps), dtype=np.float32)[dataset.truth.labels]
    return latents, [mean, *(each - mean for each in maps)]


def read(folder: Path, dataset: Dataset, choice: Choice | None = None, system: str | None = None) -> Found:
    return read_native(folder, dataset.particles, choice, system).found


def assert_volumes_are_true(submission: Submission, dataset: Dataset) -> None:
    assert submission.volumes is not None
    for particle in (0, 21, 59, 45, 1):
        truth = dataset.truth.volumes[int(dataset.truth.labels[particle])]
        got = submission.volumes.at(particle)
        np.testing.assert_allclose(got.data, truth.data, atol=2e-6 * np.abs(truth.data).max())
        assert got.pixel_size == pytest.approx(dataset.particles.pixel_size)


def other_poses(dataset: Dataset, seed: int) -> Poses:
    n = len(dataset.particles)
    shifts = np.random.default_rng(seed).normal(0, 9, (n, 2)).astype(np.float32)
    return Poses(Rotation.random(n, random_state=seed).as_matrix().astype(np.float32), shifts)


def assert_poses(got: Poses | None, want: Poses) -> None:
    assert got is not None
    np.testing.assert_allclose(got.rotations, want.rotations, atol=2e-6)
    np.testing.assert_allclose(got.shifts, want.shifts, atol=2e-5)


def replace_field(path: Path, name: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    with path.open("rb") as file:
        table = np.load(file)
    layout.save(path, {field: change(table[field]) if field == name else table[field] for field in table.dtype.names})


# 3DVA


@pytest.fixture
def variability(tmp_path: Path, stacked: Dataset) -> Path:
    layout.variability(tmp_path / "J7", stacked, *state_components(stacked))
    return tmp_path / "J7"


def test_variability_is_put_into_the_order_of_the_dataset(variability: Path, stacked: Dataset) -> None:
    assert detect_system(variability).name == "cryosparc-3dva"
    found = read(variability, stacked)
    latents, _ = state_components(stacked)
    np.testing.assert_array_equal(found.submission.latents, latents)
    assert_volumes_are_true(found.submission, stacked)
    assert (found.submission.kind, found.submission.poses) == ("fixed-pose", None)
    assert "Poses are those given." in found.notes
    assert {path.name for path in found.sources} == {
        "J7_particles.cs", "J7_map.mrc", "J7_component_0.mrc", "J7_component_1.mrc", "J7_component_2.mrc",
    }  # fmt: skip


@pytest.mark.parametrize("style", ["imported", "plain", "own"])
def test_images_are_known_by_the_name_of_their_stack(
    variability: Path, stacked: Dataset, style: str, tmp_path: Path
) -> None:
    n = len(stacked.particles)
    columns = {"uid": layout.uids(n)} | layout.blob_columns(stacked, style)
    layout.save(variability / "J7_passthrough_particles.cs", columns, layout.shuffled(n, 11))
    np.testing.assert_array_equal(read(variability, stacked).submission.latents, state_components(stacked)[0])


def test_without_maps_the_latents_are_read(variability: Path, stacked: Dataset) -> None:
    for path in variability.glob("*.mrc"):
        path.unlink()
    assert [each.name for each in detect_systems(variability)] == ["cryosparc-3dva", "cryosparc-3dflex"]
    layout.describe(variability, "var_3D")
    found = read(variability, stacked)
    assert found.submission.volumes is None
    assert found.submission.method.version == "v4.4.1"
    assert "There are no maps: latents alone." in found.notes


def test_poses_of_its_own_are_told_from_those_given(variability: Path, stacked: Dataset) -> None:
    own = other_poses(stacked, 5)
    n = len(stacked.particles)
    # A refinement on images of twice the pixel size: shifts are in its pixels.
    columns = {"uid": layout.uids(n)} | layout.pose_columns("alignments3D", own, 2 * stacked.particles.pixel_size)
    layout.save(variability / "J7_passthrough_particles_1.cs", columns, layout.shuffled(n, 12))
    submission = read(variability, stacked).submission
    assert submission.kind == "ab-initio"
    assert_poses(submission.poses, own)


def test_components_of_an_earlier_job_are_not_mixed_in(variability: Path, stacked: Dataset) -> None:
    n = len(stacked.particles)
    earlier = {"uid": layout.uids(n)} | layout.component_columns(np.full((n, 5), 9.0))
    layout.save(variability / "J7_passthrough_particles_0.cs", earlier)
    np.testing.assert_array_equal(read(variability, stacked).submission.latents, state_components(stacked)[0])


def test_components_that_were_passed_through_alone(variability: Path, stacked: Dataset) -> None:
    (variability / "J7_particles.cs").rename(variability / "J7_passthrough_particles_9.cs")
    found = read(variability, stacked, system="cryosparc-3dva")
    np.testing.assert_array_equal(found.submission.latents, state_components(stacked)[0])


def test_a_field_spread_over_two_files_is_gathered(variability: Path, stacked: Dataset) -> None:
    n = len(stacked.particles)
    columns = {"uid": layout.uids(n)} | layout.blob_columns(stacked)
    order = layout.shuffled(n, 13)
    layout.save(variability / "J7_passthrough_particles.cs", columns, order[:40])
    layout.save(variability / "J7_passthrough_particles_2.cs", columns, order[40:])
    np.testing.assert_array_equal(read(variability, stacked).submission.latents, state_components(stacked)[0])


@pytest.mark.parametrize(("box", "word"), [(16, "padded"), (48, "cropped")])
def test_maps_of_another_box_and_the_same_edge_are_resampled(
    variability: Path, stacked: Dataset, box: int, word: str
) -> None:
    _, maps = state_components(stacked)
    edge = stacked.particles.pixel_size * 32
    for name, data in zip(["map", "component_0", "component_1", "component_2"], maps, strict=True):
        layout.write_map(variability / f"J7_{name}.mrc", resampled(data, box), edge / box)
    found = read(variability, stacked)
    assert any(
        f"Maps of a box of {box} are {word} in Fourier space to the dataset's 32" in note for note in found.notes
    )
    assert found.submission.volumes is not None
    for particle in (0, 30, 59):
        truth = stacked.truth.volumes[int(stacked.truth.labels[particle])].data
        got = found.submission.volumes.at(particle)
        expected = resampled(resampled(truth, box), 32)
        np.testing.assert_allclose(got.data, expected, atol=1e-5 * np.abs(expected).max())


def resampled(data: np.ndarray, box: int) -> np.ndarray:
    """Return a map of another box by the frequencies below both Nyquist frequencies, with numpy's full transforms."""
    old = len(data)
    full = np.fft.fftshift(np.fft.fftn(np.fft.ifftshift(data.astype(np.float64))))
    out = np.zeros((box,) * 3, dtype=complex)
    half = min(old, box) // 2 - 1
    a, b = (slice(size // 2 - half, size // 2 + half + 1) for size in (old, box))
    out[b, b, b] = full[a, a, a]
    return np.asarray(np.fft.fftshift(np.fft.ifftn(np.fft.ifftshift(out))).real * (box / old) ** 3)


# What is wrong with a job of 3DVA, and what is said of it.


def lose_a_particle(folder: Path) -> None:
    with (folder / "J7_particles.cs").open("rb") as file:
        table = np.load(file)
    layout.save(folder / "J7_particles.cs", {name: table[name][1:] for name in table.dtype.names})


def lose_a_passed_through_row(folder: Path) -> None:
    with (folder / "J7_passthrough_particles.cs").open("rb") as file:
        table = np.load(file)
    layout.save(folder / "J7_passthrough_particles.cs", {name: table[name][1:] for name in table.dtype.names})


def repeat_a_particle(folder: Path) -> None:
    replace_field(folder / "J7_particles.cs", "uid", lambda uid: np.append(uid[1:], uid[1]))


def same_image_twice(folder: Path) -> None:
    replace_field(folder / "J7_passthrough_particles.cs", "blob/idx", lambda idx: idx * 0)


def truncate(folder: Path) -> None:
    path = folder / "J7_particles.cs"
    path.write_bytes(path.read_bytes()[:-100])


def cut_the_header(folder: Path) -> None:
    path = folder / "J7_passthrough_particles.cs"
    path.write_bytes(path.read_bytes()[:60])


def objects(folder: Path) -> None:
    with (folder / "J7_particles.cs").open("wb") as file:
        np.save(file, np.array([(1, print)], dtype=[("uid", "<u8"), ("components_mode_0/value", "O")]))
    layout.describe(folder, "var_3D")


def wide_latents(folder: Path) -> None:
    replace_field(folder / "J7_particles.cs", "components_mode_1/value", lambda value: np.stack([value, value], axis=1))


def latents_not_finite(folder: Path) -> None:
    replace_field(folder / "J7_particles.cs", "components_mode_1/value", lambda value: value * np.nan)


def lose_a_mode(folder: Path) -> None:
    with (folder / "J7_particles.cs").open("rb") as file:
        table = np.load(file)
    kept = {name: table[name] for name in table.dtype.names if name != "components_mode_1/value"}
    layout.save(folder / "J7_particles.cs", kept)


def bad_pose(folder: Path) -> None:
    replace_field(folder / "J7_passthrough_particles_1.cs", "alignments3D/pose", lambda pose: pose[:, :2])


def bad_scale(folder: Path) -> None:
    replace_field(folder / "J7_passthrough_particles_1.cs", "alignments3D/psize_A", lambda size: size * 0)


def climb(folder: Path) -> None:
    replace_field(
        folder / "J7_passthrough_particles.cs", "blob/path", lambda path: np.array([b"J1/../../etc/" + p for p in path])
    )


def other_stack(folder: Path) -> None:
    replace_field(
        folder / "J7_passthrough_particles.cs",
        "blob/path",
        lambda path: np.array([b"J3/downsample/batch_0.mrc"] * len(path)),
    )


def beyond_the_stack(folder: Path) -> None:
    replace_field(folder / "J7_passthrough_particles.cs", "blob/idx", lambda idx: idx + 5)


def no_images(folder: Path) -> None:
    (folder / "J7_passthrough_particles.cs").unlink()


def two_jobs(folder: Path) -> None:
    (folder / "J7_component_1.mrc").rename(folder / "J8_component_1.mrc")


def no_component(folder: Path) -> None:
    (folder / "J7_component_1.mrc").unlink()


def no_mean(folder: Path) -> None:
    (folder / "J7_map.mrc").unlink()


def one_too_many(folder: Path) -> None:
    (folder / "J7_component_3.mrc").write_bytes((folder / "J7_component_0.mrc").read_bytes())


def other_pixel_size(folder: Path) -> None:
    with mrcfile.open(folder / "J7_component_2.mrc", "r+") as mrc:
        mrc.voxel_size = 1.0


def cut_map(folder: Path) -> None:
    path = folder / "J7_component_2.mrc"
    path.write_bytes(path.read_bytes()[:-4])


def link_out(folder: Path) -> None:
    path = folder / "J7_component_2.mrc"
    path.rename(folder.parent / "elsewhere.mrc")
    path.symlink_to(folder.parent / "elsewhere.mrc")


def table_linked_out(folder: Path) -> None:
    path = folder / "J7_particles.cs"
    path.rename(folder.parent / "elsewhere.cs")
    path.symlink_to(folder.parent / "elsewhere.cs")


FAULTS = {
    lose_a_particle: "1 of 60 particles are missing: [0-9]+ \\(0000[0-9]+@00[0-9].mrcs\\)",
    lose_a_passed_through_row: "J7_passthrough_particles.cs: no row with uid [0-9]+, which J7_particles.cs has",
    repeat_a_particle: "particle with uid [0-9]+ comes twice \\(J7_particles.cs\\)",
    same_image_twice: "rows [0-9]+ and [0-9]+ are the same image, 1 of",
    truncate: "J7_particles.cs: not a readable .cs file",
    cut_the_header: "J7_passthrough_particles.cs: not a readable .cs file",
    objects: "J7_particles.cs: holds pickled Python objects",
    wide_latents: "field components_mode_1/value has shape \\(60, 2\\), type float32: expected 1 number a particle",
    latents_not_finite: "field components_mode_1/value of row 1 is not finite",
    lose_a_mode: "no field components_mode_1/value, but one of mode 2",
    bad_pose: "field alignments3D/pose has shape \\(60, 2\\), type float32: expected 3 numbers a particle",
    bad_scale: "alignments3D/psize_A is not above 0",
    climb: "row 1: 'J1/../../etc/.*' climbs out of its folder",
    other_stack: "'J3/downsample/batch_0.mrc' is no stack of the dataset \\(000.mrcs, 001.mrcs, 002.mrcs ...\\)",
    beyond_the_stack: "image [0-9]+ of '.*' is no particle of the dataset",
    no_images: "no field blob/path in J7_particles.cs, J7_passthrough_particles_1.cs: put the passthrough",
    two_jobs: "files of several jobs \\(J7 and J8, as J8_component_1.mrc\\)",
    no_component: "no J\\*_component_1.mrc, but other maps of the job",
    no_mean: "no J\\*_map.mrc, but other maps of the job",
    one_too_many: "a map of component 3, but the particles have 3 components",
    other_pixel_size: "J7_component_2.mrc: a box of 32 voxels and a pixel size of 1 Å, an edge of 32 Å, but the "
    "dataset has 32 pixels of 12 Å, 384 Å",
    cut_map: "J7_component_2.mrc: not a readable MRC stack",
    link_out: "path 'J7_component_2.mrc' leads out of its folder",
    table_linked_out: "path 'J7_particles.cs' leads out of its folder",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_faults_are_named(variability: Path, stacked: Dataset, fault: Callable[[Path], None]) -> None:
    fault(variability)
    with pytest.raises(FormatError, match=FAULTS[fault]) as raised:
        read(variability, stacked, system="cryosparc-3dva")
    assert str(variability) in str(raised.value)


def test_the_folder_itself_may_be_a_link(variability: Path, stacked: Dataset, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(variability)
    assert read(tmp_path / "link", stacked).submission.latents is not None


def test_a_wrong_number_of_dimensions_is_refused(variability: Path, stacked: Dataset) -> None:
    with pytest.raises(FormatError, match="has 3 components, but 4 dimensions were asked for"):
        read(variability, stacked, Choice(zdim=4))
    with pytest.raises(InputError, match=r"epoch 3 was asked for, but cryoSPARC 3D Variability .* leave --epoch out"):
        read(variability, stacked, Choice(epoch=3))


def test_another_dataset_is_named(variability: Path, stacked: Dataset, small_dataset: Dataset) -> None:
    with pytest.raises(FormatError, match=r"is no stack of the dataset|no particle of the dataset|are missing"):
        read(variability, small_dataset)


# 3DFlex


def test_flexible_refinement(tmp_path: Path, stacked: Dataset) -> None:
    latents = np.random.default_rng(0).normal(size=(60, 2)).astype(np.float32)
    layout.flexible(tmp_path / "J7", stacked, latents)
    (detected,) = detect_systems(tmp_path / "J7")
    assert (detected.name, detected.reason) == ("cryosparc-3dflex", "job.json gives the type flex_train")
    found = read(tmp_path / "J7", stacked)
    np.testing.assert_array_equal(found.submission.latents, latents)
    assert found.submission.volumes is None
    assert any("3D Flex Generator" in note for note in found.notes)


def test_a_generator_job_has_no_particles(tmp_path: Path, stacked: Dataset) -> None:
    layout.describe(tmp_path, "flex_generate")
    with pytest.raises(FormatError, match="read the folder of the 3D Flex Training job"):
        read(tmp_path, stacked)


# 3D Classification


@pytest.fixture
def classification(tmp_path: Path, stacked: Dataset) -> Path:
    layout.classification(tmp_path / "J7", stacked, stacked.truth.labels, dict(enumerate(true_maps(stacked))))
    return tmp_path / "J7"


def test_classes_are_merged(classification: Path, stacked: Dataset) -> None:
    assert detect_system(classification).name == "cryosparc-classes"
    found = read(classification, stacked)
    np.testing.assert_array_equal(found.submission.labels, stacked.truth.labels)
    assert_volumes_are_true(found.submission, stacked)
    assert "Maps of iteration 42." in found.notes
    assert (found.submission.kind, found.submission.poses) == ("fixed-pose", None)


def test_a_class_without_its_table_is_named(classification: Path, stacked: Dataset) -> None:
    (classification / "J7_passthrough_particles_class_2.cs").unlink()
    with pytest.raises(FormatError, match=r"a map of class 2 and no J\*_passthrough_particles_class_2\.cs"):
        read(classification, stacked)


def test_an_earlier_iteration_has_its_maps(classification: Path, stacked: Dataset) -> None:
    volumes = read(classification, stacked, Choice(epoch=32)).submission.volumes
    assert volumes is not None
    assert (volumes.at(0).data == 1).all()
    with pytest.raises(FormatError, match="no maps of iteration 7: there are those of 32, 42"):
        read(classification, stacked, Choice(epoch=7))


def test_posteriors_are_joined_by_uid(classification: Path, stacked: Dataset) -> None:
    posteriors = np.random.default_rng(1).dirichlet(np.ones(3), 60).astype(np.float32)
    layout.classification_posteriors(classification, posteriors)
    submission = read(classification, stacked).submission
    np.testing.assert_allclose(submission.posteriors, posteriors, atol=1e-6)
    np.testing.assert_array_equal(submission.labels, stacked.truth.labels)  # by the table of each class


def test_posteriors_alone_give_the_labels(classification: Path, stacked: Dataset) -> None:
    posteriors = np.random.default_rng(1).dirichlet(np.ones(3), 60).astype(np.float32)
    layout.classification_posteriors(classification, posteriors)
    for path in classification.glob("J7_passthrough_particles_class_*.cs"):
        path.unlink()
    columns = {"uid": layout.uids(60)} | layout.blob_columns(stacked)
    layout.save(classification / "J7_passthrough_particles_all_classes.cs", columns, layout.shuffled(60, 3))
    assert detect_system(classification).reason.startswith("J7_00042_particles.cs has alignments_class3D_0/")
    np.testing.assert_array_equal(read(classification, stacked).submission.labels, posteriors.argmax(axis=1))


def test_posteriors_of_an_earlier_job_do_not_count(classification: Path, stacked: Dataset) -> None:
    """Tables that were passed through have those of a classification before."""
    for k in range(3):
        path = classification / f"J7_passthrough_particles_class_{k}.cs"
        with path.open("rb") as file:
            table = np.load(file)
        earlier = {f"alignments_class3D_{j}/class_posterior": np.full(len(table), 0.2, "<f4") for j in range(5)}
        layout.save(path, {name: table[name] for name in table.dtype.names} | earlier)
    assert read(classification, stacked).submission.posteriors is None
    posteriors = np.random.default_rng(1).dirichlet(np.ones(3), 60).astype(np.float32)
    layout.classification_posteriors(classification, posteriors)
    np.testing.assert_allclose(read(classification, stacked).submission.posteriors, posteriors, atol=1e-6)


def test_posteriors_of_some_particles_are_left_out(classification: Path, stacked: Dataset) -> None:
    posteriors = np.random.default_rng(1).dirichlet(np.ones(3), 60).astype(np.float32)
    layout.classification_posteriors(classification, posteriors)
    path = classification / "J7_00042_particles.cs"
    with path.open("rb") as file:
        table = np.load(file)
    layout.save(path, {name: table[name][:50] for name in table.dtype.names})
    found = read(classification, stacked)
    assert found.submission.posteriors is None
    assert "Posteriors of J7_00042_particles.cs are left out: 10 particles have none." in found.notes


def test_posteriors_that_are_none_are_left_out(classification: Path, stacked: Dataset) -> None:
    layout.classification_posteriors(classification, np.full((60, 3), 0.7))
    found = read(classification, stacked)
    assert found.submission.posteriors is None
    assert "Posteriors that do not sum to 1 are left out." in found.notes


def test_a_class_without_particles_needs_no_map(tmp_path: Path, stacked: Dataset) -> None:
    labels = stacked.truth.labels * 2  # 0, 2, 4: classes 1 and 3 are empty
    layout.classification(tmp_path / "J7", stacked, labels, {2 * k: each for k, each in enumerate(true_maps(stacked))})
    for k in (1, 3):
        with (tmp_path / f"J7/J7_passthrough_particles_class_{k}.cs").open("rb") as file:
            assert not len(np.load(file))
    submission = read(tmp_path / "J7", stacked).submission
    np.testing.assert_array_equal(submission.labels, labels)
    assert_volumes_are_true(submission, stacked)


def test_a_map_that_is_missing_for_a_class_is_named(classification: Path, stacked: Dataset) -> None:
    (classification / "J7_class_01_00042_volume.mrc").unlink()
    with pytest.raises(FormatError, match=r"no map of class 1 .*which has 20 particles.*J\*_class_KK_00042_volume.mrc"):
        read(classification, stacked)


def test_classes_of_two_sources_that_overlap_are_refused(classification: Path, stacked: Dataset) -> None:
    (classification / "J7_passthrough_particles_class_3.cs").write_bytes(
        (classification / "J7_passthrough_particles_class_1.cs").read_bytes()
    )
    with pytest.raises(FormatError, match=r"comes twice .*class_1.cs, J7_passthrough_particles_class_3.cs"):
        read(classification, stacked)


# Ab initio


def random_posteriors(seed: int = 2) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(3) * 0.3, 60).astype(np.float32)


def test_ab_initio_takes_the_pose_in_the_most_likely_class(tmp_path: Path, stacked: Dataset) -> None:
    poses = [other_poses(stacked, seed) for seed in range(3)]
    posteriors = random_posteriors()
    layout.ab_initio(tmp_path / "J7", stacked, posteriors, poses, true_maps(stacked))
    assert detect_system(tmp_path / "J7").name == "cryosparc-abinit"
    submission = read(tmp_path / "J7", stacked).submission
    labels = posteriors.argmax(axis=1)
    np.testing.assert_array_equal(submission.labels, labels)
    np.testing.assert_allclose(submission.posteriors, posteriors, atol=1e-6)
    assert submission.kind == "ab-initio"
    rotations = np.stack([poses[k].rotations[i] for i, k in enumerate(labels)])
    shifts = np.stack([poses[k].shifts[i] for i, k in enumerate(labels)])
    assert_poses(submission.poses, Poses(rotations, shifts))
    assert submission.volumes is not None
    for particle in range(0, 60, 7):
        np.testing.assert_array_equal(submission.volumes.at(particle).data, true_maps(stacked)[labels[particle]])


def test_ab_initio_with_a_table_for_each_class(tmp_path: Path, stacked: Dataset) -> None:
    poses = other_poses(stacked, 3)
    layout.ab_initio_by_class(tmp_path / "J7", stacked, stacked.truth.labels, poses, true_maps(stacked))
    earlier = {f"alignments_class_{k}/class_posterior": np.full(60, 0.5, "<f4") for k in range(2)}
    layout.save(tmp_path / "J7/J7_passthrough_particles.cs", {"uid": layout.uids(60)} | earlier)
    layout.describe(tmp_path / "J7", "homo_abinit")
    submission = read(tmp_path / "J7", stacked).submission
    np.testing.assert_array_equal(submission.labels, stacked.truth.labels)
    assert submission.posteriors is None
    assert_poses(submission.poses, poses)
    assert_volumes_are_true(submission, stacked)


def test_ab_initio_without_the_table_of_a_class(tmp_path: Path, stacked: Dataset) -> None:
    poses = other_poses(stacked, 3)
    layout.ab_initio_by_class(tmp_path / "J7", stacked, stacked.truth.labels, poses, true_maps(stacked))
    (tmp_path / "J7/J7_class_01_final_particles.cs").unlink()
    with pytest.raises(FormatError, match=r"a map of class 1 and no J\*_class_01_final_particles\.cs"):
        read(tmp_path / "J7", stacked)


def test_ab_initio_without_poses_is_refused(tmp_path: Path, stacked: Dataset) -> None:
    layout.ab_initio(tmp_path / "J7", stacked, random_posteriors(), [other_poses(stacked, 1)] * 3, true_maps(stacked))
    path = tmp_path / "J7/J7_final_particles.cs"
    with path.open("rb") as file:
        table = np.load(file)
    layout.save(path, {name: table[name] for name in table.dtype.names if not name.endswith("/pose")})
    with pytest.raises(FormatError, match="no field alignments_class_0/pose"):
        read(tmp_path / "J7", stacked)


@pytest.mark.filterwarnings("ignore:Stored array in format 2.0:UserWarning")
@pytest.mark.parametrize("classes", [16, 100])
def test_ab_initio_of_many_classes(tmp_path: Path, stacked: Dataset, classes: int) -> None:
    posteriors = np.random.default_rng(4).dirichlet(np.full(classes, 0.3), 60).astype(np.float32)
    poses = other_poses(stacked, 3)
    layout.ab_initio(tmp_path / "J7", stacked, posteriors, [poses] * classes, [true_maps(stacked)[0]] * classes)
    path = tmp_path / "J7/J7_final_particles.cs"
    with path.open("rb") as file:
        table = np.load(file, max_header_size=1 << 20)
    others = {f"alignments_class_{k}/{name}": np.zeros(60, "<f4") for k in range(classes) for name in (
        "split", "alpha", "error", "error_min", "image_pow", "cross_cor", "alpha_min", "ess_R", "ess_S", "weight",
        "defocus", "scale", "class", "pose_ess",
    )}  # fmt: skip
    layout.save(path, {name: table[name] for name in table.dtype.names} | others)
    assert detect_system(tmp_path / "J7").name == "cryosparc-abinit"
    submission = read(tmp_path / "J7", stacked).submission
    np.testing.assert_array_equal(submission.labels, posteriors.argmax(axis=1))
    np.testing.assert_allclose(submission.posteriors, posteriors, atol=1e-6)
    assert_poses(submission.poses, poses)


# What a folder is


@pytest.mark.parametrize("name", ["J7_particles.cs", "J7_00042_particles.cs"])
def test_a_damaged_table_is_named_where_it_could_decide(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x93NUMPY\x01\x00\x10\x00{'descr': [('a'")
    with pytest.raises(FormatError, match=rf"{name}: not a readable .cs file"):
        detect_system(tmp_path)


def test_a_damaged_table_does_not_matter_where_the_system_is_said(variability: Path, stacked: Dataset) -> None:
    (variability / "J7_00001_particles.cs").write_bytes(b"damaged")
    with pytest.raises(FormatError, match=r"J7_00001_particles\.cs: not a readable .cs file .*--system NAME"):
        detect_system(variability)
    (variability / "J7_00001_particles.cs").rename(variability / "J7_00001_particles.cs.damaged")
    (variability / "J7_00001_particles_all_classes.cs").write_bytes(b"damaged")
    found = read(variability, stacked, system="cryosparc-3dva")
    np.testing.assert_array_equal(found.submission.latents, state_components(stacked)[0])


@pytest.mark.parametrize(
    ("kind", "name"),
    [("var_3D", "cryosparc-3dva"), ("flex_train", "cryosparc-3dflex"), ("class_3D", "cryosparc-classes"),
     ("homo_abinit", "cryosparc-abinit")],
)  # fmt: skip
def test_the_type_of_a_job_decides(variability: Path, kind: str, name: str) -> None:
    layout.describe(variability, kind)
    (detected,) = detect_systems(variability)
    assert (detected.name, detected.reason) == (name, f"job.json gives the type {kind}")


def test_a_type_that_is_not_known_leaves_it_to_the_files(variability: Path) -> None:
    layout.describe(variability, "var_3D_of_the_future")
    assert [each.name for each in detect_systems(variability)] == ["cryosparc-3dva"]


@pytest.mark.parametrize("text", ["[" * 100_000, "{}", "[1]", "\x00", '{"type": ["var_3D"]}'])
def test_a_description_that_says_nothing_does_no_harm(variability: Path, text: str) -> None:
    (variability / "job.json").write_text(text)
    assert [each.name for each in detect_systems(variability)] == ["cryosparc-3dva"]


def test_an_empty_folder_is_told_what_is_known(tmp_path: Path, stacked: Dataset) -> None:
    with pytest.raises(FormatError, match=r"not recognised: .*cryosparc-3dva: job.json with the type var_3D"):
        read(tmp_path, stacked)
    with pytest.raises(InputError, match="no such folder"):
        read(tmp_path / "nothing", stacked)
    with pytest.raises(CryobenchError, match="did you mean 'cryosparc-3dva'"):
        read(tmp_path, stacked, system="cryosparc-3dv")


@pytest.mark.parametrize("system", ["cryosparc-3dva", "cryosparc-3dflex", "cryosparc-classes", "cryosparc-abinit"])
def test_a_folder_without_the_files_is_refused(tmp_path: Path, stacked: Dataset, system: str) -> None:
    with pytest.raises(FormatError, match=r"no J\*_"):
        read(tmp_path, stacked, system=system)


def test_images_in_memory_have_no_names(variability: Path, stacked: Dataset) -> None:
    from cryobench.core import ArrayImages  # noqa: PLC0415

    images = ArrayImages(stacked.particles.images.read(np.arange(60)))
    with pytest.raises(InputError, match="the images of the dataset have no names"):
        read_native(variability, dataclasses.replace(stacked.particles, images=images))
