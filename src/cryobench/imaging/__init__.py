"""Volumes to particle images."""

from cryobench.imaging.ctf_sources import load_ctf_table, parametric_ctf, sample_ctf
from cryobench.imaging.images import Projector, add_noise, downsample_volume, finish
from cryobench.imaging.poses import uniform_poses
from cryobench.imaging.relion import particle_tables
from cryobench.imaging.stream import ImagingSpec, clean_moments, noise_sigma, noisy_images

__all__ = [
    "ImagingSpec",
    "Projector",
    "add_noise",
    "clean_moments",
    "downsample_volume",
    "finish",
    "load_ctf_table",
    "noise_sigma",
    "noisy_images",
    "parametric_ctf",
    "particle_tables",
    "sample_ctf",
    "uniform_poses",
]
