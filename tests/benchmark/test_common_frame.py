"""A submission in a frame of its own scores as it does in that of the truth, once it is aligned."""

from __future__ import annotations

import functools

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from cryobench.align import Transform, transform_volume
from cryobench.benchmark import PER_CONFORMATION, Task, VolumeScores, common_frame, confusion, score_tasks
from cryobench.benchmark.volumes import Gauge
from cryobench.core import Coordinate, InputError, State, Truth, Volume, silent
from cryobench.structures import ResidueRange, render_density, turn_about_psi
from cryobench.structures.synthetic_igg import synthetic_igg

BOX, PIXEL_SIZE, STATES = 32, 8.0, 3
PARTICLES = np.arange(STATES)


@functools.cache
def maps() -> tuple[Volume, ...]:
    """The synthetic antibody at 20 Å, one arm turned by 0, 40 and 80 degrees."""
    moving = tuple(ResidueRange.parse(part) for part in ("H:1-230", "L:1-214"))
    axis = ResidueRange.parse("H:230")
    turned = (turn_about_psi(synthetic_igg(), moving, axis, 40.0 * state) for state in range(STATES))
    return tuple(render_density(atoms, 20.0, BOX, PIXEL_SIZE) for atoms in turned)


def truth() -> Truth:
    return Truth(
        labels=PARTICLES.astype(np.int32),
        latents=PARTICLES[:, None].astype(np.float32),
        latent_meaning="number of the state",
        states=tuple(State(index=i, name=f"{i}", images=1, variables={"state": i}) for i in range(STATES)),
        coordinate=Coordinate(name="state", unit="", cyclic=False),
        volumes=maps(),
        mask=None,
    )


class Moved:
    """Noisy maps of the states, all brought to another frame; ``bad`` states have none."""

    def __init__(self, transform: Transform | None, bad: tuple[int, ...] = ()) -> None:
        self._transform, self._bad = transform, bad

    def at(self, particle: int) -> Volume:
        if particle in self._bad:
            raise InputError("there is none")
        true = maps()[particle].data
        noise = np.random.default_rng(particle).normal(0, 0.03 * true.max(), true.shape)
        volume = Volume((true + noise).astype(np.float32), PIXEL_SIZE)
        return volume if self._transform is None else transform_volume(volume, self._transform)


def random_transform(seed: int) -> Transform:
    generator = np.random.default_rng(seed)
    turn = Rotation.random(rng=generator).as_matrix()
    return Transform(turn, generator.uniform(-3, 3, 3), mirrored=seed % 2 == 1)


def scored(volumes: Moved, gauge: Gauge) -> VolumeScores:
    return score_tasks([Task("mine", PER_CONFORMATION, volumes, PARTICLES, gauge)], truth(), silent)[0]


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_one_transform_brings_all_volumes_back(seed: int) -> None:
    moved, still = Moved(random_transform(seed)), Moved(None)
    frame = common_frame(moved, PARTICLES, truth(), 20, silent)
    there = random_transform(seed)
    assert frame.mirrored == there.mirrored
    angle = np.rad2deg(Rotation.from_matrix(frame.matrix @ there.matrix).magnitude())
    assert angle < 0.5
    np.testing.assert_allclose(frame.matrix @ there.shift + frame.shift, 0, atol=0.1)

    wanted, found, ignored = (
        scored(volumes, gauge) for volumes, gauge in ((still, None), (moved, frame), (moved, None))
    )
    for convention in ("standard", "published"):
        np.testing.assert_allclose(found.aucs(convention), wanted.aucs(convention), atol=0.01)
        assert (ignored.aucs(convention) < wanted.aucs(convention) - 0.2).all()
    matrix = confusion(Task("mine", PER_CONFORMATION, moved, PARTICLES, frame), truth(), silent)
    assert matrix.score(0).value == 1


@pytest.mark.slow
def test_each_transform_brings_each_volume_back() -> None:
    found, wanted = scored(Moved(random_transform(2)), "each"), scored(Moved(None), None)
    for convention in ("standard", "published"):
        np.testing.assert_allclose(found.aucs(convention), wanted.aucs(convention), atol=0.01)


def test_what_cannot_be_used_is_left_out_of_the_frame() -> None:
    """The means are of the same states, so a state that is missing turns nothing."""
    frame = common_frame(Moved(random_transform(0), bad=(1,)), PARTICLES, truth(), 20, silent)
    assert np.rad2deg(Rotation.from_matrix(frame.matrix @ random_transform(0).matrix).magnitude()) < 0.5
    with pytest.raises(InputError, match="no volume can be used"):
        common_frame(Moved(None, bad=(0, 1, 2)), PARTICLES, truth(), 20, silent)
