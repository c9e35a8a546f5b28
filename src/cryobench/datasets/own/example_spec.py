"""Commented specs for users to fill in."""

from __future__ import annotations

from cryobench.core import InputError
from cryobench.datasets.own.custom_spec import WAYS

_HEAD = """\
# yaml-language-server: $schema={schema}
# A dataset of your own. Build it:  cryobench datasets build THIS-FILE -o DIR
# See first what it takes:          cryobench datasets build THIS-FILE -o DIR --dry-run
# Paths count from the folder of this file. What is commented out shows other choices, or defaults.

name: my-set
seed: 1
"""

_STATES = {
    "structures": """
# The states: structures in this order. A file (.pdb, .cif, .bcif, each also .gz), or an entry of the PDB.
structures:
  - file: pdb:1hzh
    name: whole antibody
  - file: pdb:1hzh
    name: without one Fab
    select: ["H:231-478", "K", "M"]   # chains, and ranges of residues
#   assembly: "1"                     # a biological assembly in place of the atoms in the file
frame: shared        # shared: the structures lie in one frame; own: each is centred by itself
""",
    "volumes": """
# The states: maps (.mrc), a folder of them in the order of their numbers, or a list of either.
volumes: maps/
# pixel_size: 1.5    # Å, in place of what the headers say
""",
    "trajectory": """
# The states: frames of a trajectory (.xtc, .trr, .dcd) on a topology (a structure file with the same atoms).
trajectory:
  topology: topology.pdb
  frames: trajectory.xtc
  start: 0
  step: 1
# count: 100         # of the frames; all by default
  superpose: true    # onto the topology; false: each frame is centred, and not turned
""",
    "normal_modes": """
# The states: random displacements of a structure along the softest modes of its anisotropic network.
normal_modes:
  structure: pdb:6vxx
  count: 100         # states
  modes: 10
  rmsd: 3.0          # Å, mean displacement
""",
}

_ATOMS = """
# Atoms to density. The structure, its shifts and the tails of its Gaussians have to fit into box x pixel_size.
box: 128             # pixels, simulated
pixel_size: 3.0      # Å
rendering:
  resolution: 6.0    # Å
  density: molmap    # molmap, band-limited (no aliasing), or electron (scattering factors with B-factors)
  centre: mass       # mass, geometry, or file (the origin of the file)
  atoms:
    alternates: first      # first, highest-occupancy, or all
    hydrogens: false
    waters: false
    occupancies: ignore    # ignore, or use
"""

_IMAGES = {
    "several": """
# How many images: of each state, one number for all or a list; or populations that share out particles.
images: 1000
# populations: [0.7, 0.3]
# particles: 2000
""",
    "single": """
# How many images of each state: one number for all, or a list.
images: 1
truth: rendered      # rendered: true volumes are made when they are asked for; files: all are written
""",
}

_IMAGING = """
# How images are formed.
imaging:
# output_box: 64     # pixels on disk: the images are cropped in Fourier space
  poses:
    rotations: {kind: uniform}                  # or {kind: preferred, strength: 0.5}, {kind: file, file: poses.pkl}
    shifts: {kind: uniform, extent: 20.0}       # Å, or {kind: gaussian, sigma: 5.0}
  ctf:
    source: parametric   # or a preset such as empiar-10028, none, or a table (.pkl, .star, .cs, .npz)
  noise:
    snr: 0.1             # variance of the clean images over that of the noise, before any crop; none: no noise
    scope: dataset       # dataset: one noise level; state: each its own, which can give a state away
    colour: {kind: white}
  sign: -1               # -1: the particle is bright
# b_factor: 0.0          # Å^2, of an envelope on the CTF
# contrast: 0.0          # standard deviation of each image's own contrast
"""


def example_spec(way: str, schema: str) -> str:
    """Return a commented spec (YAML) of a dataset of a user's own.

    Parameters
    ----------
    way
        Where the states come from: one of ``structures``, ``volumes``, ``trajectory``, ``normal_modes``.
    schema
        Name of the file with the JSON schema, for editors.

    Raises
    ------
    InputError
        If there is no such way.
    """
    if way not in _STATES:
        raise InputError(f"'{way}' is not a kind of states: choose from {', '.join(WAYS)}")
    atoms = "" if way == "volumes" else _ATOMS
    images = _IMAGES["several" if way in {"structures", "volumes"} else "single"]
    return _HEAD.format(schema=schema) + _STATES[way] + atoms + images + _IMAGING
