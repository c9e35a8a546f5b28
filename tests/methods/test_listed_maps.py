"""Maps made elsewhere, in a folder or a zip archive; nothing of an archive is used as a path."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from cryobench.core import FormatError, InputError
from cryobench.methods import ListedMaps, MapGrid

GRID = MapGrid(8, 2.5)
PARTICLES = np.array([7, 3, 90])


def values(number: int, box: int = 8) -> np.ndarray:
    return np.random.default_rng(number).normal(size=(box,) * 3).astype(np.float32)


def write(path: Path, number: int, box: int = 8, pixel_size: float = 2.5) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with mrcfile.new(path, overwrite=True) as mrc:
        mrc.set_data(values(number, box))
        mrc.voxel_size = pixel_size
        mrc.set_volume()
    return path


def frame(number: int) -> str:
    return f"J18_series_000/J18_series_000_frame_{number:03d}.mrc"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A zip archive as 3D Flex Generator leaves, its members in no order, and what macOS puts beside them."""
    path = tmp_path / "J18_series_000.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for number in (2, 0, 1):
            file.write(write(tmp_path / "made" / frame(number), number), frame(number))
        file.writestr("__MACOSX/._J18_series_000_frame_000.mrc", b"")
        file.writestr("J18_series_000/readme.txt", b"")
        file.mkdir("J18_series_000/folder.mrc")
    return path


def assert_in_order(maps: ListedMaps) -> None:
    for number, particle in enumerate(PARTICLES.tolist()):
        volume = maps.at(particle)
        np.testing.assert_array_equal(volume.data, values(number))
        assert volume.pixel_size == 2.5
    with pytest.raises(InputError, match="no map belongs to particle 8"):
        maps.at(8)


def test_an_archive_is_read_in_the_order_of_the_queries(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert_in_order(ListedMaps(archive, PARTICLES, GRID))
    assert not any((tmp_path / "temporary").iterdir())


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    for number, name in enumerate(["vol_2.mrc", "vol_9.mrc", "vol_10.mrc"]):
        write(tmp_path / "maps" / name, number)
    (tmp_path / "maps/notes.txt").touch()
    assert_in_order(ListedMaps(tmp_path / "maps", PARTICLES, GRID))


def test_series_are_read_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "two.zip"
    with zipfile.ZipFile(path, "w") as file:
        for number, name in ((2, "s_10/f_0.mrc"), (1, "s_2/f_10.mrc"), (0, "s_2/f_9.mrc")):
            file.write(write(tmp_path / "made" / name, number), name)
    assert_in_order(ListedMaps(path, PARTICLES, GRID))


@pytest.mark.parametrize("suffix", [".zip", ""])
def test_maps_of_a_smaller_box_are_padded(tmp_path: Path, suffix: str) -> None:
    for number in range(3):
        write(tmp_path / f"maps/{number}.mrc", number, 8, 5.0)
    path = tmp_path / "maps"
    if suffix:
        path = tmp_path / "maps.zip"
        with zipfile.ZipFile(path, "w") as file:
            for number in range(3):
                file.write(tmp_path / f"maps/{number}.mrc", f"{number}.mrc")
    volume = ListedMaps(path, PARTICLES, MapGrid(16, 2.5)).at(3)
    assert (volume.box, volume.pixel_size) == (16, 2.5)
    assert volume.data.mean() == pytest.approx(values(1).mean(), rel=1e-5)


@pytest.mark.parametrize("count", [2, 4])
def test_the_number_of_maps_must_be_that_of_the_queries(archive: Path, count: int) -> None:
    with pytest.raises(
        FormatError, match=f"J18_series_000.zip: 3 maps \\(.mrc\\), expected {count}, one for each query"
    ):
        ListedMaps(archive, np.arange(count), GRID)


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder or archive"):
        ListedMaps(tmp_path / "nothing", PARTICLES, GRID)
    with pytest.raises(FormatError, match="0 maps"):
        ListedMaps(tmp_path, PARTICLES, GRID)


def test_a_folder_is_not_left_by_a_link(tmp_path: Path) -> None:
    for number in range(2):
        write(tmp_path / f"maps/{number}.mrc", number)
    (tmp_path / "maps/2.mrc").symlink_to(write(tmp_path / "elsewhere.mrc", 2))
    with pytest.raises(FormatError, match=r"path '2.mrc' leads out of its folder"):
        ListedMaps(tmp_path / "maps", PARTICLES, GRID)


def another_edge(folder: Path) -> None:
    write(folder / "maps/1.mrc", 1, 8, 1.0)


def damaged(folder: Path) -> None:
    path = folder / "maps/1.mrc"
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize(
    ("fault", "words"), [(another_edge, "a pixel size of 1 Å, an edge of 8 Å"), (damaged, "not a readable MRC")]
)
@pytest.mark.parametrize("zipped", [True, False])
def test_a_map_that_does_not_fit_is_named(
    tmp_path: Path, fault: Callable[[Path], None], words: str, *, zipped: bool
) -> None:
    for number in range(3):
        write(tmp_path / f"maps/{number}.mrc", number)
    fault(tmp_path)
    path, where = tmp_path / "maps", f"{tmp_path}/maps/1.mrc: "
    if zipped:
        path, where = tmp_path / "maps.zip", f"{tmp_path}/maps.zip: member '1.mrc': "
        with zipfile.ZipFile(path, "w") as file:
            for number in range(3):
                file.write(tmp_path / f"maps/{number}.mrc", f"{number}.mrc")
    with pytest.raises(FormatError, match=words) as raised:
        ListedMaps(path, PARTICLES, GRID).at(3)
    assert str(raised.value).startswith(where)


# Archives that were made to do harm.


def member(name: str) -> Callable[[zipfile.ZipFile, bytes], None]:
    return lambda file, data: file.writestr(name, data)


def link(file: zipfile.ZipFile, data: bytes) -> None:
    info = zipfile.ZipInfo("2.mrc")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    file.writestr(info, "/etc/passwd")


def bomb(file: zipfile.ZipFile, data: bytes) -> None:
    file.writestr("2.mrc", bytes(5_000_000))


def lzma(file: zipfile.ZipFile, data: bytes) -> None:
    file.writestr("2.mrc", data, zipfile.ZIP_LZMA)


HARM = {
    "climbs": (member("../2.mrc"), "member '../2.mrc' leads out of the archive"),
    "climbs within": (member("a/../../2.mrc"), "member 'a/../../2.mrc' leads out"),
    "absolute": (member("/tmp/2.mrc"), "member '/tmp/2.mrc' leads out"),
    "backslashes": (member("a\\..\\2.mrc"), "leads out of the archive"),
    "link": (link, "member '2.mrc' is a link"),
    "bomb": (bomb, "member '2.mrc' unpacks to 5,000,000 bytes: expected a map of a box of at most 16"),
    "lzma": (lzma, "member '2.mrc' is encrypted, or not deflated"),
}


@pytest.mark.parametrize("name", HARM)
def test_no_archive_does_harm(tmp_path: Path, name: str) -> None:
    add, words = HARM[name]
    path = tmp_path / "maps.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(2):
            file.write(write(tmp_path / f"made/{number}.mrc", number), f"{number}.mrc")
        add(file, (tmp_path / "made/0.mrc").read_bytes())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(FormatError) as raised:
        ListedMaps(path, PARTICLES, GRID)
    assert words in str(raised.value)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_member_that_lies_about_its_size_is_refused(archive: Path) -> None:
    """The size in the directory is made small: no more than that is ever unpacked, and the checksum is wrong."""
    data = bytearray(archive.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (1024 + 100).to_bytes(4, "little")
    archive.write_bytes(bytes(data))
    maps = ListedMaps(archive, PARTICLES, GRID)
    with pytest.raises(FormatError, match=r"cannot be unpacked|not a readable MRC"):
        maps.at(90)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no archive", bytes(1000)])
def test_what_is_no_archive_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "maps.zip").write_bytes(data)
    with pytest.raises(FormatError, match=r"maps.zip: not a readable zip archive"):
        ListedMaps(tmp_path / "maps.zip", PARTICLES, GRID)


def test_a_damaged_archive_is_named(archive: Path) -> None:
    data = bytearray(archive.read_bytes())
    middle = data.index(b"frame_000.mrc") + 300
    data[middle : middle + 40] = bytes(40)
    archive.write_bytes(bytes(data))
    with pytest.raises(FormatError, match=r"frame_000.mrc' cannot be unpacked .* download the archive again"):
        ListedMaps(archive, PARTICLES, GRID).at(7)
