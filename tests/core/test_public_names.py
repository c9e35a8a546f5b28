"""What each room shows to the others is there, and nothing is shown twice."""

from __future__ import annotations

import importlib

import pytest

ROOMS = ["core", "io", "structures", "imaging", "datasets", "methods", "align", "metrics", "benchmark", "report"]


@pytest.mark.parametrize("name", ["cryobench", *(f"cryobench.{room}" for room in ROOMS)])
def test_every_public_name_exists(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert len(set(module.__all__)) == len(module.__all__)
    for public in module.__all__:
        assert getattr(module, public) is not None
