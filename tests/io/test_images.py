from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryobench.core import FormatError, ImageSource, InputError
from cryobench.io import MrcStackWriter, StackImages, open_images, read_indices, write_cs

IMAGES = np.random.default_rng(0).normal(size=(9, 8, 8)).astype(np.float32)


def write_stack(path: Path, images: np.ndarray, pixel_size: float = 2.5) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with MrcStackWriter(path, len(images), images.shape[1], pixel_size) as writer:
        writer.write(images)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two stacks, of 4 and 5 images, below a project folder."""
    write_stack(tmp_path / "job" / "a.mrcs", IMAGES[:4])
    write_stack(tmp_path / "job" / "b.mrcs", IMAGES[4:])
    return tmp_path


def cs_table(paths: list[str], positions: list[int], sizes: list[float] | None = None) -> np.ndarray:
    table = np.zeros(len(paths), dtype=[("blob/path", "S64"), ("blob/idx", "<u4"), ("blob/psize_A", "<f4")])
    table["blob/path"], table["blob/idx"] = paths, positions
    table["blob/psize_A"] = sizes or [0.0] * len(paths)
    return table


STAR_31 = """data_optics
loop_
_rlnOpticsGroup #1
_rlnImagePixelSize #2
1 {}
2 {}

data_particles
loop_
_rlnImageName #1
_rlnOpticsGroup #2
"""
STAR_30 = """data_
loop_
_rlnImageName #1
_rlnDetectorPixelSize #2
_rlnMagnification #3
"""
ORDER = [("job/b.mrcs", 4), ("job/a.mrcs", 0), ("job/b.mrcs", 0), ("job/a.mrcs", 3)]
EXPECTED = IMAGES[[8, 0, 4, 3]]


def relion_31(path: Path) -> None:
    rows = [f"{position + 1:06d}@{stack} {1 + i % 2}\n" for i, (stack, position) in enumerate(ORDER)]
    path.write_text(STAR_31.format(3.25, 3.25) + "".join(rows))


def relion_30(path: Path) -> None:
    rows = [f"{position + 1:06d}@{stack} 5.0 20000\n" for stack, position in ORDER]
    path.write_text(STAR_30 + "".join(rows))


def cryosparc(path: Path) -> None:
    stacks, positions = zip(*ORDER, strict=True)
    write_cs(path, cs_table([f">{stack}" for stack in stacks], list(positions), [1.5] * 4))


@pytest.mark.parametrize(
    ("name", "write", "pixel_size"),
    [("p.star", relion_31, 3.25), ("p.star", relion_30, 2.5), ("p.cs", cryosparc, 1.5)],
)
@pytest.mark.parametrize("with_datadir", [False, True])
def test_lists_give_each_particle_its_image(
    folder: Path, name: str, write: Callable[[Path], None], pixel_size: float, with_datadir: bool
) -> None:
    where = folder / "elsewhere" if with_datadir else folder
    where.mkdir(exist_ok=True)
    write(where / name)
    images = open_images(where / name, datadir=folder if with_datadir else None)
    assert isinstance(images, ImageSource)
    assert (len(images), images.box) == (4, 8)
    assert images.pixel_size == pytest.approx(pixel_size)
    np.testing.assert_array_equal(images.read(np.arange(4)), EXPECTED)
    np.testing.assert_array_equal(images.read(np.array([3, 0, 0])), EXPECTED[[3, 0, 0]])
    assert images.names[0] == f"000005@{(folder / 'job' / 'b.mrcs').resolve()}"
    by_base_name = open_images(where / name, datadir=folder / "job")
    np.testing.assert_array_equal(by_base_name.read(np.arange(4)), EXPECTED)


def test_a_stack_and_a_list_of_stacks(folder: Path) -> None:
    (folder / "p.txt").write_text("job/a.mrcs\n\n  job/b.mrcs  \r\n")
    images = open_images(folder / "p.txt")
    assert (images.counts, images.pixel_size) == ((4, 5), pytest.approx(2.5))
    np.testing.assert_array_equal(images.read(np.arange(9)), IMAGES)
    images = open_images(folder / "job" / "a.mrcs", indices=np.array([3, 1]))
    np.testing.assert_array_equal(images.read(np.array([0, 1])), IMAGES[[3, 1]])
    (folder / "job" / "a.mrcs").rename(folder / "job" / "a.mrc")
    assert len(open_images(folder / "job" / "a.mrc")) == 4


@given(indices=st.lists(st.integers(0, 8), min_size=1, max_size=12), data=st.data())
@settings(max_examples=30, deadline=None)
def test_a_selection_of_a_selection(
    tmp_path_factory: pytest.TempPathFactory, indices: list[int], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("stack") / "a.mrcs"
    write_stack(path, IMAGES)
    again = data.draw(st.lists(st.integers(0, len(indices) - 1), min_size=1))
    images = open_images(path, indices=np.array(indices)).select(np.array(again))
    np.testing.assert_array_equal(images.read(np.arange(len(again))), IMAGES[indices][again])


def test_what_is_read_is_a_new_writable_array(folder: Path) -> None:
    images = open_images(folder / "job" / "a.mrcs")
    first = images.read(np.array([0]))
    first[:] = 7
    np.testing.assert_array_equal(images.read(np.array([0])), IMAGES[:1])


@pytest.mark.parametrize("kind", ["<i1", "<i2", "<u2", "<f2", ">f4", ">i2"])
def test_every_type_of_pixel_is_read_as_float32(tmp_path: Path, kind: str) -> None:
    values = np.arange(2 * 8 * 8).reshape(2, 8, 8).astype(kind)
    with mrcfile.new(tmp_path / "a.mrcs") as mrc:
        mrc.set_data(values)
        mrc.set_image_stack()
    images = open_images(tmp_path / "a.mrcs")
    assert images.pixel_size is None  # the header has none
    np.testing.assert_array_equal(images.read(np.arange(2)), values.astype(np.float32))


def test_one_image_is_a_stack_of_one(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "a.mrc") as mrc:
        mrc.set_data(IMAGES[0])
    np.testing.assert_array_equal(open_images(tmp_path / "a.mrc").read(np.array([0])), IMAGES[:1])


def test_stacks_with_different_headers_have_no_pixel_size(folder: Path) -> None:
    write_stack(folder / "job" / "b.mrcs", IMAGES[4:], pixel_size=1.0)
    (folder / "p.txt").write_text("job/a.mrcs\njob/b.mrcs\n")
    assert open_images(folder / "p.txt").pixel_size is None


def not_an_image_stack(folder: Path, data: np.ndarray) -> None:
    with mrcfile.new(folder / "job" / "b.mrcs", overwrite=True) as mrc:
        mrc.set_data(data)
        if data.ndim == 3:
            mrc.set_image_stack()


def truncate(folder: Path) -> None:
    path = folder / "job" / "b.mrcs"
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (truncate, r"b\.mrcs: not a readable MRC stack .*expected a complete MRC stack"),
        (lambda f: (f / "job" / "b.mrcs").write_bytes(b""), r"b\.mrcs: not a readable MRC stack"),
        (lambda f: (f / "job" / "b.mrcs").write_bytes(b"x" * 4000), r"b\.mrcs: not a readable MRC stack"),
        (lambda f: (f / "job" / "b.mrcs").unlink(), r"line 2: there is no stack 'job/b\.mrcs' in .*--datadir"),
        (
            lambda f: write_stack(f / "job" / "b.mrcs", np.zeros((2, 16, 16), np.float32)),
            "of 16 pixels, but .* 8",
        ),
        (lambda f: not_an_image_stack(f, np.zeros((2, 8, 10), np.float32)), "8 x 10: expected square images"),
        (lambda f: not_an_image_stack(f, np.zeros((2, 8, 8), np.complex64)), "type complex64: expected a complete MRC"),
        (lambda f: not_an_image_stack(f, np.zeros((1, 2, 8, 8), np.float32)), r"shape \(1, 2, 8, 8\)"),
    ],
)
def test_a_damaged_stack_is_named(folder: Path, damage: Callable[[Path], object], message: str) -> None:
    (folder / "p.txt").write_text("job/a.mrcs\njob/b.mrcs\n")
    damage(folder)
    with pytest.raises(FormatError, match=message):
        open_images(folder / "p.txt")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [("mapr", 1, r"are the axes \(1, 1, 3\)"), ("cella", (8, 9, 2), r"edges of 1 x 1\.125 Å a voxel")],
)
def test_a_stack_of_another_geometry_is_refused(tmp_path: Path, field: str, value: object, message: str) -> None:
    write_stack(tmp_path / "a.mrcs", IMAGES)
    with mrcfile.open(tmp_path / "a.mrcs", mode="r+") as mrc:
        mrc.header[field] = value
    with pytest.raises(FormatError, match=rf"a\.mrcs: .*{message}"):
        open_images(tmp_path / "a.mrcs")


def test_an_odd_box_is_refused(tmp_path: Path) -> None:
    with mrcfile.new(tmp_path / "a.mrcs") as mrc:
        mrc.set_data(np.zeros((2, 9, 9), np.float32))
    with pytest.raises(FormatError, match=r"a\.mrcs: box size 9 is not allowed: choose an even number"):
        open_images(tmp_path / "a.mrcs")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.hdf", "", "expected one of .mrcs, .mrc, .txt, .star, .cs"),
        ("p.txt", "\n\n", "names no stack: expected the path of one stack a line"),
        ("p.txt", "../a.mrcs\n", "line 1: path '../a.mrcs' leads out of its folder"),
        ("p.txt", "/etc/passwd\n", "line 1: path '/etc/passwd' leads out of its folder"),
        ("p.txt", "job/a.mrcs\n" + "x" * 5000, "line 2: .* is no path"),
        ("p.txt", "job/a\0.mrcs\n", "line 1: .* is no path"),
        ("p.txt", "job\n", "line 1: there is no stack 'job'"),
        ("p.star", "data_\nloop_\n_rlnA\n1\n", "no block has a column rlnImageName"),
        (
            "p.star",
            STAR_30 + "000000@job/a.mrcs 5 20000\n",
            "row 1: image '000000@job/a.mrcs': RELION counts .* from 1",
        ),
        ("p.star", STAR_30 + "5@job/a.mrcs 5 20000\n", "row 1: image 5 of .*a.mrcs, which holds 4"),
        ("p.star", STAR_30 + f"{'9' * 30}@job/a.mrcs 5 20000\n", "row 1: image '9{30}@job/a.mrcs': expected a name"),
        (
            "p.star",
            STAR_30 + "-1@job/a.mrcs 5 20000\n",
            "row 1: image '-1@job/a.mrcs': expected a name such as 000001@",
        ),
        ("p.star", STAR_30 + "1@ 5 20000\n", "row 1: image '1@': expected a name"),
        ("p.star", STAR_30 + "1@../x.mrcs 5 20000\n", "row 1: path '../x.mrcs' leads out of its folder"),
        ("p.star", STAR_30 + "1@job/a.mrcs 5 20000\n1@job/c.mrcs 5 20000\n", "row 2: there is no stack 'job/c.mrcs'"),
        ("p.star", STAR_30 + "1@job/a.mrcs much 20000\n", "rlnDetectorPixelSize cannot be read: row 1 holds 'much'"),
        (
            "p.star",
            STAR_31.format(3.0, 4.0) + "1@job/a.mrcs 1\n1@job/a.mrcs 2\n",
            "pixel sizes from 3.0000 to 4.0000 Å",
        ),
        ("p.star", STAR_31.format(3.0, 3.0) + "1@job/a.mrcs 3\n", "optics group 3 is not in the optics table"),
    ],
)
def test_a_bad_list_is_named(folder: Path, name: str, content: str, message: str) -> None:
    (folder / name).write_text(content)
    with pytest.raises(FormatError, match=message):
        open_images(folder / name)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (cs_table(["job/a.mrcs", "job/b.mrcs"], [0, 5]), "row 2: image 6 of .*b.mrcs, which holds 5"),
        (cs_table(["../a.mrcs"], [0]), "row 1: path '../a.mrcs' leads out of its folder"),
        (cs_table([">/etc/passwd"], [0]), "row 1: path '/etc/passwd' leads out of its folder"),
        (cs_table(["job/a.mrcs"] * 2, [0, 1], [1.0, 2.0]), "pixel sizes from 1.0000 to 2.0000"),
        (cs_table([b"\xff.mrcs"], [0]), "blob/path is not text"),  # type: ignore[list-item]
        (cs_table(["job/a.mrcs"], [0])[["blob/path"]], "no field blob/idx"),
        (np.zeros(1, dtype=[("blob/path", "S8"), ("blob/idx", "<f4")]), "blob/idx float32: expected text and integers"),
    ],
)
def test_a_bad_cryosparc_list_is_named(folder: Path, table: np.ndarray, message: str) -> None:
    write_cs(folder / "p.cs", table)
    with pytest.raises(FormatError, match=message):
        open_images(folder / "p.cs")


def test_a_link_may_not_lead_out_of_the_folder(folder: Path) -> None:
    write_stack(folder / "secret.mrcs", IMAGES)
    (folder / "job" / "link.mrcs").symlink_to(folder / "secret.mrcs")
    (folder / "job" / "p.txt").write_text("link.mrcs\n")
    with pytest.raises(FormatError, match=f"leads out of its folder, .*: give --datadir the real folder, {folder}$"):
        open_images(folder / "job" / "p.txt")
    (folder / "far").mkdir()
    (folder / "far" / "a.mrcs").symlink_to(folder / "job" / "a.mrcs")
    (folder / "far" / "p.txt").write_text("a.mrcs\n")
    with pytest.raises(FormatError, match=f"give --datadir the real folder, {folder / 'job'}$"):
        open_images(folder / "far" / "p.txt")
    assert len(open_images(folder / "far" / "p.txt", datadir=folder / "job")) == 4


def test_missing_files_and_folders_are_named(folder: Path) -> None:
    with pytest.raises(FormatError, match=r"none\.star: no such file"):
        open_images(folder / "none.star")
    (folder / "p.txt").write_text("job/a.mrcs\n")
    with pytest.raises(FormatError, match=r"none: no such folder: give the one that the paths in p\.txt"):
        open_images(folder / "p.txt", datadir=folder / "none")
    with pytest.raises(FormatError, match="there is no stack"):
        StackImages([])


@pytest.mark.parametrize("indices", [[-1], [9], []])
def test_indices_beyond_the_images_are_refused(folder: Path, indices: list[int]) -> None:
    (folder / "p.txt").write_text("job/a.mrcs\njob/b.mrcs\n")
    with pytest.raises(InputError, match="indices must be from 0 to 8, for 9 images"):
        open_images(folder / "p.txt", indices=np.array(indices, dtype=np.int64))


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("made by the pickle",)


def test_indices_are_read(tmp_path: Path) -> None:
    wanted = [4, 0, 2]
    (tmp_path / "list.pkl").write_bytes(pickle.dumps(wanted))
    (tmp_path / "array.pkl").write_bytes(pickle.dumps(np.array(wanted, dtype=np.uint8)))
    np.save(tmp_path / "a.npy", np.array(wanted, dtype=np.int32))
    (tmp_path / "a.txt").write_text("4\n0\n2\n")
    np.savetxt(tmp_path / "b.txt", np.array(wanted))
    for name in ("list.pkl", "array.pkl", "a.npy", "a.txt", "b.txt"):
        indices = read_indices(tmp_path / name, 5)
        assert indices.dtype == np.int64
        np.testing.assert_array_equal(indices, wanted)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("i.csv", b"1", "expected one of .pkl, .npy, .txt"),
        ("i.pkl", pickle.dumps(Evil()), "not part of an array"),
        ("i.pkl", pickle.dumps({"a": 1}), r"shape \(\), type object: expected one row of integers"),
        ("i.pkl", pickle.dumps([[1], [1, 2]]), "holds no array of indices"),
        ("i.pkl", pickle.dumps([0.5]), "type float64: expected one row of integers"),
        ("i.pkl", pickle.dumps([True, False]), "type bool: expected one row of integers"),
        ("i.pkl", pickle.dumps([0, 1])[:-3], "not a pickle of arrays"),
        ("i.npy", b"", "not a readable array"),
        ("i.txt", b"", "expected one row of integers"),
        ("i.txt", b"1\n2.5\n", "'2.5' is not a whole number"),
        ("i.txt", b"one\n", "could not convert string to float: 'one'"),
        ("i.txt", b"inf\n", "'inf' is not a whole number"),
        ("i.txt", b"1e300\n", "expected whole numbers"),
        ("i.txt", b"0\n5\n", "entry 2 is 5: expected indices from 0 to 4, for 5 particles"),
        ("i.txt", b"-1\n", "entry 1 is -1"),
    ],
)
def test_bad_indices_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=message):
        read_indices(tmp_path / name, 5)
    assert not Path("made by the pickle").exists()


def test_missing_indices_are_named(tmp_path: Path) -> None:
    for suffix in (".pkl", ".npy", ".txt"):
        with pytest.raises(FormatError, match=f"none{suffix}"):
            read_indices(tmp_path / f"none{suffix}", 5)
