"""RELION Class3D, from its files to a submission in the dataset's order."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import relion_layout as layout
from cryosparc_layout import write_map
from scipy.spatial.transform import Rotation

from cryobench.core import Dataset, FormatError, InputError, Poses
from cryobench.methods import Choice, detect_systems, read_native
from cryobench.methods.systems.base import Found


def true_maps(dataset: Dataset) -> dict[int, np.ndarray]:
    return {state: dataset.truth.volumes[state].data for state in range(len(dataset.truth.states))}


@pytest.fixture
def run(tmp_path: Path, stacked: Dataset) -> Path:
    layout.class3d(tmp_path / "job012", stacked, stacked.truth.labels, true_maps(stacked))
    return tmp_path / "job012"


def read(folder: Path, dataset: Dataset, choice: Choice | None = None, system: str | None = None) -> Found:
    return read_native(folder, dataset.particles, choice, system).found


def test_rows_are_put_into_the_order_of_the_dataset(run: Path, stacked: Dataset) -> None:
    (detected,) = detect_systems(run)
    assert (detected.name, detected.reason) == (
        "relion-class3d", "run_it025_data.star is there, with maps of classes",
    )  # fmt: skip
    found = read(run, stacked)
    submission = found.submission
    np.testing.assert_array_equal(submission.labels, stacked.truth.labels)
    assert submission.volumes is not None
    for particle in (0, 25, 59):
        truth = stacked.truth.volumes[int(stacked.truth.labels[particle])]
        np.testing.assert_array_equal(submission.volumes.at(particle).data, truth.data)
    assert (submission.kind, submission.poses) == ("fixed-pose", None)
    assert "Poses are those given." in found.notes


@pytest.mark.parametrize("version", ["3.0", "3.1"])
def test_poses_of_its_own_come_back(tmp_path: Path, stacked: Dataset, version: str) -> None:
    shifts = np.random.default_rng(1).normal(0, 9, (60, 2)).astype(np.float32)
    own = Poses(Rotation.random(60, random_state=1).as_matrix().astype(np.float32), shifts)
    layout.class3d(tmp_path, stacked, stacked.truth.labels, true_maps(stacked), own, version=version)
    submission = read(tmp_path, stacked).submission
    assert submission.kind == "ab-initio"
    assert submission.poses is not None
    np.testing.assert_allclose(submission.poses.rotations, own.rotations, atol=1e-6)
    np.testing.assert_allclose(submission.poses.shifts, own.shifts, atol=2e-5)


def test_the_last_iteration_is_read_or_the_one_asked_for(run: Path, stacked: Dataset) -> None:
    labels = np.roll(stacked.truth.labels, 1)
    layout.class3d(run, stacked, labels, true_maps(stacked), stem="run_it010")
    np.testing.assert_array_equal(read(run, stacked).submission.labels, stacked.truth.labels)
    np.testing.assert_array_equal(read(run, stacked, Choice(epoch=10)).submission.labels, labels)
    with pytest.raises(FormatError, match=r"no run_itNNN_data.star of iteration 7: iterations that are there: 10, 25"):
        read(run, stacked, Choice(epoch=7))


def test_a_continued_run_comes_last(run: Path, stacked: Dataset) -> None:
    labels = np.roll(stacked.truth.labels, 1)
    layout.class3d(run, stacked, labels, true_maps(stacked), stem="run_ct20_it025")
    np.testing.assert_array_equal(read(run, stacked).submission.labels, labels)


def test_a_class_without_particles_needs_no_map(tmp_path: Path, stacked: Dataset) -> None:
    maps = {2 * k: each for k, each in true_maps(stacked).items()}
    layout.class3d(tmp_path, stacked, stacked.truth.labels * 2, maps)
    np.testing.assert_array_equal(read(tmp_path, stacked).submission.labels, stacked.truth.labels * 2)


def test_without_maps_it_is_said_whose_it_is(run: Path, stacked: Dataset) -> None:
    for path in run.glob("*.mrc"):
        path.unlink()
    assert detect_systems(run) == []
    found = read(run, stacked, system="relion-class3d")
    assert found.submission.volumes is None
    assert "There are no run_it025_classKKK.mrc: labels alone." in found.notes


def test_a_project_may_lie_elsewhere(tmp_path: Path, stacked: Dataset) -> None:
    names = layout.image_names(stacked, "/data/elsewhere/particles/")
    layout.class3d(tmp_path, stacked, stacked.truth.labels, true_maps(stacked), names=names)
    np.testing.assert_array_equal(read(tmp_path, stacked).submission.labels, stacked.truth.labels)


def edit(folder: Path, change: Callable[[str], str]) -> None:
    path = folder / "run_it025_data.star"
    path.write_text(change(path.read_text()))


def lose_a_row(folder: Path) -> None:
    edit(folder, lambda text: text.rstrip().rsplit("\n", 1)[0] + "\n")


def repeat_a_row(folder: Path) -> None:
    edit(folder, lambda text: text.rstrip() + "\n" + text.rstrip().rsplit("\n", 1)[1] + "\n")


def cut(folder: Path) -> None:
    edit(folder, lambda text: text[:-60])


def climb(folder: Path) -> None:
    edit(folder, lambda text: text.replace("@Extract/", "@../../../Extract/"))


def class_nought(folder: Path) -> None:
    edit(folder, lambda text: re.sub(r" 3 1$", " 0 1", text, flags=re.MULTILINE))


def class_of_words(folder: Path) -> None:
    edit(folder, lambda text: re.sub(r" 3 1$", " three 1", text, count=1, flags=re.MULTILINE))


def not_finite(folder: Path) -> None:
    edit(folder, lambda text: re.sub(r"(mrcs) \S+", r"\1 nan", text, count=1))


def no_number(folder: Path) -> None:
    edit(folder, lambda text: text.replace("000003@Extract", "Extract"))


def no_classes(folder: Path) -> None:
    edit(folder, lambda text: text.replace("rlnClassNumber", "rlnRandomSubset"))


def not_star(folder: Path) -> None:
    edit(folder, lambda text: "loop_ " + text)


def no_map(folder: Path) -> None:
    (folder / "run_it025_class002.mrc").unlink()


def other_box(folder: Path) -> None:
    write_map(folder / "run_it025_class002.mrc", np.ones((16, 16, 16)), 12.0)


def not_cubic(folder: Path) -> None:
    write_map(folder / "run_it025_class002.mrc", np.ones((16, 32, 32)), 12.0)


def link_out(folder: Path) -> None:
    path = folder / "run_it025_class002.mrc"
    path.rename(folder.parent / "elsewhere.mrc")
    path.symlink_to(folder.parent / "elsewhere.mrc")


def two_runs(folder: Path) -> None:
    (folder / "other_it025_data.star").write_text("")


FAULTS = {
    lose_a_row: "1 of 60 particles are missing: [0-9]+ ",
    repeat_a_row: "rows [0-9]+ and 61 are the same image",
    cut: "run_it025_data.star: (not a readable STAR file|1 of 60 particles|row 60)",
    climb: "row 1: '../../../Extract/.*' climbs out of its folder",
    class_nought: "row [0-9]+: rlnClassNumber is 0: expected a whole number from 1",
    class_of_words: "column rlnClassNumber cannot be read: row [0-9]+ holds 'three'",
    not_finite: "row 1: an angle or origin is not finite",
    no_number: "image 'Extract/job003/00[0-9].mrcs': expected a name such as",
    no_classes: "no column rlnClassNumber",
    not_star: "not a readable STAR file",
    no_map: "no map of class 1 \\(from 0\\), which has 20 particles, .* run_it025_classKKK.mrc, KKK from 001",
    other_box: "run_it025_class002.mrc: a box of 16 voxels and a pixel size of 12 Å, an edge of 192 Å",
    not_cubic: "16 x 32 x 32 voxels: expected a cubic map",
    link_out: "path 'run_it025_class002.mrc' leads out of its folder",
    two_runs: "files of several runs \\(other, run\\)",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_faults_are_named(run: Path, stacked: Dataset, fault: Callable[[Path], None]) -> None:
    fault(run)
    with pytest.raises(FormatError, match=FAULTS[fault]) as raised:
        read(run, stacked, system="relion-class3d")
    assert str(run) in str(raised.value)


def test_latents_are_not_asked_of_classes(run: Path, stacked: Dataset) -> None:
    with pytest.raises(InputError, match=r"2 dimensions were asked for, but RELION 3D classification .* has classes"):
        read(run, stacked, Choice(zdim=2))


def test_other_runs_of_relion_are_not_taken_for_it(run: Path) -> None:
    for path in run.glob("*_class*.mrc"):
        path.rename(run / path.name.replace("_class", "_half1_class"))
    assert detect_systems(run) == []
