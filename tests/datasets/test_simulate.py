"""Datasets of given maps: what is made, what an interruption leaves, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from typer.testing import CliRunner

import cryobench
from cryobench.cli.app import app
from cryobench.core import Volume
from cryobench.datasets import load_dataset, read_manifest
from cryobench.io import write_volume
from cryobench.ops.threads import get_threads, set_threads

BOX, PIXEL = 32, 3.0


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three maps, whose numbers do not sort as their names do."""
    folder = tmp_path_factory.mktemp("maps")
    grid = np.indices((BOX,) * 3) - BOX // 2
    inside = np.sqrt((grid**2).sum(axis=0)) < 10
    for number in (1, 2, 10):
        noise = np.random.default_rng(number).normal(size=(BOX,) * 3)
        data = 5 * number * gaussian_filter(noise * inside, 1.5)
        write_volume(folder / f"vol_{number}.mrc", Volume(data.astype(np.float32), PIXEL))
    return folder


def spec_of(maps: Path, **changes: Any) -> dict[str, Any]:
    imaging = {
        "output_box": 16,
        "b_factor": 20.0,
        "contrast": 0.2,
        "poses": {"shifts": {"kind": "gaussian", "sigma": 4.0}},
        "noise": {"snr": 0.5, "scope": "state", "colour": {"kind": "power-law", "exponent": -1.0}},
    }
    return {"volumes": maps, "images": (9, 6, 5), "images_per_stack": 8, "seed": 3, "imaging": imaging} | changes


def sums(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_states_are_the_maps_in_the_order_of_their_numbers(maps: Path, tmp_path: Path) -> None:
    dataset = cryobench.simulate(spec_of(maps), tmp_path / "d")
    assert [state.name for state in dataset.truth.states] == ["vol_1", "vol_2", "vol_10"]
    np.testing.assert_array_equal(dataset.truth.labels, np.repeat([0, 1, 2], [9, 6, 5]))
    assert dataset.particles.box == 16
    assert dataset.particles.pixel_size == pytest.approx(6.0)
    with mrcfile.open(maps / "vol_10.mrc") as mrc:
        np.testing.assert_allclose(
            dataset.truth.volumes[2].data, cryobench.fourier_crop(mrc.data.copy(), 16), atol=1e-6
        )
    assert [path.name for path in sorted((tmp_path / "d/particles").iterdir())] == ["000.mrcs", "001.mrcs", "002.mrcs"]
    for path in (tmp_path / "d/particles").iterdir():
        assert mrcfile.validate(path)


def test_an_image_is_what_its_stages_make_of_its_map(maps: Path, tmp_path: Path) -> None:
    """Without noise, image 11 follows from the map, pose, CTF and contrast that the folder states."""
    quiet = spec_of(maps)
    quiet["imaging"]["noise"] = {"snr": None}
    dataset = cryobench.simulate(quiet, tmp_path / "d")
    chosen = np.array([11])
    with mrcfile.open(maps / "vol_2.mrc") as mrc:
        poses = dataset.particles.poses[chosen]
        image = cryobench.project(mrc.data.copy(), poses.rotations, poses.shifts, pixel_size=PIXEL)[0]
    optics = cryobench.ctf(dataset.particles.ctf[chosen], BOX, PIXEL, 20.0)[0]
    with_ctf = np.fft.ifft2(np.fft.fft2(image) * np.fft.ifftshift(optics)).real
    contrast = np.load(tmp_path / "d/truth/contrasts.npy")[11]
    expected = -contrast * cryobench.fourier_crop(with_ctf, 16)
    np.testing.assert_allclose(dataset.particles.images.read(chosen)[0], expected, atol=1e-5 * np.abs(expected).max())
    assert read_manifest(tmp_path / "d").noise_sigma == (0.0, 0.0, 0.0)


def test_the_same_bytes_whatever_the_threads_and_the_chunk(maps: Path, tmp_path: Path) -> None:
    most = get_threads()
    found = []
    try:
        for i, (threads, chunk) in enumerate([(most, None), (1, None), (most, 1), (1, 7), (most, 1000)]):
            set_threads(threads)
            cryobench.simulate(spec_of(maps), tmp_path / str(i), chunk=chunk)
            found.append(sums(tmp_path / str(i)))
    finally:
        set_threads(most)
    assert all(sums_of == found[0] for sums_of in found)


def test_particles_do_not_depend_on_how_they_are_stacked(maps: Path, tmp_path: Path) -> None:
    few, many = (
        cryobench.simulate(spec_of(maps, images_per_stack=n), tmp_path / str(n)).particles.images for n in (3, 50)
    )
    np.testing.assert_array_equal(few.read(np.arange(20)), many.read(np.arange(20)))


def test_noise_of_each_state_or_of_all(maps: Path, tmp_path: Path) -> None:
    own = cryobench.simulate(spec_of(maps), tmp_path / "own") and read_manifest(tmp_path / "own").noise_sigma
    alike_spec = spec_of(maps)
    alike_spec["imaging"]["noise"]["scope"] = "dataset"
    cryobench.simulate(alike_spec, tmp_path / "alike")
    alike = read_manifest(tmp_path / "alike").noise_sigma
    assert own[2] > 5 * own[0]  # ten times the density
    assert len(set(alike)) == 1
    assert own[0] < alike[0] < own[2]


SLOW_RUN = """
import sys, time, json, pathlib
import cryobench
from cryobench.core import progress
def slow(label, total):
    def advance(items):
        print("made", items, flush=True)
        time.sleep(0.3)
    return advance
spec = json.loads(sys.argv[1])
cryobench.simulate(spec, sys.argv[2], progress=slow, chunk=2)
"""


def as_json(spec: dict[str, Any]) -> str:
    return json.dumps(spec | {"volumes": str(spec["volumes"])})


def test_a_killed_run_is_continued_to_the_same_bytes(maps: Path, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    cryobench.simulate(spec_of(maps), whole)
    folder = tmp_path / "killed"
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW_RUN, as_json(spec_of(maps)), str(folder)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for _ in range(6):  # 12 images: the first stack of 8 is finished, the second is not
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert (folder / "particles/000.mrcs").exists()
    assert not (folder / "particles/001.mrcs").exists()
    assert list((folder / "particles").glob(".*.tmp"))
    first = (folder / "particles/000.mrcs").stat().st_mtime_ns
    time.sleep(0.01)
    cryobench.simulate(spec_of(maps), folder)
    assert (folder / "particles/000.mrcs").stat().st_mtime_ns == first
    assert sums(folder) == sums(whole)


def test_a_disk_that_is_full_leaves_no_file_under_a_final_name(maps: Path, tmp_path: Path) -> None:
    """A limit on the size of a file stands in for the end of the disk: the write fails in the middle of a stack."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    command = [sys.executable, "-m", "cryobench", "simulate", str(maps), "-N", "100", "--output-box", "16", "-o"]
    # The compiled kernels are written to disk too: once, and not under the limit.
    subprocess.run([*command, str(tmp_path / "whole")], capture_output=True, check=True)
    found = subprocess.run(
        [*command, str(tmp_path / "d")], preexec_fn=limited, capture_output=True, text=True, check=False
    )
    assert found.returncode == 2, found.stderr
    assert "Traceback" not in found.stderr
    assert "000.mrcs" in found.stderr
    assert not list((tmp_path / "d").rglob("*.mrcs"))
    assert not list((tmp_path / "d").rglob("*.tmp"))
    assert not (tmp_path / "d/dataset.json").exists()


def test_a_finished_dataset_is_kept(maps: Path, tmp_path: Path) -> None:
    cryobench.simulate(spec_of(maps), tmp_path / "d")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("*")}
    cryobench.simulate(spec_of(maps), tmp_path / "d")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "d").rglob("*")} == before


def test_another_content_is_not_overwritten(maps: Path, tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/mine.txt").write_text("kept")
    with pytest.raises(cryobench.CryobenchError, match="not empty"):
        cryobench.simulate(spec_of(maps), tmp_path / "d")
    cryobench.simulate(spec_of(maps), tmp_path / "d", overwrite=True)
    with pytest.raises(cryobench.CryobenchError, match="other settings"):
        cryobench.simulate(spec_of(maps, seed=4), tmp_path / "d")
    cryobench.simulate(spec_of(maps, seed=4), tmp_path / "d", overwrite=True)
    assert (tmp_path / "d/mine.txt").read_text() == "kept"
    assert load_dataset(tmp_path / "d").card.facts["Seed"] == "4"


def test_every_setting_is_recorded_and_reads_back(maps: Path, tmp_path: Path) -> None:
    (tmp_path / "spectrum.txt").write_text("# frequency power\n0 4\n0.05, 2\n0.1 1\n")
    (tmp_path / "spec.toml").write_text(
        f'''
        volumes = "{maps}"
        images = 4
        name = "mine"
        [imaging]
        output_box = 24
        b_factor = 10
        [imaging.ctf]
        source = "empiar-10028"
        phase_shift = 90
        [imaging.poses]
        rotations = {{kind = "preferred", strength = 0.7, modes = [{{rot = 0, tilt = 90, concentration = 5}}]}}
        shifts = {{kind = "gaussian", sigma = 3}}
        [imaging.noise]
        snr = 0.2
        colour = {{kind = "spectrum", file = "spectrum.txt"}}
        '''
    )
    dataset = cryobench.simulate(tmp_path / "spec.toml", tmp_path / "d")
    imaging = json.loads((tmp_path / "d/dataset.json").read_text())["spec"]["imaging"]
    assert imaging["noise"]["colour"] == {"kind": "spectrum", "points": [[0.0, 4.0], [0.05, 2.0], [0.1, 1.0]]}
    assert imaging["poses"]["rotations"]["modes"][0]["tilt"] == 90
    assert (dataset.particles.ctf.column("phase_shift_degrees") == 90).all()
    assert dataset.card.id == "mine:custom"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"images": 0}, "^images is 0: .*greater than or equal to 1"),
        ({"images": (1, 2)}, "3 states but 2 numbers of images"),
        ({"volumes": Path("nowhere.mrc")}, "nowhere.mrc: no such file or folder"),
        ({"volumes": ()}, "no map is given"),
        ({"name": "../x"}, "name is"),
        ({"surprise": 1}, "surprise is not a setting"),
        ({"imaging": {"poses": {"rotations": {"kind": "grid", "level": 9}}}}, "imaging.poses.rotations.level is 9"),
        (
            {"imaging": {"noise": {"colour": {"kind": "power-law", "exponent": 9}}}},
            "imaging.noise.colour.exponent is 9",
        ),
        ({"imaging": {"noise": {"colour": {"kind": "white", "scale": 3}}}}, "colour.scale is not a setting"),
        ({"imaging": {"output_box": 64}}, "cannot be cropped to 64"),
        ({"imaging": {"output_box": 15}}, "box size 15"),
        ({"imaging": {"noise": {"snr": -1}}}, "snr is -1"),
        ({"imaging": {"noise": {"colour": {"kind": "pink"}}}}, "noise.colour has the kind 'pink': choose from 'white'"),
        ({"imaging": {"ctf": {"source": "none", "phase_shift": 90}}}, "^imaging.ctf: without a CTF there is no phase"),
        ({"imaging": {"ctf": {"shuffle": False}}}, "in order from a table alone"),
        ({"imaging": {"ctf": {"source": "empiar-1002"}}}, "did you mean"),
        ({"imaging": {"ctf": {"source": "nowhere.pkl"}}}, "no such file"),
        ({"imaging": {"poses": {"rotations": {"kind": "file", "file": "nowhere.pkl"}}}}, "nowhere.pkl"),
    ],
)
def test_what_cannot_be_made_is_said_before_anything_is(
    maps: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(cryobench.CryobenchError, match=message):
        cryobench.simulate(spec_of(maps) | changes, tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_maps_that_do_not_belong_together_are_named_before_anything_is_made(maps: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=(BOX,) * 3).astype(np.float32)
    bad = {
        "box of 16": Volume(noise[:16, :16, :16].copy(), PIXEL),
        r"6 Å/px, but .* 3 Å/px: maps must be alike": Volume(noise, 2 * PIXEL),
        "not finite": Volume(np.nan * noise, PIXEL),
        "is empty: every voxel is 0": Volume(0 * noise, PIXEL),
    }
    for number, (message, volume) in enumerate(bad.items()):
        path = tmp_path / f"{number}.mrc"
        write_volume(path, volume)
        with pytest.raises(cryobench.CryobenchError, match=message):
            cryobench.simulate(spec_of(maps, volumes=(maps / "vol_1.mrc", path), images=3), tmp_path / "d")
    truncated = tmp_path / "truncated.mrc"
    truncated.write_bytes((maps / "vol_1.mrc").read_bytes()[:5000])
    with pytest.raises(cryobench.CryobenchError, match="not a readable MRC map"):
        cryobench.simulate(spec_of(maps, volumes=(maps / "vol_1.mrc", truncated), images=3), tmp_path / "d")
    assert not (tmp_path / "d").exists()
    other = spec_of(maps, volumes=(maps / "vol_1.mrc", tmp_path / "1.mrc"), images=3, pixel_size=2.0)
    assert cryobench.simulate(other, tmp_path / "given").particles.pixel_size == pytest.approx(4.0)


@pytest.mark.parametrize("lines", [0, 1, 9])
@pytest.mark.parametrize("scope", ["state", "dataset"])
def test_kills_at_other_moments(maps: Path, tmp_path: Path, scope: str, lines: int) -> None:
    """Before the first image, during the pilot or the first stack, and near the end."""
    spec = spec_of(maps)
    spec["imaging"]["noise"]["scope"] = scope
    cryobench.simulate(spec, tmp_path / "whole")
    command = [sys.executable, "-c", SLOW_RUN, as_json(spec), str(tmp_path / "killed")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        if not lines:
            while not (tmp_path / "killed").exists():
                time.sleep(0.01)
        for _ in range(lines):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    cryobench.simulate(spec, tmp_path / "killed")
    assert sums(tmp_path / "killed") == sums(tmp_path / "whole")


def test_only_what_a_killed_run_was_writing_is_taken_away(maps: Path, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    cryobench.simulate(spec_of(maps), folder)
    (folder / "dataset.json").unlink()
    (folder / "build.json").write_text("{}")
    (folder / ".mine.tmp").write_text("kept")
    (folder / "particles/.000.mrcs.999999999.tmp").write_text("left")
    cryobench.simulate(spec_of(maps), folder, overwrite=True)
    assert (folder / ".mine.tmp").exists()
    assert not (folder / "particles/.000.mrcs.999999999.tmp").exists()
    (folder / f"particles/.000.mrcs.{os.getppid()}.tmp").write_text("being written")
    with pytest.raises(cryobench.CryobenchError, match=r"another process is writing 000\.mrcs there"):
        cryobench.simulate(spec_of(maps, seed=9), folder, overwrite=True)


def test_the_command_makes_the_same_and_says_what(maps: Path, tmp_path: Path) -> None:
    arguments = [str(maps), "-N", "4", "--output-box", "16", "--snr", "0.5", "--snr-scope", "state", "--seed", "5"]
    arguments += ["--ctf", "empiar-10049", "--poses", "grid:0", "--noise", "power-law:-1", "--shift", "6"]
    dry = CliRunner().invoke(app, ["simulate", *arguments, "-o", str(tmp_path / "d"), "--dry-run"])
    assert dry.exit_code == 0
    assert "an even grid of 72 rotations" in dry.output
    assert not (tmp_path / "d").exists()
    made = CliRunner().invoke(app, ["simulate", *arguments, "-o", str(tmp_path / "d")])
    assert made.exit_code == 0, made.output
    imaging = {
        "output_box": 16,
        "ctf": {"source": "empiar-10049"},
        "poses": {"rotations": {"kind": "grid", "level": 0}, "shifts": {"kind": "uniform", "extent": 6.0}},
        "noise": {"snr": 0.5, "scope": "state", "colour": {"kind": "power-law", "exponent": -1.0}},
    }
    cryobench.simulate({"volumes": maps, "images": 4, "seed": 5, "imaging": imaging}, tmp_path / "api")
    assert sums(tmp_path / "d") == sums(tmp_path / "api")
    again = CliRunner().invoke(app, ["simulate", *arguments, "-o", str(tmp_path / "d")])
    assert "Nothing to do" in again.output


REFUSED = [
    ["--snr", "1", "--no-noise"],
    ["--no-noise", "--noise", "white"],
    ["--poses", "grid:x"],
    ["--poses", "unifrom"],
    ["--noise", "nofile.txt"],
    ["--chunk", "0"],
]


@pytest.mark.parametrize("arguments", REFUSED)
def test_the_command_refuses_in_one_line(maps: Path, tmp_path: Path, arguments: list[str]) -> None:
    found = CliRunner().invoke(app, ["simulate", str(maps), "-o", str(tmp_path / "d"), "-N", "2", *arguments])
    assert found.exit_code == 2
    assert "Traceback" not in found.output
