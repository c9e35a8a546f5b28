"""What pictures are coloured by follows from the truth."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from truths import make_truth

from cryobench.benchmark import colourings, draw_latents
from cryobench.core import Coordinate, InputError, State, Truth


def with_states(variables: list[dict[str, float]], latents: np.ndarray, coordinate: Coordinate) -> Truth:
    """Return a truth of ten particles a state."""
    count = len(variables)
    truth = make_truth(10, count)
    return dataclasses.replace(
        truth,
        latents=latents[truth.labels].astype(np.float32),
        states=tuple(State(index=i, name=f"state {i}", images=10, variables=v) for i, v in enumerate(variables)),
        coordinate=coordinate,
    )


def test_a_turn_is_coloured_by_its_cyclic_angle() -> None:
    (found,) = colourings(make_truth())
    assert (found.coordinate.name, found.coordinate.cyclic, found.names) == ("angle", True, ())
    assert sorted(set(found.values.tolist())) == [0, 60, 120, 180, 240, 300]


def test_a_linker_is_coloured_by_distance_and_by_cyclic_dihedral() -> None:
    generator = np.random.default_rng(0)
    distance, dihedral = generator.uniform(20, 60, 30), generator.uniform(-180, 180, 30)
    latents = np.stack((distance, np.cos(np.radians(dihedral)), np.sin(np.radians(dihedral))), axis=1)
    variables = [{"distance": d, "dihedral": a} for d, a in zip(distance.tolist(), dihedral.tolist(), strict=True)]
    first, second = colourings(with_states(variables, latents, Coordinate(name="distance", unit="Å", cyclic=False)))
    assert (first.coordinate.name, first.coordinate.cyclic) == ("distance", False)
    assert (second.coordinate.name, second.coordinate.unit, second.coordinate.cyclic) == ("dihedral", "degrees", True)
    np.testing.assert_allclose(second.values, np.repeat(dihedral, 10))


@pytest.mark.parametrize(("count", "categorical"), [(16, True), (100, False)])
def test_few_compositions_are_named_and_many_are_coloured_by_mass(count: int, categorical: bool) -> None:
    variables = [{"mass": 100.0 + i} for i in range(count)]
    truth = with_states(variables, np.eye(count), Coordinate(name="mass", unit="kDa", cyclic=False))
    (found,) = colourings(truth)
    if categorical:
        assert found.names == tuple(f"state {i}" for i in range(16))
        np.testing.assert_array_equal(found.values, truth.labels)
    else:
        assert (found.coordinate.name, found.names) == ("mass", ())


def test_a_trajectory_is_coloured_by_its_first_component() -> None:
    generator = np.random.default_rng(0)
    components = generator.normal(size=(12, 3))
    variables = [{f"component {i + 1}": float(c) for i, c in enumerate(row)} for row in components]
    truth = with_states(variables, components, Coordinate(name="component 1", unit="Å", cyclic=False))
    assert [found.coordinate.name for found in colourings(truth)] == ["component 1"]


def test_a_drawing_holds_a_seeded_part() -> None:
    latents = np.random.default_rng(0).normal(size=(300, 4)).astype(np.float32)
    umap = latents[:, :2].copy()
    first, again, other = (draw_latents(latents, umap, seed, 100) for seed in (1, 1, 2))
    assert len(first.particles) == 100
    np.testing.assert_array_equal(first.particles, again.particles)
    assert first.particles.tolist() != other.particles.tolist()
    np.testing.assert_array_equal(first.points["UMAP"], umap[first.particles])
    # The directions of the PCA are those of all particles.
    np.testing.assert_array_equal(
        first.points["PCA"], draw_latents(latents, umap, 1, 300).points["PCA"][first.particles]
    )


def test_too_few_to_draw() -> None:
    with pytest.raises(InputError, match="15 of 15 particles to draw: UMAP needs at least 16"):
        draw_latents(np.zeros((15, 2), dtype=np.float32), None, 0, 100)
    with pytest.raises(InputError, match="neither latents nor a UMAP"):
        draw_latents(None, None, 0, 100)
