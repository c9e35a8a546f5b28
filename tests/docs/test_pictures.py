"""The pictures of README and pages are those that the script makes."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType

import pytest
from pages import PAGES, ROOT
from PIL import Image

IMAGES = ROOT / "docs" / "images"
_PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)\)")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_screenshots", ROOT / "docs" / "make_screenshots.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def shown() -> list[tuple[str, str]]:
    """Return what stands for each picture of the pages, and the name of its file."""
    found = []
    for page in PAGES:
        for words, target in _PICTURE.findall(page.read_text(encoding="utf-8")):
            assert (page.parent / target).resolve().parent == IMAGES, f"{page.name}: {target}"
            found.append((words, target.rpartition("/")[2]))
    return found


def test_every_picture_is_made_by_the_script(script: ModuleType) -> None:
    assert {name for _, name in shown()} == set(script.PICTURES) == {path.name for path in IMAGES.iterdir()}


def test_pictures_are_small_and_described(script: ModuleType) -> None:
    for words, name in shown():
        assert len(words) > 20, name
        assert (IMAGES / name).stat().st_size <= script.LARGEST
        with Image.open(IMAGES / name) as picture:
            assert picture.format == "PNG"
            assert picture.width >= 1200


def test_readme_shows_the_demo_and_the_report(script: ModuleType) -> None:
    targets = [target for _, target in _PICTURE.findall((ROOT / "README.md").read_text(encoding="utf-8"))]
    assert targets == [f"docs/images/{name}" for name in (script.OVERVIEW, "report-volumes.png")]
