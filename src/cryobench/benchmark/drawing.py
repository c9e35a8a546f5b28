"""Latents drawn in the plane, for a picture of any submission."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64

from cryobench.core import Colouring, InputError, Progress, silent, stream
from cryobench.metrics import pca_embedding, umap_embedding

FEWEST_POINTS = 16
"""UMAP takes 15 neighbours of each point."""


@dataclass(frozen=True, eq=False)
class LatentDrawing:
    """A latent space in the plane, in one or more ways.

    Parameters
    ----------
    particles
        Which are drawn, shape (m,), ascending.
    points
        By kind (``"UMAP"``, ``"PCA"``), shape (m, 2) each.
    """

    particles: Int64[np.ndarray, " m"]
    points: dict[str, Float32[np.ndarray, "m 2"]]

    def coloured(self, colouring: Colouring) -> Colouring:
        """Return the colours of the particles that are drawn."""
        return Colouring(colouring.coordinate, colouring.values[self.particles], colouring.names)


def draw_latents(
    latents: Float32[np.ndarray, "N d"] | None,
    umap: Float32[np.ndarray, "N 2"] | None,
    seed: int,
    most: int,
    progress: Progress = silent,
) -> LatentDrawing:
    """Return the UMAP and the PCA of latents.

    Parameters
    ----------
    latents
        Shape (N, d), or None where only a UMAP is at hand.
    umap
        One that was made before, shape (N, 2), which is taken as it is.
    seed
        Of UMAP, and of the choice of particles where there are more than ``most``.
    most
        Number of particles to draw at most.
    progress
        Told of the drawings finished.

    Raises
    ------
    InputError
        If there are too few particles, or neither latents nor a UMAP.
    """
    given = latents if latents is not None else umap
    if given is None:
        raise InputError("there are neither latents nor a UMAP of them: nothing to draw")
    if min(len(given), most) < FEWEST_POINTS:
        raise InputError(
            f"{min(len(given), most)} of {len(given):,} particles to draw: UMAP needs at least {FEWEST_POINTS}"
        )
    chosen = np.arange(len(given))
    if len(given) > most:
        chosen = np.sort(stream(seed, "particles drawn").choice(len(given), most, replace=False))
    points = {}
    advance = progress(f"UMAP of {len(chosen):,} particles", 1)
    if umap is not None:
        points["UMAP"] = umap[chosen]
    elif latents is not None:
        points["UMAP"] = umap_embedding(latents[chosen], seed)
    advance(1)
    if latents is not None:
        points["PCA"] = pca_embedding(latents)[chosen]  # its directions are those of all particles
    return LatentDrawing(chosen.astype(np.int64), points)
