"""File formats, checksums and writes that are whole or nothing."""

from cryobench.io.cache import cache_folder, score_cache, writable_cache
from cryobench.io.cryodrgn import (
    ctf_from_table,
    read_poses,
    write_ctf,
    write_poses,
)
from cryobench.io.cryosparc import read_cs, read_cs_fields, require_fields, write_cs
from cryobench.io.download import Patience, download
from cryobench.io.files import (
    array_fault,
    check_output,
    inside,
    read_array,
    read_arrays,
    read_text,
    replacing,
    sha256,
    unfinished,
    write_array,
    write_bytes,
    write_text,
)
from cryobench.io.images import IMAGE_SUFFIXES, StackImages, open_images
from cryobench.io.indices import read_indices
from cryobench.io.listing import below, find_files, natural_key
from cryobench.io.mrc import MrcStackWriter, read_volume, volume_grid, write_volume
from cryobench.io.relion import ParticleTable, read_particle_table
from cryobench.io.restricted_pickle import read_array_pickle, read_array_pickles, read_pickle_words
from cryobench.io.star import read_star, write_star
from cryobench.io.torch_archive import is_torch_archive, read_torch_archive
from cryobench.io.zipped_maps import ZippedMaps

__all__ = [
    "IMAGE_SUFFIXES",
    "MrcStackWriter",
    "ParticleTable",
    "Patience",
    "StackImages",
    "ZippedMaps",
    "array_fault",
    "below",
    "cache_folder",
    "check_output",
    "ctf_from_table",
    "download",
    "find_files",
    "inside",
    "is_torch_archive",
    "natural_key",
    "open_images",
    "read_array",
    "read_array_pickle",
    "read_array_pickles",
    "read_arrays",
    "read_cs",
    "read_cs_fields",
    "read_indices",
    "read_particle_table",
    "read_pickle_words",
    "read_poses",
    "read_star",
    "read_text",
    "read_torch_archive",
    "read_volume",
    "replacing",
    "require_fields",
    "score_cache",
    "sha256",
    "unfinished",
    "volume_grid",
    "writable_cache",
    "write_array",
    "write_bytes",
    "write_cs",
    "write_ctf",
    "write_poses",
    "write_star",
    "write_text",
    "write_volume",
]
