"""Results in, something to look at out: one self-contained HTML page, and figures for papers.

Nothing here reads or writes a file of the user's: a page is a string, a picture is bytes, and who called saves them.
"""

from cryobench.report._files import FigureFile, figure_files
from cryobench.report._histograms import pose_error_figure
from cryobench.report._latents import latent_figure
from cryobench.report._montage import montage
from cryobench.report._overview import overview_figure
from cryobench.report._plots import FIGURE_FORMATS, FigureFormat
from cryobench.report._points import points_figure
from cryobench.report._shells import matrix_figure, shell_figure
from cryobench.report.html import render_report
from cryobench.report.leaderboard import render_leaderboard

__all__ = [
    "FIGURE_FORMATS",
    "FigureFile",
    "FigureFormat",
    "figure_files",
    "latent_figure",
    "matrix_figure",
    "montage",
    "overview_figure",
    "points_figure",
    "pose_error_figure",
    "render_leaderboard",
    "render_report",
    "shell_figure",
]
