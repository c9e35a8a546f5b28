"""Methods: how each is run or read, and the built-in controls and baselines."""

from cryobench.methods import builtin as builtin
from cryobench.methods.base import METHODS, Control, Method
from cryobench.methods.builtin.backprojection import backproject
from cryobench.methods.submission_folder import SubmissionManifest, discard_submission, write_submission
from cryobench.methods.volumes import ClassVolumes, LinearVolumes

__all__ = [
    "METHODS",
    "ClassVolumes",
    "Control",
    "LinearVolumes",
    "Method",
    "SubmissionManifest",
    "backproject",
    "discard_submission",
    "write_submission",
]
