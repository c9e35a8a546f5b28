"""Croissant metadata, validated and read by mlcroissant."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from cryobench.core import FormatError, Volume
from cryobench.datasets import (
    RECIPES,
    DatasetSpec,
    Manifest,
    Rendering,
    Source,
    build_dataset,
    croissant_text,
    load_dataset,
    prepare_inputs,
    read_manifest,
    simulate,
)
from cryobench.datasets.cards.citation import CC0, MIT, entries, licences
from cryobench.datasets.cards.croissant import croissant_metadata, metadata_text
from cryobench.datasets.cards.describe import write_descriptions
from cryobench.datasets.spec import ImportedSpec
from cryobench.io import write_volume

# rdflib, which mlcroissant reads JSON-LD with, uses a class that it has itself deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")

IMAGING = {"box": 24, "output_box": 24, "pixel_size": 14.0, "noise": {"snr": 0.5}}
UGLY = "états \"a\" 'b' <script>alert(1)</script> \\ \n Å 電顕 {x}"


@pytest.fixture(scope="module")
def mlc() -> ModuleType:
    try:
        import mlcroissant  # noqa: PLC0415
    except ImportError:
        if os.environ.get("CI"):
            pytest.fail("mlcroissant is not installed: CI has to validate the metadata")
        pytest.skip("METADATA NOT VALIDATED: mlcroissant is not installed")
    return mlcroissant


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("igg-1d")
    inputs = prepare_inputs("igg-1d:standin", "demo", 1, states=3, images_per_state=2, resolution=28.0, imaging=IMAGING)
    build_dataset(inputs, folder)
    return folder


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return read_manifest(folder)


def issues(mlc: ModuleType, metadata: Path | dict[str, Any]) -> tuple[set[str], set[str]]:
    """Return what mlcroissant says: errors, and the properties of which it warns."""
    found = mlc.Dataset(metadata).metadata.ctx.issues
    missing = [re.search(r'Property "\S*/(\w+)" is recommended, but does not exist', one) for one in found.warnings]
    assert all(missing), found.warnings
    return found.errors, {one[1] for one in missing if one}


def imported(manifest: Manifest) -> Manifest:
    spec = ImportedSpec(
        dataset="spike-md",
        stacks=("images/é 1.mrcs", 'images/"2".mrcs'),
        stack_counts=(3, 3),
        images=(2, 2, 2),
        box=256,
        pixel_size=1.5,
        sign=-1,
        repairs=("image size and pixel size were swapped",),
    )
    return manifest.model_copy(update={"id": spec.id, "spec": spec, "stand_in": ""})


def test_a_build_is_valid(mlc: ModuleType, folder: Path) -> None:
    """A build has no date: it would not be the same twice."""
    assert issues(mlc, folder / "croissant.json") == (set(), {"datePublished"})
    metadata = mlc.Dataset(folder / "croissant.json").metadata
    assert metadata.name == "IgG-1D (igg-1d:standin)"
    assert metadata.license == [MIT]
    assert str(metadata.ctx.conforms_to.value) == "http://mlcommons.org/croissant/1.0"


def test_states_are_read_as_records(mlc: ModuleType, folder: Path) -> None:
    states = load_dataset(folder).truth.states
    records = list(mlc.Dataset(folder / "croissant.json").records("states"))
    assert len(records) == len(states) == 3
    for record, state in zip(records, states, strict=True):
        assert record["states/state"] == state.index
        assert record["states/name"].decode() == state.name
        assert record["states/source"] == b"built-in:synthetic-igg"
        assert record["states/images"] == state.images
        assert record["states/population"] == pytest.approx(1 / 3)
        assert record["states/angle"] == state.variables["angle"]


def test_names_of_users_are_read_as_they_are(mlc: ModuleType, tmp_path: Path) -> None:
    maps = tmp_path / "maps"
    maps.mkdir()
    zyx = np.indices((24, 24, 24)) - 12
    for i, name in enumerate(('1 état, "a"', "2 電顕\n'b' <i>|%20")):
        blob = np.exp(-((zyx[0] - i) ** 2 + zyx[1] ** 2 + zyx[2] ** 2) / 8.0).astype(np.float32)
        write_volume(maps / f"{name}.mrc", Volume(blob, 4.0))
    dataset = simulate({"volumes": str(maps), "images": [1, 3], "name": "mine"}, tmp_path / "d")
    assert issues(mlc, tmp_path / "d/croissant.json") == (set(), {"datePublished", "license", "citeAs"})
    records = list(mlc.Dataset(tmp_path / "d/croissant.json").records("states"))
    assert [record["states/name"].decode() for record in records] == [state.name for state in dataset.truth.states]
    assert [record["states/images"] for record in records] == [1, 3]
    assert [record["states/population"] for record in records] == [0.25, 0.75]
    assert [record["states/map"] for record in records] == [0.0, 1.0]


def test_a_changed_file_is_noticed(mlc: ModuleType, folder: Path) -> None:
    path = folder / "truth/states.csv"
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace(b"120", b"121"))
        with pytest.raises(mlc.GenerationError) as error:
            list(mlc.Dataset(folder / "croissant.json").records("states"))
        assert "Hash of downloaded file" in str(error.value.__cause__)
    finally:
        path.write_bytes(content)


def test_every_file_is_described(folder: Path) -> None:
    metadata = json.loads((folder / "croissant.json").read_text("utf-8"))
    paths = [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]
    objects = {one["contentUrl"]: one for one in metadata["distribution"] if one["@type"] == "cr:FileObject"}
    sets = [one for one in metadata["distribution"] if one["@type"] == "cr:FileSet"]
    for path in paths:
        globs = [one["includes"] for one in sets if fnmatchcase(path, one["includes"])]
        assert len(globs) + (path in objects) == (path != "croissant.json"), path
    for name, one in objects.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == one["sha256"]
    identifiers = [one["@id"] for one in metadata["distribution"]]
    assert len(set(identifiers)) == len(identifiers)


def test_the_text_is_that_of_the_folder(folder: Path) -> None:
    text = croissant_text(folder)
    assert text == (folder / "croissant.json").read_text("utf-8")
    assert str(folder) not in text
    assert not [name for name in json.loads(text) if name.startswith("date")]


def test_describing_again_changes_nothing(folder: Path, manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth/states.csv").write_bytes((folder / "truth/states.csv").read_bytes())
    files = {name: sum_ for name, sum_ in manifest.files.items() if name not in {"README.md", "croissant.json"}}
    write_descriptions(tmp_path, manifest, dict(reversed(files.items())))
    for name in ("README.md", "croissant.json", "dataset.json"):
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def variants(manifest: Manifest) -> Iterator[tuple[str, Manifest, list[str], set[str]]]:
    """Yield what a manifest can be, the variables of its states, and the warnings that are right."""
    words = dict.fromkeys(("id", "title", "summary", "stand_in", "latent_meaning", "coordinate_name"), UGLY)
    yield "ugly names", manifest.model_copy(update={**words, "notes": (UGLY,)}), [UGLY, "component 1"], set()
    yield "an archive", imported(manifest), ["component 1"], {"license"}
    spec = manifest.spec
    assert isinstance(spec, DatasetSpec)
    own = spec.model_copy(update={"variant": "custom", "ctf": Source(name="my.star", sha256="0" * 64)})
    yield "a user's own", manifest.model_copy(update={"spec": own}), [], {"license", "citeAs"}
    untold = manifest.model_copy(update={"software": "cryobench"})
    yield "no version", untold, [], {"version"}


def test_other_datasets_are_valid(mlc: ModuleType, manifest: Manifest) -> None:
    for name, changed, variables, warned in variants(manifest):
        metadata = croissant_metadata(changed, manifest.files, variables)
        parsed = json.loads(metadata_text(metadata))
        assert parsed == metadata, name
        assert issues(mlc, parsed) == (set(), {"datePublished", *warned}), name
        assert [field["name"] for field in parsed["recordSet"][0]["field"][5:]] == variables, name


def test_it_can_stand_in_a_web_page(manifest: Manifest) -> None:
    changed = manifest.model_copy(update={"title": UGLY})
    text = metadata_text(croissant_metadata(changed, manifest.files, []))
    assert "<" not in text
    assert json.loads(text)["name"] == f"{UGLY} (igg-1d:standin)"


def test_an_import_names_its_archive(manifest: Manifest) -> None:
    files = {
        name: sum_ for name, sum_ in manifest.files.items() if not name.startswith(("particles/", "truth/volumes"))
    }
    metadata = croissant_metadata(imported(manifest), files, [])
    assert metadata["url"] == "https://zenodo.org/records/14941494"
    assert metadata["isBasedOn"] == [metadata["url"]]
    assert "2 stacks" in metadata["description"]
    assert "swapped" in metadata["description"]
    assert [one["@id"] for one in metadata["distribution"] if one["@type"] == "cr:FileSet"] == ["manifest"]


def test_a_hundred_thousand_states_stay_small(manifest: Manifest) -> None:
    spec = manifest.spec.model_copy(update={"images": (1,) * 100_000, "truth": "rendered"})
    files = {name: sum_ for name, sum_ in manifest.files.items() if not name.startswith("truth/volumes")}
    files |= {f"particles/{i:03d}.mrcs": "0" * 64 for i in range(100)}
    text = metadata_text(croissant_metadata(manifest.model_copy(update={"spec": spec}), files, ["component 1"]))
    assert len(text) < 15_000
    assert "100000 images of 100000 states" in text
    assert "100 files" in text
    assert "true-volumes" not in text


@pytest.mark.parametrize(
    ("name", "kind", "expected", "structures"),
    [
        ("igg-1d", "published", (CC0,), ("1HZH",)),
        ("igg-rl", "standin", (MIT,), ()),
        ("tomotwin-100", "standin", (MIT,), ()),
        ("tomotwin-100", "published", (CC0,), ("2CG9", "6VGR")),
        ("ribosembly", "standin", (CC0,), ("4V5D",)),
        ("spike-md", "published", (), ()),
    ],
)
def test_licences_are_those_of_the_inputs(
    manifest: Manifest, name: str, kind: str, expected: tuple[str, ...], structures: tuple[str, ...]
) -> None:
    states = getattr(RECIPES[name], kind)(Rendering(), [0, 1])
    spec = manifest.spec.model_copy(update={"states": states})
    assert licences(spec) == expected
    assert entries(spec) == structures
    for changed in ("ctf", "poses"):
        assert licences(spec.model_copy(update={changed: Source(name="mine.pkl", sha256="0" * 64)})) == ()


def test_the_published_recipe_cites_its_paper(manifest: Manifest) -> None:
    spec = manifest.spec.model_copy(update={"variant": "", "states": RECIPES["igg-1d"].published(Rendering(), [0, 1])})
    metadata = croissant_metadata(manifest.model_copy(update={"spec": spec}), manifest.files, [])
    assert metadata["url"] == "https://arxiv.org/abs/2408.05526"
    assert "2408.05526" in metadata["citeAs"]
    assert metadata["isBasedOn"] == ["https://www.rcsb.org/structure/1HZH"]
    assert "url" not in croissant_metadata(manifest, manifest.files, [])


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n"])
def test_another_table_is_refused(folder: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "dataset.json").write_bytes((folder / "dataset.json").read_bytes())
    (tmp_path / "truth/states.csv").write_text(content)
    with pytest.raises(FormatError, match=r"states\.csv: not a table of states"):
        croissant_text(tmp_path)
