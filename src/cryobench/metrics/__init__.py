"""Metrics: pure functions on arrays, each described in :data:`METRICS`."""

from cryobench.metrics._bootstrap import bootstrap_mean
from cryobench.metrics._embedding import pca_embedding, umap_embedding
from cryobench.metrics._fsc import (
    CONVENTIONS,
    FSC_AUC,
    NEGATED,
    THRESHOLDS,
    Convention,
    FSCCurve,
    TransformedMap,
    fsc_curve,
    fsc_curves,
    fsc_of_transforms,
    transform_map,
)
from cryobench.metrics._fsc_matrix import MapSource, fsc_auc_matrix
from cryobench.metrics._neighbourhood import NEIGHBOURHOOD_SIMILARITY, neighborhood_similarity, shared_neighbours
from cryobench.metrics._pairing import representatives, strided_particles
from cryobench.metrics._registry import METRICS
from cryobench.ops.neighbours import nearest_neighbours

__all__ = [
    "CONVENTIONS",
    "FSC_AUC",
    "METRICS",
    "NEGATED",
    "NEIGHBOURHOOD_SIMILARITY",
    "THRESHOLDS",
    "Convention",
    "FSCCurve",
    "MapSource",
    "TransformedMap",
    "bootstrap_mean",
    "fsc_auc_matrix",
    "fsc_curve",
    "fsc_curves",
    "fsc_of_transforms",
    "nearest_neighbours",
    "neighborhood_similarity",
    "pca_embedding",
    "representatives",
    "shared_neighbours",
    "strided_particles",
    "transform_map",
    "umap_embedding",
]
