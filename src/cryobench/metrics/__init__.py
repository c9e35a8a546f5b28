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
from cryobench.metrics._local_fsc import LOCAL_RESOLUTION, LocalFSC, local_fsc
from cryobench.metrics._neighbourhood import NEIGHBOURHOOD_SIMILARITY, neighborhood_similarity, shared_neighbours
from cryobench.metrics._pairing import representatives, strided_particles
from cryobench.metrics._real_space import REAL_SPACE_CORRELATION, real_space_correlation
from cryobench.metrics._registry import METRICS
from cryobench.metrics._surfaces import (
    CHAMFER_DISTANCE,
    VOLUME_OVERLAP,
    ChamferDistance,
    chamfer_distance,
    matched_levels,
    volume_overlap,
)
from cryobench.ops.neighbours import nearest_neighbours

__all__ = [
    "CHAMFER_DISTANCE",
    "CONVENTIONS",
    "FSC_AUC",
    "LOCAL_RESOLUTION",
    "METRICS",
    "NEGATED",
    "NEIGHBOURHOOD_SIMILARITY",
    "REAL_SPACE_CORRELATION",
    "THRESHOLDS",
    "VOLUME_OVERLAP",
    "ChamferDistance",
    "Convention",
    "FSCCurve",
    "LocalFSC",
    "MapSource",
    "TransformedMap",
    "bootstrap_mean",
    "chamfer_distance",
    "fsc_auc_matrix",
    "fsc_curve",
    "fsc_curves",
    "fsc_of_transforms",
    "local_fsc",
    "matched_levels",
    "nearest_neighbours",
    "neighborhood_similarity",
    "pca_embedding",
    "real_space_correlation",
    "representatives",
    "shared_neighbours",
    "strided_particles",
    "transform_map",
    "umap_embedding",
    "volume_overlap",
]
