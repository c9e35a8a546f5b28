"""The neutral decoder: good latents give good volumes, useless ones the consensus."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from mixtures import mixture, two_maps

from cryobench.core import Dataset, InputError, MethodCard, Particles, Submission, stream
from cryobench.methods import NeutralDecoder, with_neutral_volumes
from cryobench.methods.builtin.backprojection import backproject_particles
from cryobench.methods.neutral import chosen_counts, density_mask, kernel_weights, ladder
from cryobench.metrics import fsc_curve

CARD = MethodCard(name="mine", version="1", role="method", summary="A test.")
TRUE = (stream(0, "test labels").random(300) < 0.5).astype(np.int32)


@pytest.fixture(scope="module")
def particles() -> Particles:
    return mixture(two_maps(), TRUE, 0.5)


def test_kernel_weights() -> None:
    distances = np.array([3.0, 0.0, 1.0, 2.0, 4.0])
    # The first three weigh, within the distance of the fourth.
    np.testing.assert_allclose(kernel_weights(distances, 3), [0.0, 1.0, 8 / 9, 5 / 9, 0.0])
    np.testing.assert_array_equal(kernel_weights(distances, 5), np.ones(5))
    ties = np.array([0.0, 0.0, 0.0, 1.0])
    np.testing.assert_array_equal(kernel_weights(ties, 2), [1.0, 1.0, 1.0, 0.0])
    np.testing.assert_array_equal(kernel_weights(ties, 3), [1.0, 1.0, 1.0, 0.0])


def test_the_ladder_ends_with_all_particles() -> None:
    np.testing.assert_array_equal(ladder(1000), [50, 100, 200, 400, 1000])
    np.testing.assert_array_equal(ladder(100), [50, 100])
    assert ladder(1_000_000)[-2:].tolist() == [6400, 1_000_000]


def test_the_least_unexplained_is_taken_and_never_falls_outward() -> None:
    tried = np.array([50, 100, 300])
    left = 1.0 + stream(0, "test left").random((3, 7))
    sequences = [
        steps for steps in itertools.product(range(3), repeat=6) if all(a <= b for a, b in itertools.pairwise(steps))
    ]
    excess = left[:, 1:] / left[:, 1:].min(axis=0)
    best = min(sequences, key=lambda steps: excess[list(steps), range(6)].sum())
    np.testing.assert_array_equal(chosen_counts(left, tried), tried[[best[0], *best]])


def test_one_noisy_shell_does_not_force_those_beyond() -> None:
    left = np.array([[0.0, 1.2, 1, 1, 1, 1], [0.0, 1, 2, 2, 2, 2]])
    np.testing.assert_array_equal(chosen_counts(left, np.array([50, 300])), 50)


def test_the_mask_holds_the_density_and_little_else() -> None:
    first = two_maps(48)[0].data
    mask = density_mask(first)
    assert (first * mask).sum() > 0.99 * first.sum()
    assert mask.mean() < 0.2
    assert (mask.min(), mask.max()) == (0.0, 1.0)


def test_equal_latents_are_the_backprojection_of_their_particles(particles: Particles) -> None:
    everywhere = np.full(13, 50)
    decoder = NeutralDecoder(particles, TRUE[:, None].astype(np.float32), everywhere)
    for k in (0, 1):
        particle = int(np.flatnonzero(k == TRUE)[0])
        expected = backproject_particles(particles, np.flatnonzero(k == TRUE))
        np.testing.assert_array_equal(decoder.at(particle).data, expected.data)


def test_all_particles_are_the_consensus(particles: Particles) -> None:
    decoder = NeutralDecoder(particles, TRUE[:, None].astype(np.float32), np.full(13, len(TRUE)))
    np.testing.assert_array_equal(decoder.at(7).data, backproject_particles(particles).data)


def test_classes_are_latents_too(particles: Particles) -> None:
    named = Submission(CARD, len(TRUE), labels=5 * TRUE - 3)
    volumes = with_neutral_volumes(named, particles).volumes
    assert volumes is not None
    decoder = NeutralDecoder(particles, np.eye(2, dtype=np.float32)[TRUE])
    np.testing.assert_array_equal(volumes.at(4).data, decoder.at(4).data)


def test_good_latents_near_the_oracle_useless_ones_the_consensus(small_dataset: Dataset) -> None:
    particles, truth = small_dataset.particles, small_dataset.truth
    good = NeutralDecoder(particles, truth.latents)
    useless = NeutralDecoder(particles, stream(0, "test shuffle").permutation(truth.latents))
    assert good.counts[1] < len(particles) / 2
    assert useless.counts[1] == len(particles)
    consensus = backproject_particles(particles)
    found = []
    for state in range(len(truth.states)):
        members = np.flatnonzero(truth.labels == state)
        first = int(members[0])
        maps = (backproject_particles(particles, members), good.at(first), useless.at(first), consensus)
        found.append([fsc_curve(each, truth.volumes[state], truth.mask).auc for each in maps])
    oracle, near, far, floor = np.mean(found, axis=0)
    assert near > oracle - 0.1 * (oracle - floor)
    assert far == pytest.approx(floor, abs=0.05 * (oracle - floor))


def test_what_it_cannot_use(particles: Particles) -> None:
    with pytest.raises(InputError, match="'mine' has neither latents nor labels"):
        with_neutral_volumes(Submission(CARD, len(TRUE)), particles)
    with pytest.raises(InputError, match="'mine' is about 10 particles, not 300"):
        with_neutral_volumes(Submission(CARD, 10, labels=TRUE[:10]), particles)
    with pytest.raises(InputError, match="not finite"):
        NeutralDecoder(particles, np.full((300, 2), np.nan, dtype=np.float32))
