"""The command line, as a user meets it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SMALL = ["--states", "6", "--images", "60", "--box", "32", "--pixel-size", "12", "--resolution", "24", "--snr", "1"]


def cryobench(*arguments: object, threads: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own, where warnings are errors."""
    environment = os.environ | {"COLUMNS": "100"}
    if threads is not None:
        environment["NUMBA_NUM_THREADS"] = str(threads)
    command = [sys.executable, "-m", "cryobench", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def image_sums(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.rglob("*.mrcs"))}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "out"
    done = cryobench("demo", "-o", folder, "--seed", 1, *SMALL)
    assert done.returncode == 0, done.stderr
    assert "STAND-IN DATA: synthetic antibody" in done.stdout
    assert "oracle" in done.stdout
    return folder


def scores(folder: Path) -> dict[tuple[object, ...], float]:
    document = json.loads((folder / "results.json").read_text())
    return {
        (s["metric"]["name"], s["method"], s["protocol"], s["convention"], s["parameters"].get("k")): s["value"]
        for s in document["scores"]
    }


def test_everything_is_there(demo: Path) -> None:
    for name in ("report.html", "overview.png", "results.json", "results.npz", "items.csv", "embeddings.csv"):
        assert (demo / name).stat().st_size > 0
    assert (demo / "dataset/dataset.json").is_file()
    for method in ("oracle", "ppca", "consensus", "shuffle"):
        assert json.loads((demo / "submissions" / method / "submission.json").read_text())["method"]["name"] == method
    assert (demo / "submissions/ppca/latents.npy").is_file()
    assert len((demo / "submissions/consensus/volumes/index.csv").read_text().split()) == 1 + 6
    assert not list(demo.rglob("*.tmp"))


def test_the_controls_bracket_the_method(demo: Path) -> None:
    found = scores(demo)
    for protocol in ("per-conformation", "per-image"):
        for convention in ("standard", "published"):
            of = {m: found["fsc-auc", m, protocol, convention, None] for m in ("oracle", "ppca", "consensus")}
            assert of["oracle"] > of["consensus"]
            assert of["ppca"] > of["consensus"]
    k = 59
    assert found["neighborhood-similarity", "oracle", "all particles", "standard", k] == 1
    ppca, shuffle = (found["neighborhood-similarity", m, "all particles", "standard", k] for m in ("ppca", "shuffle"))
    assert ppca > shuffle + 0.2
    assert shuffle == pytest.approx(k / 359, abs=0.05)


def test_the_report_holds_the_scores(demo: Path) -> None:
    """Each cell of the score table carries its value; each value of the results is in a cell."""
    text = (demo / "report.html").read_text(encoding="utf-8")
    start = text.index('id="d0-score-table"')
    table = text[start : text.index("</table>", start)]
    shown = sorted(float(value) for value in re.findall(r'data-value="([-0-9.e]+)"', table))
    values = sorted(score["value"] for score in json.loads((demo / "results.json").read_text())["scores"])
    np.testing.assert_allclose(shown, values, rtol=1e-6)


def test_the_report_opens_in_a_browser(demo: Path, browser: Any) -> None:
    page = browser.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    report = (demo / "report.html").as_uri()
    page.goto(report)
    for name in ("#d0-shells-0", "#d0-surfaces", "#d0-latent-0"):
        page.locator(name).evaluate("node => node.scrollIntoView({ block: 'center', behavior: 'instant' })")
        page.wait_for_selector(f"{name}[data-drawn]", timeout=60_000)
    complaints = [words for words in complaints if "GL Driver Message (OpenGL, Performance" not in words]
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "blob:"))] == [report]
    assert page.locator("#d0-score-table tbody.methods tr").count() == 1
    assert page.locator("#d0-score-table tbody.controls tr:not(.bound)").count() == 3
    assert page.locator("#d0-shells-0 .legendtext").count() == 3
    assert page.locator("table.pictures img").count() == 3 * 4 + 4 * 6
    page.close()


@pytest.mark.slow
def test_twice_and_with_one_thread_the_same(demo: Path, tmp_path: Path) -> None:
    again = cryobench("demo", "-o", tmp_path / "again", "--seed", 1, *SMALL)
    single = cryobench("demo", "-o", tmp_path / "single", "--seed", 1, *SMALL, threads=1)
    assert again.returncode == single.returncode == 0, again.stderr + single.stderr
    for folder in (tmp_path / "again", tmp_path / "single"):
        assert image_sums(folder) == image_sums(demo)
        assert (folder / "dataset/dataset.json").read_bytes() == (demo / "dataset/dataset.json").read_bytes()
    assert scores(tmp_path / "again") == scores(demo)
    one, many = scores(tmp_path / "single"), scores(demo)
    assert one.keys() == many.keys()
    np.testing.assert_allclose(list(one.values()), list(many.values()), atol=1e-6)


@pytest.mark.slow
def test_resume_keeps_the_images(demo: Path) -> None:
    stack = demo / "dataset/particles/000.mrcs"
    before = stack.stat().st_mtime_ns
    mine = demo / "submissions/ppca/notes.txt"
    mine.write_text("not the program's")
    done = cryobench("demo", "-o", demo, "--seed", 1, *SMALL, "--resume", "--methods", "consensus")
    assert done.returncode == 0, done.stderr
    assert stack.stat().st_mtime_ns == before
    assert {key[1] for key in scores(demo)} == {"consensus"}
    assert [path.name for path in (demo / "submissions/ppca").iterdir()] == ["notes.txt"]
    assert not (demo / "submissions/oracle").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--output", "no/such/parent"], "its parent folder no/such does not exist: make it first"),
        (["--output", "full"], "full is not empty: add --resume"),
        (["--methods", "orakel"], "unknown method 'orakel': did you mean 'oracle'?"),
        (["--box", "63"], "box size 63 is not allowed: choose an even number"),
        (["--box", "20"], "choose a box of at least"),
        (["--snr", "0"], "snr is 0.0: input should be greater than or equal to"),
        (["--structure", "nowhere.pdb"], "nowhere.pdb: no such file"),
        (["--ctf", "full/thing.txt"], "not a CTF table: expected one of"),
        (["--axis", "Z:1"], "no residue in Z:1"),
        (["--threads", "4096"], "4096 threads asked for: choose from 1 to"),
        (["--methods", ""], "no method"),
        (["--states", "1"], "at least 2"),
        (["--seed", "-1"], "seed is -1"),
        (["--images", "1"], "ppca needs at least 70 particles, not 20"),
        (["--overwrite", "--resume"], "give one of the two"),
        (["--dry-run", "--output", "full"], "full is not empty"),
        (["--output", "x" * 300], "check the path"),
    ],
)
def test_errors_are_one_line_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thing.txt").touch()
    if "--output" not in arguments:
        arguments = [*arguments, "--output", "out"]
    done = cryobench("demo", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""
    assert not (tmp_path / "out").exists()


def test_dry_run_makes_nothing(tmp_path: Path) -> None:
    done = cryobench("demo", "-o", tmp_path / "out", "--dry-run")
    assert done.returncode == 0
    assert "4,000: 20 states" in done.stdout
    assert not (tmp_path / "out").exists()


def test_help_and_version() -> None:
    assert "cryobench demo -o demo --seed 1" in cryobench("demo", "--help").stdout
    assert cryobench("--version").stdout.startswith("cryobench 0.")
    assert "demo" in cryobench("--help").stdout


def assert_the_order_holds(folder: Path) -> None:
    """Oracle above ppca above consensus, each gap wider than its interval; ppca's latents well above shuffled ones."""
    document = json.loads((folder / "results.json").read_text())
    gaps = {
        (c["first"], c["second"], c["protocol"], c["convention"]): c
        for c in document["comparisons"]
        if c["metric"]["name"] == "fsc-auc"
    }
    for protocol in ("per-conformation", "per-image"):
        for convention in ("standard", "published"):
            for pair in (("oracle", "ppca"), ("ppca", "consensus")):
                gap = gaps[*pair, protocol, convention]
                assert gap["difference"] > gap["interval"]["high"] - gap["interval"]["low"]
    found = scores(folder)
    for k in (199, 599):
        of = {m: found["neighborhood-similarity", m, "all particles", "standard", k] for m in ("ppca", "shuffle")}
        assert of["ppca"] > of["shuffle"] + 0.4
    assert not any(score["flags"] for score in document["scores"])


def turns(folder: Path, kind: str) -> tuple[float, float]:
    """How well the angle about the centre of a drawing follows the true one (0 to 1), and how empty its middle is."""
    with (folder / "embeddings.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["method"] == "ppca" and row["kind"] == kind]
    points = np.array([[float(row["x"]), float(row["y"])] for row in rows])
    middle = points - (points.max(axis=0) + points.min(axis=0)) / 2
    drawn = np.arctan2(middle[:, 1], middle[:, 0])
    true = np.repeat(np.arange(20) * 2 * np.pi / 20, len(rows) // 20)
    follows = max(abs(np.exp(1j * (drawn + sign * true)).mean()) for sign in (-1, 1))
    radius = np.linalg.norm(middle, axis=1)
    return float(follows), float(np.quantile(radius, 0.02) / np.median(radius))


@pytest.fixture(scope="module")
def whole_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo at its own size: made by the README's command where CRYOBENCH_DEMO says so, else here."""
    made = os.environ.get("CRYOBENCH_DEMO")
    if made:
        return Path(made)
    folder = tmp_path_factory.mktemp("whole") / "out"
    done = cryobench("demo", "-o", folder, "--seed", 1)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_the_demo_itself(whole_demo: Path) -> None:
    assert_the_order_holds(whole_demo)
    follows, emptiness = turns(whole_demo, "PCA")
    assert follows > 0.9
    assert emptiness > 0.3
    follows, _ = turns(whole_demo, "UMAP")
    assert follows > 0.7


@pytest.mark.slow
def test_the_real_antibody_in_the_same_order(cache: Path, tmp_path: Path) -> None:
    """PDB 1HZH with the defocus values of EMPIAR-10028, at the demo's own size."""
    structure, ctf = cache / "structures" / "1hzh.pdb.gz", cache / "ctf" / "empiar10028_unique_ctf.npz"
    done = cryobench("demo", "-o", tmp_path / "out", "--structure", structure, "--ctf", ctf)
    assert done.returncode == 0, done.stderr
    assert "STAND-IN" not in done.stdout
    assert_the_order_holds(tmp_path / "out")
