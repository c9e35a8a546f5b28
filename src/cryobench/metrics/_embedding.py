"""Latent spaces drawn in the plane. A picture, never a score."""

from __future__ import annotations

import warnings

import numpy as np
from jaxtyping import Float32


def umap_embedding(latents: Float32[np.ndarray, "N d"], seed: int) -> Float32[np.ndarray, "N 2"]:
    """Return the UMAP of latents, the same for the same seed whatever the number of threads; shape (N, 2).

    References
    ----------
    McInnes, Healy and Melville, arXiv:1802.03426.
    """
    import umap  # noqa: PLC0415  (takes seconds to import)

    # One thread: with several, UMAP's updates race and no seed repeats them.
    reducer = umap.UMAP(random_state=seed % 2**32, n_jobs=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of separate clusters, which the picture shows
        return np.asarray(reducer.fit_transform(latents), dtype=np.float32)


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
