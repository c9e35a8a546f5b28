from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from cryobench.core import DownloadError, InputError, OfflineError, OutputError, Progress
from cryobench.structures import load_structure
from cryobench.structures.fetch import structure_file, structure_files

NOBODY = "http://127.0.0.1:9"
"""Nobody listens at the discard port."""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The structures of an empty cache."""
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "cache"))
    for variable in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    (tmp_path / "cache" / "structures").mkdir(parents=True)
    return tmp_path / "cache" / "structures"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[str]:
    """The address of an archive that has 1hzh and 8c93."""
    for entry in ("1hzh", "8c93"):
        place = tmp_path / "archive" / entry[1:3] / f"{entry}.cif.gz"
        place.parent.mkdir(parents=True)
        place.write_bytes(gzip.compress(f"data_{entry}\n".encode()))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=tmp_path / "archive")) as server:
        serving = threading.Thread(target=partial(server.serve_forever, 0.01))
        serving.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        serving.join()


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def collect(told: list[str]) -> Progress:
    def start(label: str, total: int) -> partial[None]:
        told.append(f"{label} {total}")
        return partial(lambda items: None)

    return start


def test_what_is_missing_is_fetched_once(folder: Path, archive: str) -> None:
    told: list[str] = []
    ids = ["8C93", "1hzh", "8c93", "pdb_00001HZH"]
    paths = structure_files(ids, collect(told), archive=archive)
    assert [path.name for path in paths] == ["8c93.cif.gz", "1hzh.cif.gz", "8c93.cif.gz", "1hzh.cif.gz"]
    assert gzip.decompress(paths[0].read_bytes()) == b"data_8c93\n"
    assert told == [f"Fetching {entry} {(folder / f'{entry}.cif.gz').stat().st_size}" for entry in ("8c93", "1hzh")]
    assert names(folder) == ["1hzh.cif.gz", "8c93.cif.gz"]
    assert structure_files(ids, collect(told), archive=NOBODY) == paths
    assert len(told) == 2


@pytest.mark.parametrize(
    ("there", "chosen"),
    [
        (["1hzh.pdb.gz"], "1hzh.pdb.gz"),
        (["1HZH.PDB", "2hzh.cif"], "1HZH.PDB"),
        (["1hzh.ent", "1hzh.pdb", "1hzh.cif"], "1hzh.cif"),
        (["1hzh.pdb.gz", "1HZH.cif.gz"], "1HZH.cif.gz"),
        (["pdb_00001hzh.cif.gz"], "pdb_00001hzh.cif.gz"),
    ],
)
@pytest.mark.parametrize("pdb_id", ["1hzh", "1HzH", "pdb_00001hzh"])
def test_the_cache_is_searched_for_any_kind_of_file(folder: Path, there: list[str], chosen: str, pdb_id: str) -> None:
    for name in there:
        (folder / name).touch()
    assert structure_file(pdb_id, archive=NOBODY) == folder / chosen


def test_other_files_and_folders_of_the_cache_are_not_entries(folder: Path) -> None:
    for name in ("1hzh.txt", "1hzh_50S.cif", ".1hzh.cif.gz.part", "1hzh", "._1hzh.cif"):
        (folder / name).touch()
    (folder / "1hzh.cif").mkdir()
    with pytest.raises(OfflineError):
        structure_file("1hzh", archive=NOBODY)


@pytest.mark.parametrize(
    "pdb_id",
    [
        "",
        "1hz",
        "1hzhh",
        "ahzh",
        "../1",
        "1/..",
        "1hz\n",
        "1hzh\n",
        "１hzh",
        "²hzh",
        "1hz.",
        "pdb_1hzh",
        "pdb_10001hzh",
    ],
)
def test_an_id_is_checked_before_anything_is_done(folder: Path, pdb_id: str) -> None:
    folder.rmdir()
    with pytest.raises(InputError, match="is not an id of the Protein Data Bank: expected a digit and three"):
        structure_files(["1hzh", pdb_id], archive=NOBODY)
    assert not folder.exists()


def test_without_a_network_all_that_is_missing_is_named(folder: Path) -> None:
    (folder / "1hzh.pdb").touch()
    began = time.perf_counter()
    with pytest.raises(OfflineError) as caught:
        structure_files(["8c93", "1hzh", "8C94"], advice="or build igg-1d:standin", archive=NOBODY)
    assert time.perf_counter() - began < 1
    assert str(caught.value) == (
        f"{NOBODY}/c9/8c93.cif.gz: the server cannot be reached (Connection refused): "
        f"put 8c93.cif.gz, 8c94.cif.gz into {folder}, or build igg-1d:standin"
    )
    assert names(folder) == ["1hzh.pdb"]
    with pytest.raises(OfflineError, match=r"put 1a00\.cif\.gz, .*, 1a09\.cif\.gz and 30 more \(40 in all\) into"):
        structure_files([f"1a{i:02d}" for i in range(40)], archive=NOBODY)


def test_what_the_archive_does_not_have_leaves_what_was_fetched(folder: Path, archive: str) -> None:
    with pytest.raises(DownloadError, match=r"zz/9zzz\.cif\.gz: the server has no such entry \(404 .*check the name"):
        structure_files(["1hzh", "9zzz"], archive=archive)
    assert names(folder) == ["1hzh.cif.gz"]


def test_a_cache_that_cannot_be_written(tmp_path: Path, archive: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CRYOBENCH_CACHE", str(tmp_path / "file"))
    with pytest.raises(OutputError, match=r"set CRYOBENCH_CACHE .*, or put 1hzh\.cif\.gz into .*, or build another"):
        structure_file("1hzh", advice="or build another", archive=archive)


def test_real_entries_of_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRYOBENCH_CACHE", str(cache))
    assert len(load_structure(structure_file("1HZH", archive=NOBODY)).names) > 10_000
