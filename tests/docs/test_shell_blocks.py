"""Every ``sh`` block of the pages runs, or a comment before it says why not.

The blocks of a page run one after the other in one folder, its ``python`` blocks between them, as a reader would run
them; a block with the title of a file becomes that file. Folders that a page takes for granted are made once: a small
demo, datasets and maps. ``sbatch`` is a stand-in that runs the script at once, with bash.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pages import PAGES, ROOT, blocks, instead, name_of

from cryobench.core import Dataset, Volume
from cryobench.io import write_volume

# What has to lie in the folder before a page's first block.
NEEDS: dict[str, tuple[str, ...]] = {
    "README.md": ("demo",),
    "docs/concepts/checks.md": ("my_dataset",),
    "docs/guides/leaderboard.md": ("igg-1d", "leaderboard", "submission"),
    "docs/guides/running-cryosparc-and-opus-dsd.md": ("igg-1d",),
    "docs/guides/running-methods.md": ("demo",),
    "docs/guides/scoring-and-comparing.md": ("demo",),
    "docs/guides/scoring-latents-and-poses.md": ("demo",),
    "docs/guides/the-report.md": ("scores", "scores-igg-1d", "scores-igg-rl"),
    "docs/guides/your-own-maps.md": ("maps", "open.mrc", "closed.mrc"),
    "docs/reference/submission-format.md": ("my-dataset", "my_submission"),
}
RUN_AT_LEAST = 40
# The two blocks that the CI script takes from the README.
OF_THE_SCRIPT = ("run", "test")
# Runs the script for each task of its array, and prints a number for a job.
SBATCH = """#!/bin/bash
set -euo pipefail
tasks=0-0
while [[ $1 == --* ]]; do
  if [[ $1 == --array=* ]]; then tasks=${1#*=}; fi
  shift
done
for ((task = ${tasks%-*}; task <= ${tasks#*-}; task++)); do
  SLURM_CPUS_PER_TASK=2 SLURM_ARRAY_TASK_ID=$task bash "$@" >&2
done
echo 1
"""
SMALL_DEMO = ["--states", "4", "--images", "30", "--box", "32", "--pixel-size", "12", "--resolution", "24"]
WITH_SHELL = [page for page in PAGES if any(not b.not_run and b.mark not in OF_THE_SCRIPT for b in blocks(page, "sh"))]


def call(*words: str, folder: Path) -> None:
    """Run cryobench in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "cryobench", *words], cwd=folder, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory, small_dataset: Dataset) -> Path:
    """A folder of what the pages take for granted."""
    folder = tmp_path_factory.mktemp("stock")
    call("demo", "-o", "demo", "--seed", "1", *SMALL_DEMO, folder=folder)
    for name in ("igg-1d", "my_dataset", "my-dataset"):
        shutil.copytree(folder / "demo" / "dataset", folder / name)
    for name in ("submission", "my_submission"):
        shutil.copytree(folder / "demo" / "submissions" / "ppca", folder / name)
    shutil.copytree(ROOT / "leaderboard" / "entries", folder / "leaderboard" / "entries")
    size = ("--scale", "demo", "--states", "3", "-N", "30")  # ppca wants 70 particles
    call("datasets", "build", "igg-rl:standin", *size, "-o", "igg-rl", folder=folder)
    call("methods", "run", "ppca", "--dataset", "igg-rl", "-o", "ppca-rl", folder=folder)
    for submission, dataset, scores in (
        ("submission", "igg-1d", "scores"),
        ("submission", "igg-1d", "scores-igg-1d"),
        ("ppca-rl/submission", "igg-rl", "scores-igg-rl"),
    ):
        call("score", submission, "--dataset", dataset, "-o", scores, "--cache", "kept", folder=folder)
    (folder / "maps").mkdir()
    for name, state in (("maps/open.mrc", 0), ("maps/closed.mrc", 2), ("open.mrc", 0), ("closed.mrc", 2)):
        data = np.asarray(small_dataset.truth.volumes[state].data, np.float32)
        write_volume(folder / name, Volume(data, small_dataset.particles.pixel_size))
    return folder


@pytest.fixture(scope="session")
def shell(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Environment of a shell in which ``cryobench`` is a command, with scores kept apart from the user's."""
    programs = tmp_path_factory.mktemp("bin")
    program = programs / "cryobench"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m cryobench "$@"\n', encoding="utf-8")
    (programs / "sbatch").write_text(SBATCH, encoding="utf-8")
    for each in (program, programs / "sbatch"):
        each.chmod(0o755)
    kept = str(tmp_path_factory.mktemp("kept"))
    return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "CRYOBENCH_SCORES": kept}


# umap says so, when it is imported, of an optional part that is not used here.
@pytest.mark.filterwarnings("ignore:Tensorflow not installed:ImportWarning")
@pytest.mark.slow
@pytest.mark.parametrize("page", WITH_SHELL, ids=name_of)
def test_commands_of_the_page_run(
    page: Path, stock: Path, shell: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NEEDS.get(name_of(page), ()):
        there = stock / name
        (shutil.copytree if there.is_dir() else shutil.copy)(there, tmp_path / name)
    names: dict[str, object] = {"__name__": "__page__"}
    for block in blocks(page, "sh", "python", "bash"):
        text = block.text
        for shown, run in instead(page).items():
            text = text.replace(shown, run)
        if block.title:
            (tmp_path / block.title).write_text(text, encoding="utf-8")
        elif block.kind == "python":
            exec(compile("\n" * block.line + text, str(page), "exec"), names)
        elif not block.not_run and block.mark not in OF_THE_SCRIPT:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", text], env=shell, capture_output=True, encoding="utf-8", check=False
            )
            assert done.returncode == 0, f"{name_of(page)}:{block.line}: {text}{done.stdout}{done.stderr}"


def test_marks_are_known() -> None:
    strange = [
        (name_of(page), block.line, block.mark)
        for page in PAGES
        for block in blocks(page, "sh")
        if block.mark and not block.not_run and block.mark not in OF_THE_SCRIPT and "is `" not in block.mark
    ]
    assert not strange, "a comment before a block is 'not run: why', or what stands instead of words of the page"


def test_most_pages_with_commands_run_some() -> None:
    every = [(page, block) for page in PAGES for block in blocks(page, "sh") if block.mark not in OF_THE_SCRIPT]
    run = [block for _, block in every if not block.not_run]
    print(f"{len(run)} of {len(every)} blocks of shell commands run; the others say why they do not")
    assert len(run) >= RUN_AT_LEAST
    assert {"docs/guides/first-benchmark.md", "docs/guides/scoring-and-comparing.md"} <= set(map(name_of, WITH_SHELL))


def test_what_stands_instead_is_on_the_page() -> None:
    for page in PAGES:
        shown = "".join(block.text for block in blocks(page, "sh", "bash"))
        assert all(words in shown for words in instead(page)), name_of(page)
