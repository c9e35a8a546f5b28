from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import CTFParameters, FormatError, InputError, OutputError, Poses, Volume
from cryobench.io import (
    MrcStackWriter,
    StackImages,
    check_output,
    ctf_from_table,
    inside,
    read_array_pickle,
    read_poses,
    read_star,
    read_volume,
    replacing,
    write_ctf,
    write_poses,
    write_star,
    write_text,
    write_volume,
)


def write_stack(path: Path, images: np.ndarray, group: int) -> None:
    with MrcStackWriter(path, len(images), images.shape[1], 2.5) as writer:
        for start in range(0, len(images), group):
            writer.write(images[start : start + group])


def test_a_stack_is_valid_mrc_whatever_its_grouping(tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(3, 2, (7, 16, 16)).astype(np.float32)
    write_stack(tmp_path / "a.mrcs", images, 7)
    write_stack(tmp_path / "b.mrcs", images, 2)
    assert (tmp_path / "a.mrcs").read_bytes() == (tmp_path / "b.mrcs").read_bytes()
    assert mrcfile.validate(tmp_path / "a.mrcs")
    with mrcfile.open(tmp_path / "a.mrcs") as mrc:
        assert mrc.is_image_stack()
        np.testing.assert_array_equal(mrc.data, images)
        assert float(mrc.voxel_size.x) == pytest.approx(2.5)
        assert float(mrc.header.rms) == pytest.approx(images.std(), rel=1e-5)


def test_images_are_read_across_stacks_in_the_order_asked(tmp_path: Path) -> None:
    images = np.random.default_rng(0).normal(size=(9, 8, 8)).astype(np.float32)
    write_stack(tmp_path / "a.mrcs", images[:4], 4)
    write_stack(tmp_path / "b.mrcs", images[4:], 4)
    source = StackImages([tmp_path / "a.mrcs", tmp_path / "b.mrcs"])
    order = np.array([8, 0, 4, 3, 3])
    assert (len(source), source.box) == (9, 8)
    np.testing.assert_array_equal(source.read(order), images[order])


def half_a_stack(path: Path, error: type[BaseException] | None) -> None:
    with MrcStackWriter(path, 4, 8, 1.0) as writer:
        writer.write(np.zeros((2, 8, 8), np.float32))
        if error is not None:
            raise error


def test_an_interrupted_stack_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        half_a_stack(tmp_path / "a.mrcs", KeyboardInterrupt)
    with pytest.raises(InputError, match="after 2 of 4 images"):
        half_a_stack(tmp_path / "a.mrcs", None)
    assert not list(tmp_path.iterdir())


def test_volumes_come_back(tmp_path: Path) -> None:
    volume = Volume(np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32), 3.2)
    write_volume(tmp_path / "v.mrc", volume)
    assert mrcfile.validate(tmp_path / "v.mrc")
    again = read_volume(tmp_path / "v.mrc")
    np.testing.assert_array_equal(again.data, volume.data)
    assert again.pixel_size == pytest.approx(3.2)
    with mrcfile.open(tmp_path / "v.mrc") as mrc:
        assert mrc.is_volume()


@pytest.mark.parametrize("content", [b"", b"not a map", b"\0" * 2000])
def test_a_broken_map_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "v.mrc").write_bytes(content)
    with pytest.raises(FormatError, match=r"v\.mrc"):
        read_volume(tmp_path / "v.mrc")


def test_a_truncated_map_is_refused(tmp_path: Path) -> None:
    write_volume(tmp_path / "v.mrc", Volume(np.ones((8, 8, 8), np.float32), 1.0))
    (tmp_path / "v.mrc").write_bytes((tmp_path / "v.mrc").read_bytes()[:-100])
    with pytest.raises(FormatError, match="not a readable MRC map"):
        read_volume(tmp_path / "v.mrc")


class Evil:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.target),)


@pytest.mark.parametrize("wrap", [lambda e: e, lambda e: (np.eye(3), e), lambda e: np.array([e], dtype=object)])
def test_a_pickle_cannot_run_code(tmp_path: Path, wrap: object) -> None:
    target = tmp_path / "made by the pickle"
    (tmp_path / "poses.pkl").write_bytes(pickle.dumps(wrap(Evil(target))))  # type: ignore[operator]
    with pytest.raises(FormatError, match=r"not part of an array|an array of objects"):
        read_array_pickle(tmp_path / "poses.pkl")
    assert not target.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_pickled_arrays_come_back(tmp_path: Path, protocol: int) -> None:
    array = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32)
    (tmp_path / "a.pkl").write_bytes(pickle.dumps((array, np.float64(2.5)), protocol=protocol))
    found, number = read_array_pickle(tmp_path / "a.pkl")
    np.testing.assert_array_equal(found, array)
    assert number == 2.5


def test_published_pickles_are_read(published: Path) -> None:
    data = np.load(published / "a_projection.npz")
    poses = read_poses(published / "a_poses_in.pkl", box=32, pixel_size=6.0)
    np.testing.assert_allclose(poses.rotations, data["rots"], atol=1e-6)
    np.testing.assert_allclose(poses.shifts, data["trans_frac"] * 32 * 6.0, rtol=1e-5)
    table = ctf_from_table(read_array_pickle(published / "b_ctf.pkl"), "b_ctf.pkl")
    np.testing.assert_array_equal(table.table, np.load(published / "b_ctf.npz")["params"][:, 2:])


def test_poses_and_ctf_come_back_and_unpickle_plainly(tmp_path: Path) -> None:
    shifts = np.array([[3.0, -6.0], [0.5, 0]], np.float32)
    poses = Poses(np.tile(np.eye(3, dtype=np.float32), (2, 1, 1)), shifts)
    write_poses(tmp_path / "poses.pkl", poses, box=64, pixel_size=3.0)
    rotations, fractions = pickle.loads((tmp_path / "poses.pkl").read_bytes())  # as cryoDRGN reads it
    assert rotations.dtype == fractions.dtype == np.float32
    np.testing.assert_allclose(fractions, shifts / (64 * 3.0))
    np.testing.assert_allclose(read_poses(tmp_path / "poses.pkl", 64, 3.0).shifts, shifts, rtol=1e-6)
    ctf = CTFParameters(np.array([[15000, 14900, 20, 300, 2.7, 0.1, 0]], np.float32))
    write_ctf(tmp_path / "ctf.pkl", ctf, box=64, pixel_size=3.0)
    table = pickle.loads((tmp_path / "ctf.pkl").read_bytes())
    np.testing.assert_array_equal(table[0, :2], [64, 3])
    np.testing.assert_array_equal(table[:, 2:], ctf.table)


def test_a_ctf_table_of_another_shape_is_refused() -> None:
    with pytest.raises(FormatError, match="expected cryoDRGN's CTF table of 9 columns"):
        ctf_from_table(np.zeros((4, 8)), "table.npz")


@given(values=st.lists(st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=1), min_size=1))
@settings(max_examples=30, deadline=None)
def test_star_tables_come_back(values: list[str]) -> None:
    import tempfile  # noqa: PLC0415

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.star"
        tables = {"optics": {"rlnOpticsGroup": ["1"]}, "particles": {"rlnA": values, "rlnB": values[::-1]}}
        write_star(path, tables)
        assert read_star(path) == tables


def test_star_values_may_look_like_star(tmp_path: Path) -> None:
    values = ["1@my_data_1/a.mrcs", "a b", "data_x", "it's", "#5", "loop_"]
    write_star(tmp_path / "a.star", {"particles": {"rlnImageName": values, "rlnB": list("123456")}})
    assert read_star(tmp_path / "a.star")["particles"]["rlnImageName"] == values


def test_paths_stay_in_their_folder(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/b.mrcs", "list") == (tmp_path / "a" / "b.mrcs").resolve()
    for name in ("../b.mrcs", "/etc/passwd", "a/../../b"):
        with pytest.raises(FormatError, match="leads out of its folder"):
            inside(tmp_path, name, "list")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the ne")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    assert path.read_text() == "old"


def test_output_folders(tmp_path: Path) -> None:
    check_output(tmp_path / "new", overwrite=False, resume=False)
    (tmp_path / "new").mkdir()
    with pytest.raises(OutputError, match="one of the two"):
        check_output(tmp_path / "new", overwrite=True, resume=True)
    with pytest.raises(OutputError, match=r"parent folder .* does not exist"):
        check_output(tmp_path / "no" / "new", overwrite=False, resume=False)
    (tmp_path / "new" / "file").touch()
    with pytest.raises(OutputError, match="not empty: add --overwrite"):
        check_output(tmp_path / "new", overwrite=False, resume=False)
    check_output(tmp_path / "new", overwrite=False, resume=True)
    with pytest.raises(OutputError, match="is a file"):
        check_output(tmp_path / "new" / "file", overwrite=True, resume=False)


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    alive = os.getppid()
    for name in (f".a.txt.{ended.pid}.tmp", f".a.txt.{alive}.tmp", f".b.txt.{ended.pid}.tmp", ".a.txt.word.tmp"):
        (tmp_path / name).touch()
    write_text(tmp_path / "a.txt", "whole")
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a.txt", f".a.txt.{alive}.tmp", f".b.txt.{ended.pid}.tmp", ".a.txt.word.tmp"}


def map_with(path: Path, data: np.ndarray, **fields: object) -> Path:
    """Write a map of 2 Å/px whose header says something else."""
    with mrcfile.new(path) as mrc:
        mrc.set_data(data)
        mrc.voxel_size = 2.0
        for name, value in fields.items():
            mrc.header[name] = value
    return path


CUBE = np.random.default_rng(0).normal(size=(8, 8, 8)).astype(np.float32)


@pytest.mark.parametrize(
    ("data", "fields", "message"),
    [
        (CUBE, {"mapc": 3, "maps": 1}, r"v\.mrc: its columns, rows and sections are the axes \(3, 2, 1\)"),
        (CUBE, {"cella": (16, 16, 16.1)}, r"v\.mrc: edges of 2 x 2 x 2\.0125 Å a voxel"),
        (CUBE, {"cella": (0, 0, 0)}, r"v\.mrc: its header holds no pixel size: give it with --apix"),
        (CUBE[:4], {}, r"v\.mrc: 4 x 8 x 8 voxels: expected a cubic map"),
        (CUBE.astype(np.complex64), {}, r"v\.mrc: voxels of type complex64: expected real numbers"),
    ],
)
def test_a_map_of_another_geometry_is_refused(
    tmp_path: Path, data: np.ndarray, fields: dict[str, object], message: str
) -> None:
    path = map_with(tmp_path / "v.mrc", data, **fields)
    with pytest.raises(FormatError, match=message):
        read_volume(path)


def test_a_pixel_size_takes_the_place_of_the_headers(tmp_path: Path) -> None:
    for cell in ((0, 0, 0), (16, 16, 17)):
        path = map_with(tmp_path / f"{cell[2]}.mrc", CUBE, cella=cell)
        assert read_volume(path, 1.5).pixel_size == 1.5
    unnamed = map_with(tmp_path / "old.mrc", CUBE, mapc=0, mapr=0, maps=0)
    np.testing.assert_array_equal(read_volume(unnamed).data, CUBE)


def test_names_are_quoted_only_where_they_have_to_be(tmp_path: Path) -> None:
    """Readers that split at blanks would take quotes for a part of the name."""
    names = ["000001@000_particles.mrcs", "1@a_b/c_d.mrcs", "-3.5", "with blank", "loop_1", "_x", "it's", ""]
    write_star(tmp_path / "a.star", {"particles": {"rlnImageName": names, "rlnOther": names[::-1]}})
    text = (tmp_path / "a.star").read_text()
    assert "\n000001@000_particles.mrcs " in text
    assert "'with blank'" in text
    assert read_star(tmp_path / "a.star")["particles"]["rlnImageName"] == names
