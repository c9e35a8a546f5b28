"""Image formation a stage at a time, from files to files.

Each stage first plans (reads headers and tables, checks everything, writes nothing), then writes. A stage takes one
file or a folder of them; what is in an image hangs on the inputs, the seed, the name of the stack that is written and
the image's index in it, and on nothing else.
"""

from cryobench.imaging.stages.add_ctf import CascadeNoise, CTFPlan, apply_ctf, plan_ctf, write_with_ctf
from cryobench.imaging.stages.add_noise import NoiseLevel, NoisePlan, plan_noise, write_noisy
from cryobench.imaging.stages.downsample import downsample_map, downsample_stack
from cryobench.imaging.stages.files import Task, Watch
from cryobench.imaging.stages.microscope import Microscope
from cryobench.imaging.stages.project import ProjectionPlan, Views, plan_projections, write_projections
from cryobench.imaging.stages.sample_ctf import sample_ctf_tables

__all__ = [
    "CTFPlan",
    "CascadeNoise",
    "Microscope",
    "NoiseLevel",
    "NoisePlan",
    "ProjectionPlan",
    "Task",
    "Views",
    "Watch",
    "apply_ctf",
    "downsample_map",
    "downsample_stack",
    "plan_ctf",
    "plan_noise",
    "plan_projections",
    "sample_ctf_tables",
    "write_noisy",
    "write_projections",
    "write_with_ctf",
]
