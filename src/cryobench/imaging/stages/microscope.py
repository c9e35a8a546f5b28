"""Where the CTF parameters of each stack come from: a table, a list of defocus values, or one microscope's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float64

from cryobench.core import CTFParameters, FormatError, InputError, streams
from cryobench.imaging.ctf_sources import load_ctf_table
from cryobench.imaging.stages.files import Inputs, Task
from cryobench.io import read_array_pickle

_SETTINGS = {
    "--dfu": "defocus_u",
    "--dfv": "defocus_v",
    "--ang": "angle",
    "--kv": "voltage",
    "--cs": "cs",
    "--wgh": "amplitude_contrast",
    "--ps": "phase_shift",
    "--no-astigmatism": "astigmatism",
}


@dataclass(frozen=True)
class Microscope:
    """The CTF parameters of stacks.

    ``table`` is a table, or for a folder of stacks a folder of ``ctfs_0.pkl``, ``ctfs_1.pkl`` ...; without one,
    ``defocus_file`` holds defocus U and V (Å) of each image, pickled, shape (N, 2); without either, ``defocus_u`` and
    ``defocus_v`` (Å) are every image's, or normal about these with a standard deviation of ``defocus_spread`` (Å). The
    rest is used where there is no table: angle of U (degrees), voltage (kV), Cs (mm), amplitude contrast (fraction) and
    phase shift (degrees). Without ``astigmatism`` U and V are the same.
    """

    table: Path | None = None
    defocus_file: Path | None = None
    defocus_spread: float | None = None
    astigmatism: bool = True
    defocus_u: float = 15000.0
    defocus_v: float = 15000.0
    angle: float = 0.0
    voltage: float = 300.0
    cs: float = 2.0
    amplitude_contrast: float = 0.1
    phase_shift: float = 0.0


def ctf_tables(microscope: Microscope, inputs: Inputs, tasks: Sequence[Task], seed: int) -> tuple[CTFParameters, ...]:
    """Return the parameters of the images of each stack.

    Raises
    ------
    FormatError, InputError
        If a table cannot be read or has another number of rows than its stack has images, or options contradict.
    """
    _check(microscope)
    if microscope.table is not None:
        return tuple(_from_table(path, t) for path, t in zip(_paths(microscope.table, inputs), tasks, strict=True))
    return tuple(_from_settings(microscope, task, seed) for task in tasks)


def files_of(microscope: Microscope, inputs: Inputs) -> tuple[Path, ...]:
    """Return the files that the parameters of stacks are read from."""
    tables = () if microscope.table is None else _paths(microscope.table, inputs)
    return tables if microscope.defocus_file is None else (*tables, microscope.defocus_file)


def unused_options(microscope: Microscope) -> tuple[str, ...]:
    """Return a note on the settings that were given in vain, beside a file that holds them, or none."""
    if microscope.table is not None:
        file, overruled = "--ctf-pkl", _SETTINGS
    elif microscope.defocus_file is not None:
        file, overruled = "--df-file", {"--dfu": "defocus_u", "--dfv": "defocus_v"}
    else:
        return ()
    default = Microscope()
    given = [option for option, name in overruled.items() if getattr(microscope, name) != getattr(default, name)]
    return (f"{', '.join(given)} without effect: {file} says it of each image",) if given else ()


def _paths(table: Path, inputs: Inputs) -> tuple[Path, ...]:
    if table.is_dir() != inputs.in_folder:
        kinds = ("a folder", "one stack") if table.is_dir() else ("one table", "a folder")
        raise InputError(
            f"--ctf-pkl {table} is {kinds[0]}, but {inputs.source} is {kinds[1]}: "
            "give a table with a stack, or a folder of ctfs_0.pkl, ctfs_1.pkl ... with a folder"
        )
    if not inputs.in_folder:
        return (table,)
    return tuple(table / f"ctfs_{i}.pkl" for i in range(len(inputs.paths)))


def _from_table(path: Path, task: Task) -> CTFParameters:
    ctf = load_ctf_table(path)
    if len(ctf) != task.images:
        raise InputError(f"{path}: {len(ctf)} rows, but {task.source} has {task.images} images: one row is needed each")
    return ctf


def _from_settings(microscope: Microscope, task: Task, seed: int) -> CTFParameters:
    if microscope.defocus_file is not None:
        defocus = _from_file(microscope.defocus_file, task)
    else:
        defocus = np.tile([microscope.defocus_u, microscope.defocus_v], (task.images, 1))
    if microscope.defocus_spread:
        generators = streams(seed, f"defocus {task.output.name}", np.arange(task.images))
        drawn = np.array([generator.standard_normal(2) for generator in generators])
        defocus += microscope.defocus_spread * (drawn if microscope.astigmatism else drawn[:, :1])
    rest = (microscope.angle, microscope.voltage, microscope.cs, microscope.amplitude_contrast, microscope.phase_shift)
    return CTFParameters(np.column_stack((defocus, np.tile(rest, (task.images, 1)))))


def _from_file(path: Path, task: Task) -> Float64[np.ndarray, "n 2"]:
    try:
        defocus = np.array(read_array_pickle(path), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise FormatError(f"{path}: holds no array of numbers ({error})") from error
    if defocus.shape != (task.images, 2):
        raise InputError(
            f"{path}: shape {defocus.shape}, expected ({task.images}, 2): defocus U and V in Å of each image of "
            f"{task.source}"
        )
    return defocus


def _check(microscope: Microscope) -> None:
    sources = {
        "--ctf-pkl": microscope.table is not None,
        "--df-file": microscope.defocus_file is not None,
        "--sample-df": microscope.defocus_spread is not None,
    }
    given = [name for name, is_given in sources.items() if is_given]
    if len(given) > 1:
        raise InputError(f"{' and '.join(given)} each say what the defocus is: give one of them")
    spread = microscope.defocus_spread
    if spread is not None and not (np.isfinite(spread) and spread >= 0):
        raise InputError(f"--sample-df is {spread}: expected a standard deviation of at least 0 Å")
    if not microscope.astigmatism and microscope.defocus_u != microscope.defocus_v:
        raise InputError("--no-astigmatism keeps U and V the same: give --dfu and --dfv the same value")
