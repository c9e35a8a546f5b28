"""``cryobench submission`` and ``cryobench queries``, as a user meets them."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import resource
import signal
import stat
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fsc_inputs import cryobench, files, ran, refused, rows

from cryobench.benchmark import wanted_particles
from cryobench.core import Dataset, MethodCard, Submission, Volume
from cryobench.io import write_array, write_volume
from cryobench.methods import METHODS, ClassVolumes, read_submission, submission_schema, write_submission

N, STATES = 480, 6
METHOD = MethodCard(name="mine", version="1", role="method", summary="For a test.")


@pytest.fixture(scope="module")
def dataset(small_dataset: Dataset) -> Path:
    return small_dataset.particles.images.stacks[0].parents[1]  # type: ignore[attr-defined,no-any-return]


@pytest.fixture(scope="module")
def truth(small_dataset: Dataset) -> Dataset:
    return small_dataset


@pytest.fixture
def sound(truth: Dataset, tmp_path: Path) -> Path:
    """A submission with every part: the truth."""
    labels = truth.truth.labels
    claimed = Submission(
        method=METHOD,
        particles=N,
        latents=truth.truth.latents,
        labels=labels,
        posteriors=np.eye(STATES, dtype=np.float32)[labels],
        poses=truth.particles.poses,
        volumes=ClassVolumes([truth.truth.volumes[state] for state in range(STATES)], labels),
    )
    wanted = wanted_particles(truth.truth, claimed.latents, 20, 0)
    write_submission(claimed, truth.card, tmp_path / "mine", wanted, seconds=1.0, command=("mine", "--fast"))
    return tmp_path / "mine"


def check(folder: Path, dataset: Path, *more: object) -> tuple[int, str]:
    """Return status and output of the check, without the comparison with the consensus unless it is asked for."""
    done = cryobench("submission", "check", folder, "--dataset", dataset, "-n", 20, "--no-sanity", *more)
    assert done.exit_code in {0, 2}, repr(done.exception) + done.output
    return done.exit_code, done.stdout


def test_a_sound_submission_passes(sound: Path, dataset: Path) -> None:
    status, output = check(sound, dataset)
    assert (status, output.splitlines()[-1]) == (0, "no errors, no warnings")
    assert "mine: mine 1, fixed-pose" in output
    for words in ("2 dimensions", "6 labels, posteriors of 6", "480", "6 of 24 particles", "translation-error"):
        assert words in output


def edit(folder: Path, **changes: object) -> None:
    """Change fields of ``submission.json``; None deletes one."""
    path = folder / "submission.json"
    content = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({name: value for name, value in content.items() if value is not None}))


def array(folder: Path, name: str, place: tuple[int, ...], value: object) -> None:
    content = np.load(folder / name)
    content[place] = value
    write_array(folder / name, content)


def poses(folder: Path, **changes: object) -> None:
    with np.load(folder / "poses.npz") as archive:
        content = dict(archive) | changes
    np.savez(folder / "poses.npz", **{name: value for name, value in content.items() if value is not None})


def stretched(folder: Path) -> None:
    with np.load(folder / "poses.npz") as archive:
        poses(folder, rotations=archive["rotations"] * np.where(np.arange(N) == 7, 1.1, 1)[:, None, None])


def index(folder: Path, *lines: str, head: str = "file,particle") -> None:
    (folder / "volumes/index.csv").write_text("\n".join([head, *lines]) + "\n")


def link(path: Path, target: Path | str) -> None:
    path.unlink()
    path.symlink_to(target)


def a_map(path: Path, box: int = 32, pixel_size: float = 12.0, value: float | None = None) -> None:
    data = np.random.default_rng(0).normal(size=(box, box, box)).astype(np.float32)
    write_volume(path, Volume(data if value is None else np.full_like(data, value), pixel_size))


Break = Callable[[Path], object]
FAULTS: dict[str, tuple[Break, tuple[str, ...]]] = {
    "no manifest": (lambda f: (f / "submission.json").unlink(), ("mine: no submission.json there", "submission init")),
    "not JSON": (
        lambda f: (f / "submission.json").write_text('{"method": '),
        ("submission.json: not JSON (Expecting value: line 1 column 12", "expected the description of a submission"),
    ),
    "a list": (lambda f: (f / "submission.json").write_text("[]"), ("submission.json: holds a list: expected an obj",)),
    "not text": (lambda f: (f / "submission.json").write_bytes(b"\xff\xfe"), ("submission.json: cannot be read",)),
    "several fields": (
        lambda f: edit(f, colour="red", kind="free", particles=None),
        ("field 'colour': Extra inputs are not permitted: delete it", "field 'kind': Input should be 'fixed-pose' or",
         "field 'particles': Field required: add it", "3 errors"),
    ),
    "version": (lambda f: edit(f, schema_version=7), ("field 'schema_version' is 7, expected 1",)),
    "not a number": (lambda f: edit(f, seconds=float("nan")), ("field 'seconds': Input should be",)),
    "a name of two lines": (
        lambda f: edit(f, method=METHOD.model_dump() | {"name": "a\nb"}),
        ("field 'method': the name of a method is 'a\\nb', with U+000A: expected text of one line",),
    ),
    "a ceiling of its own": (
        lambda f: edit(f, method=METHOD.model_dump() | {"role": "ceiling"}),
        ("field 'method': role is 'ceiling' and name 'mine', but only built-in controls have that role",),
    ),
    "no checksum": (lambda f: edit(f, dataset_checksum="x"), ("field 'dataset_checksum': String should match",)),
    "another dataset": (
        lambda f: edit(f, dataset="spike-md", dataset_checksum="0" * 64),
        ("made of 'spike-md', but the dataset is 'igg-1d:standin'", "dataset_checksum 000000000000", "1 error"),
    ),
    "another build": (lambda f: edit(f, dataset_checksum="0" * 64), ("made of another build of 'igg-1d:standin'",)),
    "number of particles": (lambda f: edit(f, particles=481), ("made of 481 particles, but the dataset has 480",)),
    "rows": (
        lambda f: write_array(f / "latents.npy", np.zeros((479, 2), np.float32)),
        ("latents.npy: array of shape (479, 2)", "expected (480, d) latent coordinates", "479 rows for 480 particles"),
    ),
    "not finite": (
        lambda f: array(f, "latents.npy", (slice(3, 6),), np.nan),
        ("latents.npy: array holds nan at row 3 (and 2 more such rows): expected a finite number",),
    ),
    "labels of real numbers": (
        lambda f: write_array(f / "labels.npy", np.zeros(N)),
        ("labels.npy: array of shape (480,), type float64: expected (480,) the class of each particle as a whole num",),
    ),
    "sums of posteriors": (
        lambda f: array(f, "posteriors.npy", (slice(10, 12),), 0.5),
        ("posteriors.npy: row 10 has the smallest value 0.5 and the sum 3 (and 1 more such rows)", "divide each row"),
    ),
    "negative posteriors": (lambda f: array(f, "posteriors.npy", (0, slice(0, 2)), (1.5, -0.5)), ("value -0.5",)),
    "no rotations": (stretched, ("poses.npz: rotation of particle 7 is not orthogonal: expected a 3 x 3 rotation",)),
    "reflections": (
        lambda f: poses(f, rotations=np.tile(-np.eye(3, dtype=np.float32), (N, 1, 1))),
        ("poses.npz: rotation of particle 0 is a reflection", "M R M with M = diag(1, 1, -1)"),
    ),
    "no translations": (lambda f: poses(f, translations=None), ("poses.npz: no array 'translations'",)),
    "pickled": (
        lambda f: np.save(f / "latents.npy", np.array([{}] * N, dtype=object), allow_pickle=True),
        ("latents.npy: not a readable array (it holds Python objects, which are not loaded",),
    ),
    "a pickle by another name": (
        lambda f: (f / "labels.npy").write_bytes(b"\x80\x04cos\nsystem\n"),
        ("labels.npy: not a readable array",),
    ),
    "cut short": (
        lambda f: (f / "labels.npy").write_bytes((f / "labels.npy").read_bytes()[:-4]),
        ("labels.npy: not a readable array",),
    ),
    "a folder in place of a file": (
        lambda f: ((f / "latents.npy").unlink(), (f / "latents.npy").mkdir()),
        ("latents.npy: no file: expected a file, or nothing of that name",),
    ),
    "a link out": (
        lambda f: link(f / "latents.npy", "/etc/passwd"),
        ("link latents.npy: path 'latents.npy' leads out of its folder",),
    ),
    "a link to nowhere": (
        lambda f: link(f / "labels.npy", "nothing.npy"),
        ("labels.npy: a link that leads nowhere",),
    ),
    "volumes elsewhere": (
        lambda f: ((f / "volumes").rename(f.parent / "far"), (f / "volumes").symlink_to(f.parent / "far")),
        ("path 'volumes/index.csv' leads out of its folder",),
    ),
    "a map elsewhere": (
        lambda f: link(f / "volumes/000.mrc", "/etc/passwd"),
        ("index.csv: row 2: path '000.mrc' leads out of its folder",),
    ),
    "rows of the index": (
        lambda f: index(f, "../latents.npy,0", "/etc/passwd,1", "009.mrc,2", "000.mrc,480", "000.mrc,3", "001.mrc,3",
                        "000.mrc", "000.mrc,one", "a/../../volumes/000.mrc,5"),
        ("row 2: path '../latents.npy' leads out of its folder", "row 3: path '/etc/passwd' leads out",
         "row 4: no such file", "row 5: particle is '480', expected a whole number from 0 to 479",
         "row 7: particle 3 has a volume already", "row 8: 1 cells, expected 2: file,particle",
         "row 9: particle is 'one'", "row 10: path 'a/../../volumes/000.mrc' leads out", "8 errors"),
    ),
    "columns of the index": (
        lambda f: index(f, "000.mrc,0", head="map,image"),
        ("index.csv: row 1 is not 'file,particle' or 'file,class': expected these column names",),
    ),
    "no row": (index, ("index.csv: no row: expected the file of each volume",)),
    "classes without labels": (
        lambda f: (
            index(f, "0.mrc,0", head="file,class"), (f / "labels.npy").unlink(), (f / "posteriors.npy").unlink(),
        ),
        ("volumes of classes, but no labels.npy or posteriors.npy says which class a particle has: add it",),
    ),
    "a class of nobody": (
        lambda f: index(f, "000.mrc,9", head="file,class"),
        ("row 2: class is '9', expected a class that a particle has (0, 1, 2, 3, 4 ...)",),
    ),
    "box": (
        lambda f: a_map(f / "volumes/001.mrc", box=16, pixel_size=24.0),
        ("001.mrc: a box of 16 voxels, but the dataset has 32: resample it",),
    ),
    "pixel size": (
        lambda f: a_map(f / "volumes/001.mrc", pixel_size=1.0),
        ("001.mrc: a pixel size of 1 Å, but the dataset has 12 Å: correct the header",),
    ),
    "several maps": (
        lambda f: (a_map(f / "volumes/002.mrc", value=0.0), a_map(f / "volumes/003.mrc", value=np.nan)),
        ("002.mrc: is 0 everywhere: expected density", "003.mrc: 32,768 voxels are not finite, the first at z, y, x =",
         "2 errors"),
    ),
    "no map": (lambda f: (f / "volumes/001.mrc").write_bytes(b"map"), ("001.mrc: not a readable MRC map",)),
    "no index": (lambda f: (f / "volumes/index.csv").unlink(), ("000.mrc: no index.csv beside it",)),
    "everything at once": (
        lambda f: (edit(f, colour=1), write_array(f / "labels.npy", np.zeros(3)), index(f, "no.mrc,0"), stretched(f)),
        ("field 'colour'", "labels.npy: array of shape (3,)", "row 2: no such file", "rotation of particle 7", "4 err"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(fault: str, sound: Path, dataset: Path) -> None:
    break_it, words = FAULTS[fault]
    break_it(sound)
    status, output = check(sound, dataset)
    assert status == 2
    for each in words:
        assert each in output, output
    before = {name: (sound / name).lstat().st_mtime_ns for name in files(sound)}
    refused_words = refused("submission", "pack", sound, "-o", sound.parent / "x.zip", "--dataset", dataset)
    assert "not packed: " in refused_words
    assert not list(sound.parent.glob("*.zip")) + list(sound.parent.glob(".*"))
    assert before == {name: (sound / name).lstat().st_mtime_ns for name in files(sound)}


ODD: dict[str, tuple[Break, str]] = {
    "another name": (lambda f: (f / "latents.npy").rename(f / "latent.npy"), "not read: latent.npy: correct the name"),
    "no summary": (lambda f: edit(f, method=METHOD.model_dump() | {"summary": " "}), "field 'method.summary' is empty"),
    "one latent": (lambda f: array(f, "latents.npy", (slice(None),), 1), "latents.npy: all rows are the same"),
    "labels against posteriors": (
        lambda f: array(f, "labels.npy", (0,), 3),
        "row 0 is 3, but posteriors.npy has its largest value in column 0 (1 such rows)",
    ),
    "missing volumes": (lambda f: index(f, "000.mrc,0"), "no volume of 23 of the 24 particles that are wanted (24, 48"),
    "a map that is not listed": (lambda f: a_map(f / "volumes/extra.mrc"), "not read: volumes/extra.mrc"),
}


@pytest.mark.parametrize("case", ODD)
def test_what_is_odd_is_a_warning(case: str, sound: Path, dataset: Path) -> None:
    change, words = ODD[case]
    change(sound)
    status, output = check(sound, dataset)
    assert status == 0, output
    assert f"warning: {sound}" in output or "warning: volumes" in output
    assert words in output


@pytest.mark.parametrize("part", ["latents.npy", "labels.npy", "posteriors.npy", "poses.npz", "volumes"])
def test_a_part_alone_says_what_it_allows(part: str, sound: Path, dataset: Path) -> None:
    for path in sound.iterdir():
        if path.name not in {"submission.json", part}:
            for each in [*path.iterdir()] if path.is_dir() else [path]:
                each.unlink()
    status, output = check(sound, dataset)
    assert status == 0, output
    needs = {"latents.npy": "latents", "poses.npz": "poses", "volumes": "volumes"}.get(part, "labels or posteriors")
    there = {line.split()[-1] for line in output.splitlines() if line.strip().endswith(" no")}
    assert there == {"no"}
    assert sum(" no " in f"{line} " for line in output.splitlines() if needs in line) == 0


def test_magnified_volumes_are_named_before_they_are_scored(sound: Path, dataset: Path, truth: Dataset) -> None:
    for state in range(STATES):
        write_volume(sound / f"volumes/{state:03d}.mrc", Volume(-truth.truth.volumes[state].data, 12.0))
    done = cryobench("submission", "check", sound, "--dataset", dataset, "-n", 20)
    assert done.exit_code == 0, done.output
    assert "warning: volumes: negated: its density is dark where that of the particles is bright" in done.stdout
    scored = cryobench("fsc", "per-image", sound, "--dataset", dataset, "-n", 20, "-o", sound.parent / "scores")
    assert scored.exit_code == 0, scored.output
    assert "cryobench: note: the volumes are negated" in scored.stderr
    assert "! negated: its density is dark where that of the particles is bright" in scored.stdout
    assert all("negated: its density" in row["flags"] for row in rows(sound.parent / "scores/fsc_scores.csv"))


def test_volumes_of_classes(sound: Path, dataset: Path, truth: Dataset, tmp_path: Path) -> None:
    labels = truth.truth.labels
    volumes = ClassVolumes([truth.truth.volumes[state] for state in range(STATES)], labels)
    claimed = Submission(method=METHOD, particles=N, labels=labels, volumes=volumes)
    write_submission(claimed, truth.card, tmp_path / "classes", None, seconds=None)
    table = (tmp_path / "classes/volumes/index.csv").read_text().splitlines()
    assert table == ["file,class", *(f"{state:03d}.mrc,{state}" for state in range(STATES))]
    status, output = check(tmp_path / "classes", dataset)
    assert status == 0
    assert "6 of 480 particles" in output
    for name in ("classes", "mine"):
        ran(
            "fsc",
            "per-conformation",
            tmp_path / name,
            "--dataset",
            dataset,
            "-o",
            tmp_path / f"{name}-s",
            "--no-sanity",
        )
    first, second = (rows(tmp_path / f"{name}-s/fsc_scores.csv") for name in ("classes", "mine"))
    assert [row["value"] for row in first] == [row["value"] for row in second]


def test_without_latents_only_the_images_that_queries_lists_are_wanted(sound: Path, dataset: Path) -> None:
    (sound / "latents.npy").unlink()
    listed = [row["particle"] for row in csv.DictReader(io.StringIO(ran("queries", dataset, "-n", 20)))]
    index(sound, *(f"000.mrc,{particle}" for particle in listed))
    assert "are wanted" not in check(sound, dataset)[1]
    index(sound, *(f"000.mrc,{particle}" for particle in listed[1:]))
    assert (
        f"no volume of 1 of the {len(listed)} particles that are wanted (0): add them (cryobench queries lists"
        in (check(sound, dataset)[1])
    )


@pytest.mark.parametrize("name", ["oracle", "consensus", "shuffle"])
def test_controls_keep_their_roles(name: str, truth: Dataset, dataset: Path, tmp_path: Path) -> None:
    control = METHODS[name]
    claimed = Submission(method=control.card, particles=N, latents=truth.truth.latents)
    write_submission(claimed, truth.card, tmp_path / name, None, seconds=None)
    assert check(tmp_path / name, dataset)[0] == 0
    assert read_submission(tmp_path / name).method.role == control.card.role != "method"


def test_a_submission_is_started_once(dataset: Path, truth: Dataset, tmp_path: Path) -> None:
    folder = tmp_path / "new"
    call = (
        "submission",
        "init",
        folder,
        "--dataset",
        dataset,
        "--name",
        "mine",
        "--version",
        "2",
        "--kind",
        "ab-initio",
    )
    output = ran(*call)
    assert "latents.npy        (480, d) real numbers" in output
    assert "32 voxels of 12 Å" in output
    content = json.loads((folder / "submission.json").read_text())
    assert content["dataset_checksum"] == hashlib.sha256((dataset / "dataset.json").read_bytes()).hexdigest()
    assert (content["method"]["version"], content["kind"], content["particles"]) == ("2", "ab-initio", N)
    assert content["seconds"] is None
    status, words = check(folder, dataset)
    assert status == 2
    assert "nothing beside submission.json: expected any of latents.npy" in words
    assert "exists: choose another folder" in refused(*call)
    write_array(folder / "latents.npy", truth.truth.latents)
    assert check(folder, dataset)[0] == 0


@pytest.mark.parametrize("name", ["", " x", "a\nb", "\x1b[31m", "x" * 101])
def test_a_name_that_is_no_name(name: str, dataset: Path, tmp_path: Path) -> None:
    words = refused("submission", "init", tmp_path / "new", "--dataset", dataset, "--name", name)
    assert "the name of a method" in words
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["a/b", "..", "<script>alert(1)</script>", "méthode «é»", "a\\b"])
def test_a_name_may_hold_any_sign(name: str, dataset: Path, tmp_path: Path) -> None:
    ran("submission", "init", tmp_path / "new", "--dataset", dataset, "--name", name)
    assert json.loads((tmp_path / "new/submission.json").read_text(encoding="utf-8"))["method"]["name"] == name
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


def test_the_schema_is_what_the_reader_takes(sound: Path, dataset: Path) -> None:
    schema = json.loads(ran("submission", "schema"))
    assert schema == submission_schema()
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["additionalProperties"] is False
    assert all(field["description"] for field in schema["properties"].values())
    content = json.loads((sound / "submission.json").read_text())
    assert content["command"] == ["mine", "--fast"]
    assert set(content) == set(schema["properties"])
    for name in content:  # what the schema requires is what the reader asks for
        (sound / "submission.json").write_text(json.dumps({k: v for k, v in content.items() if k != name}))
        status, output = check(sound, dataset)
        assert (status == 2) == (name in schema["required"]) == (f"field '{name}': Field required" in output)


def test_packing_is_deterministic_and_unpacking_gives_the_same(sound: Path, dataset: Path, tmp_path: Path) -> None:
    (sound / "notes.txt").write_text("mine")
    (sound / "volumes/again.mrc").symlink_to("000.mrc")
    with (sound / "volumes/index.csv").open("a") as table:
        table.write("again.mrc,1\n")
    words = ran("submission", "pack", sound, "--dataset", dataset, "-o", tmp_path / "a.zip")
    for path in sound.rglob("*.npy"):
        path.touch()
    ran("submission", "pack", sound, "-o", tmp_path / "b.zip")
    content = (tmp_path / "a.zip").read_bytes()
    assert content == (tmp_path / "b.zip").read_bytes()
    assert hashlib.sha256(content).hexdigest() in words
    assert "exists: add --overwrite" in refused("submission", "pack", sound, "-o", tmp_path / "a.zip")
    assert "checksums agree" in ran("submission", "unpack", tmp_path / "a.zip", "-o", tmp_path / "out")
    assert files(tmp_path / "out") == files(sound) - {"notes.txt"}
    for name in files(tmp_path / "out"):
        assert (tmp_path / "out" / name).read_bytes() == (sound / name).read_bytes()
        assert not (tmp_path / "out" / name).is_symlink()
    assert check(tmp_path / "out", dataset)[0] == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        archive.extractall(tmp_path / "plain")
    done = subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd=tmp_path / "plain", capture_output=True, check=False)
    assert done.returncode == 0


Member = tuple[str, bytes, int]
GOOD: Member = ("submission.json", b"{}", stat.S_IFREG | 0o644)
ZIPS: dict[str, tuple[list[Member], str]] = {
    "climbs": ([GOOD, ("../evil", b"x", 0)], "member '../evil': expected submission.json"),
    "climbs from volumes": ([GOOD, ("volumes/../../evil", b"x", 0)], "member 'volumes/../../evil'"),
    "absolute": ([GOOD, ("/tmp/evil", b"x", 0)], "member '/tmp/evil'"),
    "backslashes": ([GOOD, ("volumes\\..\\..\\evil", b"x", 0)], "member "),
    "a drive": ([GOOD, ("volumes/C:evil", b"x", 0)], "member 'volumes/C:evil'"),
    "a link": ([GOOD, ("latents.npy", b"/etc/passwd", stat.S_IFLNK | 0o777)], "member 'latents.npy': a link or a dev"),
    "a linked folder": ([GOOD, ("volumes/a", b"/tmp", stat.S_IFLNK | 0o777)], "member 'volumes/a': a link"),
    "twice": ([GOOD, ("latents.npy", b"1", 0), ("latents.npy", b"2", 0)], "member 'latents.npy': comes twice"),
    "another file": ([GOOD, ("run.sh", b"x", 0)], "member 'run.sh': expected submission.json"),
    "no manifest": ([("latents.npy", b"x", 0)], "no submission.json at its top"),
    "below a folder": ([("mine/submission.json", b"{}", 0)], "member 'mine/submission.json'"),
    "wrong checksum": ([GOOD, ("SHA256SUMS", b"0" * 64 + b"  submission.json\n", 0)], "submission.json: not as SHA2"),
    "unlisted": ([GOOD, ("SHA256SUMS", b"", 0)], "submission.json: not as SHA256SUMS has it"),
    "too large": ([GOOD, ("volumes/0.mrc", bytes(3_000_000), 0)], "0.0 GB when unpacked: expected at most 0.001 GB"),
    "a file is a folder": ([GOOD, ("volumes/a", b"x", 0), ("volumes/a/b", b"x", 0)], "not a readable zip file"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("case", ZIPS)
def test_a_harmful_zip_leaves_nothing(case: str, tmp_path: Path) -> None:
    members, words = ZIPS[case]
    (tmp_path / "in").mkdir()
    with zipfile.ZipFile(tmp_path / "in/x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content, mode in members:
            info = zipfile.ZipInfo(name)
            info.external_attr, info.compress_type = mode << 16, zipfile.ZIP_DEFLATED
            archive.writestr(info, content)
    line = refused("submission", "unpack", tmp_path / "in/x.zip", "-o", tmp_path / "in/out", "--most-gb", 0.001)
    assert words in line
    assert files(tmp_path) == {"in/x.zip"}
    assert not (tmp_path / "in/out").exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no zip", None])
def test_no_zip(content: bytes | None, sound: Path, dataset: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    if content is None:  # one that is damaged inside
        ran("submission", "pack", sound, "-o", path)
        damaged = bytearray(path.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        path.write_bytes(damaged)
    else:
        path.write_bytes(content)
    assert "not a readable zip file" in refused("submission", "unpack", path, "-o", tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob(".*"))


def test_a_full_disk_is_not_a_damaged_zip(sound: Path, tmp_path: Path) -> None:
    ran("submission", "pack", sound, "-o", tmp_path / "x.zip")
    # What the system does where a file may grow no further: the same call, another error number.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        words = refused("submission", "unpack", tmp_path / "x.zip", "-o", tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert "member 'labels.npy' cannot be written (File too large)" in words
    assert "not a readable zip" not in words
    assert files(tmp_path) - {f"mine/{name}" for name in files(sound)} == {"x.zip"}


def test_a_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    text = io.BytesIO()
    with zipfile.ZipFile(text, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("submission.json", bytes(10_000_000))
    content = text.getvalue().replace((10_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    (tmp_path / "x.zip").write_bytes(content)
    refused("submission", "unpack", tmp_path / "x.zip", "-o", tmp_path / "out")
    assert files(tmp_path) == {"x.zip"}


def test_what_is_there_is_not_replaced(sound: Path, tmp_path: Path) -> None:
    ran("submission", "pack", sound, "-o", tmp_path / "x.zip")
    assert "exists and is not empty" in refused("submission", "unpack", tmp_path / "x.zip", "-o", sound)
    words = refused("submission", "pack", sound, "-o", sound / "latents.npy", "--overwrite")
    assert "belongs to the submission" in words


def test_queries_of_images_are_the_published_draw(dataset: Path, tmp_path: Path) -> None:
    printed = list(csv.DictReader(io.StringIO(ran("queries", dataset, "-n", 100))))
    assert [int(row["particle"]) for row in printed] == list(range(0, N, 4))
    assert printed[1]["image"] == "000005@particles/000.mrcs"
    assert "Wrote" in ran("queries", dataset, "-n", 100, "-o", tmp_path / "wanted.csv")
    assert rows(tmp_path / "wanted.csv") == printed
    drawn = [ran("queries", dataset, "-n", 12, "--stratified", "--seed", seed) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]


def test_queries_are_what_scoring_asks_for(dataset: Path, truth: Dataset, sound: Path, tmp_path: Path) -> None:
    latents = np.random.default_rng(0).normal(size=(N, 3)).astype(np.float32)
    write_array(tmp_path / "z.npy", latents)
    text = ran("queries", dataset, "-n", 20, "--latents", tmp_path / "z.npy")
    wanted = [int(row["particle"]) for row in csv.DictReader(io.StringIO(text))]
    assert wanted == wanted_particles(truth.truth, latents, 20, 0).tolist()
    write_array(sound / "latents.npy", latents)
    index(sound, *(f"000.mrc,{particle}" for particle in wanted))
    for protocol, more in (("per-image", ("-n", 20)), ("per-conformation", ())):
        ran("fsc", protocol, sound, "--dataset", dataset, "-o", tmp_path / protocol, "--no-sanity", *more)
        table = rows(tmp_path / protocol / "fsc_per_item.csv")
        assert {int(row["particle"]) for row in table} <= set(wanted)
        wanted_here = [int(row["particle"]) for row in table if row["convention"] == "standard"]
        call = ("queries", dataset, "-n", 20, "--protocol", protocol, "--latents", tmp_path / "z.npy")
        assert [int(row["particle"]) for row in csv.DictReader(io.StringIO(ran(*call)))] == sorted(wanted_here)


def test_representatives_need_latents(dataset: Path, tmp_path: Path) -> None:
    assert "give them with --latents" in refused("queries", dataset, "--protocol", "per-conformation")
    write_array(tmp_path / "z.npy", np.zeros((3, 2), np.float32))
    assert "3 rows for 480 particles" in refused("queries", dataset, "--latents", tmp_path / "z.npy")
