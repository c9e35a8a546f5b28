"""``cryobench fsc``: two maps, the volumes of a submission, and the published form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fsc_inputs import (
    BOX,
    IMAGES,
    PIXEL_SIZE,
    STATES,
    calls,
    cryobench,
    files,
    mask,
    published_call,
    published_folder,
    ran,
    recovered_map,
    refused,
    rows,
    true_map,
    write_latents,
)

from cryobench.core import Dataset, MethodCard, Submission, Volume
from cryobench.datasets import build_dataset, load_dataset, prepare_inputs
from cryobench.io import read_volume, write_volume
from cryobench.methods import ClassVolumes, write_submission
from cryobench.metrics import fsc_curve

TABLES = {"fsc_per_item.csv", "fsc_per_state.csv", "fsc_scores.csv", "fsc_scores.json", "fsc.png"}


@pytest.fixture
def pair(tmp_path: Path) -> Path:
    """A folder with a recovered map, the true one and a mask."""
    for name, volume in (("a", recovered_map(0)), ("b", true_map(0)), ("mask", mask())):
        write_volume(tmp_path / f"{name}.mrc", volume)
    return tmp_path


@pytest.fixture
def published_run(tmp_path: Path) -> Path:
    return published_folder(tmp_path)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Dataset]:
    """A dataset of 4 states of 10 images, and a submission of noisy true maps at every second particle."""
    folder = tmp_path_factory.mktemp("fsc")
    small = {"box": 32, "output_box": 32, "pixel_size": 12.0}
    inputs = prepare_inputs(
        "igg-1d:standin", "demo", seed=1, states=4, images_per_state=10, resolution=24.0, imaging=small
    )
    build_dataset(inputs, folder / "dataset")
    dataset = load_dataset(folder / "dataset")
    maps = [dataset.truth.volumes[state] for state in range(4)]
    noise = [np.random.default_rng(state).normal(0, 0.05 * maps[0].data.max(), (32,) * 3) for state in range(4)]
    noisy = [Volume((m.data + n).astype(np.float32), 12.0) for m, n in zip(maps, noise, strict=True)]
    latents = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    submission = Submission(
        method=MethodCard(name="mine", version="1", role="method", summary="Noisy truth."),
        particles=40, latents=latents, volumes=ClassVolumes(noisy, dataset.truth.labels),
    )  # fmt: skip
    write_submission(submission, dataset.card, folder / "mine", range(0, 40, 2), 0.0)
    return folder, dataset


def scores(folder: Path) -> dict[tuple[str, str, str], dict[str, object]]:
    """Return the records by metric, convention and statistic; those of a threshold are left out."""
    records = json.loads((folder / "fsc_scores.json").read_text(encoding="utf-8"))
    return {
        (r["metric"]["name"], r["convention"], r["statistic"]): r for r in records if "threshold" not in r["parameters"]
    }


@pytest.mark.parametrize("first", ["options", "files"])
@pytest.mark.parametrize("masked", [False, True])
def test_two_maps(pair: Path, first: str, masked: bool) -> None:
    maps = [pair / "a.mrc", pair / "b.mrc"]
    options: list[object] = ["-o", pair / "new/curve.csv", "--plot", pair / "new/fsc.png"]
    options += ["--mask", pair / "mask.mrc"] if masked else []
    shown = ran("fsc", *([*options, *maps] if first == "options" else [*maps, *options]))
    table = rows(pair / "new/curve.csv")
    for convention in ("standard", "published"):
        wanted = fsc_curve(recovered_map(0), true_map(0), mask() if masked else None, convention)  # type: ignore[arg-type]
        own = [row for row in table if row["convention"] == convention]
        np.testing.assert_array_equal([float(row["fsc"]) for row in own], wanted.correlation)
        np.testing.assert_array_equal([float(row["cycles_per_pixel"]) for row in own], wanted.frequency)
        np.testing.assert_allclose([float(row["frequency_1/angstrom"]) for row in own], wanted.frequency / PIXEL_SIZE)
        assert f"{wanted.auc:.4f}" in shown
        assert f"{wanted.auc_over_ceiling:.4f}" in shown
        assert f"{wanted.resolution(0.5):.2f} Å" in shown
    assert (pair / "new/fsc.png").read_bytes().startswith(b"\x89PNG")


def test_two_maps_alone_write_nothing(pair: Path) -> None:
    before = files(pair)
    assert "! never below 0.143" in ran("fsc", pair / "b.mrc", pair / "b.mrc")
    write_volume(pair / "a.mrc", Volume(-true_map(0).data, PIXEL_SIZE))
    assert "! negated" in ran("fsc", pair / "a.mrc", pair / "b.mrc")
    assert files(pair) == before


def test_two_maps_are_aligned_first(pair: Path) -> None:
    turned = np.rot90(recovered_map(0).data, axes=(1, 2))
    write_volume(pair / "a.mrc", Volume(np.ascontiguousarray(np.roll(turned, (2, -1), (0, 1))), PIXEL_SIZE))
    auc = {}
    for name, options in (("as it is", []), ("aligned", ["--align"])):
        shown = ran("fsc", *options, pair / "a.mrc", pair / "b.mrc")
        (row,) = [line for line in shown.splitlines() if "FSC AUC" in line]
        auc[name] = float(row.split()[2])
        assert ("Aligned: " in shown) == bool(options)
    assert auc["as it is"] < 0.5
    assert auc["aligned"] == pytest.approx(fsc_curve(recovered_map(0), true_map(0)).auc, abs=0.03)


def test_each_state_of_a_submission(demo: tuple[Path, Dataset], tmp_path: Path) -> None:
    folder, dataset = demo
    shown = ran("fsc", "per-conformation", folder / "mine", "--dataset", folder / "dataset", "-o", tmp_path / "out",
                "--matrix")  # fmt: skip
    assert files(tmp_path / "out") == TABLES | {"fsc_matrix.csv", "fsc_matrix.png"}
    items = rows(tmp_path / "out/fsc_per_item.csv")
    assert [row["state"] for row in items] == 2 * [state.name for state in dataset.truth.states]
    index = {row["particle"]: row["file"] for row in rows(folder / "mine/volumes/index.csv")}
    for row in items:
        state = int(dataset.truth.labels[int(row["particle"])])
        claimed = read_volume(folder / "mine/volumes" / index[row["particle"]])
        for mask_used, column in ((dataset.truth.mask, "auc"), (dataset.truth.moving_mask, "auc_moving")):
            curve = fsc_curve(claimed, dataset.truth.volumes[state], mask_used, row["convention"])  # type: ignore[arg-type]
            assert float(row[column]) == curve.auc
    mean = scores(tmp_path / "out")["fsc-auc", "standard", "mean"]
    assert mean["value"] == pytest.approx(np.mean([float(row["auc"]) for row in items[:4]]))
    assert mean["interval"]["kind"] == "95 % bootstrap over states"  # type: ignore[index]
    assert scores(tmp_path / "out")["state-identification", "standard", "mean"]["value"] == 1
    assert "FSC AUC, moving region" in shown
    assert "union of the true states" in shown


def test_some_particles_of_a_submission(demo: tuple[Path, Dataset], tmp_path: Path) -> None:
    folder, _ = demo
    common = ["fsc", "per-image", folder / "mine", "--dataset", folder / "dataset", "-o"]
    ran(*common, tmp_path / "strided", "-n", 20)
    ran(*common, tmp_path / "all", "--available")
    for name in ("strided", "all"):
        items = rows(tmp_path / name / "fsc_per_item.csv")
        assert [int(row["particle"]) for row in items] == 2 * list(range(0, 40, 2))
        interval = scores(tmp_path / name)["fsc-auc", "standard", "mean"]["interval"]
        assert interval["kind"] == "95 % bootstrap over particles within states"  # type: ignore[index]
        assert interval["low"] == pytest.approx(interval["high"]), "one volume a state"  # type: ignore[index]
    assert "no volume of 20 of the 40 particles" in refused(*common, tmp_path / "no", "-n", 40)
    assert not (tmp_path / "no").exists()


def test_volumes_that_the_program_makes(published_run: Path) -> None:
    ran(*published_call(published_run, "per-conformation", matrix=True, moving=True))
    assert files(published_run / "out") == TABLES | {"fsc_matrix.csv", "fsc_matrix.png"}
    assert calls(published_run) == 1
    for row in rows(published_run / "out/fsc_per_item.csv"):
        state = int(row["particle"]) // IMAGES
        wanted = fsc_curve(recovered_map(state), true_map(state), mask(), row["convention"])  # type: ignore[arg-type]
        assert float(row["auc"]) == wanted.auc
        assert row["auc_moving"]
    assert scores(published_run / "out")["state-identification", "standard", "mean"]["value"] == 1


@pytest.mark.parametrize("protocol", ["per-conformation", "per-image"])
def test_the_published_files(published_run: Path, protocol: str) -> None:
    """A file for each volume: cycles per pixel, and the curve clipped and rounded to seven digits."""
    more = {"particles": 6} if protocol == "per-image" else {}
    ran(*published_call(published_run, protocol, published_files=True, **more))
    short = {"per-conformation": "per_conf_fsc", "per-image": "per_img_fsc"}[protocol]
    folder = published_run / f"out/mine/{short}/fsc"
    states = range(STATES) if protocol == "per-conformation" else [0, 0, 1, 1, 2, 2]
    assert sorted(path.name for path in folder.iterdir()) == [f"{i:03d}.txt" for i in range(len(states))]
    for i, state in enumerate(states):
        text = (folder / f"{i:03d}.txt").read_text().splitlines()
        assert text[0] == "pixres fsc"
        table = np.array([[float(word) for word in line.split()] for line in text[1:]])
        wanted = fsc_curve(recovered_map(state), true_map(state), mask(), convention="published")
        np.testing.assert_allclose(table[:, 0], wanted.frequency, atol=5e-8)
        np.testing.assert_allclose(table[:, 1], np.clip(wanted.correlation, 0, 1), atol=5e-8)
    ran(*published_call(published_run, protocol, published_files=True, mask=None, **more))
    assert (folder.parent / "fsc_no_mask/000.txt").is_file()


def test_kept_volumes_serve_the_next_call(published_run: Path) -> None:
    """Also where particles are not in the order of their states, in which volumes are made."""
    labels = np.array([2, 0, 1, 1, 0, 2, 0])
    np.save(published_run / "labels.npy", labels)
    write_latents(published_run / "run/z.7.pkl", labels)
    call = published_call(published_run, "per-image", labels=published_run / "labels.npy", num_vols=None,
                          particles=7, keep_volumes=True)  # fmt: skip
    ran(*call)
    kept = published_run / "out/mine/per_img_fsc/vols"
    assert files(kept) == {f"vol_{i:03d}.mrc" for i in range(7)}
    for i, state in enumerate(labels.tolist()):
        np.testing.assert_array_equal(read_volume(kept / f"vol_{i:03d}.mrc").data, recovered_map(state).data)
    first = (published_run / "out/fsc_per_item.csv").read_bytes()
    items = rows(published_run / "out/fsc_per_item.csv")[:7]
    assert [int(row["particle"]) for row in items] == [1, 4, 6, 2, 3, 0, 5]
    (published_run / "run/weights.7.pkl").unlink()
    ran(*call)
    assert calls(published_run) == 1
    assert (published_run / "out/fsc_per_item.csv").read_bytes() == first


def test_volumes_in_the_folder(published_run: Path) -> None:
    for state in range(STATES):
        write_volume(published_run / f"run/recovered_{state}.mrc", recovered_map(state))
    for name in ("z.7.pkl", "weights.7.pkl", "config.yaml"):
        (published_run / "run" / name).unlink()
    ran(*published_call(published_run, "per-conformation", epoch=None, method=None))
    assert calls(published_run) == 0
    for row in rows(published_run / "out/fsc_per_item.csv"):
        state = int(row["particle"]) // IMAGES
        assert row["method"] == "run", "the folder's name"
        wanted = fsc_curve(recovered_map(state), true_map(state), mask(), row["convention"])  # type: ignore[arg-type]
        assert float(row["auc"]) == wanted.auc


def test_a_bad_volume_is_shown_and_counts_as_0(published_run: Path) -> None:
    write_volume(published_run / "bin/decoded/1.mrc", Volume(np.zeros((BOX,) * 3, np.float32), PIXEL_SIZE))
    shown = ran(*published_call(published_run, "per-conformation", matrix=True))
    assert "! 1 of 3 volumes could not be scored and count as 0" in shown
    assert "! particle " in shown
    assert "constant (0 everywhere)" in shown
    items = rows(published_run / "out/fsc_per_item.csv")
    assert [float(row["auc"]) == 0 for row in items] == 2 * [False, True, False]
    assert rows(published_run / "out/fsc_matrix.csv")[1]["000"] == "nan"


def test_a_frame_of_its_own_is_found(published_run: Path) -> None:
    """All volumes turned by 90 degrees: one transform for all brings them back."""
    for state in range(STATES):
        turned = np.roll(np.rot90(recovered_map(state).data, axes=(0, 1)), 1, axis=0)
        volume = Volume(np.ascontiguousarray(turned), PIXEL_SIZE)
        write_volume(published_run / f"bin/decoded/{state}.mrc", volume)
    ran(*published_call(published_run, "per-conformation", output=published_run / "none"))
    ran(*published_call(published_run, "per-conformation", output=published_run / "one", align="one"))
    wanted = np.mean([fsc_curve(recovered_map(i), true_map(i), mask()).auc for i in range(STATES)])
    value = {name: scores(published_run / name)["fsc-auc", "standard", "mean"]["value"] for name in ("none", "one")}
    assert value["one"] == pytest.approx(wanted, abs=0.03)
    assert value["none"] < value["one"] - 0.2  # type: ignore[operator]


@pytest.mark.slow
def test_each_volume_has_a_frame_of_its_own(published_run: Path) -> None:
    for state in range(STATES):
        axes = ((0, 1), (0, 2), (1, 2))[state]
        turned = np.roll(np.rot90(recovered_map(state).data, axes=axes), 1, axis=axes[0])
        write_volume(published_run / f"bin/decoded/{state}.mrc", Volume(np.ascontiguousarray(turned), PIXEL_SIZE))
    ran(*published_call(published_run, "per-conformation", align="each"))
    wanted = np.mean([fsc_curve(recovered_map(i), true_map(i), mask()).auc for i in range(STATES)])
    assert scores(published_run / "out")["fsc-auc", "standard", "mean"]["value"] == pytest.approx(wanted, abs=0.03)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input_dir": "nowhere"}, "nowhere: no such folder: expected the method's files there"),
        ({"gt_dir": None}, "compared with what? Give the folder of the true maps with --gt-dir"),
        ({"gt_dir": "nowhere"}, "nowhere: no .mrc file there"),
        ({"num_vols": None}, "how many states are there? Give --num-vols"),
        ({"num_vols": 0}, "--num-vols 0: expected numbers of at least 1"),
        ({"num_vols": 4, "num_imgs": 3}, "3 maps, but particles have states 0 to 3"),
        ({"num_imgs": 5}, "12 rows, but --num-imgs and --num-vols (or --labels) make 15 particles"),
        ({"epoch": 8}, "neither maps (.mrc) nor latents (z.8.pkl) there"),
        ({"apix": None}, "the pixel size of the volumes that are made is not known: give --apix"),
        ({"apix": 0}, "pixel size"),
        ({"command": "no-such-program"}, "'no-such-program' is not on the path"),
        ({"command": "conda 'run"}, "check its quotes"),
        ({"method": "a/b"}, "--method a/b: expected a name, without a slash"),
        ({"mask": "nowhere.mrc"}, "nowhere.mrc"),
        ({"labels": "words.npy", "num_vols": None}, "expected the number of the state of each particle"),
        ({"labels": "half.npy", "num_vols": None}, "expected the number of the state of each particle"),
        ({"matrix": True, "align": "each"}, "a matrix of states needs one frame for all volumes"),
        ({"matrix": True, "num_vols": 2, "num_imgs": 6}, "a matrix of states needs particles of every state"),
    ],
)
def test_bad_calls_are_one_line_and_leave_nothing(
    published_run: Path, monkeypatch: pytest.MonkeyPatch, changes: dict[str, object], message: str
) -> None:
    monkeypatch.chdir(published_run)
    np.save("words.npy", np.array(["a", "b"]))
    np.save("half.npy", np.array([0.5, 1.0]))
    assert message in refused(*published_call(published_run, "per-conformation", **changes))
    assert calls(published_run) == 0
    assert not (published_run / "out").exists()


def test_a_program_that_fails_ends_the_command(published_run: Path) -> None:
    (published_run / "bin/broken").touch()
    for more in ({}, {"align": "one"}, {"keep_volumes": True}):
        assert "failed with status 1: no GPU" in refused(*published_call(published_run, "per-conformation", **more))
    assert calls(published_run) == 3, "once for each command, not for each volume"
    assert files(published_run / "out") == set() if (published_run / "out").exists() else True


def test_what_is_to_be_scored_is_said_once(published_run: Path, demo: tuple[Path, Dataset]) -> None:
    assert "what is to be scored?" in refused("fsc", "per-image")
    assert "what is to be scored?" in refused(*published_call(published_run, "per-image"), demo[0] / "mine")
    assert "compared with what?" in refused("fsc", "per-image", demo[0] / "mine")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.mrc", "nowhere.mrc"], "nowhere.mrc"),
        (["a.mrc", "empty.mrc"], "the reference is constant (0 everywhere)"),
        (["nan.mrc", "b.mrc"], "not finite"),
        (["a.mrc", "other.mrc"], "the same grid"),
        (["a.mrc", "b.mrc", "--mask", "empty.mrc"], "the mask is empty"),
        (["a.mrc", "b.mrc", "-o", "b.mrc"], "b.mrc is named twice"),
        (["a.mrc", "b.mrc", "-o", "x", "--plot", "./x"], "x is named twice"),
    ],
)
def test_bad_pairs_are_one_line(
    pair: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(pair)
    write_volume(pair / "empty.mrc", Volume(np.zeros((BOX,) * 3, np.float32), PIXEL_SIZE))
    write_volume(pair / "nan.mrc", Volume(np.full((BOX,) * 3, np.nan, np.float32), PIXEL_SIZE))
    write_volume(pair / "other.mrc", Volume(true_map(0).data, 2 * PIXEL_SIZE))
    before = {name: (pair / name).read_bytes() for name in files(pair)}
    assert message in refused("fsc", *arguments)
    assert {name: (pair / name).read_bytes() for name in files(pair)} == before


def test_help_of_both_kinds() -> None:
    assert "per-conformation" in ran("fsc", "--help")
    for protocol, own in (("per-conformation", "--matrix"), ("per-image", "--stratified")):
        shown = ran("fsc", protocol, "--help")
        assert all(option in shown for option in ("--input-dir", "--gt-dir", "--published-files", own))
        assert "none|one|each" in shown
    assert cryobench("fsc", "a.mrc").exit_code == 2
