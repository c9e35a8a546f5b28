"""Latent spaces drawn in the plane."""

from __future__ import annotations

from collections.abc import Sequence

from cryobench.core import Embedding, Progress, Submission, Truth
from cryobench.metrics import pca_embedding, umap_embedding


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
