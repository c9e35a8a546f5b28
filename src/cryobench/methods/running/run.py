"""A method on a dataset, from the particles to a submission."""

from __future__ import annotations

import dataclasses
import resource
import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int64

from cryobench.core import Advance, InputError, Progress, Submission, Volume, VolumeProvider
from cryobench.core.registry import unknown_name
from cryobench.io import check_output
from cryobench.methods.base import METHODS, Control, Method, find_method
from cryobench.methods.made_volumes import MadeVolumes
from cryobench.methods.map_grid import GridVolumes, MapGrid
from cryobench.methods.programs import full_call, run_program, runs_elsewhere
from cryobench.methods.running.base import RUNNERS, Exporter, Job, Native, Runner, RunnerCard, Step, require_terms
from cryobench.methods.running.environments import Environment, require_environment
from cryobench.methods.running.installing import program_version
from cryobench.methods.running.records import (
    LOG,
    NATIVE,
    SUBMISSION_FOLDER,
    RunRecord,
    only_run,
    open_run,
    read_record,
    write_record,
)
from cryobench.methods.submission_folder import write_submission
from cryobench.methods.submission_manifest import SUBMISSION
from cryobench.methods.volume_cache import CachedMaker, volume_identity

MADE = "made"
"""Folder in which the volumes that were made are kept until all are there: a run that was stopped makes none twice."""

Queries = Callable[[Submission], Int64[np.ndarray, " q"]]
"""Returns the particles whose volumes are wanted."""


@dataclass(frozen=True)
class Watch:
    """Who is told what a program prints, and how far it is."""

    line: Callable[[str], None]
    progress: Progress


@dataclass(frozen=True)
class Finished:
    """Where a run left its submission (or the page of an export), and whether anything was left to do."""

    path: Path
    record: RunRecord
    ran: bool


def find_runnable(name: str) -> RunnerCard | None:
    """Return the card of a runner, None for a method that is built in.

    Raises
    ------
    UnknownNameError
        If there is neither.
    """
    if name in RUNNERS:
        return RUNNERS[name].card
    known = (*METHODS, *RUNNERS)
    base, colon, _ = name.partition(":")
    if colon and base in RUNNERS:
        raise InputError(f"'{name}': {base} takes no number: give it without, and its flags after --")
    if base not in known:
        raise unknown_name("method", name, known)
    return None


def _entry(name: str) -> Runner | Exporter | None:
    if name in RUNNERS:
        return RUNNERS[name]
    return None


def planned_calls(job: Job, name: str) -> dict[str, str]:
    """Return what a run would do, in words, making nothing.

    Raises
    ------
    InputError
        If the program is not set up, or an argument cannot be given.
    """
    entry = _entry(name)
    if entry is None:
        _built_in(name, job)
        return {"method": " ".join((f"{name}, built in", *job.flags))}
    if isinstance(entry, Exporter):
        return {"export": f"inputs for {entry.card.title} in {job.folder}"}
    entry.check_flags(job.flags)
    environment = require_environment(entry.card.environment, name)
    return {
        "program": f"{' '.join(environment.command)}, version {environment.version}",
        "command": " ".join(full_call(environment.command, entry.arguments(job))),
        "gives": entry.card.gives,
    }


def run_method(name: str, job: Job, output: Path, queries: Queries, watch: Watch, *, overwrite: bool) -> Finished:
    """Run a method and write its submission; a run that was interrupted goes on, and one that is done is left alone.

    Parameters
    ----------
    name
        Of a runner, or of a built-in method.
    job
        What to do; its folder is ``native`` in the output folder.
    output
        Folder of the run.
    queries
        Which volumes are wanted.
    watch
        Told of the progress.
    overwrite
        Whether a run that is there is deleted first. The files of an export are written over.

    Raises
    ------
    InputError
        If the program is not set up, its terms were not accepted then, an argument cannot be given, or the folder holds
        another run.
    OutputError
        If the folder cannot be used.
    ProgramError
        If the program fails.
    """
    entry = _entry(name)
    environment = None
    if isinstance(entry, Runner):
        entry.check_flags(job.flags)
        environment = require_environment(entry.card.environment, name)
        again = f"set it up again with --accept-licence: cryobench methods setup {name} --accept-licence --overwrite"
        require_terms(entry.card, accepted=environment.licence_accepted, how=again)
    elif entry is None:
        _built_in(name, job)
    elif job.flags:
        raise InputError(f"{' '.join(job.flags)}: {name} takes no flags after --: leave them out")
    wanted = RunRecord(
        runner=name,
        dataset=job.dataset.card.id,
        dataset_checksum=job.dataset.card.checksum,
        seed=job.seed,
        flags=job.flags,
    )
    if isinstance(entry, Exporter):
        check_output(output.absolute(), overwrite=overwrite, resume=False)
        return Finished(entry.export(dataclasses.replace(job, folder=output)), wanted, True)
    record = open_run(output, wanted, overwrite=overwrite)
    submission = output / SUBMISSION_FOLDER
    if record.stage == "finished" and (submission / SUBMISSION).is_file():
        return Finished(submission, record, False)
    with only_run(job.folder) as lock:
        if entry is None:
            record = _run_builtin(name, job, submission, queries, watch)
        else:
            assert environment is not None
            record = _train(entry, environment, job, watch, lock)
            native = entry.read(job, environment.command, record.version)
            _write(native, record, job, submission, queries, watch)
    record = record.model_copy(update={"stage": "finished"})
    write_record(job.folder, record)
    return Finished(submission, record, True)


def _train(runner: Runner, environment: Environment, job: Job, watch: Watch, lock: int) -> RunRecord:
    """Run the program to its end, unless it is there already; return the record."""
    record = read_record(job.folder)
    assert record is not None
    log = job.folder / LOG
    if record.stage == "running" and runner.trained(job):
        record = record.model_copy(update={"stage": "trained"})
    if record.stage != "running":
        return record
    said = program_version(environment.command, runner.recipe)
    version = environment.version if said == "unknown" else said
    runner.write_inputs(job)
    call = full_call(environment.command, runner.arguments(job))
    record = record.model_copy(
        update={
            "version": version,
            "calls": (*record.calls, tuple(call)),
        }
    )
    write_record(job.folder, record)
    told = _Told(runner, watch)
    start = time.monotonic()
    try:
        outcome = run_program(call, log, told.line, keep=(lock,))
    except BaseException:  # what was spent counts, also if it was interrupted
        write_record(job.folder, record.model_copy(update={"seconds": record.seconds + time.monotonic() - start}))
        raise
    elsewhere = runs_elsewhere(environment.command)
    peak = outcome.peak_memory_mb
    spent = None if elsewhere else outcome.cpu_seconds + (record.cpu_seconds or 0.0)
    text = log.read_text(encoding="utf-8", errors="replace")
    record = record.model_copy(
        update={
            "seconds": record.seconds + outcome.seconds,
            "cpu_seconds": spent,
            "peak_memory_mb": None if elsewhere else max(filter(None, (peak, record.peak_memory_mb)), default=None),
            "device": runner.device(text),
        }
    )
    write_record(job.folder, record)
    outcome.require_success(call, log)
    record = record.model_copy(update={"stage": "trained"})
    write_record(job.folder, record)
    return record


class _Told:
    """Hands lines on, and turns them into progress."""

    def __init__(self, runner: Runner, watch: Watch) -> None:
        self._runner, self._watch = runner, watch
        self._advance: Advance | None = None
        self._done = 0

    def line(self, text: str) -> None:
        """Take a line that the program printed."""
        self._watch.line(text)
        step = self._runner.progress(text)
        if step is None:
            return
        if self._advance is None:
            self._advance = self._watch.progress(f"{self._runner.card.name}: images of all epochs", step.total)
        self._tell(step)

    def _tell(self, step: Step) -> None:
        assert self._advance is not None
        if step.done > self._done:
            self._advance(step.done - self._done)
            self._done = step.done


def _write(native: Native, record: RunRecord, job: Job, folder: Path, queries: Queries, watch: Watch) -> None:
    """Write the submission of a program, with the volumes that are wanted."""
    submission = native.submission
    wanted = queries(submission)
    if native.maker is None or submission.latents is None:
        _write_whole(submission, wanted, record, job, folder)
        return
    native.maker.check()
    identity = volume_identity(native.maker, f"{record.runner} {record.version}")
    maker = CachedMaker(native.maker, identity, job.folder / MADE)
    advance = watch.progress(f"{record.runner}: volumes at particles", len(wanted))
    with MadeVolumes(maker, submission.latents, wanted, np.arange(len(wanted)), beside=job.folder) as made:
        on_grid = GridVolumes(made, MapGrid.of(job.dataset.particles), same_edge=True)
        told = dataclasses.replace(submission, volumes=_ToldVolumes(on_grid, advance))
        _write_whole(told, wanted, record, job, folder)
    shutil.rmtree(job.folder / MADE, ignore_errors=True)  # the submission has them


class _ToldVolumes:
    """Volumes that tell when one was made."""

    def __init__(self, volumes: VolumeProvider, advance: Advance) -> None:
        self._volumes, self._advance = volumes, advance

    def at(self, particle: int) -> Volume:
        """Return the volume at a particle."""
        volume = self._volumes.at(particle)
        self._advance(1)
        return volume


def _write_whole(
    submission: Submission, queries: Int64[np.ndarray, " q"], record: RunRecord, job: Job, folder: Path
) -> None:
    """Write a submission folder that appears whole or not at all."""
    partial = folder.with_name(f".{folder.name}.partial")
    for left in (partial, folder):
        if left.is_dir():
            shutil.rmtree(left)
    write_submission(
        submission,
        job.dataset.card,
        partial,
        queries.tolist(),
        record.seconds,
        device=record.device,
        command=record.calls[-1] if record.calls else (),
        peak_memory_mb=record.peak_memory_mb,
    )
    partial.rename(folder)


def _built_in(name: str, job: Job) -> Method | Control:
    """Return a built-in method with its flags, if there are particles enough for it."""
    method = find_method(name, job.flags)
    method.require(len(job.dataset.particles))
    return method


def _run_builtin(name: str, job: Job, folder: Path, queries: Queries, watch: Watch) -> RunRecord:
    """Run a built-in method here, and write its submission."""
    record = read_record(job.folder)
    assert record is not None
    method = _built_in(name, job)
    start, cpu = time.monotonic(), time.process_time()
    if isinstance(method, Control):
        submission = method.run(job.dataset.particles, job.dataset.truth, job.seed, watch.progress)
    else:
        submission = method.run(job.dataset.particles, job.seed, watch.progress)
    record = record.model_copy(
        update={
            "version": submission.method.version,
            "seconds": time.monotonic() - start,
            "cpu_seconds": time.process_time() - cpu,
            "peak_memory_mb": _own_peak_mb(),
            "device": "cpu",
            "calls": (_own_call(name, job),),
        }
    )
    _write_whole(submission, queries(submission), record, job, folder)
    return record


def _own_call(name: str, job: Job) -> tuple[str, ...]:
    flags = ("--", *job.flags) if job.flags else ()
    return ("cryobench", "methods", "run", name, "--dataset", str(job.source), "--seed", str(job.seed), *flags)


def _own_peak_mb() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak * (1 if sys.platform == "darwin" else 1024) / 1e6, 1)


__all__ = ["NATIVE", "Finished", "Queries", "Watch", "find_runnable", "planned_calls", "require_terms", "run_method"]
