"""Stage 1: CTF parameters for every image, drawn from a table measured on a real dataset."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cryobench.core import CTFParameters, InputError, stream, streams
from cryobench.core.checks import require_even_box, require_positive
from cryobench.imaging.ctf_draw import CTFSpec
from cryobench.imaging.ctf_presets import CTF_PRESETS, CTFPreset
from cryobench.imaging.ctf_sources import load_ctf_table
from cryobench.imaging.stages.files import Note, make_way, refuse_overlap, require_seed, unheard
from cryobench.io import write_ctf


def sample_ctf_tables(
    source: str,
    output: Path,
    *,
    rows: int = 1000,
    box: int = 256,
    pixel_size: float = 1.5,
    folder: Path | None = None,
    states: int = 100,
    replacement: bool = False,
    seed: int = 0,
    note: Note = unheard,
    dry_run: bool = False,
) -> tuple[Path, ...]:
    """Write a table of CTF parameters drawn from another, or one for each state and all of them in one.

    Return the paths of what was written.

    Parameters
    ----------
    source
        The measured table, any kind that :func:`cryobench.imaging.load_ctf_table` reads; or the name of a preset, from
        whose distribution every row is drawn.
    output
        Where cryoDRGN's nine columns go: all states' rows in one.
    rows
        Number of rows, of each state where there are states.
    box, pixel_size
        Of the images that the parameters are for, in pixels and Å: the first two columns.
    folder
        Where ``ctfs_0.pkl``, ``ctfs_1.pkl`` ... go, one for each of ``states``; none where there are no states.
    replacement
        Whether a row may come again before all have come.
    seed
        With the name of each file, the key of what is drawn for it.
    note
        Told of what the user should see.
    dry_run
        Check everything and write nothing.

    Raises
    ------
    FormatError
        If ``source`` is a file and not a CTF table.
    UnknownNameError
        If it is neither a file nor a preset.
    InputError
        If a number is out of its range.
    """
    require_seed(seed)
    require_even_box(box)
    require_positive("pixel size", pixel_size)
    for name, number in (("rows", rows), ("states", states)):
        if number < 1:
            raise InputError(f"number of {name} is {number}: choose at least 1")
    if output.suffix.lower() != ".pkl" or output.is_dir():
        raise InputError(f"-o {output}: expected the name of a .pkl file")
    spec = CTFSpec(source=source)
    table = load_ctf_table(Path(source)) if spec.is_file else CTF_PRESETS[source]
    parts = (output,) if folder is None else tuple(folder / f"ctfs_{state}.pkl" for state in range(states))
    read = [Path(source)] if spec.is_file else []
    outputs = parts if folder is None else (*parts, output)
    refuse_overlap([(Path(source), path) for path in outputs], read)
    if isinstance(table, CTFParameters) and rows > len(table) and not replacement:
        note(f"{source} has {len(table):,} rows for {rows:,} images: each is used {rows / len(table):.3g} times")
    if dry_run:
        return outputs
    make_way(outputs, note)
    drawn = [_draw(table, rows, seed, path.name, replacement=replacement) for path in parts]
    for path, part in zip(parts, drawn, strict=True):
        write_ctf(path, part, box, pixel_size)
    if folder is not None:
        write_ctf(output, CTFParameters(np.concatenate([part.table for part in drawn])), box, pixel_size)
    return outputs


def _draw(source: CTFParameters | CTFPreset, rows: int, seed: int, name: str, *, replacement: bool) -> CTFParameters:
    stage = f"ctf table {name}"
    if not isinstance(source, CTFParameters):
        drawn = [source.draw(generator) for generator in streams(seed, stage, np.arange(rows))]
        return CTFParameters(np.array(drawn, dtype=np.float64))
    generator = stream(seed, stage)
    if replacement:
        return source[generator.integers(len(source), size=rows)]
    return source[generator.permutation(len(source))[np.arange(rows) % len(source)]]
