"""Methods: how each is run or read, and the built-in controls and baselines."""

from cryobench.methods import builtin as builtin
from cryobench.methods.base import METHODS, Control, Method, find_method
from cryobench.methods.builtin.backprojection import backproject, backproject_particles
from cryobench.methods.file_volumes import FileVolumes
from cryobench.methods.listed_maps import ListedMaps
from cryobench.methods.made_volumes import Decoder, MadeVolumes, listed_volumes
from cryobench.methods.map_grid import MapGrid
from cryobench.methods.native import NO_VOLUMES, NativeOutput, OfferedVolumes, read_native, volumes_of
from cryobench.methods.neutral import NeutralDecoder, with_neutral_volumes
from cryobench.methods.published_latents import FoundLatents, find_latents, read_latents
from cryobench.methods.submission_checking import Expected, SubmissionReport, check_submission, submission_checksum
from cryobench.methods.submission_folder import discard_submission, write_submission
from cryobench.methods.submission_manifest import SubmissionManifest, read_submission_manifest, submission_schema
from cryobench.methods.submission_packing import pack_submission, unpack_submission
from cryobench.methods.submission_reading import read_submission
from cryobench.methods.systems import (
    SYSTEMS,
    Choice,
    Detected,
    Found,
    System,
    SystemCard,
    detect_system,
    detect_systems,
)
from cryobench.methods.volumes import ClassVolumes, LinearVolumes

__all__ = [
    "METHODS",
    "NO_VOLUMES",
    "SYSTEMS",
    "Choice",
    "ClassVolumes",
    "Control",
    "Decoder",
    "Detected",
    "Expected",
    "FileVolumes",
    "Found",
    "FoundLatents",
    "LinearVolumes",
    "ListedMaps",
    "MadeVolumes",
    "MapGrid",
    "Method",
    "NativeOutput",
    "NeutralDecoder",
    "OfferedVolumes",
    "SubmissionManifest",
    "SubmissionReport",
    "System",
    "SystemCard",
    "backproject",
    "backproject_particles",
    "check_submission",
    "detect_system",
    "detect_systems",
    "discard_submission",
    "find_latents",
    "find_method",
    "listed_volumes",
    "pack_submission",
    "read_latents",
    "read_native",
    "read_submission",
    "read_submission_manifest",
    "submission_checksum",
    "submission_schema",
    "unpack_submission",
    "volumes_of",
    "with_neutral_volumes",
    "write_submission",
]
