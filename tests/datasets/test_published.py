"""Importing archives that are laid out, and wrong, as the published ones are."""

from __future__ import annotations

import hashlib
import pickle
from pathlib import Path

import numpy as np
import published_miniature as writer
import pytest
import starfile
from published_miniature import Faults, Miniature

from cryobench.benchmark import run_methods
from cryobench.core import Dataset, FormatError, InputError
from cryobench.datasets import example_particles, load_dataset, read_manifest
from cryobench.datasets.manifest import changed_files
from cryobench.datasets.published import (
    PUBLISHED,
    Findings,
    changed_in_archive,
    import_archive,
    open_archive,
    release_of,
)
from cryobench.datasets.spec import ImportedSpec
from cryobench.io import read_cs
from cryobench.structures import ResidueRange, draw_linker_states
from cryobench.structures.synthetic_igg import synthetic_igg

Imported = tuple[Miniature, Path, Findings, Dataset]

REPAIRS = {
    "igg-1d": (
        "all 6 stacks of images: machine stamp of zeros, taken as little-endian",
        "all 6 stacks of images: pixel size of 1 Å in the header, taken as 12",
        "combined_ctfs.pkl: still 64 px of 6 Å, as before the images were downsampled, taken as 32 px of 12 Å",
        "all 6 true volumes: pixel size of 6 Å in the header, taken as 12",
    ),
    "igg-rl": (
        "all 4 stacks of images: pixel size of 1 Å in the header, taken as 12",
        "combined_ctfs.pkl: still 64 px of 6 Å, as before the images were downsampled, taken as 32 px of 12 Å",
        "the mask: pixel size of 0 Å in the header, taken as 12",
        "all 4 true volumes: pixel size of 0 Å in the header, taken as 12",
    ),
    "ribosembly": (
        "all 4 stacks of images: pixel size of 0 Å in the header, taken as 12",
        "combined_ctfs.pkl: still 64 px of 6 Å, as before the images were downsampled, taken as 32 px of 12 Å",
        "the mask: pixel size of 1 Å in the header, taken as 12",
        "all 4 true volumes: pixel size of 1 Å in the header, taken as 12",
    ),
    "tomotwin-100": (
        "all 5 stacks of images: pixel size of 1 Å in the header, taken as 18",
        "combined_ctfs.pkl: still 64 px of 9 Å, as before the images were downsampled, taken as 32 px of 18 Å",
        "all 5 true volumes: machine stamp of zeros, taken as little-endian",
    ),
    "spike-md": (
        "the stack of images: pixel size of 1 Å in the header, taken as 12",
        "combined_ctf.pkl: 12 px of 32 Å, image size and pixel size in each other's place, taken as 32 px of 12 Å",
        "images/snr0.1/particles.star: 12 px of 32 Å, image size and pixel size in each other's place, taken as 32 px "
        "of 12 Å",
    ),
}


def state_of_files(folder: Path) -> dict[str, tuple[int, str]]:
    """Return when each file was changed, and its checksum."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    }


@pytest.fixture(scope="module", params=PUBLISHED)
def imported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """A miniature of each published archive, in read-only folders, and what the import made of it."""
    base = tmp_path_factory.mktemp(request.param)
    miniature = writer.write_miniature(base / "archive", request.param)
    before = state_of_files(base / "archive")
    folders = [base / "archive", *(path for path in (base / "archive").rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    findings = import_archive(request.param, base / "archive", base / "out", release=miniature.release)
    for folder in folders:
        folder.chmod(0o755)
    assert state_of_files(base / "archive") == before
    return miniature, base / "out", findings, load_dataset(base / "out")


def test_each_repair_is_reported_and_recorded(imported: Imported) -> None:
    miniature, folder, findings, _ = imported
    expected = REPAIRS[miniature.release.dataset]
    assert findings.repairs == expected
    manifest = read_manifest(folder)
    assert isinstance(manifest.spec, ImportedSpec)
    assert manifest.spec.repairs == expected
    card = (folder / "README.md").read_text()
    assert all(" ".join(repair.split()) in card.replace("\\", "") for repair in expected)


def test_particles_are_those_of_the_archive(imported: Imported) -> None:
    miniature, _, _, dataset = imported
    release, particles = miniature.release, dataset.particles
    everything = np.arange(len(particles))
    np.testing.assert_array_equal(particles.images.read(everything), miniature.images)
    assert (particles.box, particles.pixel_size, particles.sign) == (release.box, release.pixel_size, -1)
    np.testing.assert_array_equal(particles.poses.rotations, miniature.rotations)
    extent = release.box * release.pixel_size
    np.testing.assert_allclose(particles.poses.shifts, miniature.fractions * extent, rtol=1e-6)
    # The seven columns are what they were, to the last bit.
    np.testing.assert_array_equal(particles.ctf.table.astype(np.float32), miniature.ctf)


def test_the_truth_is_that_of_the_archive(imported: Imported) -> None:
    miniature, _, _, dataset = imported
    truth = dataset.truth
    np.testing.assert_array_equal(truth.labels, miniature.labels)
    assert [state.images for state in truth.states] == list(miniature.release.images)
    assert len(truth.volumes) == miniature.release.states
    assert truth.mask is not None
    assert truth.mask.pixel_size == miniature.release.pixel_size
    assert truth.moving_mask is None
    for state in (0, len(truth.states) - 1):
        volume = truth.volumes[state]
        assert volume.pixel_size == miniature.release.pixel_size
        if len(miniature.volumes):
            np.testing.assert_array_equal(volume.data, miniature.volumes[state])


def test_our_tables_say_what_is_right(imported: Imported) -> None:
    miniature, folder, _, _ = imported
    release = miniature.release
    with (folder / "ctf.pkl").open("rb") as file:
        ctf = pickle.load(file)
    assert np.unique(ctf[:, :2], axis=0).tolist() == [[release.box, release.pixel_size]]
    assert (folder / "particles.txt").read_text().split() == list(miniature.stacks)
    star = starfile.read(folder / "particles.star")
    assert set(star["optics"]["rlnImageSize"]) == {release.box}
    assert set(star["optics"]["rlnImagePixelSize"]) == {release.pixel_size}
    names = star["particles"]["rlnImageName"]
    assert names[0] == f"000001@{miniature.stacks[0]}"
    assert {name.partition("@")[2] for name in names} == set(miniature.stacks)
    table = read_cs(folder / "particles.cs")
    assert len(table) == len(miniature.labels)
    assert set(table["blob/sign"]) == {1.0}


def test_files_are_identified(imported: Imported) -> None:
    miniature, folder, _, _ = imported
    manifest = read_manifest(folder)
    assert isinstance(manifest.spec, ImportedSpec)
    assert manifest.id == f"{miniature.release.dataset}:published"
    assert changed_files(folder, manifest) == []
    assert changed_in_archive(folder) == []
    files = {name: (found.bytes, found.sha256) for name, found in manifest.spec.archive.items()}
    assert set(miniature.stacks) <= set(files)
    for name, (size, checksum) in files.items():
        content = (miniature.folder / name).read_bytes()
        assert (size, checksum) == (len(content), hashlib.sha256(content).hexdigest())
    # Where the archive is on this machine is no part of what the dataset is.
    assert str(miniature.folder.parent) not in (folder / "dataset.json").read_text()


def test_images_correlate_with_their_own_projections(imported: Imported) -> None:
    """At a signal-to-noise ratio of 0.5 an image and its clean version correlate by sqrt(0.5 / 1.5)."""
    miniature, _, findings, dataset = imported
    assert findings.found is not None
    assert findings.found.mean == pytest.approx(-((0.5 / 1.5) ** 0.5), abs=0.05)
    examples = example_particles(dataset, 12)
    found = [np.corrcoef(one.with_ctf.ravel(), one.stored.ravel())[0, 1] for one in examples]
    assert np.mean(found) == pytest.approx((0.5 / 1.5) ** 0.5, abs=0.05)
    assert [one.state for one in examples] == [int(miniature.labels[one.index]) for one in examples]


@pytest.mark.parametrize("imported", [name for name in PUBLISHED if name != "spike-md"], indirect=True)
def test_the_oracle_finds_the_true_volumes(imported: Imported) -> None:
    """Not for frames of a trajectory: one image of each does not make a volume."""
    miniature, _, _, dataset = imported
    (submission, _) = run_methods(dataset, ["oracle"], seed=0)[0]
    assert submission.volumes is not None
    for state in range(miniature.release.states):
        particle = int(np.flatnonzero(miniature.labels == state)[0])
        claimed = submission.volumes.at(particle).data.ravel()
        scores = [np.corrcoef(claimed, volume.ravel())[0, 1] for volume in miniature.volumes]
        assert int(np.argmax(scores)) == state
        assert scores[state] > 0.3


def test_latents_of_a_turn_are_its_angles(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "igg-1d", Faults())
    findings = import_archive("igg-1d", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    truth = load_dataset(tmp_path / "out").truth
    angles = np.deg2rad(60.0 * miniature.labels)
    np.testing.assert_allclose(truth.latents, np.column_stack((np.cos(angles), np.sin(angles))), atol=1e-6)
    assert (truth.coordinate.name, truth.coordinate.cyclic) == ("angle", True)
    assert [state.name for state in truth.states] == ["0°", "60°", "120°", "180°", "240°", "300°"]
    assert findings.repairs == ()


@pytest.mark.parametrize("imported", ["igg-rl"], indirect=True)
def test_latents_of_a_linker_are_computed_from_the_structures(imported: Imported) -> None:
    miniature, folder, findings, dataset = imported
    moving, linker = (tuple(map(ResidueRange.parse, parts)) for parts in (writer.MOVING, writer.LINKER))
    states = draw_linker_states(synthetic_igg(), moving, linker, 4, seed=7)
    # The files hold the backbone alone, to three decimals: centres of mass differ by less than an ångström.
    np.testing.assert_allclose(dataset.truth.latents[:, 0], states.distances[miniature.labels], atol=1.0)
    assert dataset.truth.latents[:, 0].max() < 100  # the published file says more
    assert any("gt_latents.pkl) are not used" in note for note in findings.notes)
    assert any("computed from the structures" in note for note in read_manifest(folder).notes)


def test_the_default_of_a_header_may_have_been_scaled(tmp_path: Path) -> None:
    """cryoDRGN's downsample takes its own default of 1 Å for true."""
    miniature = writer.write_miniature(tmp_path / "archive", "ribosembly", Faults(image_pixel_size=2.0))
    findings = open_archive("ribosembly", tmp_path / "archive", release=miniature.release)
    assert findings.repairs == ("all 4 stacks of images: pixel size of 2 Å in the header, taken as 12",)


@pytest.mark.parametrize("imported", ["tomotwin-100"], indirect=True)
def test_complexes_have_their_names_and_masses(imported: Imported) -> None:
    states = imported[3].truth.states
    assert [state.name for state in states] == ["2cg9", "6vgr", "5a20", "1ul1", "5ljo"]
    assert [state.variables["mass"] for state in states] == [156.0, 162.0, 168.0, 174.0, 179.0]
    np.testing.assert_array_equal(imported[3].truth.latents, np.eye(5)[imported[0].labels])


@pytest.mark.parametrize("imported", ["spike-md"], indirect=True)
def test_volumes_of_a_trajectory_are_rendered_where_the_images_show_them(imported: Imported) -> None:
    miniature, folder, findings, dataset = imported
    assert findings.frames is not None
    assert (findings.frames.superpose, findings.frames.rendering.centre) == (True, "geometry")
    for state in (0, 13):
        data = dataset.truth.volumes[state].data
        indices = np.indices(data.shape) - writer.BOX // 2
        centre = (indices * data).sum(axis=(1, 2, 3)) / data.sum()
        np.testing.assert_allclose(centre[::-1], miniature.points[state].mean(axis=0), atol=0.5)
    assert dataset.truth.latents.shape == (24, 3)
    assert "principal components" in dataset.truth.latent_meaning
    assert any("may be off by about a voxel" in note for note in read_manifest(folder).notes)


def test_a_trajectory_that_is_missing_is_said(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "spike-md")
    (tmp_path / "archive/sampled_pdbs.xtc").unlink()
    findings = import_archive("spike-md", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    assert any("neither true volumes, nor topology" in note for note in findings.notes)
    assert any("nothing to measure it by" in note for note in findings.notes)
    truth = load_dataset(tmp_path / "out").truth
    assert len(truth.volumes) == 24
    with pytest.raises(FormatError, match="no true volume of state 3"):
        truth.volumes[3]
    np.testing.assert_array_equal(truth.latents[:, 0], np.arange(24))
    assert any("mean nothing" in note for note in read_manifest(tmp_path / "out").notes)


def test_a_trajectory_of_something_else_makes_no_truth(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "spike-md")
    mixed = miniature.images[np.roll(np.arange(24), 7)]
    writer.write_mrc(tmp_path / "archive/images/snr0.1/particles.mrcs", mixed, 12.0, volume=False)
    findings = open_archive("spike-md", tmp_path / "archive", release=miniature.release)
    assert findings.frames is None
    assert any("so there are no true volumes" in note for note in findings.notes)


def test_images_that_were_not_inverted_are_recorded_so(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "ribosembly", Faults(sign=1))
    findings = import_archive("ribosembly", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    assert findings.repairs == (
        "the images: contrast sign +1 (the particle is dark) where that of the release is -1, taken as it is",
    )
    dataset = load_dataset(tmp_path / "out")
    assert dataset.particles.sign == 1
    examples = example_particles(dataset, 8)
    assert np.mean([np.corrcoef(one.with_ctf.ravel(), one.stored.ravel())[0, 1] for one in examples]) > 0.5


def test_the_signal_to_noise_ratio_is_chosen(tmp_path: Path) -> None:
    archive, release = tmp_path / "archive", writer.small_release("igg-1d")
    writer.write_miniature(archive, "igg-1d", Faults())
    default = open_archive("igg-1d", archive, release=release)
    assert default.layout.snr == 0.01
    assert "the archive also has images of SNR 0.001, 0.005" in default.notes
    other = open_archive("igg-1d", archive, 0.005, release=release)
    assert other.layout.snr == 0.005
    first = np.arange(1)
    np.testing.assert_array_equal(other.images.read(first), 2 * default.images.read(first))
    with pytest.raises(InputError, match=r"no images of SNR 0\.1: choose with --snr from 0\.001, 0\.005, 0\.01"):
        open_archive("igg-1d", archive, 0.1, release=release)


def test_other_places_of_the_files_are_found(tmp_path: Path) -> None:
    """Images without a folder of their ratio, tables beside them, stacks that no list names."""
    miniature = writer.write_miniature(tmp_path / "archive", "ribosembly", Faults())
    images = tmp_path / "archive/images"
    for path in (images / "snr0.01").iterdir():
        path.rename(images / path.name)
    (images / "snr0.01").rmdir()
    (images / "sorted_particles.32.txt").unlink()
    (tmp_path / "archive/combined_poses.pkl").rename(images / "combined_poses.pkl")
    findings = import_archive("ribosembly", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    assert findings.facts()["poses"] == "images/combined_poses.pkl"
    assert any("taken as those of SNR 0.01" in note for note in findings.notes)
    assert any("no list of stacks" in note for note in findings.notes)
    dataset = load_dataset(tmp_path / "out")
    np.testing.assert_array_equal(dataset.particles.images.read(np.arange(52)), miniature.images)


def test_stacks_that_are_not_states_are_divided_by_the_published_numbers(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "ribosembly", Faults())
    place = tmp_path / "archive/images/snr0.01"
    for path in place.glob("*.mrcs"):
        path.unlink()
    writer.write_mrc(place / "a.mrcs", miniature.images[:30], 12.0, volume=False)
    writer.write_mrc(place / "b.mrcs", miniature.images[30:], 12.0, volume=False)
    (place / "sorted_particles.32.txt").write_text("a.mrcs\nb.mrcs\n")
    findings = open_archive("ribosembly", tmp_path / "archive", release=miniature.release)
    np.testing.assert_array_equal(findings.labels, miniature.labels)
    (place / "sorted_particles.32.txt").write_text("a.mrcs\n")
    with pytest.raises(FormatError, match="1 stacks hold 30 images"):
        open_archive("ribosembly", tmp_path / "archive", release=miniature.release)


def test_latents_that_are_given_are_used(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "ribosembly", Faults())
    for rows in (np.arange(8.0).reshape(4, 2) / 3, np.random.default_rng(0).normal(size=(52, 3))):
        (tmp_path / "archive/gt_latents.pkl").write_bytes(pickle.dumps(rows))
        import_archive("ribosembly", tmp_path / "archive", tmp_path / "out", release=miniature.release, overwrite=True)
        expected = rows[miniature.labels] if len(rows) == 4 else rows
        np.testing.assert_allclose(load_dataset(tmp_path / "out").truth.latents, expected, rtol=1e-6)
    (tmp_path / "archive/gt_latents.pkl").unlink()
    import_archive("ribosembly", tmp_path / "archive", tmp_path / "out", release=miniature.release, overwrite=True)
    np.testing.assert_array_equal(load_dataset(tmp_path / "out").truth.latents, np.eye(4)[miniature.labels])
    assert "the archive has no file of ground-truth latents" in read_manifest(tmp_path / "out").notes


def test_structures_without_the_fab_are_said(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "igg-rl")
    for state in range(4):
        path = tmp_path / f"archive/pdbs/{state:03d}.pdb"
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if line[21:22] != "H"))
    import_archive("igg-rl", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    truth = load_dataset(tmp_path / "out").truth
    np.testing.assert_array_equal(truth.latents, np.eye(4)[miniature.labels])
    assert any("does not give the Fab's place" in note for note in read_manifest(tmp_path / "out").notes)


def test_no_mask_is_said(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "igg-1d", Faults())
    (tmp_path / "archive/init_mask/mask.mrc").unlink()
    findings = import_archive("igg-1d", tmp_path / "archive", tmp_path / "out", release=miniature.release)
    assert "the archive has no mask" in findings.notes
    assert load_dataset(tmp_path / "out").truth.mask is None


def test_releases_are_those_that_were_published() -> None:
    """Numbers of the publication; the rest of the tests are at another scale."""
    expected = {
        "igg-1d": (100, 100_000, 128, 3.0, 256, 1.5, 0.01),
        "igg-rl": (100, 100_000, 128, 3.0, 256, 1.5, 0.01),
        "ribosembly": (16, 335_240, 128, 3.0, 256, 1.5, 0.01),
        "tomotwin-100": (100, 100_000, 128, 4.5, 256, 2.25, 0.01),
        "spike-md": (100_000, 100_000, 256, 1.5, 256, 1.5, 0.1),
    }
    for name, numbers in expected.items():
        r = release_of(name)
        found = (r.states, r.particles, r.box, r.pixel_size, r.simulated_box, r.simulated_pixel_size, r.snr)
        assert found == numbers
    assert release_of("IgG-1D") == release_of("igg-1d") == release_of("igg-1d:published")
    assert release_of("ribosembly").images[:3] == (9076, 14378, 23547)
