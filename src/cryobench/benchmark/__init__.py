"""Datasets x methods x metrics -> results."""

from cryobench.benchmark.results_folder import write_results, write_submissions
from cryobench.benchmark.run import Run, run_methods, score_run

__all__ = ["Run", "run_methods", "score_run", "write_results", "write_submissions"]
