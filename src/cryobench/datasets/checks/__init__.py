"""A doctor for dataset folders: whether they are whole, show what they say, and give their states away."""

from cryobench.datasets.checks.finding import CheckReport, Finding, Kind, Status
from cryobench.datasets.checks.run import check_archive, check_dataset, check_folder

__all__ = ["CheckReport", "Finding", "Kind", "Status", "check_archive", "check_dataset", "check_folder"]
