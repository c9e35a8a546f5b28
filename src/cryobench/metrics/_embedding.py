"""Latent spaces drawn in the plane. A picture, never a score."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float32, Int32

from cryobench.ops.neighbours import nearest_neighbours

_NEIGHBOURS = 15  # UMAP's default, the point itself among them


def umap_embedding(latents: Float32[np.ndarray, "N d"], seed: int) -> Float32[np.ndarray, "N 2"]:
    """Return the UMAP of latents, the same for the same seed whatever the number of threads; shape (N, 2).

    UMAP is given exact neighbours, where it would look for approximate ones, or go through all pairs.

    References
    ----------
    McInnes, Healy and Melville, arXiv:1802.03426.
    """
    import umap  # noqa: PLC0415  (takes seconds to import)

    # One thread: with several, UMAP's updates race and no seed repeats them.
    near = _with_itself(latents)
    reducer = umap.UMAP(n_neighbors=near[0].shape[1], random_state=seed % 2**32, n_jobs=1, precomputed_knn=near)
    with warnings.catch_warnings():
        # Of separate clusters, which the picture shows, and that further points cannot be drawn.
        warnings.simplefilter("ignore", UserWarning)
        return np.asarray(reducer.fit_transform(latents), dtype=np.float32)


def _with_itself(
    latents: Float32[np.ndarray, "N d"],
) -> tuple[Int32[np.ndarray, "N k"], Float32[np.ndarray, "N k"]]:
    """Return each point and its nearest others, and their distances, as UMAP counts them."""
    count = len(latents)
    others = nearest_neighbours(latents, min(_NEIGHBOURS, count) - 1).indices
    indices = np.concatenate((np.arange(count, dtype=np.int32)[:, None], others), axis=1)
    wide = latents.astype(np.float64)
    distances = np.stack([np.linalg.norm(wide - wide[column], axis=1) for column in indices.T], axis=1)
    return indices, distances.astype(np.float32)


def pca_embedding(latents: Float32[np.ndarray, "N d"]) -> Float32[np.ndarray, "N 2"]:
    """Return the two principal coordinates of latents, shape (N, 2); a missing second one is zero.

    The sign of each is fixed so that its largest value is positive.
    """
    centred = latents.astype(np.float64) - latents.mean(axis=0, dtype=np.float64)
    _, vectors = np.linalg.eigh(np.einsum("ni,nj->ij", centred, centred))
    points = np.zeros((len(latents), 2))
    for column, vector in enumerate(vectors.T[::-1][:2]):
        along = np.einsum("ni,i->n", centred, vector)
        points[:, column] = along * np.sign(along[np.argmax(np.abs(along))] or 1.0)
    return points.astype(np.float32)
