"""Volumes that a program makes: a stand-in for cryoDRGN's, which checks how it is called."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import FormatError, InputError, ProgramError, Volume
from cryobench.io import write_volume
from cryobench.methods import Decoder, MadeVolumes, listed_volumes
from cryobench.methods import made_volumes as module

BOX = 8
STAND_IN = f"""#!{sys.executable}
import pathlib, struct, sys

call = sys.argv[1:]
with open(pathlib.Path(__file__).parent / "calls.txt", "a") as log:
    log.write(" ".join(call) + "\\n")
mode = pathlib.Path(__file__).with_name("mode.txt").read_text()
if mode == "fails":
    print("first line", file=sys.stderr)
    print("CUDA is not there", file=sys.stderr)
    sys.exit(3)
assert call[0] == "eval_vol" and len(call) == 10, call
assert (call[2], call[4], call[6], call[8]) == ("-c", "--zfile", "-o", "--Apix"), call
weights, config, zfile, out, apix = (call[i] for i in (1, 3, 5, 7, 9))
assert pathlib.Path(weights).is_file() and pathlib.Path(config).is_file()
rows = [[float(word) for word in line.split()] for line in pathlib.Path(zfile).read_text().splitlines()]
pathlib.Path(out).mkdir()
for number, row in enumerate(rows[1:] if mode == "loses one" else rows, 1):
    voxels = [float(i) * row[0] + row[-1] for i in range({BOX}**3)]
    words = [0] * 256
    words[0:4] = [{BOX}] * 3 + [2]
    words[7:10] = [{BOX}] * 3
    words[16:19] = [1, 2, 3]
    header = bytearray(struct.pack("<256i", *words))
    header[40:52] = struct.pack("<3f", *[{BOX} * float(apix)] * 3)
    header[52:64] = struct.pack("<3f", 90, 90, 90)
    header[208:216] = b"MAP DD" + bytes(2)
    path = pathlib.Path(out) / f"vol_{{number:03d}}.mrc"
    path.write_bytes(bytes(header) + struct.pack(f"<{{len(voxels)}}f", *voxels))
"""
LATENTS = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
PARTICLES = np.array([3, 30, 4, 21, 7])
IN_TURN = np.arange(len(PARTICLES))


def install(folder: Path, mode: str = "works") -> Decoder:
    """Put the stand-in, weights and configuration into a folder."""
    program = folder / "cryodrgn"
    program.write_text(STAND_IN)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (folder / "mode.txt").write_text(mode)
    for name in ("weights.pkl", "config.yaml"):
        (folder / name).touch()
    return Decoder((str(program),), folder / "weights.pkl", folder / "config.yaml", 1.75)


def calls(folder: Path) -> list[str]:
    log = folder / "calls.txt"
    return log.read_text().splitlines() if log.exists() else []


def expected(particle: int) -> np.ndarray:
    z = LATENTS[particle]
    return (np.arange(BOX**3) * z[0] + z[1]).astype(np.float32).reshape((BOX,) * 3)


def assert_is_of(volume: Volume, particle: int) -> None:
    np.testing.assert_allclose(volume.data, expected(particle), rtol=1e-5, atol=1e-4)
    assert volume.pixel_size == 1.75


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Temporary folders are made here, so that what is left behind is seen."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))


def test_one_call_makes_the_volume_of_each_latent(tmp_path: Path) -> None:
    with MadeVolumes(install(tmp_path), LATENTS, PARTICLES, IN_TURN) as made:
        for particle in (4, 3, 3, 7, 30, 21):
            assert_is_of(made.at(particle), particle)
        with pytest.raises(InputError, match="no volume of particle 5 was announced"):
            made.at(5)
    (call,) = calls(tmp_path)
    assert call.startswith(f"eval_vol {tmp_path}/weights.pkl -c {tmp_path}/config.yaml --zfile ")
    assert call.endswith(" --Apix 1.75")
    assert not any((tmp_path / "temporary").iterdir())


def test_nothing_is_made_before_it_is_asked_for(tmp_path: Path) -> None:
    with MadeVolumes(install(tmp_path), LATENTS, PARTICLES, IN_TURN, tmp_path / "vols"):
        pass
    assert calls(tmp_path) == []
    assert not (tmp_path / "vols").exists(), "a folder of some of the volumes would be taken for one of all"


def test_batches_follow_the_order_and_one_is_on_disk_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BATCH", 2)
    order = np.argsort(PARTICLES)
    most = 0
    with MadeVolumes(install(tmp_path), LATENTS, PARTICLES, order) as made:
        for turn, particle in enumerate(sorted(PARTICLES.tolist())):
            assert_is_of(made.at(particle), particle)
            assert len(calls(tmp_path)) == turn // 2 + 1
            most = max(most, len(list((tmp_path / "temporary").rglob("*.mrc"))))
        assert_is_of(made.at(3), 3)
        assert len(calls(tmp_path)) == 4, "it was deleted, and is made again"
    assert most == 2
    assert not any((tmp_path / "temporary").iterdir())


def test_kept_volumes_are_named_in_the_order_of_the_particles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And so are found again by whoever reads the folder for the same particles."""
    monkeypatch.setattr(module, "BATCH", 2)
    keep = tmp_path / "output/mine/vols"
    with MadeVolumes(install(tmp_path), LATENTS, PARTICLES, np.argsort(PARTICLES), keep) as made:
        for particle in sorted(PARTICLES.tolist()):
            assert_is_of(made.at(particle), particle)
        assert_is_of(made.at(3), 3)
        assert not keep.exists(), "the folder appears whole"
    assert len(calls(tmp_path)) == 3, "those that are kept are made once"
    assert [path.name for path in sorted(keep.iterdir())] == [f"vol_{i:03d}.mrc" for i in range(5)]
    assert [path.name for path in keep.parent.iterdir()] == ["vols"]
    found = listed_volumes(keep, len(PARTICLES))
    for path, particle in zip(found, PARTICLES.tolist(), strict=True):
        np.testing.assert_allclose(
            np.frombuffer(path.read_bytes()[1024:], "<f4").reshape((BOX,) * 3), expected(particle), rtol=1e-5, atol=1e-4
        )


@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("fails", r"failed with status 3: first line / CUDA is not there$"),
        ("loses one", r"made 4 volumes \(.mrc\), expected 5$"),
    ],
)
def test_a_program_that_fails_says_why_and_leaves_nothing(tmp_path: Path, mode: str, message: str, keep: bool) -> None:
    target = tmp_path / "output/vols" if keep else None
    with (
        pytest.raises(ProgramError, match=message) as raised,
        MadeVolumes(install(tmp_path, mode), LATENTS, PARTICLES, IN_TURN, target) as made,
    ):
        made.at(3)
    assert "\n" not in str(raised.value)
    assert len(calls(tmp_path)) == 1
    assert not list(tmp_path.rglob("*.mrc"))
    assert not any((tmp_path / "temporary").iterdir())
    assert not keep or not any((tmp_path / "output").iterdir())


def test_what_is_missing_is_said_before_anything_runs(tmp_path: Path) -> None:
    decoder = install(tmp_path)
    decoder.check()
    with pytest.raises(InputError, match=r"'no-such-program eval' is not on the path.*--command"):
        Decoder(("no-such-program", "eval"), decoder.weights, decoder.config, 1.0).check()
    with pytest.raises(InputError, match="is not on the path"):
        Decoder((), decoder.weights, decoder.config, 1.0).check()
    decoder.weights.unlink()
    with pytest.raises(InputError, match=r"weights.pkl: no such file.*--epoch"):
        decoder.check()


def test_maps_of_a_folder_in_natural_order_or_none(tmp_path: Path) -> None:
    assert list(listed_volumes(tmp_path / "nowhere", 2)) == []
    assert list(listed_volumes(tmp_path, 2)) == []
    volume = Volume(np.ones((BOX,) * 3, np.float32), 1.0)
    for name in ("vol_10.mrc", "vol_2.mrc"):
        write_volume(tmp_path / name, volume)
    assert [path.name for path in listed_volumes(tmp_path, 2)] == ["vol_2.mrc", "vol_10.mrc"]
    with pytest.raises(FormatError, match="2 maps, expected 3, one for each volume that is scored"):
        listed_volumes(tmp_path, 3)
