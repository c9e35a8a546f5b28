"""Latent scores and pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cryobench.core import Embedding, Progress, Submission, Truth
from cryobench.metrics import nearest_neighbours, pca_embedding, shared_neighbours, umap_embedding


def neighbour_counts(truth: Truth) -> tuple[int, ...]:
    """Return the numbers of neighbours to score at: a state's own particles, and those of its two neighbours as well.

    Particles of a state share one true latent, so smaller numbers would score how ties are broken; of more than half of
    all particles, chance alone finds most.
    """
    per_state = len(truth) // len(truth.states)
    return tuple(k for k in (per_state - 1, 3 * per_state - 1) if 1 <= k < len(truth) / 2)


def score_latents(
    submissions: Sequence[Submission], truth: Truth, progress: Progress
) -> dict[tuple[str, int], np.ndarray]:
    """Return the fraction of shared neighbours of each particle, shape (N,), by method and number of neighbours."""
    having = [submission for submission in submissions if submission.latents is not None]
    counts = neighbour_counts(truth)
    advance = progress("Scoring latents", len(having) * len(counts))
    if not counts:
        return {}
    true_neighbours = nearest_neighbours(truth.latents, max(counts))
    shared = {}
    for submission in having:
        assert submission.latents is not None
        shared[submission.method.name] = shared_neighbours(true_neighbours, submission.latents, counts)
        advance(len(counts))
    return {(name, k): values[:, c].copy() for c, k in enumerate(counts) for name, values in shared.items()}


def embed_latents(submissions: Sequence[Submission], truth: Truth, seed: int, progress: Progress) -> list[Embedding]:
    """Return the UMAP and PCA of each method's latents, and the PCA of the ceiling's.

    The ceiling's are the true latents themselves, one point a state, of which a UMAP would show nothing; the floor's
    are the same points in another order.
    """
    having = [s for s in submissions if s.latents is not None and s.method.role != "floor"]
    having.sort(key=lambda submission: submission.method.role == "ceiling")
    advance = progress("Drawing latent spaces (UMAP)", len(having))
    embeddings = []
    for submission in having:
        latents = submission.latents
        assert latents is not None
        kinds = {"PCA": pca_embedding(latents)}
        if submission.method.role == "method":
            kinds = {"UMAP": umap_embedding(latents, seed)} | kinds
        embeddings += [
            Embedding(submission.method.name, kind, points, truth.labels, truth.values())
            for kind, points in kinds.items()
        ]
        advance(1)
    return embeddings
