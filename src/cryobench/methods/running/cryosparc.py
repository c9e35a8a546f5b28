"""cryoSPARC: inputs for an import, and the jobs to run there."""

from __future__ import annotations

from pathlib import Path

from cryobench.methods.running.base import RUNNERS, Exporter, Job, RunnerCard
from cryobench.methods.running.exports import copy_star, data_root, write_page

_LICENCE = "cryoSPARC's own: free for academic use"

_PAGE = """# {title}

cryoSPARC runs on its own server, so this folder holds what to give it.
Dataset: {dataset}, {particles:,} particles, box {box} of {pixel_size:g} Å.

## Import

Job **Import Particle Stack**:

| parameter | value |
| --- | --- |
| Particle meta path | `{star}` |
| Particle data path | `{root}` |
{import_rows}| Data sign | {sign} |

The paths must be seen by cryoSPARC under the same names; else copy both places and give the copies.
The names of the stacks must stay: particles are matched by them. Run every job on all particles, without a selection.

## Jobs

{jobs}
## Read back

```sh
cryobench submission read JOB_FOLDER --dataset {source} -o SUBMISSION
```

JOB_FOLDER is {what}, with its files `J*`.
{then}Particles are matched by stack and place; a particle that is missing is an error.
"""

_POSES = "| Ignore pose data | off: the dataset's poses are used |\n| Ignore raw data | off |\n"
_NO_POSES = "| Ignore pose data | on: the method has to find the poses |\n| Ignore raw data | off |\n"
_SIGNS = {-1: "light on dark: particles are bright", 1: "dark on light: particles are dark"}
"""What cryoSPARC is told of the images, by the sign of a dataset's particles."""

_GENERATE = """
The folder has latents and no volumes. Make the volumes at the latents of the queries, then read once more:

1. `cryobench queries {source} --latents SUBMISSION/latents.npy` lists the particles whose volumes are wanted.
   Give their latents, in this order, to **3D Flex Generator**: save them with cryosparc-tools as the fields
   `components_mode_0/value`, `components_mode_1/value` ... of an external job's output, and connect it to the input
   `latents`.
2. Read the training job again with the archive of maps that the generator leaves:

```sh
cryobench submission read JOB_FOLDER --dataset {source} -o SUBMISSION --volumes ZIP --overwrite
```

"""
_CONSENSUS = """1. **Homogeneous Reconstruction Only** of the import: a consensus and its mask. The poses stay.
"""


class CryoSPARC(Exporter):
    """One of cryoSPARC's jobs.

    Parameters
    ----------
    card
        What it is.
    jobs
        The jobs to run, in Markdown.
    what
        Which job's folder is read back.
    then
        What follows the reading, in Markdown, with a field for the dataset folder.
    """

    def __init__(self, card: RunnerCard, jobs: str, what: str, then: str = "") -> None:
        self.card, self._jobs, self._what, self._then = card, jobs, what, then

    def export(self, job: Job) -> Path:
        """Copy the table of particles and write the page."""
        particles = job.dataset.particles
        star = copy_star(job.source, job.inputs)
        text = _PAGE.format(
            title=self.card.title,
            dataset=job.dataset.card.id,
            particles=len(particles),
            box=particles.box,
            pixel_size=particles.pixel_size,
            star=star.resolve(),
            root=data_root(particles, job.source),
            import_rows=_POSES if self.card.kind == "fixed-pose" else _NO_POSES,
            jobs=self._jobs,
            source=job.source.resolve(),
            what=self._what,
            then=self._then.format(source=job.source.resolve()),
            sign=_SIGNS[particles.sign],
        )
        return write_page(job.folder, text)


def _card(name: str, title: str, gives: str, *, ab_initio: bool = False) -> RunnerCard:
    kind = "ab-initio" if ab_initio else "fixed-pose"
    return RunnerCard(name=name, title=title, kind=kind, licence=_LICENCE, gives=gives)


for _entry in (
    CryoSPARC(
        _card("cryosparc-3dva", "cryoSPARC 3D Variability Analysis", "latents, volumes (linear)"),
        _CONSENSUS
        + """2. **3D Variability** of the particles and mask of 1.

| parameter | value |
| --- | --- |
| Number of modes to solve | 3, or as many as are compared |
| Symmetry | C1 |
| Filter resolution | twice the resolution of the consensus; not below 2 pixels |

""",
        "that of 3D Variability",
    ),
    CryoSPARC(
        _card("cryosparc-3dflex", "cryoSPARC 3D Flexible Refinement", "latents, volumes (from 3D Flex Generate)"),
        _CONSENSUS
        + """2. **3D Flex Data Prep** of the particles and map of 1: both box sizes as large as the images.
3. **3D Flex Mesh Prep** of 2, with a mask of 1.
4. **3D Flex Training** of 2 and 3. Number of latent dimensions: 2, or as many as are compared.
5. **3D Flex Generator** of 4, once the folder of 4 was read: see below.

""",
        "that of 3D Flex Training",
        _GENERATE,
    ),
    CryoSPARC(
        _card("cryosparc-classes", "cryoSPARC 3D Classification", "labels, class volumes"),
        _CONSENSUS
        + """2. **3D Classification** of the particles and mask of 1.

| parameter | value |
| --- | --- |
| Number of classes | as many as there are states, or as are compared |
| Target resolution | that of the consensus |
| Initialization mode | PCA, or simple |
| Output results after every full iteration | off |

Poses stay fixed. Particles of all classes are read together.

""",
        "that of 3D Classification",
    ),
    CryoSPARC(
        _card("cryosparc-abinit", "cryoSPARC Ab-Initio Reconstruction", "labels, poses, class volumes", ab_initio=True),
        """1. **Ab-Initio Reconstruction** of the import.

| parameter | value |
| --- | --- |
| Number of Ab-Initio classes | as many as there are states, or as are compared |
| Symmetry | C1 |

""",
        "that of Ab-Initio Reconstruction",
    ),
):
    RUNNERS.add(_entry.card.name, _entry)
