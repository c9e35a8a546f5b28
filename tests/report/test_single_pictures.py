"""The pictures of one submission: they are drawn whatever the names, and the same twice."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from cryobench.core import Colouring, Coordinate, Curve, ImbalancePoint, MetricCard, Recovery
from cryobench.report import latent_figure, points_figure, pose_error_figure
from cryobench.report._points import class_colours

NASTY = "_a $x_{ y <b>"
CARD = MetricCard(name="m", label="M", summary="", reference="", range=(0, 1), direction="higher", unit="")


def size(png: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        return picture.size


def colouring(kind: str, count: int = 40) -> Colouring:
    values = np.arange(count, dtype=np.float64)
    if kind == "classes":
        return Colouring(Coordinate(name=NASTY, unit="", cyclic=False), values % 3, (NASTY, "b", "c"))
    return Colouring(Coordinate(name=NASTY, unit="degrees", cyclic=kind == "cyclic"), values)


@pytest.mark.parametrize("kind", ["classes", "cyclic", "linear"])
def test_points(kind: str) -> None:
    points = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    drawings = [("UMAP", points), ("PCA", points)]
    first, again = (points_figure(drawings, [colouring(kind)], NASTY, NASTY) for _ in range(2))
    assert first == again
    one = points_figure(drawings[:1], [colouring(kind)] * 2, NASTY, NASTY)
    assert size(one)[0] < size(first)[0]
    assert size(one)[1] > size(first)[1]


@pytest.mark.parametrize("count", [1, 16, 20])
def test_classes_have_colours_of_their_own(count: int) -> None:
    assert len(set(class_colours(count))) == count


def curve(method: str) -> Curve:
    line: dict[str, tuple[float, ...]] = {"x": (1.0, 2.0), "mean": (10.0, 20.0)}
    words = {"protocol": "", "convention": "", "label": "L", "x_label": "R", "x_unit": "%"}
    return Curve.model_validate({"metric": CARD, "method": method, "item_names": (), "items": (), **line, **words})


def test_latents() -> None:
    plane = [
        ImbalancePoint(
            method=NASTY, space=NASTY, to_space=0.2, from_space=0.3, floor_to_space=1.0, floor_from_space=1.1
        )
    ]
    values = np.linspace(0, 359, 50)
    recovery = Recovery(Coordinate(name=NASTY, unit="degrees", cyclic=True), values, values + 1, NASTY)
    curves = [curve(name) for name in (NASTY, "floor", "ceiling")]
    first, again = (latent_figure(curves, plane, recovery, NASTY, NASTY) for _ in range(2))
    assert first == again
    assert size(latent_figure([], [], None, "t", "n")) == size(first)


def test_pose_errors() -> None:
    errors = np.abs(np.random.default_rng(0).normal(size=100))
    assert size(pose_error_figure(errors, errors, NASTY, NASTY)) == size(
        pose_error_figure(np.zeros(100), np.zeros(100), "t", "n")
    )
