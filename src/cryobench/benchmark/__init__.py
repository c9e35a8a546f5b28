"""Datasets x methods x metrics -> results."""

from cryobench.benchmark.colouring import colourings
from cryobench.benchmark.drawing import LatentDrawing, draw_latents
from cryobench.benchmark.latent_plots import imbalance_points, neighbourhood_curves, recovery
from cryobench.benchmark.results_folder import write_results, write_submissions
from cryobench.benchmark.run import Run, run_methods, score_run
from cryobench.benchmark.score_tables import score_document, scores_text

__all__ = [
    "LatentDrawing",
    "Run",
    "colourings",
    "draw_latents",
    "imbalance_points",
    "neighbourhood_curves",
    "recovery",
    "run_methods",
    "score_document",
    "score_run",
    "scores_text",
    "write_results",
    "write_submissions",
]
