"""Metrics: pure functions on arrays, each described in :data:`METRICS`."""

from cryobench.metrics._bootstrap import bootstrap_mean
from cryobench.metrics._embedding import pca_embedding, umap_embedding
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
from cryobench.metrics._imbalance import (
    INFORMATION_IMBALANCE,
    conditional_ranks,
    imbalance_per_point,
    information_imbalance,
)
from cryobench.metrics._imbalance_plane import (
    SUBSET_SIZE,
    PlanePoint,
    SubsampledImbalance,
    ctf_space,
    imbalance_plane,
    rotation_space,
    subsampled_imbalance,
)
from cryobench.metrics._neighbourhood import (
    NEIGHBOURHOOD_SIMILARITY,
    NeighbourConvention,
    neighborhood_similarity,
    shared_neighbours,
)
from cryobench.metrics._neighbourhood_protocols import (
    PUBLISHED_NEIGHBOURS,
    PUBLISHED_STRIDE,
    NeighbourhoodCurve,
    StridedSimilarity,
    neighborhood_curve,
    published_neighborhood_similarity,
)
from cryobench.metrics._pairing import representatives, strided_particles
from cryobench.metrics._registry import METRICS
from cryobench.ops.neighbours import Neighbours, nearest_neighbours

__all__ = [
    "CONVENTIONS",
    "FSC_AUC",
    "INFORMATION_IMBALANCE",
    "METRICS",
    "NEIGHBOURHOOD_SIMILARITY",
    "PUBLISHED_NEIGHBOURS",
    "PUBLISHED_STRIDE",
    "SUBSET_SIZE",
    "Convention",
    "FSCCurve",
    "NeighbourConvention",
    "NeighbourhoodCurve",
    "Neighbours",
    "PlanePoint",
    "StridedSimilarity",
    "SubsampledImbalance",
    "TransformedMap",
    "bootstrap_mean",
    "conditional_ranks",
    "ctf_space",
    "fsc_curve",
    "fsc_of_transforms",
    "imbalance_per_point",
    "imbalance_plane",
    "information_imbalance",
    "nearest_neighbours",
    "neighborhood_curve",
    "neighborhood_similarity",
    "pca_embedding",
    "published_neighborhood_similarity",
    "representatives",
    "resolution_at",
    "rotation_space",
    "shared_neighbours",
    "strided_particles",
    "subsampled_imbalance",
    "transform_map",
    "umap_embedding",
]
