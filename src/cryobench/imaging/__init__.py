"""Volumes to particle images."""

from cryobench.imaging.arrays import ctf, fourier_crop, project
from cryobench.imaging.cryosparc import cryosparc_particles, ctf_from_cs, poses_from_cs
from cryobench.imaging.ctf_draw import CTFSpec, draw_ctf, parametric_ctf, sample_ctf, state_ranks
from cryobench.imaging.ctf_presets import CTF_PRESETS, CTFPreset
from cryobench.imaging.ctf_sources import load_ctf_table
from cryobench.imaging.images import Projector, downsample_volume
from cryobench.imaging.noise import draw_noise, noise_amplitudes, read_spectrum
from cryobench.imaging.pose_files import POSE_SUFFIXES, load_poses
from cryobench.imaging.pose_specs import (
    FileRotations,
    GaussianShifts,
    GridRotations,
    Mode,
    PoseSpec,
    PreferredRotations,
    UniformRotations,
    UniformShifts,
)
from cryobench.imaging.poses import draw_poses, uniform_poses
from cryobench.imaging.relion import particle_tables
from cryobench.imaging.spec import (
    ImagingOptions,
    ImagingSpec,
    NoiseSpec,
    PowerLawNoise,
    SpectrumNoise,
    WhiteNoise,
)
from cryobench.imaging.stream import PILOT, ImageFormation

__all__ = [
    "CTF_PRESETS",
    "PILOT",
    "POSE_SUFFIXES",
    "CTFPreset",
    "CTFSpec",
    "FileRotations",
    "GaussianShifts",
    "GridRotations",
    "ImageFormation",
    "ImagingOptions",
    "ImagingSpec",
    "Mode",
    "NoiseSpec",
    "PoseSpec",
    "PowerLawNoise",
    "PreferredRotations",
    "Projector",
    "SpectrumNoise",
    "UniformRotations",
    "UniformShifts",
    "WhiteNoise",
    "cryosparc_particles",
    "ctf",
    "ctf_from_cs",
    "downsample_volume",
    "draw_ctf",
    "draw_noise",
    "draw_poses",
    "fourier_crop",
    "load_ctf_table",
    "load_poses",
    "noise_amplitudes",
    "parametric_ctf",
    "particle_tables",
    "poses_from_cs",
    "project",
    "read_spectrum",
    "sample_ctf",
    "state_ranks",
    "uniform_poses",
]
