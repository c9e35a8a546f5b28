"""Archives that are wrong in ways that are not known, and what an import leaves behind."""

from __future__ import annotations

import hashlib
import pickle
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import published_miniature as writer
import pytest
import typer
from published_miniature import Faults
from typer.testing import CliRunner

from cryobench.cli.datasets.import_ import import_
from cryobench.core import CryobenchError, FormatError, InputError, OutputError, UnknownNameError
from cryobench.datasets import load_dataset
from cryobench.datasets.published import PUBLISHED, changed_in_archive, import_archive, open_archive
from cryobench.datasets.published import archive as archive_module
from cryobench.datasets.published.recognise import recognise
from cryobench.io.mrc import map_stack


def state_of_files(folder: Path) -> dict[str, tuple[int, str]]:
    """Return when each file was changed, and its checksum."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        str(path.relative_to(folder)): (path.stat().st_mtime_ns, hashlib.sha256(path.read_bytes()).hexdigest())
        for path in files
    }


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A sound archive, to be copied and damaged."""
    return writer.write_miniature(tmp_path_factory.mktemp("template") / "archive", "igg-1d", Faults())


@pytest.fixture
def archive(template: Any, tmp_path: Path) -> Path:
    return Path(shutil.copytree(template.folder, tmp_path / "archive"))


def rewrite(path: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Return what replaces the content of a pickle."""

    def damage(archive: Path) -> None:
        content = pickle.loads((archive / path).read_bytes())
        (archive / path).write_bytes(pickle.dumps(change(content)))

    return damage


def remap(path: str, change: Callable[[np.ndarray], np.ndarray], *, volume: bool) -> Callable[[Path], None]:
    """Return what replaces the data of an MRC file."""

    def damage(archive: Path) -> None:
        data = np.array(map_stack(archive / path).images)
        writer.write_mrc(archive / path, change(data), 12.0, volume=volume)

    return damage


def listed(text: str) -> Callable[[Path], None]:
    return lambda archive: (archive / "images/snr0.01/sorted_particles.32.txt").write_text(text) and None


def exchanged(poses: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    return np.roll(poses[0], 5, axis=0), poses[1]


def unlike(data: np.ndarray) -> np.ndarray:
    return np.where(data == data.max(), np.float32(np.nan), data)


def forward(archive: Path) -> None:
    """Replace a stack by a link to the same stack outside."""
    stack = archive / "images/snr0.01/000_particles_128.mrcs"
    stack.rename(archive.parent / "elsewhere.mrcs")
    stack.symlink_to(archive.parent / "elsewhere.mrcs")


STACK = "images/snr0.01/002_particles_128.mrcs"
DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "a list that climbs out": (listed("../../../elsewhere.mrcs\n"), "line 1: path .* leads out of its folder"),
    "an absolute path": (listed("/etc/passwd\n"), "leads out of its folder"),
    "a link that leads out": (forward, "leads out"),
    "a stack that is missing": (lambda a: (a / STACK).unlink(), "no stack '002_particles_128.mrcs'"),
    "a stack named twice": (listed("000_particles_128.mrcs\n" * 6), "names 000_particles_128.mrcs twice"),
    "an empty list": (listed("\n"), "names no stack"),
    "a stack cut short": (lambda a: (a / STACK).write_bytes((a / STACK).read_bytes()[:-4]), "not a readable MRC"),
    "images of another box": (remap(STACK, lambda d: d[:, 4:-4, 4:-4], volume=False), "images of 24 x 24 pixels"),
    "a pixel that is no number": (remap(STACK, unlike, volume=False), "no finite numbers"),
    "poses that are missing": (lambda a: (a / "combined_poses.pkl").unlink(), "has no poses: looked for"),
    "too few poses": (rewrite("combined_poses.pkl", lambda p: (p[0][1:], p[1][1:])), "71 rows for the 72 images"),
    "poses in another order": (rewrite("combined_poses.pkl", exchanged), "do not show the true volumes"),
    "poses that do not turn": (rewrite("combined_poses.pkl", lambda p: (2 * p[0], p[1])), "not orthogonal"),
    "too few CTF rows": (rewrite("combined_ctfs.pkl", lambda t: t[1:]), "71 rows for the 72 images"),
    "a CTF that is no number": (rewrite("combined_ctfs.pkl", lambda t: t * np.nan), "not finite"),
    "a CTF of two boxes": (
        rewrite("combined_ctfs.pkl", lambda t: np.vstack((t[:1] + ([1] + [0] * 8), t[1:]))),
        "2 different pairs",
    ),
    "a CTF of an unknown box": (
        rewrite("combined_ctfs.pkl", lambda t: np.hstack((t[:, :1] + 1, t[:, 1:]))),
        "says 33 px of 12 Å: expected 32 px of 12 Å",
    ),
    "labels in another order": (rewrite("gt_latents.pkl", lambda v: v[::-1]), "says that particle 0 is in state 5"),
    "latents of others": (rewrite("gt_latents.pkl", lambda v: np.ones((9, 2)) / 3), "9 rows: expected one for each"),
    "a pickle that runs code": (
        lambda a: (a / "gt_latents.pkl").write_bytes(b"cos\nsystem\n(S'true'\ntR."),
        "not a pickle of arrays",
    ),
    "a volume that is missing": (lambda a: (a / "vols/32_org/003.mrc").unlink(), "5 volumes for 6 states"),
    "no volumes": (lambda a: shutil.rmtree(a / "vols"), "has no true volumes"),
    "an empty volume": (remap("vols/32_org/001.mrc", lambda d: 0 * d, volume=True), "holds no density"),
    "a volume of another box": (
        remap("vols/32_org/001.mrc", lambda d: d[4:-4, 4:-4, 4:-4], volume=True),
        "24 x 24 x 24 voxels: expected 32",
    ),
    "a mask of other values": (remap("init_mask/mask.mrc", lambda d: 5 * d, volume=True), "expected a mask, 0 to 1"),
    "a stack of the other sign": (remap(STACK, lambda d: -d, volume=False), "images of states 2 have another contrast"),
    "volumes in another order": (
        lambda a: (a / "vols/32_org/000.mrc").rename(a / "vols/32_org/900.mrc"),
        "do not show the true volumes|another contrast",
    ),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_what_is_wrong_in_another_way_is_named_before_anything_is_written(
    case: str, archive: Path, template: Any
) -> None:
    damage, message = DAMAGES[case]
    damage(archive)
    with pytest.raises(CryobenchError, match=message):
        import_archive("igg-1d", archive, archive.parent / "out", release=template.release)
    assert not (archive.parent / "out").exists()


def test_a_pixel_size_of_neither_kind_is_refused(tmp_path: Path) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "ribosembly", Faults(image_pixel_size=2.5))
    with pytest.raises(FormatError, match=r"says 2\.5 Å a pixel: expected 12.*instead, 0, 1, 2, 6"):
        open_archive("ribosembly", tmp_path / "archive", release=miniature.release)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("@particles.mrcs", "@/scratch/someone/particles.mrcs"), ""),
        (lambda text: text.replace("@particles.mrcs", "@../particles.mrcs"), "leads out of its folder"),
        (
            lambda text: text.replace("\n7@", "\n9@"),
            "row 7 names image '9@particles.mrcs': expected the images of each",
        ),
        (lambda text: text.replace("particles.mrcs", "other.mrcs"), "no stack 'other.mrcs'"),
        (lambda text: text.replace("1 12 32", "1 12 33"), "says 12 px of 33 Å: expected 32 px of 12 Å"),
    ],
)
def test_a_star_file_lists_whole_stacks(tmp_path: Path, change: Callable[[str], str], message: str) -> None:
    miniature = writer.write_miniature(tmp_path / "archive", "spike-md")
    (tmp_path / "archive/sampled_pdbs.xtc").unlink()
    star = tmp_path / "archive/images/snr0.1/particles.star"
    star.write_text(change(star.read_text()))
    if message:
        with pytest.raises(FormatError, match=message):
            open_archive("spike-md", tmp_path / "archive", release=miniature.release)
    else:
        found = open_archive("spike-md", tmp_path / "archive", release=miniature.release)
        assert [path.name for path in found.layout.stacks] == ["particles.mrcs"]


def test_the_output_is_a_folder_of_its_own(archive: Path, template: Any) -> None:
    out = archive.parent / "out"
    with pytest.raises(OutputError, match="lies in the archive"):
        import_archive("igg-1d", archive, archive / "out", release=template.release)
    import_archive("igg-1d", archive, out, release=template.release)
    first = state_of_files(out)
    with pytest.raises(OutputError, match="is not empty"):
        import_archive("igg-1d", archive, out, release=template.release)
    (archive / "init_mask/mask.mrc").unlink()
    import_archive("igg-1d", archive, out, release=template.release, overwrite=True)
    assert set(first) - set(state_of_files(out)) == {"truth/mask.mrc"}


def test_an_import_that_fails_leaves_no_dataset(archive: Path, template: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The manifest goes first and comes last."""
    out = archive.parent / "out"
    import_archive("igg-1d", archive, out, release=template.release)
    monkeypatch.setattr("cryobench.datasets.published.importing.write_star", _fail)
    with pytest.raises(OutputError, match="full"):
        import_archive("igg-1d", archive, out, release=template.release, overwrite=True)
    with pytest.raises(FormatError, match=r"dataset\.json"):
        load_dataset(out)


def _fail(*_: object) -> None:
    raise OutputError("the disk is full")


def test_the_same_archive_gives_the_same_bytes_wherever_it_is(archive: Path, template: Any, tmp_path: Path) -> None:
    import_archive("igg-1d", archive, tmp_path / "one", release=template.release)
    moved = Path(shutil.copytree(archive, tmp_path / "moved"))
    import_archive("igg-1d", moved, tmp_path / "two", release=template.release)
    one, two = ({n: c for n, (_, c) in state_of_files(tmp_path / name).items()} for name in ("one", "two"))
    assert {name for name in one if one[name] != two[name]} == {"links.json"}


def test_an_archive_that_changes_or_goes_away_is_noticed(archive: Path, template: Any) -> None:
    out = archive.parent / "out"
    import_archive("igg-1d", archive, out, release=template.release)
    with (archive / STACK).open("r+b") as file:
        file.seek(2000)
        file.write(b"\1\2\3\4")
    (archive / "vols/32_org/001.mrc").unlink()
    assert changed_in_archive(out) == [STACK, "vols/32_org/001.mrc"]
    archive.rename(archive.parent / "gone")
    with pytest.raises(FormatError, match="the archive is not at"):
        load_dataset(out)


def test_what_is_no_archive_is_said(tmp_path: Path) -> None:
    (tmp_path / "file.zip").touch()
    (tmp_path / "parent/IgG-1D/images").mkdir(parents=True)
    for path, message in (
        (tmp_path / "file.zip", "is a file: unpack"),
        (tmp_path / "nothing", "no such folder"),
        (tmp_path / "parent", "give one of the folders in it: IgG-1D"),
        (tmp_path / "parent/IgG-1D/images", "give the folder of one dataset"),
    ):
        with pytest.raises(InputError, match=message):
            open_archive("igg-1d", path)
    with pytest.raises(UnknownNameError, match="igg-1d"):
        open_archive("igg-1e", tmp_path / "parent/IgG-1D")


def test_an_archive_is_recognised(archive: Path, template: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert recognise(archive.rename(archive.parent / "IgG-1D")).dataset == "igg-1d"
    plain = (archive.parent / "IgG-1D").rename(archive.parent / "unpacked")
    with pytest.raises(InputError, match="none of igg-1d"):
        recognise(plain)
    releases = {name: writer.small_release(name) for name in PUBLISHED}
    monkeypatch.setattr("cryobench.datasets.published.recognise.release_of", releases.__getitem__)
    assert recognise(plain).dataset == "igg-1d"
    releases["igg-rl"] = replace(releases["igg-rl"], images=(12,) * 6)
    with pytest.raises(InputError, match="igg-1d or igg-rl"):
        recognise(plain)
    complexes = writer.write_miniature(archive.parent / "more", "tomotwin-100", Faults())
    assert recognise(complexes.folder).dataset == "tomotwin-100"


def run(*arguments: object) -> Any:
    application = typer.Typer()
    application.command()(import_)
    return CliRunner().invoke(application, [str(argument) for argument in arguments], env={"COLUMNS": "200"})


def test_the_command(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = archive.parent / "out"
    missing = run("igg-1d", archive, "-o", out)
    assert missing.exit_code == 2
    assert "images of 32 x 32 pixels: those of IgG-1D have 128" in missing.stderr
    monkeypatch.setattr(archive_module, "release_of", writer.small_release)
    dry = run("igg-1d", archive, "-o", out, "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert "Dry run: nothing is made" in dry.stdout
    assert "Repairs: none" in dry.stdout
    assert not out.exists()
    done = run("igg-1d", archive, "-o", out, "--snr", 0.005)
    assert done.exit_code == 0, done.output
    assert "the archive also has images of SNR 0.001, 0.01" in done.stdout
    assert load_dataset(out).card.id == "igg-1d:published"
    again = run("igg-1d", archive, "-o", out)
    assert again.exit_code == 2
    assert "--overwrite" in again.stderr
    rmdir = run("igg-1d", archive, "-o", out, "--overwrite")
    assert rmdir.exit_code == 0, rmdir.output
