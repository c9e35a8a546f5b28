"""Every plot as a file: the same bytes twice, names that are safe, text that is text."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from pathlib import PurePosixPath

import numpy as np
import pytest
from made_up import NASTY, make_results
from PIL import Image

from cryobench.core import Results
from cryobench.report import figure_files
from cryobench.report._file_names import FileNames, file_stem
from cryobench.report._scenes import _shaded


@pytest.fixture(scope="module")
def small() -> Results:
    """Names of every kind, and few of them."""
    return make_results(name=f"../{NASTY}", title="_$x_{", states=4, points=40, surface_states=2, shells=9, rings=6)


@pytest.fixture(scope="module")
def files(small: Results) -> dict[str, bytes]:
    return dict(figure_files([small], ["svg"]))


def test_every_plot_is_there(files: dict[str, bytes]) -> None:
    names = {PurePosixPath(path).with_suffix("").name for path in files}
    assert len(files) == len(names)
    kinds = [name.partition("-")[0] for name in sorted(names)]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {
        "curves": 3, "histogram": 2, "imbalance": 3, "latents": 3, "matrix": 3, "overview": 1, "pictures": 2,
        "score": 9, "states": 3, "surfaces": 1,
    }  # fmt: skip


def test_names_are_safe(files: dict[str, bytes]) -> None:
    for path in files:
        assert re.fullmatch(r"img-src-x-onerror-alert-1/[a-z0-9-]+\.(png|svg|pdf)", path), path


def test_svgs_are_drawings_without_script(files: dict[str, bytes]) -> None:
    for content in files.values():
        root = ET.fromstring(content)
        assert root.tag.endswith("svg")
        assert not [element for element in root.iter() if element.tag.endswith("script")]
        assert len(list(root.iter())) > 30


def test_text_stays_text(files: dict[str, bytes]) -> None:
    svg = files["img-src-x-onerror-alert-1/curves-fsc-auc-per-conformation-standard.svg"]
    words = [element.text for element in ET.fromstring(svg).iter() if element.tag.endswith("text")]
    assert NASTY in words
    assert any("_$x_{" in (word or "") for word in words), "a name is no formula"


@pytest.mark.slow
def test_the_same_files_again_in_every_format(small: Results, files: dict[str, bytes]) -> None:
    every = dict(figure_files([small]))
    assert len(every) == 3 * len(files)
    assert {path: content for path, content in every.items() if path.endswith(".svg")} == files
    assert dict(figure_files([small], ["png", "pdf"])) == {
        path: content for path, content in every.items() if not path.endswith(".svg")
    }
    for path, content in every.items():
        if path.endswith(".png"):
            with Image.open(io.BytesIO(content)) as picture:
                picture.load()
                assert min(picture.size) > 300
                assert np.ptp(np.asarray(picture.convert("L"))) > 100, "not blank"
        elif path.endswith(".pdf"):
            assert content.startswith(b"%PDF")
            assert b"CreationDate" not in content


def test_an_empty_run_has_an_overview(empty_results: Results) -> None:
    assert [path for path, _ in figure_files([empty_results], ["png"])] == ["toy-ring/overview.png"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [("IgG-1D", "igg-1d"), ("../../etc/passwd", "etc-passwd"), ("Å é", "a-e"), ("", "unnamed"), ("日本", "unnamed"),
     ("x" * 150, "x" * 120)],
)  # fmt: skip
def test_file_names(name: str, expected: str) -> None:
    assert file_stem(name) == expected


def test_file_names_differ() -> None:
    names = FileNames()
    assert [names.next(name) for name in ("a b", "a-b", "A B", "a-b-2")] == ["a-b", "a-b-2", "a-b-3", "a-b-2-2"]


def test_surfaces_show_their_front_alone(small: Results) -> None:
    surface = small.surfaces[0]
    drawn = len(_shaded(surface, "#0072B2").get_paths())
    assert 0.3 * len(surface.faces) < drawn < 0.7 * len(surface.faces)
