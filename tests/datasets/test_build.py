"""Building, resuming and reading a dataset folder."""

from __future__ import annotations

import hashlib
import json
import pickle
from collections.abc import Iterator
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryobench.core import FormatError, InputError, OutputError
from cryobench.datasets import (
    Inputs,
    build_dataset,
    changed_files,
    load_dataset,
    prepare_inputs,
    read_manifest,
)
from cryobench.datasets.manifest import stack_name
from cryobench.datasets.merge import merged
from cryobench.imaging import load_ctf_table
from cryobench.io import read_volume
from cryobench.ops.rotations import rotation_from_relion
from cryobench.ops.threads import get_threads, set_threads

IMAGING = {"box": 24, "output_box": 24, "pixel_size": 14.0, "noise": {"snr": 0.5}}


def inputs_of(**changes: object) -> Inputs:
    imaging = merged(IMAGING, changes.pop("imaging", {}))  # type: ignore[arg-type]
    asked = {"seed": 1, "states": 3, "images_per_state": 5, "images_per_stack": 5, "resolution": 28.0, **changes}
    name = "igg-1d" if "structure" in changes else "igg-1d:standin"
    return prepare_inputs(name, "demo", imaging=imaging, **asked)  # type: ignore[arg-type]


def build(folder: Path, **changes: object) -> Path:
    inputs = inputs_of(**changes)
    build_dataset(inputs, folder)
    return folder


def sums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def both_thread_counts() -> Iterator[tuple[int, int]]:
    most = get_threads()
    yield 1, most
    set_threads(most)


def test_the_same_spec_gives_the_same_bytes(tmp_path: Path, both_thread_counts: tuple[int, int]) -> None:
    found = []
    for i, threads in enumerate(both_thread_counts):
        set_threads(threads)
        found.append(sums(build(tmp_path / str(i))))
    assert found[0] == found[1]
    assert "build.json" not in found[0]
    assert sums(build(tmp_path / "other", seed=2))["particles/000.mrcs"] != found[0]["particles/000.mrcs"]


def test_the_manifest_lists_every_file_with_its_checksum(tmp_path: Path) -> None:
    folder = build(tmp_path / "d")
    manifest = read_manifest(folder)
    expected = sums(folder)
    expected.pop("dataset.json")
    assert manifest.files == expected
    assert manifest.id == "igg-1d:standin"
    assert "synthetic" in manifest.stand_in
    assert "Stand-in" in (folder / "README.md").read_text()
    assert changed_files(folder, manifest) == []
    (folder / "truth/labels.npy").write_bytes(b"")
    assert changed_files(folder, manifest) == ["truth/labels.npy"]


def test_files_agree_with_each_other(tmp_path: Path) -> None:
    """STAR, pickles and stacks, each read by other means than ours."""
    folder = build(tmp_path / "d")
    lines = (folder / "particles.star").read_text().split("data_particles")[1].strip().splitlines()
    columns = [line.split()[0][1:] for line in lines if line.startswith("_")]
    rows = [line.split() for line in lines if line and line[0] not in "_l#"]
    table = {name: [row[i] for row in rows] for i, name in enumerate(columns)}
    rotations, fractions = pickle.loads((folder / "poses.pkl").read_bytes())
    ctf = pickle.loads((folder / "ctf.pkl").read_bytes())
    assert rotations.shape == (15, 3, 3)
    angles = np.array([table[f"rlnAngle{name}"] for name in ("Rot", "Tilt", "Psi")], dtype=float).T
    np.testing.assert_allclose(rotation_from_relion(angles), rotations, atol=1e-5)
    shifts = np.array([table["rlnOriginXAngst"], table["rlnOriginYAngst"]], dtype=float).T
    np.testing.assert_allclose(shifts, fractions * 24 * 14.0, atol=1e-4)
    np.testing.assert_allclose(np.array(table["rlnDefocusU"], dtype=float), ctf[:, 2], rtol=1e-6)
    np.testing.assert_array_equal(ctf[:, :2], [[24, 14.0]] * 15)
    assert table["rlnImageName"][7] == "000003@particles/001.mrcs"
    assert (folder / "particles.txt").read_text().split() == [f"particles/{i:03d}.mrcs" for i in range(3)]
    with mrcfile.open(folder / "particles/001.mrcs") as mrc:
        stack = mrc.data.copy()
    np.testing.assert_array_equal(load_dataset(folder).particles.images.read(np.array([7]))[0], stack[2])


def test_a_resumed_build_keeps_what_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sums(build(tmp_path / "whole"))
    inputs = inputs_of()
    made = 0

    def stop_in_the_second_state(items: int) -> None:
        nonlocal made
        made += items
        if made > 5:
            raise KeyboardInterrupt

    folder = tmp_path / "d"
    with pytest.raises(KeyboardInterrupt):
        build_dataset(inputs, folder, progress=lambda label, total: stop_in_the_second_state)
    assert not (folder / "dataset.json").exists()
    assert not list(folder.rglob("*.tmp"))
    first = (folder / "particles/000.mrcs").stat().st_mtime_ns
    build_dataset(inputs, folder, resume=True)
    assert (folder / "particles/000.mrcs").stat().st_mtime_ns == first
    assert sums(folder) == whole


def test_another_dataset_is_not_resumed(tmp_path: Path) -> None:
    folder = build(tmp_path / "d", seed=5)
    before = sums(folder)
    inputs = inputs_of(seed=1)
    with pytest.raises(OutputError, match="holds a dataset of other settings"):
        build_dataset(inputs, folder, resume=True)
    assert sums(folder) == before


def test_a_damaged_shard_is_made_again(tmp_path: Path) -> None:
    folder = build(tmp_path / "d")
    before = sums(folder)
    (folder / "particles/001.mrcs").write_bytes(b"damaged")
    inputs = inputs_of()
    build_dataset(inputs, folder, resume=True)
    assert sums(folder) == before


def test_a_damaged_or_unfinished_dataset_can_be_started_anew(tmp_path: Path) -> None:
    whole = sums(build(tmp_path / "whole"))
    folder = build(tmp_path / "d")
    (folder / "dataset.json").write_bytes(b"\xff\x00")
    (folder / "particles/.000.mrcs.123.tmp").touch()
    inputs = inputs_of()
    with pytest.raises(FormatError, match=r"dataset\.json"):
        build_dataset(inputs, folder, resume=True)
    build_dataset(inputs, folder)
    assert sums(folder) == whole


def test_what_an_unfinished_build_left_is_taken_away(tmp_path: Path) -> None:
    larger = inputs_of(states=6)
    folder, made = tmp_path / "d", 0

    def stop_late(items: int) -> None:
        nonlocal made
        made += items
        if made > 25:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_dataset(larger, folder, progress=lambda label, total: stop_late)
    assert (folder / "particles/004.mrcs").exists()
    assert sums(build(folder)) == sums(build(tmp_path / "whole"))


@pytest.mark.slow
def test_many_states_stay_in_order(tmp_path: Path) -> None:
    """Names of more than 1,000 stacks do not sort as their numbers do."""
    names = [stack_name(state) for state in range(1100)]
    assert sorted(names) != names
    imaging = {"box": 8, "output_box": 8, "pixel_size": 48.0}
    folder = build(
        tmp_path / "d", states=1002, images_per_state=1, images_per_stack=1, imaging=imaging, resolution=48.0
    )
    dataset = load_dataset(folder)
    assert (folder / "particles.txt").read_text().split() == names[:1002]
    for index in (100, 101, 999, 1001):
        with mrcfile.open(folder / stack_name(index)) as mrc:
            np.testing.assert_array_equal(dataset.particles.images.read(np.array([index]))[0], mrc.data.reshape(8, 8))
    assert len({state.name for state in dataset.truth.states}) == 1002


def test_a_custom_structure_is_not_called_the_antibody() -> None:
    inputs = inputs_of()
    summary = inputs.spec.states.summary(3)
    assert "residues H:1-230, L:1-214 turned about the CA-C bond of H:230" in summary


def test_a_smaller_build_leaves_nothing_of_a_larger_one(tmp_path: Path) -> None:
    folder = build(tmp_path / "d", states=4)
    (folder / "mine.txt").write_text("not of the dataset")
    build(folder, states=2)
    assert not (folder / "particles/003.mrcs").exists()
    assert (folder / "mine.txt").exists()


def test_states_are_noisier_by_their_own_signal_or_alike(tmp_path: Path) -> None:
    own = read_manifest(build(tmp_path / "own")).noise_sigma
    alike = read_manifest(build(tmp_path / "alike", imaging={"noise": {"scope": "dataset"}})).noise_sigma
    assert len(set(own)) == 3
    assert len(set(alike)) == 1
    assert alike[0] == pytest.approx(np.sqrt(np.mean(np.square(own))), rel=1e-2)


def test_truth_is_what_the_recipe_says(tmp_path: Path) -> None:
    truth = load_dataset(build(tmp_path / "d", states=4)).truth
    np.testing.assert_array_equal(truth.labels, np.repeat(np.arange(4), 5))
    np.testing.assert_allclose(truth.values()[::5], [0, 90, 180, 270])
    np.testing.assert_allclose(truth.latents[::5], [[1, 0], [0, 1], [-1, 0], [0, -1]], atol=1e-7)
    first, third = truth.volumes[0].data, truth.volumes[2].data
    assert np.corrcoef(first.ravel(), third.ravel())[0, 1] < 0.95
    assert first.sum(dtype=float) == pytest.approx(third.sum(dtype=float), rel=5e-3)  # sampled coarsely
    assert truth.mask is not None
    assert first[truth.mask.data < 0.01].max() < 0.02 * first.max()


def test_the_moving_mask_is_around_what_differs(tmp_path: Path) -> None:
    folder = build(tmp_path / "d", states=4)
    truth = load_dataset(folder).truth
    assert truth.moving_mask is not None
    assert truth.mask is not None
    np.testing.assert_array_equal(truth.moving_mask.data, read_volume(folder / "truth/moving_mask.mrc").data)
    assert (truth.moving_mask.box, truth.moving_mask.pixel_size) == (truth.mask.box, truth.mask.pixel_size)
    spread = np.std([volume.data for volume in truth.volumes], axis=0)
    assert spread[truth.moving_mask.data < 0.01].max() <= 0.1 * spread.max() < spread[truth.moving_mask.data == 1].max()


def test_a_dataset_whose_manifest_lists_no_moving_mask_has_none(tmp_path: Path) -> None:
    folder = build(tmp_path / "d")
    manifest = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    del manifest["files"]["truth/moving_mask.mrc"]
    (folder / "dataset.json").write_text(json.dumps(manifest), encoding="utf-8")
    truth = load_dataset(folder).truth
    assert truth.moving_mask is None
    assert truth.mask is not None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"imaging": {"box": 25, "output_box": 25}}, "box size 25 is not allowed"),
        ({"imaging": {"output_box": 26}}, "cannot be cropped to 26"),
        ({"imaging": {"pixel_size": 3.0}}, r"holds 36 Å: choose a box of at least \d+ pixels"),
        ({"imaging": {"noise": {"snr": 0.0}}}, "snr is 0"),
        ({"imaging": {"noise": {"snr": float("inf")}}}, "snr is inf"),
        ({"imaging": {"pixel_size": float("inf")}}, "pixel_size is inf"),
        ({"imaging": {"box": 100_000}}, "box is 100000"),
        ({"resolution": float("inf")}, "resolution is inf"),
        ({"resolution": 1e-9}, "finer than a pixel"),
        ({"states": 1}, "at least 2"),
        ({"images_per_state": 0}, "images is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"motion": {"axis": "Z:1"}}, "no residue in Z:1|one CA and one C"),
        ({"motion": {"moving": ("H:1-",)}}, "not a range of residues"),
        ({"ctf": Path("nowhere.pkl")}, "no such file"),
    ],
)
def test_what_cannot_be_built_is_said_before_anything_is(changes: dict[str, object], message: str) -> None:
    with pytest.raises((InputError, FormatError), match=message):
        inputs_of(**changes)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda folder: (folder / "dataset.json").unlink(), r"no dataset\.json there"),
        (lambda folder: (folder / "dataset.json").write_text("{}"), "field 'id'"),
        (lambda folder: (folder / "particles.txt").write_text("../../x.mrcs\n"), "leads out of its folder"),
        (
            lambda folder: (folder / "particles.txt").write_text("particles/000.mrcs\n"),
            r"the stacks hold \(5,\) images",
        ),
        (lambda folder: (folder / "truth/states.csv").write_text("a\n1\n"), "not a table of states"),
        (lambda folder: (folder / "truth/labels.npy").write_text("x"), "labels.npy: not a readable array"),
        (lambda folder: (folder / "particles/002.mrcs").write_text("x"), r"002\.mrcs: not a readable MRC stack"),
    ],
)
def test_a_damaged_folder_is_named(tmp_path: Path, edit: object, message: str) -> None:
    folder = build(tmp_path / "d")
    edit(folder)  # type: ignore[operator]
    with pytest.raises(FormatError, match=message):
        load_dataset(folder)


def test_unknown_fields_are_errors(tmp_path: Path) -> None:
    folder = build(tmp_path / "d")
    content = json.loads((folder / "dataset.json").read_text())
    content["spec"]["surprise"] = 1
    (folder / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(FormatError, match=r"spec\.surprise"):
        load_dataset(folder)


def test_real_antibody_with_real_defocus(cache: Path, tmp_path: Path) -> None:
    ctf = cache / "ctf" / "empiar10028_unique_ctf.npz"
    inputs = inputs_of(structure=cache / "structures" / "1hzh.pdb.gz", ctf=ctf)
    build_dataset(inputs, tmp_path / "d")
    dataset = load_dataset(tmp_path / "d")
    assert dataset.card.id == "igg-1d:custom"
    assert dataset.card.stand_in == ""
    real = load_ctf_table(ctf).table
    assert all((real == row).all(axis=1).any() for row in dataset.particles.ctf.table)
