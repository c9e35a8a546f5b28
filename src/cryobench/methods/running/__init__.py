"""Programs of others on a dataset: set up, run, and read into a submission."""

from cryobench.methods.running import cryodrgn as cryodrgn
from cryobench.methods.running import cryosparc as cryosparc
from cryobench.methods.running import opus_dsd as opus_dsd
from cryobench.methods.running import recovar as recovar
from cryobench.methods.running.base import RUNNERS, Exporter, Job, Native, Runner, RunnerCard

__all__ = ["RUNNERS", "Exporter", "Job", "Native", "Runner", "RunnerCard"]
