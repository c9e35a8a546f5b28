"""Files whose machine stamp was left at zero, as early versions of cryoDRGN wrote them."""

from __future__ import annotations

from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryobench.core import FormatError
from cryobench.io import open_images, read_volume
from cryobench.io.mrc import map_stack

CUBE = np.random.default_rng(1).normal(size=(8, 8, 8)).astype(np.float32)
STACK = CUBE[:5]
MAP_ID, STAMP, EDGES, MODE = slice(208, 212), slice(212, 216), slice(40, 52), slice(12, 13)


def write(path: Path, data: np.ndarray, *changes: tuple[slice, bytes]) -> Path:
    """Write a file with a pixel size of 2 Å, then change bytes of its header."""
    with mrcfile.new(path, data, overwrite=True) as mrc:
        mrc.voxel_size = 2.0
    content = bytearray(path.read_bytes())
    for where, replacement in changes:
        content[where] = replacement
    path.write_bytes(content)
    return path


def test_stacks_and_maps_are_read_as_little_endian(tmp_path: Path) -> None:
    stack = write(tmp_path / "a.mrcs", STACK, (STAMP, bytes(4)))
    found = map_stack(stack)
    assert (found.pixel_size, found.stamped) == (2.0, False)
    np.testing.assert_array_equal(found.images, STACK)
    np.testing.assert_array_equal(open_images(stack).read(np.arange(5)), STACK)
    volume = read_volume(write(tmp_path / "a.mrc", CUBE, (STAMP, bytes(4))))
    assert volume.pixel_size == 2.0
    np.testing.assert_array_equal(volume.data, CUBE)
    assert map_stack(write(tmp_path / "b.mrcs", STACK)).stamped


def test_a_pixel_size_of_zero_is_none_and_can_be_given(tmp_path: Path) -> None:
    stack = write(tmp_path / "a.mrcs", STACK, (STAMP, bytes(4)), (MAP_ID, bytes(4)), (EDGES, bytes(12)))
    assert map_stack(stack).pixel_size is None
    assert open_images(stack).pixel_size is None
    path = write(tmp_path / "a.mrc", CUBE, (STAMP, bytes(4)), (EDGES, bytes(12)))
    with pytest.raises(FormatError, match="holds no pixel size"):
        read_volume(path)
    assert read_volume(path, 3.0).pixel_size == 3.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((STAMP, b"\1\2\3\4"), "machine stamp"),
        ((STAMP, b"\0\0\0\1"), "machine stamp"),
        ((MAP_ID, b"NONE"), "Map ID"),
        ((MAP_ID, bytes(4)), "Map ID"),
    ],
)
def test_other_stamps_and_names_are_refused_as_before(
    tmp_path: Path, change: tuple[slice, bytes], message: str
) -> None:
    path = write(tmp_path / "a.mrc", CUBE, change)
    for read in (map_stack, read_volume):
        with pytest.raises(FormatError, match=message):
            read(path)


def test_a_file_that_makes_no_sense_as_little_endian_is_refused(tmp_path: Path) -> None:
    big = write(tmp_path / "big.mrcs", STACK.astype(">f4"), (STAMP, bytes(4)))
    odd = write(tmp_path / "odd.mrcs", STACK, (STAMP, bytes(4)), (MODE, b"\5"))
    for path in (big, odd):
        with pytest.raises(FormatError, match="machine stamp"):
            map_stack(path)


def test_a_file_that_was_cut_short_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.mrcs", STACK, (STAMP, bytes(4)))
    whole = path.read_bytes()
    path.write_bytes(whole[:-4])
    with pytest.raises(FormatError, match="it has 2,300 bytes, by its header 2,304"):
        map_stack(path)
    path.write_bytes(whole[:1000])
    with pytest.raises(FormatError, match="not a readable MRC stack"):
        map_stack(path)
    path.write_bytes(whole + b"more")  # trailing bytes do no harm
    np.testing.assert_array_equal(map_stack(path).images, STACK)
    # Without even its name, a file has to be of the very size that its header promises.
    write(path, STACK, (STAMP, bytes(4)), (MAP_ID, bytes(4)))
    path.write_bytes(path.read_bytes() + b"more")
    with pytest.raises(FormatError, match="Map ID"):
        map_stack(path)
