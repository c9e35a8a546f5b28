"""``cryobench align``: one map brought onto another."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fsc_inputs import BOX, PIXEL_SIZE, files, ran, refused, true_map

from cryobench.align import Transform, transform_volume
from cryobench.core import Volume
from cryobench.io import read_volume, write_volume

TURN = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """A map, and its mirror image turned and shifted."""
    write_volume(tmp_path / "ref.mrc", true_map(0))
    moved = transform_volume(true_map(0), Transform(TURN, np.array([1.0, 0.5, -1.0]), mirrored=True))
    write_volume(tmp_path / "moving.mrc", moved)
    return tmp_path


def correlation(path: Path) -> float:
    return float(np.corrcoef(read_volume(path).data.ravel(), true_map(0).data.ravel())[0, 1])


@pytest.mark.parametrize(
    ("flag", "mirrored"), [([], True), (["--flip"], True), pytest.param(["--no-flip"], False, marks=pytest.mark.slow)]
)
def test_the_transform_that_is_written_is_that_of_the_map(maps: Path, flag: list[str], mirrored: bool) -> None:
    out, transform = maps / "new/out.mrc", maps / "other/transform.json"
    shown = ran("align", maps / "moving.mrc", maps / "ref.mrc", "-o", out, "--json", transform, *flag)
    record = json.loads(transform.read_text(encoding="utf-8"))
    assert record["mirrored"] is mirrored
    assert ("mirrored" in shown) == mirrored
    assert (record["hand_margin"] is None) == bool(flag), "one hand alone has no margin"
    found = Transform(np.array(record["rotation"]), np.array(record["shift_voxels_xyz"]), record["mirrored"])
    assert np.linalg.det(found.rotation) == pytest.approx(1)
    aligned = read_volume(out)
    assert aligned.pixel_size == pytest.approx(PIXEL_SIZE)
    again = transform_volume(read_volume(maps / "moving.mrc"), found).data
    # Balls this small have power up to Nyquist, where a mirror image and its turn differ from both at once.
    assert np.corrcoef(aligned.data.ravel(), again.ravel())[0, 1] > 0.995
    assert record["correlation"] == pytest.approx(correlation(out), abs=1e-4)
    assert (correlation(out) > 0.98) == mirrored


def test_what_is_there_is_not_replaced(maps: Path) -> None:
    call = ["align", maps / "moving.mrc", maps / "ref.mrc"]
    (maps / "out.mrc").write_text("mine")
    before = files(maps)
    assert "out.mrc is there already: add --overwrite" in refused(*call, "-o", maps / "out.mrc")
    assert "out.mrc is there already" in refused(*call, "-o", maps / "new.mrc", "--json", maps / "out.mrc")
    assert "ref.mrc is named twice" in refused(*call, "-o", maps / "ref.mrc", "--overwrite")
    assert "new is named twice" in refused(*call, "-o", maps / "new", "--json", maps / "new")
    assert (maps / "out.mrc").read_text() == "mine"
    assert files(maps) == before
    ran(*call, "-o", maps / "out.mrc", "--overwrite", "--flip")
    assert read_volume(maps / "out.mrc").box == BOX


@pytest.mark.parametrize(
    ("moving", "message"),
    [
        (Volume(np.zeros((BOX,) * 3, np.float32), PIXEL_SIZE), "the moving map is constant"),
        (Volume(np.full((BOX,) * 3, np.nan, np.float32), PIXEL_SIZE), "not finite"),
        (Volume(true_map(0).data, 2 * PIXEL_SIZE), "the same grid"),
    ],
)
def test_bad_maps_are_one_line_and_leave_nothing(maps: Path, moving: Volume, message: str) -> None:
    write_volume(maps / "moving.mrc", moving)
    assert message in refused("align", maps / "moving.mrc", maps / "ref.mrc", "-o", maps / "new/out.mrc")
    assert files(maps) == {"moving.mrc", "ref.mrc"}
