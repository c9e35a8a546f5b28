"""What is written of a submission is read back, and a fault in a folder is named."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryobench.core import CryobenchError, DatasetCard, FormatError, InputError, MethodCard, Poses, Submission, Volume
from cryobench.io import write_array, write_text
from cryobench.methods import ClassVolumes, FileVolumes, read_submission, read_submission_manifest, write_submission

N = 12
CARD = DatasetCard(id="igg-1d", title="", summary="", stand_in="", facts={}, checksum="a" * 64)
METHOD = MethodCard(name="mine", version="1", role="method", summary="For a test.")


@pytest.fixture
def whole() -> Submission:
    generator = np.random.default_rng(0)
    labels = (np.arange(N) % 3).astype(np.int32)
    posteriors = generator.dirichlet(np.ones(3), N).astype(np.float32)
    rotations = Rotation.random(N, random_state=0).as_matrix().astype(np.float32)
    maps = [Volume(generator.normal(size=(8, 8, 8)).astype(np.float32), 2.5) for _ in range(3)]
    return Submission(
        method=METHOD,
        particles=N,
        kind="ab-initio",
        latents=generator.normal(size=(N, 4)).astype(np.float32),
        labels=labels,
        posteriors=posteriors,
        poses=Poses(rotations, generator.normal(size=(N, 2)).astype(np.float32)),
        volumes=ClassVolumes(maps, labels),
    )


def written(folder: Path, submission: Submission) -> Path:
    write_submission(submission, CARD, folder, [0, 1, 2, 3], seconds=1.5)
    return folder


def test_a_whole_submission_comes_back(tmp_path: Path, whole: Submission) -> None:
    read = read_submission(written(tmp_path / "mine", whole), N, CARD)
    assert (read.method, read.particles, read.kind) == (METHOD, N, "ab-initio")
    for name in ("latents", "labels", "posteriors"):
        got, want = getattr(read, name), getattr(whole, name)
        np.testing.assert_array_equal(got, want)
        assert got.dtype == want.dtype
    assert read.poses is not None
    assert whole.poses is not None
    np.testing.assert_array_equal(read.poses.rotations, whole.poses.rotations)
    np.testing.assert_array_equal(read.poses.shifts, whole.poses.shifts)
    assert isinstance(read.volumes, FileVolumes)
    assert whole.volumes is not None
    assert read.volumes.particles.tolist() == [0, 1, 2, 3]
    assert len(list((tmp_path / "mine/volumes").glob("*.mrc"))) == 3
    for particle in read.volumes.particles.tolist():
        np.testing.assert_array_equal(read.volumes.at(particle).data, whole.volumes.at(particle).data)
    assert read.volumes.at(0).pixel_size == pytest.approx(2.5)
    assert read_submission_manifest(tmp_path / "mine").seconds == 1.5


@pytest.mark.parametrize("name", ["latents", "labels", "posteriors", "poses", "volumes"])
def test_a_part_alone_comes_back(tmp_path: Path, whole: Submission, name: str) -> None:
    parts = ("latents", "labels", "posteriors", "poses", "volumes")
    alone = dataclasses.replace(whole, **{part: None for part in parts if part != name})
    read = read_submission(written(tmp_path / "mine", alone), N)
    assert [part for part in parts if getattr(read, part) is not None] == [name]


def test_precision_may_differ(tmp_path: Path, whole: Submission) -> None:
    folder = written(tmp_path / "mine", whole)
    assert whole.latents is not None
    assert whole.labels is not None
    assert whole.poses is not None
    write_array(folder / "latents.npy", np.asfortranarray(whole.latents.astype(">f8")))
    write_array(folder / "labels.npy", whole.labels.astype(np.int64))
    np.savez_compressed(
        folder / "poses.npz", rotations=whole.poses.rotations.astype(np.float64), translations=np.zeros((N, 2), np.int8)
    )
    read = read_submission(folder)
    np.testing.assert_array_equal(read.latents, whole.latents)
    assert read.latents is not None
    assert read.labels is not None
    assert read.latents.dtype == np.float32
    assert read.latents.flags.c_contiguous
    assert read.labels.dtype == np.int32


def test_a_particle_without_a_volume_is_named(tmp_path: Path, whole: Submission) -> None:
    read = read_submission(written(tmp_path / "mine", whole))
    assert read.volumes is not None
    with pytest.raises(InputError, match=r"no volume of particle 7, there are volumes of 4 particles \(0, 1, 2, 3\)"):
        read.volumes.at(7)


def test_another_number_of_particles(tmp_path: Path, whole: Submission) -> None:
    with pytest.raises(InputError, match="made of 12 particles, but the dataset has 13"):
        read_submission(written(tmp_path / "mine", whole), 13)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"checksum": "b" * 64}, "another build of 'igg-1d'"),
        ({"checksum": "b" * 64, "id": "igg-rl"}, "made of 'igg-1d', but the dataset is 'igg-rl'"),
    ],
)
def test_another_dataset(tmp_path: Path, whole: Submission, change: dict[str, str], message: str) -> None:
    folder, other = written(tmp_path / "mine", whole), CARD.model_copy(update=change)
    with pytest.raises(InputError, match=message):
        read_submission(folder, N, other)
    assert read_submission(folder, N, other, any_dataset=True).particles == N


def manifest(folder: Path, **fields: object) -> None:
    path = folder / "submission.json"
    content = json.loads(path.read_text()) | fields
    path.write_text(json.dumps({key: value for key, value in content.items() if value is not None}))


def poses(folder: Path, **arrays: object) -> None:
    with np.load(folder / "poses.npz") as archive:
        content = {key: archive[key] for key in archive} | arrays
    np.savez(folder / "poses.npz", **{key: value for key, value in content.items() if value is not None})


def at(array: np.ndarray, place: tuple[int, ...], value: float) -> np.ndarray:
    array = array.copy()
    array[place] = value
    return array


def index(folder: Path, *rows: str, head: str = "file,particle") -> None:
    write_text(folder / "volumes/index.csv", "\n".join([head, *rows]) + "\n")


LATENTS = np.arange(2.0 * N).reshape(N, 2)
EYES = np.tile(np.eye(3), (N, 1, 1))
FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "no manifest": (lambda f: (f / "submission.json").unlink(), r"no submission\.json there"),
    "not JSON": (lambda f: (f / "submission.json").write_text("{"), r"submission\.json: not JSON"),
    "a list": (lambda f: (f / "submission.json").write_text("[1]"), r"submission\.json: holds a list"),
    "not text": (lambda f: (f / "submission.json").write_bytes(b"\xff\xfe"), r"submission\.json: cannot be read"),
    "schema": (lambda f: manifest(f, schema_version=9), r"field 'schema_version' is 9, expected 1"),
    "unknown field": (lambda f: manifest(f, colour="red"), r"field 'colour': Extra inputs"),
    "missing field": (lambda f: manifest(f, dataset=None), r"field 'dataset': Field required"),
    "kind": (lambda f: manifest(f, kind="free"), r"field 'kind': Input should be 'fixed-pose' or 'ab-initio'"),
    "role": (
        lambda f: manifest(f, method=METHOD.model_dump() | {"role": "hero"}),
        r"field 'method\.role': Input should be",
    ),
    "a ceiling of its own": (
        lambda f: manifest(f, method=METHOD.model_dump() | {"role": "ceiling"}),
        r"field 'method': .*role is 'ceiling' and name 'mine', but only built-in controls .*oracle is a ceiling",
    ),
    "a method as a floor": (
        lambda f: manifest(f, method=METHOD.model_dump() | {"role": "floor", "name": "ppca"}),
        r"field 'method': .*role is 'floor' and name 'ppca'",
    ),
    "a control of another role": (
        lambda f: manifest(f, method=METHOD.model_dump() | {"role": "floor", "name": "oracle"}),
        r"field 'method': .*role is 'floor' and name 'oracle'",
    ),
    "no checksum": (lambda f: manifest(f, dataset_checksum=""), r"field 'dataset_checksum': String should match"),
    "a checksum in capitals": (lambda f: manifest(f, dataset_checksum="A" * 64), r"field 'dataset_checksum': String"),
    "a checksum and a line": (lambda f: manifest(f, dataset_checksum="a" * 64 + "\n"), r"'dataset_checksum': String"),
    "no particle": (lambda f: manifest(f, particles=0), r"field 'particles': .*greater than or equal to 1"),
    "more particles": (
        lambda f: manifest(f, particles=13),
        r"latents\.npy: array of shape \(12, 4\), .* it has 12 rows for 13",
    ),
    "latents, one column": (lambda f: write_array(f / "latents.npy", np.zeros(N)), r"\(12,\).*expected \(12, d\)"),
    "latents, words": (lambda f: write_array(f / "latents.npy", np.full((N, 2), "x")), r"latents\.npy: .*type <U1"),
    "latents, complex": (lambda f: write_array(f / "latents.npy", LATENTS * 1j), r"latents\.npy: .*type complex128"),
    "latents, no column": (lambda f: write_array(f / "latents.npy", LATENTS[:, :0]), r"latents\.npy: .*\(12, 0\)"),
    "latents, not finite": (
        lambda f: write_array(f / "latents.npy", at(LATENTS, (3, 1), np.nan)),
        r"latents\.npy: array holds nan at row 3",
    ),
    "latents, too large": (
        lambda f: write_array(f / "latents.npy", at(LATENTS, (5, 0), 1e300)),
        r"latents\.npy: array holds 1e\+300 at row 5",
    ),
    "latents, pickled": (
        lambda f: np.save(f / "latents.npy", np.array([{}] * N, dtype=object), allow_pickle=True),
        r"latents\.npy: not a readable array",
    ),
    "latents, cut short": (
        lambda f: (f / "latents.npy").write_bytes((f / "latents.npy").read_bytes()[:-4]),
        r"latents\.npy: not a readable array",
    ),
    "latents, an archive": (
        lambda f: (f / "latents.npy").write_bytes((f / "poses.npz").read_bytes()),
        r"latents\.npy: an archive of arrays",
    ),
    "latents, a broken archive": (
        lambda f: (f / "latents.npy").write_bytes((f / "poses.npz").read_bytes()[:90]),
        r"latents\.npy: not a readable array",
    ),
    "labels, fractions": (lambda f: write_array(f / "labels.npy", LATENTS[:, 0]), r"labels\.npy: .*whole number"),
    "labels, too large": (
        lambda f: write_array(f / "labels.npy", at(np.arange(N), (2,), 2**40)),
        r"labels\.npy: row 2 is 1099511627776",
    ),
    "posteriors, sum": (
        lambda f: write_array(f / "posteriors.npy", np.full((N, 3), 0.5)),
        r"posteriors\.npy: row 0 has the smallest value 0\.5 and the sum 1\.5",
    ),
    "posteriors, negative": (
        lambda f: write_array(f / "posteriors.npy", np.tile([1.5, -0.5], (N, 1))),
        r"posteriors\.npy: row 0 has the smallest value -0\.5",
    ),
    "poses, no translations": (lambda f: poses(f, translations=None), r"poses\.npz: no array 'translations'"),
    "poses, shape": (
        lambda f: poses(f, rotations=EYES.reshape(N, 9)),
        r"poses\.npz: rotations of shape \(12, 9\).*\(12, 3, 3\)",
    ),
    "poses, rows": (
        lambda f: poses(f, translations=np.zeros((11, 2))),
        r"poses\.npz: translations .* 11 rows for 12",
    ),
    "poses, stretched": (lambda f: poses(f, rotations=2 * EYES), r"poses\.npz: rotation of particle 0 is not orth"),
    "poses, mirrored": (lambda f: poses(f, rotations=-EYES), r"poses\.npz: rotation of particle 0 is a reflection"),
    "poses, not finite": (
        lambda f: poses(f, translations=at(np.zeros((N, 2)), (7, 0), np.inf)),
        r"poses\.npz: translations holds inf at row 7",
    ),
    "poses, pickled": (
        lambda f: poses(f, translations=np.array([{}] * N, dtype=object)),
        r"poses\.npz: not readable \(it holds Python objects",
    ),
    "poses, one array": (
        lambda f: (f / "poses.npz").write_bytes((f / "latents.npy").read_bytes()),
        r"poses\.npz: one array",
    ),
    "poses, cut short": (
        lambda f: (f / "poses.npz").write_bytes((f / "poses.npz").read_bytes()[:-30]),
        r"poses\.npz: not readable",
    ),
    "index, head": (lambda f: index(f, "000.mrc,0", head="volume,image"), r"index\.csv: row 1 is not 'file,particle'"),
    "index, cells": (lambda f: index(f, "000.mrc,0,1"), r"index\.csv: row 2: 3 cells, expected 2"),
    "index, no row": (index, r"index\.csv: no row"),
    "index, words": (lambda f: index(f, "000.mrc,first"), r"index\.csv: row 2: particle is 'first'"),
    "index, range": (lambda f: index(f, "000.mrc,0", "001.mrc,12"), r"row 3: particle is '12', .* from 0 to 11"),
    "index, negative": (lambda f: index(f, "000.mrc,-1"), r"row 2: particle is '-1'"),
    "index, twice": (lambda f: index(f, "000.mrc,0", "001.mrc,0"), r"row 3: particle 0 has a volume already"),
    "index, outside": (lambda f: index(f, "../latents.npy,0"), r"row 2: path '\.\./latents\.npy' leads out of its fol"),
    "index, absolute": (lambda f: index(f, "/etc/passwd,0"), r"row 2: path '/etc/passwd' leads out"),
    "index, missing file": (lambda f: index(f, "009.mrc,0"), r"row 2: no such file .*009\.mrc"),
    "index, null byte": (lambda f: index(f, "0\0.mrc,0"), r"index\.csv: row 2"),
    "index, missing": (lambda f: (f / "volumes/index.csv").unlink(), r"000\.mrc: no index\.csv beside it"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(tmp_path: Path, whole: Submission, fault: str) -> None:
    folder = written(tmp_path / "mine", whole)
    break_it, message = FAULTS[fault]
    break_it(folder)
    with pytest.raises(FormatError, match=message) as caught:
        read_submission(folder)
    assert str(folder) in str(caught.value)


def test_a_damaged_volume_is_named_when_it_is_asked_for(tmp_path: Path, whole: Submission) -> None:
    folder = written(tmp_path / "mine", whole)
    (folder / "volumes/001.mrc").write_bytes(b"not a map")
    read = read_submission(folder)
    assert read.volumes is not None
    read.volumes.at(0)
    with pytest.raises(FormatError, match=r"001\.mrc: not a readable MRC map"):
        read.volumes.at(1)


def test_nothing_to_score(tmp_path: Path, whole: Submission) -> None:
    folder = tmp_path / "mine"
    write_submission(Submission(method=METHOD, particles=N), CARD, folder, [], 0.0)
    write_array(folder / "latent.npy", LATENTS)
    with pytest.raises(CryobenchError, match=r"nothing beside submission\.json: expected any of latents\.npy"):
        read_submission(folder)
