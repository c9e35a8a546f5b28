"""File formats, checksums and writes that are whole or nothing."""

from cryobench.io.cryodrgn import ctf_from_table, read_array_pickle, read_poses, write_ctf, write_poses
from cryobench.io.files import (
    check_output,
    inside,
    read_array,
    read_text,
    replacing,
    sha256,
    write_array,
    write_bytes,
    write_text,
)
from cryobench.io.mrc import MrcImages, MrcStackWriter, read_volume, write_volume
from cryobench.io.star import read_star, write_star

__all__ = [
    "MrcImages",
    "MrcStackWriter",
    "check_output",
    "ctf_from_table",
    "inside",
    "read_array",
    "read_array_pickle",
    "read_poses",
    "read_star",
    "read_text",
    "read_volume",
    "replacing",
    "sha256",
    "write_array",
    "write_bytes",
    "write_ctf",
    "write_poses",
    "write_star",
    "write_text",
    "write_volume",
]
