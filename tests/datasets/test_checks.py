"""The doctor for dataset folders: what is sound passes, and each thing that is broken is named."""

from __future__ import annotations

import dataclasses
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import published_miniature as writer
import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.stats import entropy, norm
from typer.testing import CliRunner

import cryobench
from cryobench.cli.datasets.check import check
from cryobench.core import Dataset, FormatError, InputError, Poses, Volume
from cryobench.datasets import load_dataset
from cryobench.datasets.checks import CheckReport, Finding, check_archive, check_dataset, check_folder
from cryobench.datasets.checks.balance import effective_number
from cryobench.datasets.checks.ctf import check_ctf
from cryobench.datasets.checks.guessing import guess_state
from cryobench.datasets.checks.leaks import check_ctf_leak
from cryobench.datasets.checks.noise import Overlaps, residual_features
from cryobench.datasets.checks.poses import check_rotations, view_moments
from cryobench.datasets.checks.sample import Sample, draw_sample
from cryobench.datasets.checks.spectra import shells, transform
from cryobench.datasets.published import import_archive
from cryobench.imaging import uniform_poses
from cryobench.io import write_ctf, write_poses, write_volume
from cryobench.methods.builtin.backprojection import backproject_particles

BOX, PIXEL, STATES = 32, 4.0, 3
MIRROR = np.array([1, 1, -1], dtype=np.float32)


@pytest.fixture(scope="session")
def mixture(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three maps of growing mass: a compositional mixture."""
    folder = tmp_path_factory.mktemp("mixture")
    grid = np.indices((BOX,) * 3) - BOX // 2
    radius = np.sqrt((grid**2).sum(axis=0))
    for state in range(STATES):
        grain = np.random.default_rng(state).normal(size=radius.shape)
        data = gaussian_filter((1 + grain) * (radius < 4 + 2 * state), 0.7)
        write_volume(folder / f"map_{state}.mrc", Volume(data.astype(np.float32), PIXEL))
    return folder


def make(maps: Path, folder: Path, *, seed: int = 0, images: int = 120, **imaging: Any) -> Path:
    shifts = {"shifts": {"kind": "uniform", "extent": 8.0}}
    spec = {"volumes": maps, "images": images, "images_per_stack": 100, "seed": seed}
    cryobench.simulate(spec | {"imaging": {"poses": shifts} | imaging}, folder)
    return folder


@pytest.fixture(scope="session")
def sound(mixture: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(mixture, tmp_path_factory.mktemp("sound") / "d", noise={"snr": 2.0})


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Path:
    """A copy of the sound dataset that may be damaged."""
    return Path(shutil.copytree(sound, tmp_path / "d"))


def of(report: CheckReport, name: str) -> Finding:
    return next(finding for finding in report.findings if finding.check == name)


def faults(folder: Path) -> dict[str, str]:
    """Faults by check; a sample too small for guesses makes this quick."""
    return {finding.check: finding.words for finding in check_folder(folder, images=16).of("fault")}


def edit_stack(path: Path, change: Callable[[np.ndarray], object]) -> None:
    with mrcfile.open(path, mode="r+") as mrc:
        change(mrc.data)


# Leaks


@pytest.mark.parametrize(
    ("snr", "seed"),
    [
        (1.0, 0),
        (0.1, 1),
        *(pytest.param(snr, seed, marks=pytest.mark.slow) for snr in (1.0, 0.1) for seed in (2, 3, 4, 5)),
    ],
)
def test_noise_of_each_state_is_flagged_and_of_the_dataset_is_not(
    mixture: Path, tmp_path: Path, snr: float, seed: int
) -> None:
    own = check_folder(make(mixture, tmp_path / "state", seed=seed, noise={"snr": snr, "scope": "state"}), seed=seed)
    leak = of(own, "leak: noise")
    assert leak.status == "warning"
    assert "LEAK" in leak.words
    assert leak.values["accuracy"] > 0.9
    sigma = json.loads((tmp_path / "state/dataset.json").read_text())["noise_sigma"]
    assert leak.values["level_ratio"] == pytest.approx(max(sigma) / min(sigma), rel=0.05)
    shared = check_folder(make(mixture, tmp_path / "dataset", seed=seed, noise={"snr": snr}), seed=seed)
    leak = of(shared, "leak: noise")
    assert leak.status == "ok", leak.words
    assert leak.values["accuracy"] <= leak.values["limit"]
    assert leak.values["level_ratio"] == pytest.approx(1.0, abs=0.03)
    # The images themselves do tell the larger particle, and that is no leak.
    statistics = of(shared, "leak: image mean and s.d.")
    assert statistics.status == "ok"
    assert statistics.values["clean"] > statistics.values["accuracy"] > statistics.values["limit"]
    assert {finding.check for finding in shared.findings if finding.status != "ok"} == {"leak: order"}


@pytest.mark.parametrize(
    "imaging",
    [
        {"noise": {"snr": 0.3, "colour": {"kind": "power-law", "exponent": -2.0}}},
        {"output_box": 24, "b_factor": 100.0, "contrast": 0.3, "noise": {"snr": 1.0}},
        {"sign": 1, "noise": {"snr": 1.0}},
    ],
)
def test_noise_of_the_dataset_is_not_flagged_whatever_the_imaging(
    mixture: Path, tmp_path: Path, imaging: dict[str, Any]
) -> None:
    report = check_folder(make(mixture, tmp_path / "d", **imaging))
    assert {finding.check for finding in report.findings if finding.status != "ok"} == {"leak: order"}


def test_without_true_volumes_the_corners_are_asked(mixture: Path, tmp_path: Path) -> None:
    make(mixture, tmp_path / "state", noise={"snr": 0.1, "scope": "state"})
    make(mixture, tmp_path / "dataset", noise={"snr": 0.1})
    for scope, status in (("state", "warning"), ("dataset", "ok")):
        loose = loose_copy(tmp_path / scope, tmp_path / f"loose-{scope}")
        shutil.rmtree(loose / "volumes")
        leak = of(check_folder(loose), "leak: noise")
        assert leak.status == status, leak.words
        assert "outside the circle" in leak.words


def test_without_noise_it_tells_nothing(mixture: Path, tmp_path: Path) -> None:
    report = check_folder(make(mixture, tmp_path / "d", images=20, noise={"snr": None}))
    assert of(report, "leak: noise").status == "not done"
    assert of(report, "sign").values["correlation"] == pytest.approx(1.0, abs=1e-4)


def test_one_image_of_each_state_leaves_nothing_to_guess(copy: Path) -> None:
    loaded = load_dataset(copy)
    labels = np.arange(len(loaded.truth), dtype=np.int32)
    states = tuple(loaded.truth.states[0].model_copy(update={"index": int(i), "images": 1}) for i in labels)

    class VolumeOfEach:
        def __len__(self) -> int:
            return len(labels)

        def __getitem__(self, state: int) -> Volume:
            return loaded.truth.volumes[int(loaded.truth.labels[state])]

    truth = dataclasses.replace(loaded.truth, labels=labels, states=states, volumes=VolumeOfEach())
    report = check_dataset(Dataset(loaded.card, loaded.particles, truth), "published")
    assert of(report, "sign").status == "ok"
    assert "100 of 360 states" in of(report, "sign").words
    leak = of(report, "leak: noise")
    assert leak.status == "not done"
    assert "the largest has 1" in leak.words
    assert not report.of("fault")


def test_ctf_parameters_of_their_own_tell_the_state() -> None:
    labels = np.repeat(np.arange(3), 60)
    sample = Sample(np.arange(180), labels, 3)
    random = np.random.default_rng(0)
    table = np.tile([15000.0, 15000.0, 0.0, 300.0, 2.7, 0.1, 0.0], (180, 1))
    table[:, 0] += random.normal(0, 2000, size=180)
    assert check_ctf_leak(table, sample, 0).status == "ok"
    table[:, 1] += 3000 * labels
    leak = check_ctf_leak(table, sample, 0)
    assert leak.status == "warning"
    assert leak.values["accuracy"] > 0.95


@pytest.mark.parametrize("seed", range(4))
def test_accuracy_is_that_of_the_best_rule_or_of_chance(seed: int) -> None:
    """Two normal clouds two standard deviations apart: no rule beats the cumulative normal at one."""
    random = np.random.default_rng(seed)
    labels = np.repeat([3, 7], 300)
    blind = guess_state(random.normal(size=(600, 3)), labels, seed)
    assert not blind.told
    assert blind.chance == 0.5
    assert blind.accuracy == pytest.approx(0.5, abs=0.09)
    seen = guess_state(random.normal(size=(600, 1)) + 2 * (labels[:, None] == 7), labels, seed)
    assert seen.told
    assert seen.accuracy == pytest.approx(norm.cdf(1), abs=0.06)
    assert guess_state(random.normal(size=(600, 3)), labels, seed).limit < 0.6


def test_the_residual_of_white_noise_does_not_know_the_particle() -> None:
    """Its mean power is 1 in each ring, whatever projection was fitted, in units of the noise of all images."""
    n, box = 400, 16
    random = np.random.default_rng(0)
    noise = random.normal(size=(n, box, box))
    narrow, wide = (np.exp(-((np.indices((box, box)) - 8) ** 2).sum(axis=0) / (2 * s**2)) for s in (0.6, 3.0))
    clean = np.where(np.arange(n)[:, None, None] % 2, narrow, wide) * random.uniform(0.5, 2, size=(n, 1, 1))
    sums = shells(box)
    x, p = (transform(a.astype(np.float32)) for a in (noise + 3 * clean, clean))
    zeros = (a[:, 0, 0].real.astype(np.float64) for a in (x, p))
    overlaps = Overlaps(sums.products(x, x), sums.products(x, p), sums.products(p, p), *zeros)
    features = residual_features(overlaps, sums.sizes)
    for kind in (0, 1):
        of_kind = features[kind::2]
        np.testing.assert_allclose(np.exp(of_kind[:, 1:]).mean(axis=0), 1.0, atol=0.05)
        assert of_kind[:, 0].std() == pytest.approx(box, rel=0.12)  # of 256 pixels with standard deviation 1, summed


def test_sums_over_shells_are_sums_over_pixels() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, 3, 16, 16)).astype(np.float32)
    radius = np.hypot(*np.meshgrid(np.fft.fftfreq(16, 1 / 16), np.fft.fftfreq(16, 1 / 16)))
    inside = (np.round(radius) >= 1) & (np.round(radius) < 8)
    filtered = np.fft.ifft2(np.fft.fft2(a) * inside).real
    expected = 256 * (filtered * b).sum(axis=(1, 2))
    np.testing.assert_allclose(shells(16).products(transform(a), transform(b)).sum(axis=1), expected, rtol=1e-4)
    assert shells(16).sizes.sum() == inside.sum()


# Sign, poses, CTF, labels


def test_the_correlation_is_that_of_the_stages_done_by_hand(sound: Path) -> None:
    """Projection, CTF and Fourier transform by numpy, for the images of the sample that are compared."""
    report = check_folder(sound, images=30)
    loaded = load_dataset(sound)
    sample = draw_sample(loaded.truth.labels.astype(np.int64), 30, 10, 0)
    inside = np.round(np.hypot(*np.meshgrid(np.fft.fftfreq(BOX, 1 / BOX), np.fft.fftfreq(BOX, 1 / BOX))))
    inside = (inside >= 1) & (inside < BOX // 2)
    found = []
    for index, label in zip(sample.indices, sample.labels, strict=True):
        one = np.array([index])
        poses = loaded.particles.poses[one]
        data = loaded.truth.volumes[int(label)].data
        clean = cryobench.project(data, poses.rotations, poses.shifts, pixel_size=PIXEL)[0]
        optics = np.fft.ifftshift(cryobench.ctf(loaded.particles.ctf[one], BOX, PIXEL)[0])
        p = -np.fft.fft2(clean) * optics * inside
        x = np.fft.fft2(loaded.particles.images.read(one)[0]) * inside
        found.append((x * p.conj()).sum().real / np.sqrt((np.abs(x) ** 2).sum() * (np.abs(p) ** 2).sum()))
    assert of(report, "sign").values["correlation"] == pytest.approx(np.mean(found), abs=1e-4)


def test_an_inverted_stack_is_flagged_and_its_oracle_reconstruction_is_negative(copy: Path) -> None:
    def oracle() -> float:
        loaded = load_dataset(copy)
        members = np.flatnonzero(loaded.truth.labels == 1)
        volume = backproject_particles(loaded.particles, members).data
        return float(np.corrcoef(volume.ravel(), loaded.truth.volumes[1].data.ravel())[0, 1])

    assert of(check_folder(copy, images=40), "sign").status == "ok"
    assert oracle() > 0.3
    for path in (copy / "particles").iterdir():
        edit_stack(path, lambda data: np.negative(data, out=data))
    found = faults(copy)
    assert "inverted" in found["sign"]
    assert "checksums" in found
    assert set(found) == {"sign", "checksums"}  # poses, CTF and labels still belong to the images
    assert oracle() < -0.3


@pytest.mark.parametrize(
    ("change", "check_name", "said"),
    [
        (lambda p: Poses(np.roll(p.rotations, 40, axis=0), np.roll(p.shifts, 40, axis=0)), "pose fit", "no better"),
        (lambda p: Poses(p.rotations, -p.shifts), "conventions", "other sign"),
        (lambda p: Poses(p.rotations, p.shifts[:, ::-1].copy()), "conventions", "x and y exchanged"),
        (lambda p: Poses(p.rotations.transpose(0, 2, 1).copy(), p.shifts), "conventions", "inverse rotations"),
        (lambda p: Poses(MIRROR[:, None] * p.rotations * MIRROR, p.shifts), "conventions", "other hand"),
    ],
)
def test_poses_of_others_or_of_another_convention_are_named(
    copy: Path, change: Callable[[Poses], Poses], check_name: str, said: str
) -> None:
    poses = load_dataset(copy).particles.poses
    write_poses(copy / "poses.pkl", change(poses), BOX, PIXEL)
    report = check_folder(copy)
    assert of(report, check_name).status == "fault"
    assert said in of(report, check_name).words
    assert of(report, "tables").status == "fault"  # particles.star still has the right ones
    assert "outside the circle" in of(report, "leak: noise").words  # residuals cannot be trusted


def test_ctf_of_other_particles_is_named(copy: Path) -> None:
    loaded = load_dataset(copy)
    write_ctf(copy / "ctf.pkl", loaded.particles.ctf[np.roll(np.arange(360), 7)], BOX, PIXEL)
    assert "no better than another particle's CTF" in faults_of_all(copy)["CTF fit"]


def faults_of_all(folder: Path) -> dict[str, str]:
    return {finding.check: finding.words for finding in check_folder(folder, images=360).of("fault")}


def test_labels_of_other_particles_are_named(copy: Path) -> None:
    labels = np.load(copy / "truth/labels.npy")
    np.save(copy / "truth/labels.npy", np.random.default_rng(0).permutation(labels))
    found = faults_of_all(copy)
    assert "no better than another state's volume" in found["label fit"]


def test_volumes_of_another_extent_are_named(copy: Path) -> None:
    volume = load_dataset(copy).truth.volumes[0]
    write_volume(copy / "truth/volumes/000.mrc", Volume(volume.data, 2 * PIXEL))
    assert "state 0 has 32 voxels of 8 Å" in faults(copy)["true volumes"]


# Parts


def test_a_sound_dataset_has_no_fault_and_the_same_report_twice(sound: Path) -> None:
    report = check_folder(sound, seed=3)
    assert not report.of("fault")
    assert not report.of("not done")
    assert report == check_folder(sound, seed=3)
    assert of(report, "leak: order").values["accuracy"] > 0.95
    whole = check_dataset(load_dataset(sound), "published", seed=3)
    assert of(whole, "sign").values == of(report, "sign").values
    assert of(whole, "leak: noise").values == of(report, "leak: noise").values


def set_pixel(value: float) -> Callable[[np.ndarray], object]:
    def change(data: np.ndarray) -> None:
        data[5, 2, 3] = value

    return change


def test_an_image_that_is_not_finite_and_one_that_is_constant(copy: Path) -> None:
    edit_stack(copy / "particles/001.mrcs", set_pixel(np.nan))
    edit_stack(copy / "particles/002.mrcs", lambda data: data[7:9].fill(1.5))
    report = check_folder(copy, images=16)
    words = [finding.words for finding in report.of("fault") if finding.check == "images"]
    assert words[0].startswith("1 hold a value that is not finite, first image 105")
    assert words[1].startswith("2 are constant, first image 207")
    assert of(check_folder(copy), "sign").status == "ok"  # the others are as they should be


def test_an_image_that_is_there_twice(copy: Path) -> None:
    def repeat(data: np.ndarray) -> None:
        data[9] = data[4]

    edit_stack(copy / "particles/000.mrcs", repeat)
    finding = next(f for f in check_folder(copy, images=16).of("warning") if f.check == "images")
    assert "first image 9, as 4" in finding.words


def test_rotations_that_are_none(copy: Path) -> None:
    rotations, shifts = pickle.loads((copy / "poses.pkl").read_bytes())
    rotations[12] *= 1.1
    shifts[30] = 0.7
    (copy / "poses.pkl").write_bytes(pickle.dumps((rotations, shifts)))
    report = check_folder(copy, images=16)
    assert "1 are not orthogonal, first that of particle 12" in of(report, "rotations").words
    assert "first that of particle 30" in of(report, "shifts").words
    assert of(report, "sign").status == "not done"
    assert "not valid" in of(report, "sign").words


def test_reflections_and_values_that_are_not_finite() -> None:
    rotations = uniform_poses(0, np.arange(50), 0.0).rotations.astype(np.float64)
    assert [finding.status for finding in check_rotations(rotations)] == ["ok", "ok"]
    mirrored = rotations.copy()
    mirrored[3, 2] *= -1
    assert "reflections" in check_rotations(mirrored)[0].words
    mirrored[4, 0, 0] = np.nan
    assert "not finite, first that of particle 4" in check_rotations(mirrored)[0].words
    assert check_rotations(np.tile(np.eye(3), (9, 1, 1)))[1].status == "warning"


def test_views_are_even_or_not() -> None:
    even = uniform_poses(0, np.arange(4000), 0.0).rotations.astype(np.float64)
    mean, moments = view_moments(even)
    assert mean < 0.05
    np.testing.assert_allclose(moments, 1 / 3, atol=0.02)
    views = even[:, 2]
    assert mean == pytest.approx(np.linalg.norm(views.mean(axis=0)))
    assert moments[2] == pytest.approx(np.linalg.norm(views, 2) ** 2 / 4000)
    assert check_rotations(even)[1].words.startswith("even")
    assert check_rotations(even[np.abs(even[:, 2, 2]) < 0.5])[1].words.startswith("not even")


@pytest.mark.parametrize(
    ("column", "value", "status", "said"),
    [
        (0, 1.5, "warning", "1,000 to 60,000"),
        (0, -15000.0, "warning", "1,000 to 60,000"),
        (0, np.nan, "fault", "not finite"),
        (3, 300000.0, "warning", "voltage_kv"),
        (3, 0.0, "fault", "voltage_kv"),
        (4, 27.0, "warning", "cs_mm"),
        (5, 7.0, "fault", "amplitude_contrast"),
        (6, 1000.0, "warning", "phase_shift_degrees"),
    ],
)
def test_ctf_parameters_out_of_range(column: int, value: float, status: str, said: str) -> None:
    table = np.tile([15000.0, 15000.0, 0.0, 300.0, 2.7, 0.1, 0.0], (20, 1))
    table[:, :2] += np.random.default_rng(0).uniform(0, 5000, size=(20, 1))
    assert check_ctf(table)[0].status == "ok"
    table[:, [0, 1] if column == 0 else [column]] = value
    finding = check_ctf(table)[0]
    assert finding.status == status
    assert said in finding.words
    assert finding.advice


def test_micrometres_are_recognised_and_one_row_for_all_is_a_warning() -> None:
    table = np.tile([1.5, 1.5, 0.0, 300.0, 2.7, 0.1, 0.0], (20, 1))
    assert "micrometres" in check_ctf(table)[0].advice
    table[:, :2] *= 1e4
    assert check_ctf(table)[0].words.startswith("one row for all")
    table[:] = [0, 0, 0, 300, 0, 1, 180]
    assert check_ctf(table)[0].status == "ok"


def test_wrong_ctf_in_a_folder(copy: Path) -> None:
    table = pickle.loads((copy / "ctf.pkl").read_bytes())
    table[:, :2] = [2 * BOX, PIXEL / 2]  # as the published sets have it
    table[:, 7] = 10
    (copy / "ctf.pkl").write_bytes(pickle.dumps(table))
    found = faults(copy)
    assert "64 pixels of 2 Å, but the images have 32 of 4 Å" in found["CTF geometry"]
    assert "amplitude_contrast" in found["CTF"]


def test_balance(copy: Path) -> None:
    images = np.array([10, 20, 70, 0])
    assert effective_number(images) == pytest.approx(np.exp(entropy(images)))
    labels = np.load(copy / "truth/labels.npy")
    labels[labels == 1] = 0
    np.save(copy / "truth/labels.npy", labels)
    assert "state 0 has 240 labels, but dataset.json says 120" in faults(copy)["labels"]
    np.save(copy / "truth/labels.npy", labels + 2)
    found = check_folder(copy, images=16)
    assert "labels lie outside 0 to 2" in of(found, "labels").words
    assert of(found, "sign").status == "not done"


@given(
    counts=st.lists(st.integers(1, 60), min_size=1, max_size=40),
    images=st.integers(2, 300),
    seed=st.integers(0, 2**40),
)
def test_a_sample_is_of_the_labels_and_no_larger_than_asked(counts: list[int], images: int, seed: int) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))
    sample = draw_sample(labels, images, 10, seed)
    np.testing.assert_array_equal(labels[sample.indices], sample.labels)
    assert len(np.unique(sample.indices)) == len(sample)
    assert len(sample) <= max(images, len(sample.chosen))
    assert len(sample.chosen) <= min(24, len(counts))
    assert (np.diff(sample.labels) >= 0).all()
    again = draw_sample(labels, images, 10, seed)
    np.testing.assert_array_equal(again.indices, sample.indices)


# Files


def test_files_that_changed_or_are_missing_or_do_not_belong(copy: Path) -> None:
    (copy / "README.md").write_text("other")
    (copy / "truth/mask.mrc").unlink()
    (copy / "mine.txt").write_text("mine")
    report = check_folder(copy, images=16)
    found = {finding.check: finding.words for finding in report.of("fault")}
    assert "1 of" in found["checksums"]
    assert "README.md" in found["checksums"]
    assert "truth/mask.mrc" in found["files"]
    assert any("mine.txt" in finding.words for finding in report.of("warning"))


def truncated(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def emptied(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [Path.unlink, truncated, pytest.param(emptied, marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    ("name", "check_name"),
    [
        ("particles/001.mrcs", "stacks"),
        ("particles.txt", "stacks"),
        ("poses.pkl", "poses.pkl"),
        ("ctf.pkl", "ctf.pkl"),
        ("truth/labels.npy", "truth/labels.npy"),
        ("truth/volumes/001.mrc", "true volumes"),
        ("particles.star", "particles.star"),
        ("truth/states.csv", "truth/states.csv"),
        ("dataset.json", "dataset.json"),
    ],
)
def test_every_damaged_file_is_a_finding(
    copy: Path, name: str, check_name: str, damage: Callable[[Path], object]
) -> None:
    damage(copy / name)
    found = faults(copy)
    if name == "dataset.json" and damage is Path.unlink:
        assert not found  # a folder of particles, as good as any
    elif name == "truth/states.csv" and damage is not Path.unlink:
        assert "counts" in found or "checksums" in found
    elif name == "particles.star" and damage is truncated:
        assert "checksums" in found
    else:
        assert check_name in found
        assert name != "dataset.json" or "dataset.json" in found[check_name]


def test_numbers_of_particles_that_disagree(copy: Path) -> None:
    rotations, shifts = pickle.loads((copy / "poses.pkl").read_bytes())
    (copy / "poses.pkl").write_bytes(pickle.dumps((rotations[:-1], shifts[:-1])))
    report = check_folder(copy, images=16)
    assert "poses 359" in of(report, "counts").words
    assert of(report, "counts").values["images"] == 360
    assert of(report, "sign").words == "the numbers of particles disagree"


def test_an_unfinished_build(copy: Path) -> None:
    (copy / "dataset.json").unlink()
    (copy / "build.json").write_text("{}")
    assert "the build is not finished" in faults(copy)["dataset.json"]
    shutil.rmtree(copy / "particles")
    (copy / "particles.star").unlink()
    (copy / "particles.txt").unlink()
    (copy / "particles.cs").unlink()
    assert set(faults(copy)) == {"dataset.json"}


def test_a_pickle_that_would_run_code_is_a_fault(copy: Path, tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "harmed",))

    (copy / "poses.pkl").write_bytes(pickle.dumps(Harm()))
    assert "not a pickle of arrays" in faults(copy)["poses.pkl"]
    assert not (tmp_path / "harmed").exists()


# Folders without a manifest


def loose_copy(dataset: Path, folder: Path) -> Path:
    """What a user's folder may hold: one stack, pickles, labels and volumes."""
    loaded = load_dataset(dataset)
    folder.mkdir()
    images = loaded.particles.images.read(np.arange(len(loaded.particles)))
    with mrcfile.new(folder / "mine.mrcs", data=images) as mrc:
        mrc.voxel_size = loaded.particles.pixel_size
    shutil.copy(dataset / "poses.pkl", folder / "poses.pkl")
    shutil.copy(dataset / "ctf.pkl", folder / "ctf.pkl")
    (folder / "labels.pkl").write_bytes(pickle.dumps(loaded.truth.labels))
    shutil.copytree(dataset / "truth/volumes", folder / "volumes")
    return folder


def test_a_folder_of_particles_is_checked_as_far_as_it_goes(sound: Path, tmp_path: Path) -> None:
    loose = loose_copy(sound, tmp_path / "loose")
    report = check_folder(loose)
    assert report.kind == "particles"
    assert not report.of("fault")
    assert of(report, "leak: noise").values == of(check_folder(sound), "leak: noise").values
    for name, check_name, said in (
        ("volumes", "sign", "no true volumes"),
        ("labels.pkl", "labels", "no labels.npy or labels.pkl"),
        ("ctf.pkl", "CTF", "no ctf.pkl"),
        ("poses.pkl", "rotations", "no poses.pkl"),
    ):
        gone = loose / name
        shutil.rmtree(gone) if gone.is_dir() else gone.unlink()
        finding = of(check_folder(loose, images=16), check_name)
        assert finding.status == "not done"
        assert said in finding.words
    (loose / "mine.mrcs").unlink()
    with pytest.raises(FormatError, match=r"no dataset: expected dataset\.json, or particles\.star"):
        check_folder(loose)


def test_a_star_file_alone(sound: Path, tmp_path: Path) -> None:
    shutil.copy(sound / "particles.star", tmp_path / "particles.star")
    shutil.copytree(sound / "particles", tmp_path / "particles")
    report = check_folder(tmp_path)
    assert of(report, "rotations").status == "ok"
    assert of(report, "CTF").status == "ok"
    assert of(report, "sign").status == "not done"
    assert not report.of("fault")


def test_one_map_and_no_labels_are_one_state(sound: Path, tmp_path: Path) -> None:
    volume = load_dataset(sound).truth.volumes[2]
    loaded = load_dataset(sound)
    members = np.flatnonzero(loaded.truth.labels == 2)
    loose = loose_copy(sound, tmp_path / "loose")
    shutil.rmtree(loose / "volumes")
    (loose / "volumes").mkdir()
    write_volume(loose / "volumes/only.mrc", volume)
    (loose / "labels.pkl").unlink()
    with mrcfile.new(loose / "mine.mrcs", data=loaded.particles.images.read(members), overwrite=True) as mrc:
        mrc.voxel_size = PIXEL
    write_poses(loose / "poses.pkl", loaded.particles.poses[members], BOX, PIXEL)
    write_ctf(loose / "ctf.pkl", loaded.particles.ctf[members], BOX, PIXEL)
    report = check_folder(loose)
    assert of(report, "sign").status == "ok"
    assert of(report, "label fit").words == "there is one state alone"
    assert of(report, "leak: noise").status == "not done"


@pytest.mark.parametrize(("seed", "images"), [(-1, 2000), (0, 1)])
def test_a_sample_that_is_none(sound: Path, seed: int, images: int) -> None:
    with pytest.raises(InputError):
        check_folder(sound, seed=seed, images=images)


# Published archives


def test_an_archive_and_its_import(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "igg-1d")
    raw = check_archive(tmp_path / "archive", miniature.release)
    assert raw.kind == "published"
    assert not raw.of("fault")
    assert "64 px of 6 Å" in of(raw, "known slips").words
    import_archive("igg-1d", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    imported = check_folder(tmp_path / "out")
    assert imported.kind == "imported"
    assert not imported.of("fault")
    assert of(imported, "archive").status == "ok"
    for name in ("sign", "pose fit", "leak: noise", "leak: CTF"):
        assert of(imported, name).values == of(raw, name).values
    stack = tmp_path / "archive" / miniature.stacks[1]
    edit = bytearray(stack.read_bytes())
    edit[-1] ^= 1
    stack.write_bytes(edit)
    assert miniature.stacks[1] in faults(tmp_path / "out")["archive"]
    (tmp_path / "archive/combined_poses.pkl").unlink()
    assert [f.check for f in check_archive(tmp_path / "archive", miniature.release).of("fault")] == ["archive"]
    with pytest.raises(FormatError, match="or a published archive"):
        check_folder(tmp_path / "archive")
    shutil.rmtree(tmp_path / "archive")
    assert "archive" in faults(tmp_path / "out")


# The command


def run(*arguments: str) -> Any:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(check)
    return CliRunner().invoke(app, list(arguments))


def test_the_command_says_what_it_found(sound: Path, copy: Path, tmp_path: Path) -> None:
    good = run(str(sound), "--images", "60", "--json", str(tmp_path / "found.json"))
    assert good.exit_code == 0, good.output
    assert "no faults, 1 warning" in good.output
    assert "What to do" in good.output
    read = CheckReport.model_validate_json((tmp_path / "found.json").read_text())
    assert read == check_folder(sound, images=60)
    (copy / "poses.pkl").unlink()
    bad = run(str(copy), "--images", "16")
    assert bad.exit_code == 1
    assert "fault" in bad.output
    for path in (tmp_path / "nowhere", tmp_path / "found.json"):
        none = run(str(path))
        assert none.exit_code == 2
        assert "Traceback" not in none.output
