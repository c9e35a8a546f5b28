"""Metrics: pure functions on arrays, each described in :data:`METRICS`."""

from cryobench.metrics._bootstrap import bootstrap_mean
from cryobench.metrics._classes import (
    ADJUSTED_MUTUAL_INFORMATION,
    ADJUSTED_RAND,
    CLASS_ACCURACY,
    CLASS_MEASURES,
    CLASS_PURITY,
    ClassificationScores,
    ClassMeasure,
    ClusteringScores,
    classification_scores,
    cluster_latents,
    clustering_scores,
    labels_of_posteriors,
)
from cryobench.metrics._distance_correlation import (
    DISTANCE_CORRELATION,
    DistanceCorrelation,
    distance_correlation,
    on_circle,
)
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
from cryobench.metrics._latent_regression import (
    LATENT_REGRESSION,
    LATENT_REGRESSION_ERROR,
    REGRESSION_MODELS,
    LatentRegression,
    RegressionModel,
    latent_regression,
)
from cryobench.metrics._neighbourhood import NEIGHBOURHOOD_SIMILARITY, neighborhood_similarity, shared_neighbours
from cryobench.metrics._pairing import representatives, strided_particles
from cryobench.metrics._populations import (
    POPULATION_JENSEN_SHANNON,
    POPULATION_TOTAL_VARIATION,
    POPULATION_WASSERSTEIN,
    PopulationError,
    coordinate_distances,
    matched_populations,
    population_error,
)
from cryobench.metrics._pose_fractions import ROTATION_FROBENIUS, ROTATIONS_WITHIN
from cryobench.metrics._registry import METRICS
from cryobench.metrics._rotation_error import ROTATION_ERROR, RotationError, RotationSummary, rotation_error
from cryobench.metrics._translation_error import TRANSLATION_ERROR, TranslationError, translation_error
from cryobench.metrics._trustworthiness import (
    CONTINUITY,
    TRUSTWORTHINESS,
    continuity,
    trustworthiness,
    trustworthiness_chance,
)
from cryobench.ops.neighbours import nearest_neighbours

__all__ = [
    "ADJUSTED_MUTUAL_INFORMATION",
    "ADJUSTED_RAND",
    "CLASS_ACCURACY",
    "CLASS_MEASURES",
    "CLASS_PURITY",
    "CONTINUITY",
    "CONVENTIONS",
    "DISTANCE_CORRELATION",
    "FSC_AUC",
    "LATENT_REGRESSION",
    "LATENT_REGRESSION_ERROR",
    "METRICS",
    "NEIGHBOURHOOD_SIMILARITY",
    "POPULATION_JENSEN_SHANNON",
    "POPULATION_TOTAL_VARIATION",
    "POPULATION_WASSERSTEIN",
    "POSE_ENTANGLEMENT",
    "REGRESSION_MODELS",
    "ROTATIONS_WITHIN",
    "ROTATION_ERROR",
    "ROTATION_FROBENIUS",
    "TRANSLATION_ERROR",
    "TRUSTWORTHINESS",
    "ClassMeasure",
    "ClassificationScores",
    "ClusteringScores",
    "Convention",
    "DistanceCorrelation",
    "Entanglement",
    "FSCCurve",
    "LatentRegression",
    "PopulationError",
    "RegressionModel",
    "RotationError",
    "RotationSummary",
    "TransformedMap",
    "TranslationError",
    "bootstrap_mean",
    "classification_scores",
    "cluster_latents",
    "clustering_scores",
    "continuity",
    "coordinate_distances",
    "distance_correlation",
    "entanglement",
    "fsc_curve",
    "fsc_of_transforms",
    "labels_of_posteriors",
    "latent_regression",
    "matched_populations",
    "nearest_neighbours",
    "neighborhood_similarity",
    "on_circle",
    "pca_embedding",
    "population_error",
    "representatives",
    "resolution_at",
    "rotation_error",
    "shared_neighbours",
    "strided_particles",
    "transform_map",
    "translation_error",
    "trustworthiness",
    "trustworthiness_chance",
    "umap_embedding",
]
