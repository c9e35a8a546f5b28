"""File formats, checksums and writes that are whole or nothing."""

from cryobench.io.cryodrgn import ctf_from_table, read_array_pickle, read_poses, write_ctf, write_poses
from cryobench.io.files import inside, prepare_output, replacing, sha256, write_bytes, write_text
from cryobench.io.mrc import MrcImages, MrcStackWriter, read_volume, write_volume
from cryobench.io.star import read_star, write_star

__all__ = [
    "MrcImages",
    "MrcStackWriter",
    "ctf_from_table",
    "inside",
    "prepare_output",
    "read_array_pickle",
    "read_poses",
    "read_star",
    "read_volume",
    "replacing",
    "sha256",
    "write_bytes",
    "write_ctf",
    "write_poses",
    "write_star",
    "write_text",
    "write_volume",
]
