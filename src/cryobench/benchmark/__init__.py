"""Datasets x methods x metrics -> results."""

from cryobench.benchmark.colouring import colourings
from cryobench.benchmark.confusion import Confusion, confusion
from cryobench.benchmark.drawing import LatentDrawing, draw_latents
from cryobench.benchmark.latent_plots import imbalance_points, neighbourhood_curves, recovery
from cryobench.benchmark.leaderboard.published import published_scores
from cryobench.benchmark.pair import PairScores, compare_maps
from cryobench.benchmark.results_folder import write_results, write_submissions
from cryobench.benchmark.run import Run, run_methods, score_run
from cryobench.benchmark.score_tables import score_document, scores_text
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
    "PER_CONFORMATION",
    "PER_IMAGE",
    "Confusion",
    "Gauge",
    "LatentDrawing",
    "PairScores",
    "Run",
    "Task",
    "VolumeScores",
    "colourings",
    "common_frame",
    "compare_maps",
    "confusion",
    "curve_record",
    "draw_latents",
    "imbalance_points",
    "neighbourhood_curves",
    "per_item_text",
    "per_state_text",
    "published_scores",
    "recovery",
    "run_methods",
    "score_document",
    "score_run",
    "score_tasks",
    "scores_text",
    "volume_score_records",
    "write_results",
    "write_submissions",
]
