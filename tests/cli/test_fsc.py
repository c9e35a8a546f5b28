"""``cryobench fsc`` and ``cryobench align``, as a user meets them."""

from __future__ import annotations

import csv
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cryobench.align import Transform, transform_volume
from cryobench.core import Dataset, Volume
from cryobench.io import read_volume, write_volume
from cryobench.metrics import fsc_curve

PROGRAM = """\
#!{python}
# A stand-in for cryoDRGN's program: it checks its command line, and makes a map of each latent.
import sys
from pathlib import Path

import numpy as np

from cryobench.core import Volume
from cryobench.io import read_volume, write_volume

command, weights, _, config, _, latents, _, output, _, pixel_size = sys.argv[1:]
assert [sys.argv[i] for i in (3, 5, 7, 9)] == ["-c", "--zfile", "-o", "--Apix"], sys.argv
assert command == "eval_vol" and Path(weights).is_file() and Path(config).is_file()
if "{fails}" == "yes":
    sys.exit("the weights are of another version")
Path(output).mkdir()
for i, row in enumerate(np.loadtxt(latents, ndmin=2), start=1):
    true = read_volume(Path("{truth}") / f"{{int(round(row[0]))}}.mrc")
    write_volume(Path(output) / f"vol_{{i:03d}}.mrc", Volume(true.data + np.float32(1e-3), float(pixel_size)))
"""


def cryobench(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cryobench", *map(str, arguments)]
    environment = os.environ | {"COLUMNS": "120"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def one_line_error(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done.stdout + done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("cryobench: error: ")
    assert "Traceback" not in done.stderr
    return last


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory, small_dataset: Dataset) -> Path:
    """True maps by number, a moved copy of the first in the other hand, and a mask."""
    folder = tmp_path_factory.mktemp("maps")
    (folder / "true").mkdir()
    truth = small_dataset.truth
    for state in range(len(truth.states)):
        write_volume(folder / "true" / f"{state}.mrc", truth.volumes[state])
    transform = Transform(np.eye(3)[[1, 2, 0]], np.array([1.0, -2.0, 0.5]), mirrored=True)
    write_volume(folder / "moved.mrc", transform_volume(truth.volumes[0], transform))
    assert truth.mask is not None
    write_volume(folder / "mask.mrc", truth.mask)
    return folder


def test_two_maps(maps: Path, tmp_path: Path) -> None:
    first, second = maps / "true" / "0.mrc", maps / "true" / "3.mrc"
    written = ("-o", tmp_path / "c.csv", "--plot", tmp_path / "c.png")
    done = cryobench("fsc", "--mask", maps / "mask.mrc", first, second, *written)
    assert done.returncode == 0, done.stderr
    expected = fsc_curve(read_volume(first), read_volume(second), read_volume(maps / "mask.mrc"))
    assert f"{expected.auc:.4f}" in done.stdout
    found = [float(row["fsc"]) for row in rows(tmp_path / "c.csv") if row["convention"] == "standard"]
    np.testing.assert_allclose(found, expected.correlation, atol=1e-12)
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")


def test_align_brings_a_moved_map_of_the_other_hand_back(maps: Path, tmp_path: Path) -> None:
    arguments = ("align", maps / "moved.mrc", maps / "true" / "0.mrc", "-o", tmp_path / "back.mrc")
    done = cryobench(*arguments, "--json", tmp_path / "t.json")
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "t.json").read_text())["mirrored"] is True
    back, true = read_volume(tmp_path / "back.mrc"), read_volume(maps / "true" / "0.mrc")
    assert fsc_curve(back, true).auc > 0.95
    before = (tmp_path / "back.mrc").read_bytes()
    assert "--overwrite" in one_line_error(cryobench(*arguments))
    assert (tmp_path / "back.mrc").read_bytes() == before
    done = cryobench(*arguments, "--overwrite", "--flip")
    assert done.returncode == 0, done.stderr
    assert fsc_curve(read_volume(tmp_path / "back.mrc"), true).auc > 0.95


def test_failures_score_nothing_and_are_named(maps: Path, tmp_path: Path) -> None:
    """A folder of volumes in the published form, one constant, one negated, one cut short."""
    given = tmp_path / "given"
    given.mkdir()
    for state in range(6):
        volume = read_volume(maps / "true" / f"{state}.mrc")
        data = {2: np.ones_like(volume.data), 3: -volume.data}.get(state, volume.data)
        write_volume(given / f"vol_{state:03d}.mrc", Volume(data, volume.pixel_size))
    whole = (given / "vol_004.mrc").read_bytes()
    (given / "vol_004.mrc").write_bytes(whole[: len(whole) // 2])
    published = ("--gt-dir", maps / "true", "--num-imgs", 80, "--num-vols", 6, "--method", "m", "--moving", "--matrix")
    done = cryobench(
        "fsc", "per-conformation", "--input-dir", given, "-o", tmp_path / "out", *published, "--published-files"
    )
    assert done.returncode == 0, done.stderr
    assert "2 of 6 volumes could not be scored" in done.stdout
    assert "negated" in done.stdout
    items = rows(tmp_path / "out" / "fsc_per_item.csv")
    table = {row["state"]: row for row in items if row["convention"] == "standard"}
    assert [float(table[str(state)]["auc"]) for state in range(6)] == pytest.approx([1, 1, 0, -1, 0, 1], abs=1e-6)
    assert "constant" in table["2"]["flags"]
    assert "negated" in table["3"]["flags"]
    assert "vol_004.mrc" in table["4"]["flags"]
    records = json.loads((tmp_path / "out/fsc_scores.json").read_text())
    standard = (record for record in records if record["convention"] == "standard")
    scores = {(record["metric"]["name"], record["statistic"]): record["value"] for record in standard}
    assert scores["fsc-auc", "mean"] == pytest.approx(2 / 6, abs=1e-6)
    assert scores["state-identification", "mean"] == pytest.approx(3 / 6)
    lines = (tmp_path / "out/m/per_conf_fsc/fsc_no_mask/003.txt").read_text().splitlines()
    assert lines[:2] == ["pixres fsc", "0.0000000 1.0000000"]
    assert all(line.endswith(" 0.0000000") for line in lines[2:])  # clipped


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A folder as cryoDRGN leaves it; the latent of a particle is its state."""
    import pickle  # noqa: PLC0415

    folder = tmp_path / "trained"
    folder.mkdir()
    latents = np.repeat(np.arange(6.0), 80)[:, None] + np.zeros((480, 2))
    with (folder / "z.19.pkl").open("wb") as file:
        pickle.dump(latents.astype(np.float32), file)
        pickle.dump(np.zeros((480, 2), np.float32), file)
    (folder / "weights.19.pkl").write_bytes(b"not read here")
    (folder / "config.yaml").write_text("")
    return folder


def program(tmp_path: Path, maps: Path, *, fails: bool = False) -> Path:
    path = tmp_path / "cryodrgn"
    path.write_text(PROGRAM.format(python=sys.executable, truth=maps / "true", fails="yes" if fails else "no"))
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize("protocol", ["per-conformation", "per-image"])
@pytest.mark.parametrize("keep", [False, True])
def test_the_published_form_makes_volumes_with_the_methods_own_program(
    protocol: str, keep: bool, maps: Path, trained: Path, tmp_path: Path
) -> None:
    done = cryobench(
        "fsc", protocol, "--input-dir", trained, "--epoch", 19, "--apix", 12.0, "-o", tmp_path / "out",
        "--method", "cryodrgn", "--gt-dir", maps / "true", "--mask", maps / "mask.mrc", "--num-imgs", 80,
        "--num-vols", 6,
        "--command", program(tmp_path, maps), *(["--keep-volumes"] if keep else []), "--published-files",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = rows(tmp_path / "out" / "fsc_per_item.csv")
    assert min(float(row["auc_over_ceiling"]) for row in table) > 0.999
    folder = tmp_path / "out" / "cryodrgn" / ("per_conf_fsc" if protocol == "per-conformation" else "per_img_fsc")
    assert (folder / "vols" / "vol_000.mrc").is_file() == keep
    assert len(list((folder / "fsc").glob("*.txt"))) == len(table) // 2


def test_what_is_wrong_with_the_program_is_said_in_a_line(maps: Path, trained: Path, tmp_path: Path) -> None:
    published = ("--input-dir", trained, "--apix", 12.0, "-o", tmp_path / "out", "--gt-dir", maps / "true",
                 "--num-imgs", 80, "--num-vols", 6)  # fmt: skip
    call = ("fsc", "per-conformation", *published, "--epoch", 19)
    assert "is not on the path" in one_line_error(cryobench(*call, "--command", "no-such-program"))
    failing = program(tmp_path, maps, fails=True)
    assert "the weights are of another version" in one_line_error(cryobench(*call, "--command", failing))
    assert "neither maps" in one_line_error(cryobench("fsc", "per-conformation", *published, "--epoch", 7))
    wrong = cryobench(*call[:-2], "--epoch", 19, "--num-vols", 5)
    assert "480 rows" in one_line_error(wrong)
    assert not (tmp_path / "out").exists()


def test_what_is_missing_is_said_in_a_line(tmp_path: Path, maps: Path) -> None:
    assert "either a submission folder" in one_line_error(cryobench("fsc", "per-image", "-o", tmp_path / "out"))
    assert "--dataset" in one_line_error(cryobench("fsc", "per-image", tmp_path, "-o", tmp_path / "out"))
    assert "nothing.mrc" in one_line_error(cryobench("fsc", tmp_path / "nothing.mrc", maps / "true" / "0.mrc"))
    assert not (tmp_path / "out").exists()
