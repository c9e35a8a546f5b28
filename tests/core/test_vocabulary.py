from __future__ import annotations

import numpy as np
import pytest

from cryobench.core import (
    CTFParameters,
    DuplicateNameError,
    InputError,
    Poses,
    Registry,
    UnknownNameError,
    Volume,
    stream,
)


def test_registry_refuses_a_second_entry_of_one_name() -> None:
    registry: Registry[int] = Registry("number")
    registry.add("one", 1)
    with pytest.raises(DuplicateNameError, match="number 'one' is already registered"):
        registry.add("one", 2)
    assert registry["one"] == 1


def test_registry_offers_the_nearest_name() -> None:
    registry: Registry[int] = Registry("method")
    registry.add("consensus", 1)
    registry.add("oracle", 2)
    with pytest.raises(UnknownNameError, match="unknown method 'concensus': did you mean 'consensus'"):
        registry["concensus"]
    with pytest.raises(UnknownNameError, match="known: consensus, oracle"):
        registry["zzz"]


def test_streams_depend_on_seed_stage_and_index_alone() -> None:
    def draw(*key: object) -> tuple[float, ...]:
        return tuple(stream(*key).standard_normal(3))  # type: ignore[arg-type]

    assert draw(1, "noise", 5) == draw(1, "noise", 5)
    keys = [(1, "noise", 5), (2, "noise", 5), (1, "pose", 5), (1, "noise", 6), (11, "noise", 5)]
    assert len({draw(*key) for key in keys}) == len(keys)


def test_a_stream_does_not_run_into_the_next_index() -> None:
    long = stream(0, "noise", 0).integers(0, 2**63, 100_000)
    assert not np.isin(stream(0, "noise", 1).integers(0, 2**63, 1000), long).any()


@pytest.mark.parametrize(("seed", "index"), [(-1, 0), (0, -1)])
def test_streams_refuse_negative_keys(seed: int, index: int) -> None:
    with pytest.raises(ValueError, match="at least 0"):
        stream(seed, "noise", index)


def test_volume_must_be_an_even_cube_with_a_pixel_size() -> None:
    with pytest.raises(InputError, match=r"box size 9 .* such as 10"):
        Volume(np.zeros((9, 9, 9), np.float32), 1.0)
    with pytest.raises(InputError, match="pixel size is 0"):
        Volume(np.zeros((8, 8, 8), np.float32), 0.0)


def test_poses_must_be_rotations() -> None:
    shifts = np.zeros((1, 2), np.float32)
    with pytest.raises(InputError, match="rotation of particle 0 is not orthogonal"):
        Poses(np.full((1, 3, 3), 0.5, np.float32), shifts)
    with pytest.raises(InputError, match=r"rotations holds a value that is not finite at index \(0, 1, 1\)"):
        Poses(np.array([[[1, 0, 0], [0, np.nan, 0], [0, 0, 1]]], np.float32), shifts)


def test_ctf_parameters_are_checked() -> None:
    good = np.array([[15000, 15000, 0, 300, 2.7, 0.1, 0]], np.float32)
    assert CTFParameters(good).column("cs_mm")[0] == np.float32(2.7)
    for column, value, message in ((3, 0, "voltage"), (5, 10, "amplitude contrast"), (0, np.inf, "not finite")):
        bad = good.copy()
        bad[0, column] = value
        with pytest.raises(InputError, match=message):
            CTFParameters(bad)
