"""Metrics: pure functions on arrays, each described in :data:`METRICS`."""

from cryobench.metrics._bootstrap import bootstrap_mean
from cryobench.metrics._embedding import pca_embedding, umap_embedding
from cryobench.metrics._entanglement import POSE_ENTANGLEMENT, Entanglement, entanglement
from cryobench.metrics._fsc import (
    CONVENTIONS,
    FSC_AUC,
    Convention,
    FSCCurve,
    TransformedMap,
    fsc_curve,
    fsc_of_transforms,
    resolution_at,
    transform_map,
)
from cryobench.metrics._neighbourhood import NEIGHBOURHOOD_SIMILARITY, neighborhood_similarity, shared_neighbours
from cryobench.metrics._pairing import representatives, strided_particles
from cryobench.metrics._pose_fractions import ROTATION_FROBENIUS, ROTATIONS_WITHIN
from cryobench.metrics._registry import METRICS
from cryobench.metrics._rotation_error import ROTATION_ERROR, RotationError, RotationSummary, rotation_error
from cryobench.metrics._translation_error import TRANSLATION_ERROR, TranslationError, translation_error
from cryobench.ops.neighbours import nearest_neighbours

__all__ = [
    "CONVENTIONS",
    "FSC_AUC",
    "METRICS",
    "NEIGHBOURHOOD_SIMILARITY",
    "POSE_ENTANGLEMENT",
    "ROTATIONS_WITHIN",
    "ROTATION_ERROR",
    "ROTATION_FROBENIUS",
    "TRANSLATION_ERROR",
    "Convention",
    "Entanglement",
    "FSCCurve",
    "RotationError",
    "RotationSummary",
    "TransformedMap",
    "TranslationError",
    "bootstrap_mean",
    "entanglement",
    "fsc_curve",
    "fsc_of_transforms",
    "nearest_neighbours",
    "neighborhood_similarity",
    "pca_embedding",
    "representatives",
    "resolution_at",
    "rotation_error",
    "shared_neighbours",
    "strided_particles",
    "transform_map",
    "translation_error",
    "umap_embedding",
]
