"""Maps in a zip archive, read one at a time; no name within the archive is ever used as a path."""

from __future__ import annotations

import contextlib
import shutil
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from cryobench.core import FormatError
from cryobench.io.listing import natural_key

_SLACK = 1 << 20  # bytes of headers, which are 1 kB and may be extended
_SHOWN = 120


class ZippedMaps:
    """The maps (``.mrc``) of an archive, in natural order of their names; other members are left out.

    Parameters
    ----------
    path
        The archive.
    largest_box
        The largest box in voxels that a map may have, float32: a member that unpacks to more is refused.

    Raises
    ------
    FormatError
        If it is not a zip archive, or a map is a link, too large, encrypted, listed twice, or named with a path that
        climbs out.
    """

    def __init__(self, path: Path, largest_box: int) -> None:
        self.path = path
        most = 4 * largest_box**3 + _SLACK
        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise FormatError(f"{path}: not a readable zip archive ({error}): expected maps (.mrc) in it") from error
        chosen: dict[str, zipfile.ZipInfo] = {}
        for info in infos:
            name = PurePosixPath(info.filename)
            if info.is_dir() or name.suffix.lower() != ".mrc" or name.name.startswith("."):
                continue
            where = f"{path}: member '{_short(info.filename)}'"
            if name.is_absolute() or ".." in name.parts or "\\" in info.filename:
                raise FormatError(f"{where} leads out of the archive: expected a map below its top folder")
            if stat.S_ISLNK(info.external_attr >> 16):
                raise FormatError(f"{where} is a link: expected a map")
            if info.flag_bits & 1 or info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise FormatError(f"{where} is encrypted, or not deflated: unpack the archive, and give the folder")
            if info.file_size > most:
                raise FormatError(
                    f"{where} unpacks to {info.file_size:,} bytes: expected a map of a box of at most {largest_box}, "
                    "float32"
                )
            if info.filename in chosen:
                raise FormatError(f"{where} comes twice: expected each map once")
            chosen[info.filename] = info
        self._infos = sorted(chosen.values(), key=lambda info: [natural_key(Path(part)) for part in _parts(info)])

    def __len__(self) -> int:
        return len(self._infos)

    def name(self, place: int) -> str:
        """Return the name of a map, for messages."""
        return f"{self.path}: member '{_short(self._infos[place].filename)}'"

    @contextlib.contextmanager
    def unpacked(self, place: int) -> Iterator[Path]:
        """Yield a temporary file that holds a map, until the block ends.

        Raises
        ------
        FormatError
            If the member is damaged.
        """
        with tempfile.TemporaryDirectory(prefix="cryobench-") as folder:
            file = Path(folder) / "map.mrc"
            try:
                with (
                    zipfile.ZipFile(self.path) as archive,
                    archive.open(self._infos[place]) as source,
                    file.open("wb") as target,
                ):
                    shutil.copyfileobj(source, target)  # a member never yields more than it is listed with
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
                raise FormatError(
                    f"{self.name(place)} cannot be unpacked ({error}): download the archive again"
                ) from error
            yield file


def _parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    return PurePosixPath(info.filename).parts


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else f"...{name[-_SHOWN:]}"
