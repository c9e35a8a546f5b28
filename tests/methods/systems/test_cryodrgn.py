"""cryoDRGN: files of the program itself, and its layout before version 2, against the numbers that are in them."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from layouts import BOX, PIXEL_SIZE, N, old_cryodrgn

from cryobench.core import FormatError, Particles
from cryobench.io import read_star, read_volume, write_star
from cryobench.methods import Decoder, FileVolumes
from cryobench.methods.systems import SYSTEMS, Choice, Found, detect_system, detect_systems

DATA = Path(__file__).parents[2] / "data" / "cryodrgn"
RUNS = {
    "train_vae": "cryodrgn",
    "train_dec": "cryodrgn-dec",
    "abinit_het_old": "cryodrgn-abinit-het",
    "abinit": "cryodrgn-abinit",
}
EXPECTED = np.load(DATA / "expected.npz")
UNITS = {"train_vae": (BOX + 1) * PIXEL_SIZE, "abinit_het_old": (BOX + 1) * PIXEL_SIZE, "abinit": PIXEL_SIZE}


def places_in_shuffled() -> np.ndarray:
    """Return the particle of each row of shuffled.star, which lists one stack."""
    names = read_star(DATA / "abinit_het_old" / "shuffled.star")["particles"]["rlnImageName"]
    return np.array([int(name.partition("@")[0]) - 1 for name in names])


def copied(run: str, tmp_path: Path) -> Path:
    shutil.copytree(DATA / run, tmp_path / run)
    return tmp_path / run


def read(folder: Path, particles: Particles, epoch: int | None = None) -> Found:
    return SYSTEMS[detect_system(folder).name].read(folder, particles, Choice(epoch=epoch))


@pytest.mark.parametrize("run", RUNS)
def test_a_run_is_read_as_it_was_saved(particles: Particles, run: str) -> None:
    found = read(DATA / run, particles)
    particle_of_row = places_in_shuffled() if run == "abinit_het_old" else np.arange(N)
    submission = found.submission
    assert submission.latents is not None
    np.testing.assert_array_equal(submission.latents[particle_of_row], EXPECTED[f"{run}/z"].astype(np.float32))
    assert submission.kind == ("ab-initio" if run.startswith("abinit") else "fixed-pose")
    assert (submission.method.name, submission.method.version) == (RUNS[run], "4.3.1")
    if run == "train_dec":
        assert submission.poses is None
    else:
        assert submission.poses is not None
        np.testing.assert_array_equal(submission.poses.rotations[particle_of_row], EXPECTED[f"{run}/rotations"])
        expected = EXPECTED[f"{run}/shifts"] * UNITS[run]
        np.testing.assert_allclose(submission.poses.shifts[particle_of_row], expected, rtol=1e-6)
    assert DATA / run / "z.2.pkl" in found.sources
    assert any("epoch 2" in note for note in found.notes)
    assert any("matched by image names" in note for note in found.notes)


def test_the_order_was_really_another() -> None:
    assert (places_in_shuffled() != np.arange(N)).sum() > N / 2


@pytest.mark.parametrize("run", RUNS)
def test_each_run_is_recognised_as_itself_alone(run: str) -> None:
    (found,) = detect_systems(DATA / run)
    assert found.name == RUNS[run]
    assert found.reason.startswith("config.yaml of cryoDRGN 4.3.1, with ")


def test_maps_of_kmeans_belong_to_the_particles_at_the_centres(particles: Particles) -> None:
    volumes = read(DATA / "train_vae", particles).submission.volumes
    assert isinstance(volumes, FileVolumes)
    folder = DATA / "train_vae" / "analyze.2" / "kmeans3"
    rows = np.loadtxt(folder / "centers_ind.txt", dtype=int)
    assert sorted(volumes.particles.tolist()) == sorted(rows.tolist())
    for number, particle in enumerate(rows.tolist(), start=1):
        volume = volumes.at(particle)
        np.testing.assert_array_equal(volume.data, read_volume(folder / f"vol_{number:03d}.mrc").data)
        assert volume.pixel_size == PIXEL_SIZE


def test_maps_follow_the_order_too(tmp_path: Path, particles: Particles) -> None:
    folder = copied("train_vae", tmp_path)
    shutil.copy(DATA / "abinit_het_old" / "shuffled.star", folder)
    settings = (
        (folder / "config.yaml")
        .read_text()
        .replace("particles: /data/dataset/particles.txt", "particles: shuffled.star")
    )
    (folder / "config.yaml").write_text(settings)
    found = read(folder, particles)
    rows = np.loadtxt(folder / "analyze.2" / "kmeans3" / "centers_ind.txt", dtype=int)
    assert isinstance(found.submission.volumes, FileVolumes)
    assert sorted(found.submission.volumes.particles.tolist()) == sorted(places_in_shuffled()[rows].tolist())
    assert found.submission.poses is not None
    np.testing.assert_array_equal(
        found.submission.poses.rotations[places_in_shuffled()], EXPECTED["train_vae/rotations"]
    )


def test_maps_that_are_not_all_there_are_not_taken(tmp_path: Path, particles: Particles) -> None:
    folder = copied("train_vae", tmp_path)
    (folder / "analyze.2" / "kmeans3" / "vol_002.mrc").unlink()
    found = read(folder, particles)
    assert found.submission.volumes is None
    assert any("2 maps for 3 centres" in note for note in found.notes)


def test_an_epoch_may_be_chosen(particles: Particles) -> None:
    first, last = (read(DATA / "abinit", particles, epoch).submission.latents for epoch in (1, None))
    assert first is not None
    assert last is not None
    assert not np.array_equal(first, last)
    with pytest.raises(FormatError, match=r"no z\.7\.pkl: expected one of the epochs there: 1, 2"):
        read(DATA / "abinit", particles, 7)


def test_the_end_of_a_run_may_have_no_number(tmp_path: Path, particles: Particles) -> None:
    folder = copied("abinit_het_old", tmp_path)
    for number in (1, 2):
        (folder / f"z.{number}.pkl").unlink()
        (folder / f"pose.{number}.pkl").unlink()
    found = read(folder, particles)
    np.testing.assert_array_equal(found.submission.latents[places_in_shuffled()], EXPECTED["abinit_het_old/z"])  # type: ignore[index]
    assert any("z.pkl, the end of the run" in note for note in found.notes)
    (folder / "pose.pkl").unlink()
    with pytest.raises(FormatError, match=r"pose\.pkl: no such file"):
        read(folder, particles)


def test_latents_and_poses_are_of_one_epoch(tmp_path: Path, particles: Particles) -> None:
    folder = copied("abinit", tmp_path)
    (folder / "pose.2.pkl").unlink()
    with pytest.raises(FormatError, match=r"pose\.2\.pkl: no such file"):
        read(folder, particles)
    found = read(folder, particles, 1)
    assert found.submission.poses is not None


@pytest.mark.parametrize("run", RUNS)
def test_a_truncated_pickle_is_named(tmp_path: Path, particles: Particles, run: str) -> None:
    folder = copied(run, tmp_path)
    for path in folder.glob("z*.pkl"):
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(FormatError, match=r"z\.2\.pkl: not a pickle of arrays"):
        read(folder, particles)


@pytest.mark.parametrize("run", RUNS)
def test_another_number_of_dimensions_is_named(tmp_path: Path, particles: Particles, run: str) -> None:
    folder = copied(run, tmp_path)
    (folder / "config.yaml").write_text((folder / "config.yaml").read_text().replace("  zdim: 2", "  zdim: 5"))
    with pytest.raises(FormatError, match=r"z\.2\.pkl: 2 numbers in each row, but the settings of the run say 5"):
        read(folder, particles)


def test_a_missing_particle_is_named(tmp_path: Path, particles: Particles) -> None:
    folder = copied("abinit_het_old", tmp_path)
    blocks = read_star(folder / "shuffled.star")
    gone = places_in_shuffled()[-1]
    blocks["particles"] = {label: column[:-1] for label, column in blocks["particles"].items()}
    write_star(folder / "shuffled.star", blocks)
    with pytest.raises(FormatError, match=r"47 images, but the output in .* has 48 rows"):
        read(folder, particles)
    blocks["particles"] = {label: [*column, column[0]] for label, column in blocks["particles"].items()}
    write_star(folder / "shuffled.star", blocks)
    with pytest.raises(FormatError, match=r"rows 1 and 48 are the same image"):
        read(folder, particles)
    blocks["particles"]["rlnImageName"][-1] = "000049@particles/000.mrcs"
    write_star(folder / "shuffled.star", blocks)
    with pytest.raises(FormatError, match="is no particle of the dataset"):
        read(folder, particles)
    assert 0 <= gone < N


@pytest.mark.parametrize("run", RUNS)
def test_the_maker_is_cryodrgn_with_the_weights_of_the_epoch(run: str) -> None:
    maker = SYSTEMS[RUNS[run]].maker(DATA / run, Choice(), (), 3.0)
    expected = Decoder(("cryodrgn",), DATA / run / "weights.2.pkl", DATA / run / "config.yaml", 3.0)
    assert maker == expected
    again = SYSTEMS[RUNS[run]].maker(DATA / run, Choice(epoch=1), ("conda", "run", "cryodrgn"), 3.0)
    assert isinstance(again, Decoder)
    assert (again.weights.name, again.command) == ("weights.1.pkl", ("conda", "run", "cryodrgn"))


@pytest.mark.parametrize("run", RUNS)
def test_a_reader_refuses_the_output_of_another_command(particles: Particles, run: str) -> None:
    for name in set(RUNS.values()) - {RUNS[run]}:
        with pytest.raises(FormatError, match=r"config\.yaml: of cryodrgn .*, expected"):
            SYSTEMS[name].read(DATA / run, particles, Choice())


@pytest.mark.parametrize(("poses", "name"), [(True, "cryodrgn"), (False, "cryodrgn-abinit-het")])
def test_settings_of_before_version_2_are_read(tmp_path: Path, particles: Particles, poses: bool, name: str) -> None:
    z = np.random.default_rng(1).normal(size=(N, 3)).astype(np.float32)
    folder = tmp_path / "run"
    old_cryodrgn(folder, z, str(tmp_path / "dataset" / "particles.star"), poses=poses)
    (detected,) = detect_systems(folder)
    assert detected.name == name
    assert detected.reason.startswith("config.pkl of cryoDRGN 0.3.4")
    if not poses:
        with pytest.raises(FormatError, match=r"pose\.4\.pkl: no such file"):
            read(folder, particles)
        return
    found = read(folder, particles)
    np.testing.assert_array_equal(found.submission.latents, z)
    np.testing.assert_array_equal(read(folder, particles, 0).submission.latents, z + 4)
    assert SYSTEMS["cryodrgn"].maker(folder, Choice(), (), 3.0) is None
