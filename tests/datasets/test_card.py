"""The dataset card: what it says, and that names of users cannot make it say something else."""

from __future__ import annotations

import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from cryobench.core import FormatError, Volume
from cryobench.datasets import Manifest, build_dataset, dataset_card, prepare_inputs, read_manifest, simulate
from cryobench.datasets.cards.card import card_text
from cryobench.datasets.cards.markdown import one_line
from cryobench.datasets.spec import ArchiveFile, ImportedSpec
from cryobench.io import write_volume

IMAGING = {"box": 24, "output_box": 24, "pixel_size": 14.0, "noise": {"snr": 0.5}}
UGLY = (
    "a|b <script>alert('x')</script> `c` *d* [e](http://evil.example) ![f](g) &lt;\n# h\n\n- i \u202e $j$ Ångström 電顕"
)
HOSTS = {"arxiv.org", "creativecommons.org", "spdx.org", "zenodo.org", "www.rcsb.org"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("igg-1d")
    inputs = prepare_inputs("igg-1d:standin", "demo", 1, states=3, images_per_state=2, resolution=28.0, imaging=IMAGING)
    build_dataset(inputs, folder)
    return folder


@pytest.fixture(scope="module")
def manifest(folder: Path) -> Manifest:
    return read_manifest(folder)


class Page(HTMLParser):
    """The tags, addresses and words of a page."""

    def __init__(self, markdown: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.words = ""
        self.feed(MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words += data


def ugly(manifest: Manifest, words: str) -> Manifest:
    """Return a manifest with these words wherever users or their files can put some."""
    spec = manifest.spec
    assert not isinstance(spec, ImportedSpec)
    source = spec.states.sources()[0].model_copy(update={"name": words, "title": words})
    states = spec.states.with_sources([source])
    ctf, poses = (one.model_copy(update={"name": words, "title": words}) for one in (spec.ctf, spec.poses))
    changed = spec.model_copy(update={"states": states, "ctf": ctf, "poses": poses, "variant": "custom"})
    fields = ("id", "title", "summary", "stand_in", "latent_meaning", "software")
    return manifest.model_copy(update={"spec": changed, "notes": (words,), **dict.fromkeys(fields, words)})


def imported(manifest: Manifest, **changes: object) -> Manifest:
    spec = ImportedSpec(
        dataset="igg-1d",
        stacks=("images/snr0.01/000.mrcs", "images/snr0.01/001.mrcs"),
        stack_counts=(3, 3),
        images=(2, 2, 2),
        volumes=("vols/000.mrc", "vols/001.mrc", "vols/002.mrc"),
        box=128,
        pixel_size=3.0,
        sign=-1,
        snr=0.01,
        repairs=("combined_ctfs.pkl says 256 pixels of 1.5 Å: 128 pixels of 3 Å are taken",),
        archive={"images/snr0.01/000.mrcs": ArchiveFile(bytes=1, sha256="0" * 64)},
    )
    return manifest.model_copy(
        update={"id": spec.id, "spec": spec.model_copy(update=changes), "stand_in": "", "noise_sigma": ()}
    )


def test_the_card_is_the_readme(folder: Path, manifest: Manifest) -> None:
    card = dataset_card(folder)
    assert card == (folder / "README.md").read_text("utf-8") == card_text(manifest, manifest.files)
    assert card.startswith("# IgG-1D (`igg-1d:standin`)\n")
    assert card.index("Stand-in data") < card.index("## In short") < card.index("## Files")
    assert "- Particles: 6 images of 3 states, 2 each\n" in card
    assert "| `particles/*.mrcs` | stacks of the particle images, float32 (1 file) |" in card
    assert "| `truth/volumes/*.mrc` | true volume of each state, float32 (3 files) |" in card
    assert len(card.splitlines()) <= 75
    assert str(folder) not in card


def test_every_file_is_on_the_card(folder: Path) -> None:
    card = dataset_card(folder)
    for path in folder.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(folder))
            pattern = f"{path.parent.relative_to(folder)}/*{path.suffix}"
            assert f"| `{name}` |" in card or f"| `{pattern}` |" in card


def test_what_is_inferred_comes_first(manifest: Manifest) -> None:
    card = card_text(manifest.model_copy(update={"notes": ("the linker is inferred", "")}), manifest.files)
    assert "- The linker is inferred.\n" in card
    assert card.index("## Notes") < card.index("## In short")
    assert "## Notes" not in card_text(manifest.model_copy(update={"notes": ()}), manifest.files)


def test_ugly_names_are_shown_and_do_nothing(manifest: Manifest) -> None:
    page = Page(card_text(ugly(manifest, UGLY), {*manifest.files, f"{UGLY}.npy"}))
    assert page.words.count(one_line(UGLY)) >= 10
    assert page.tags <= {
        "h1", "h2", "p", "ul", "li", "code", "pre", "blockquote", "strong", "a",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert {urlsplit(address).hostname for address in page.addresses} <= HOSTS


@settings(max_examples=40)
@given(words=st.text(max_size=20) | st.text(st.sampled_from("a1.`|<>[]()*_#-\n\\&;~:! "), max_size=20))
def test_the_shape_of_the_card_does_not_depend_on_names(manifest: Manifest, words: str) -> None:
    def shape(given: str) -> list[str]:
        tokens = (
            MarkdownIt("commonmark")
            .enable(["table", "strikethrough"])
            .parse(card_text(ugly(manifest, f"x{given}x"), manifest.files))
        )
        return [token.type for token in tokens] + [c.type for t in tokens for c in t.children or [] if c.type != "text"]

    assert shape(words) == shape("")


def test_a_card_of_an_import(manifest: Manifest) -> None:
    there = {*manifest.files} - {name for name in manifest.files if name.startswith("particles/")}
    card = card_text(imported(manifest), there)
    assert "--datadir ARCHIVE" in card
    assert "particles.star" in card
    assert "https://zenodo.org/records/11629428" in card
    assert "links.json" in card
    assert "- Put right on import, the archive left as it is: combined_ctfs.pkl says 256 pixels of 1.5 Å" in card
    assert "2 stacks and 3 true volumes" in card
    assert "particles/*.mrcs" not in card
    assert "cryobench datasets build" not in card
    assert "--datadir" not in card_text(imported(manifest), there - {"particles.star"})


def test_a_card_of_ones_own_maps(tmp_path: Path) -> None:
    maps = tmp_path / "a|b <i> _maps_"
    maps.mkdir()
    zyx = np.indices((24, 24, 24)) - 12
    for i in range(2):
        blob = np.exp(-((zyx[0] - i) ** 2 + zyx[1] ** 2 + zyx[2] ** 2) / 8.0).astype(np.float32)
        write_volume(maps / f"*{i}* <b>.mrc", Volume(blob, 4.0))
    simulate({"volumes": str(maps), "images": 2, "name": "mine"}, tmp_path / "d")
    page = Page(dataset_card(tmp_path / "d"))
    assert "*0* <b>.mrc, *1* <b>.mrc" in page.words
    assert not page.tags & {"b", "i", "em"}
    assert "alone do not give them" in page.words
    assert "The licence of what it was made from is not known." in page.words
    assert "dark" not in page.words


def test_a_dark_particle_says_so(manifest: Manifest) -> None:
    card = card_text(imported(manifest, sign=1), manifest.files)
    assert "The particle is dark: cryoDRGN needs `--uninvert-data`." in card


def test_a_folder_without_a_dataset_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"dataset\.json"):
        dataset_card(tmp_path)


def test_commands_are_valid_shell(folder: Path) -> None:
    block = dataset_card(folder).split("## Reading it")[1].split("```sh\n")[1].split("```")[0]
    done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
