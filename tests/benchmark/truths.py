"""A known truth without images: six states of a turn, forty particles each."""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from cryobench.benchmark.measures import Reference
from cryobench.core import Coordinate, CTFParameters, MethodCard, Poses, State, Submission, Truth, Volume

STATES, EACH = 6, 40
N = STATES * EACH
METHOD = MethodCard(name="mine", version="1", role="method", summary="For a test.")


class NoVolumes:
    def __len__(self) -> int:
        return STATES

    def __getitem__(self, state: int) -> Volume:
        raise AssertionError("no measure of latents, classes or poses looks at a volume")


def make_truth(each: int = EACH, states: int = STATES) -> Truth:
    """Return the truth of a turn."""
    labels = np.repeat(np.arange(states, dtype=np.int32), each)
    angles = 2 * np.pi * labels / states
    return Truth(
        labels=labels,
        latents=np.stack((np.cos(angles), np.sin(angles)), axis=1).astype(np.float32),
        latent_meaning="cosine and sine of the angle",
        states=tuple(
            State(index=i, name=f"{360 * i // states}°", images=each, variables={"angle": 360.0 * i / states})
            for i in range(states)
        ),
        coordinate=Coordinate(name="angle", unit="degrees", cyclic=True),
        volumes=NoVolumes(),
        mask=None,
    )


def make_reference(each: int = EACH) -> Reference:
    """Return the truth of a turn with poses and CTF."""
    truth = make_truth(each)
    count = len(truth)
    generator = np.random.default_rng(5)
    table = np.zeros((count, 7))
    table[:, 0] = generator.normal(15000, 3000, count)
    table[:, 1] = table[:, 0] - generator.uniform(0, 500, count)
    table[:, 2] = generator.uniform(0, 180, count)
    table[:, 3:6] = 300.0, 2.7, 0.1
    rotations = Rotation.random(count, random_state=5).as_matrix().astype(np.float32)
    shifts = generator.normal(scale=8, size=(count, 2)).astype(np.float32)
    return Reference(truth, Poses(rotations, shifts), CTFParameters(table))


def perfect_submission(reference: Reference) -> Submission:
    """Return the truth as a submission."""
    truth = reference.truth
    return Submission(
        method=METHOD, particles=len(truth), latents=truth.latents, labels=truth.labels, poses=reference.poses
    )


def noisy_submission(reference: Reference, seed: int = 0) -> Submission:
    """Return the truth with noise, and with two columns that mean nothing."""
    generator = np.random.default_rng(seed)
    truth, poses = reference.truth, reference.poses
    assert poses is not None
    count = len(truth)
    latents = np.concatenate((truth.latents, np.zeros((count, 2))), axis=1) + generator.normal(
        scale=0.2, size=(count, 4)
    )
    labels = np.where(generator.random(count) < 0.2, generator.integers(STATES, size=count), truth.labels)
    turns = Rotation.from_rotvec(np.radians(generator.normal(scale=3, size=(count, 3)))).as_matrix()
    shifts = poses.shifts + generator.normal(scale=1.5, size=(count, 2))
    return Submission(
        method=METHOD,
        particles=count,
        latents=latents.astype(np.float32),
        labels=labels.astype(np.int32),
        poses=Poses((turns @ poses.rotations).astype(np.float32), shifts.astype(np.float32)),
    )


def shuffled_submission(submission: Submission, seed: int) -> Submission:
    """Return a submission dealt out over the particles at random."""
    order = np.random.default_rng(seed).permutation(submission.particles)
    assert submission.latents is not None
    assert submission.labels is not None
    assert submission.poses is not None
    return Submission(
        method=METHOD,
        particles=submission.particles,
        latents=submission.latents[order],
        labels=submission.labels[order],
        poses=submission.poses[order],
    )
