"""Datasets x methods x metrics -> results."""

from cryobench.benchmark.colouring import colourings
from cryobench.benchmark.conformations import Wanted, stand_ins
from cryobench.benchmark.confusion import Confusion, confusion
from cryobench.benchmark.drawing import LatentDrawing, draw_latents
from cryobench.benchmark.joining import join_results
from cryobench.benchmark.latent_plots import imbalance_points, neighbourhood_bounds, neighbourhood_curve, recovery
from cryobench.benchmark.leaderboard.published import published_scores
from cryobench.benchmark.merging import merge_results
from cryobench.benchmark.needs import Computable, computable_metrics, metric_needs
from cryobench.benchmark.pair import PairScores, compare_maps
from cryobench.benchmark.queries import particles_of_conformations, particles_of_images, wanted_particles
from cryobench.benchmark.query_files import read_queries
from cryobench.benchmark.results_files import RESULT_FILES, read_document, read_results, write_results
from cryobench.benchmark.run import dataset_results, run_methods, score_run, score_submissions
from cryobench.benchmark.sanity import SanityFinding, SanityReport, check_volumes, sanity_notes
from cryobench.benchmark.score_store import ScoreStore, score_key
from cryobench.benchmark.score_tables import comparisons_text, score_document, scores_text
from cryobench.benchmark.scoring import CONTROLS, Entry, entries, score_entries
from cryobench.benchmark.settings import ScoreSettings
from cryobench.benchmark.submission_folders import write_submissions
from cryobench.benchmark.volume_scores import per_item_text, per_state_text, volume_score_records
from cryobench.benchmark.volumes import (
    PER_CONFORMATION,
    PER_IMAGE,
    Gauge,
    Task,
    VolumeScores,
    common_frame,
    curve_record,
    score_tasks,
)

__all__ = [
    "CONTROLS",
    "PER_CONFORMATION",
    "PER_IMAGE",
    "RESULT_FILES",
    "Computable",
    "Confusion",
    "Entry",
    "Gauge",
    "LatentDrawing",
    "PairScores",
    "SanityFinding",
    "SanityReport",
    "ScoreSettings",
    "ScoreStore",
    "Task",
    "VolumeScores",
    "Wanted",
    "check_volumes",
    "colourings",
    "common_frame",
    "compare_maps",
    "comparisons_text",
    "computable_metrics",
    "confusion",
    "curve_record",
    "dataset_results",
    "draw_latents",
    "entries",
    "imbalance_points",
    "join_results",
    "merge_results",
    "metric_needs",
    "neighbourhood_bounds",
    "neighbourhood_curve",
    "particles_of_conformations",
    "particles_of_images",
    "per_item_text",
    "per_state_text",
    "published_scores",
    "read_document",
    "read_queries",
    "read_results",
    "recovery",
    "run_methods",
    "sanity_notes",
    "score_document",
    "score_entries",
    "score_key",
    "score_run",
    "score_submissions",
    "score_tasks",
    "scores_text",
    "stand_ins",
    "volume_score_records",
    "wanted_particles",
    "write_results",
    "write_submissions",
]
