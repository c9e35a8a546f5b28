"""Datasets of a user's own: structures, a trajectory, normal modes; what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cryobench
from cryobench.datasets import example_spec, load_dataset, prepare_simulation, read_spec, spec_schema
from cryobench.datasets.own.custom_spec import WAYS
from cryobench.structures import ResidueRange, Trajectory, load_structure, mass_kda, select, superposed

SMALL = {"box": 24, "pixel_size": 12.0, "rendering": {"resolution": 40.0}, "images": 3}

LINE = "ATOM  {serial:5d}  CA  ALA {chain}{residue:4d}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00 10.00           C\n"


@pytest.fixture
def structure(tmp_path: Path) -> Path:
    """Two chains, A a straight one of 12 residues along x, B a single residue off it."""
    rows = [("A", residue, 3.8 * residue, 0.0) for residue in range(1, 13)] + [("B", 1, 20.0, 20.0)]
    text = "".join(
        LINE.format(serial=i, chain=chain, residue=residue, x=x, y=y, z=0.0)
        for i, (chain, residue, x, y) in enumerate(rows, start=1)
    )
    path = tmp_path / "two.pdb"
    path.write_text(text + "END\n")
    return path


def spec_of(structure: Path, **changes: Any) -> dict[str, Any]:
    members = [{"file": str(structure), "name": "whole"}, {"file": str(structure), "name": "part", "select": ["A:1-6"]}]
    return {"structures": members, "frame": "shared", **SMALL, **changes}


def test_structures_and_their_parts_become_states(structure: Path, tmp_path: Path) -> None:
    dataset = cryobench.simulate(spec_of(structure), tmp_path / "d")
    whole, part = (dataset.truth.volumes[i].data.sum(dtype=float) * 12.0**3 for i in range(2))
    assert whole == pytest.approx(13 * 6, rel=1e-3)
    assert part == pytest.approx(6 * 6, rel=1e-3)
    assert [state.name for state in dataset.truth.states] == ["whole", "part"]
    assert (tmp_path / "d/truth/moving_mask.mrc").is_file()
    assert "two.pdb" in (tmp_path / "d/truth/states.csv").read_text()
    assert str(tmp_path) not in (tmp_path / "d/dataset.json").read_text()


def test_a_shared_frame_keeps_the_parts_in_place(structure: Path, tmp_path: Path) -> None:
    """The part lies where it lies in the whole, or at the centre by itself."""
    x = np.arange(24) - 12
    centres = {}
    for frame in ("shared", "own"):
        inputs = prepare_simulation(read_spec(spec_of(structure, frame=frame)))
        data = inputs.ensemble.volume(1).data.astype(np.float64)
        centres[frame] = 12.0 * (data.sum(axis=(0, 1)) @ x) / data.sum()
    whole = np.mean([3.8 * residue for residue in range(1, 13)] + [20.0])
    assert centres["own"] == pytest.approx(0.0, abs=0.05)
    assert centres["shared"] == pytest.approx(np.mean([3.8 * r for r in range(1, 7)]) - whole, abs=0.05)


def test_populations_share_out_the_particles(structure: Path) -> None:
    spec = spec_of(structure, populations=[2.0, 1.0], particles=10)
    del spec["images"]
    assert prepare_simulation(read_spec(spec)).spec.images == (7, 3)


def test_frames_of_a_real_trajectory(cache: Path, tmp_path: Path) -> None:
    files = {"topology": cache / "trajectories/adk_open.pdb", "frames": cache / "trajectories/adk_dims.dcd"}
    trajectory = {name: str(path) for name, path in files.items()} | {"start": 3, "step": 19}
    spec = {
        "trajectory": trajectory,
        "truth": "rendered",
        **SMALL,
        "box": 32,
        "pixel_size": 6.0,
        "rendering": {"resolution": 18.0},
    }
    dataset = cryobench.simulate(spec, tmp_path / "d")
    assert [state.name for state in dataset.truth.states] == [f"frame {3 + 19 * i}" for i in range(5)]
    first = dataset.truth.latents[::3, 0]
    assert np.abs(np.diff(first)).min() > 0.3  # the transition goes one way, in Å
    assert len(set(np.sign(np.diff(first)))) == 1
    # The same frame by other means: read whole, superposed, rendered at the end of an independent chain.
    opened = Trajectory(files["topology"], files["frames"])
    centred = opened.atoms.coordinates - opened.atoms.centre()
    moved = superposed(opened.frame(22), centred, opened.atoms.weights)
    volume = dataset.truth.volumes[1].data.astype(np.float64)
    x = 6.0 * (np.arange(32) - 16)
    spread = (volume.sum(axis=(0, 1)) @ x**2) / volume.sum() - (18.0 / (np.pi * np.sqrt(2))) ** 2
    assert spread == pytest.approx(np.average(moved[:, 0] ** 2, weights=opened.atoms.weights), rel=0.01)
    copied = tmp_path / "adk_open.pdb"
    copied.write_text(files["topology"].read_text().replace("ATOM      1", "HETATM    1"))
    (tmp_path / "d/links.json").write_text(json.dumps({"paths": [str(copied), str(files["frames"])]}))
    with pytest.raises(cryobench.CryobenchError, match="not the file that the dataset was made from"):
        load_dataset(tmp_path / "d").truth.volumes[0]
    (tmp_path / "d/links.json").write_text(json.dumps({"paths": []}))
    with pytest.raises(cryobench.CryobenchError, match="names 0 files, expected 2"):
        load_dataset(tmp_path / "d")
    (tmp_path / "d/links.json").write_text(json.dumps({"paths": [str(tmp_path / "gone.pdb"), str(tmp_path / "x.dcd")]}))
    with pytest.raises(cryobench.CryobenchError, match=r"adk_open\.pdb is not at"):
        load_dataset(tmp_path / "d")


def test_normal_modes_of_a_real_structure(cache: Path, tmp_path: Path) -> None:
    spec = {"normal_modes": {"structure": "pdb:1hzh", "count": 3, "modes": 4}, **SMALL, "pixel_size": 16.0}
    dataset = cryobench.simulate(spec, tmp_path / "d")
    assert dataset.truth.latents.shape == (9, 4)
    assert len({dataset.truth.volumes[i].data.tobytes() for i in range(3)}) == 3


def test_selected_atoms_are_those_of_the_file(cache: Path) -> None:
    path = cache / "structures/1hzh.pdb.gz"
    spec = {"structures": [{"file": str(path), "select": ["H:1-230", "L"]}, str(path)], **SMALL, "pixel_size": 16.0}
    states = prepare_simulation(read_spec(spec)).ensemble.states
    atoms = load_structure(path)
    part = atoms.chosen(select(atoms, (ResidueRange("H", 1, 230),)) | (atoms.chains == "L"))
    assert states[0].variables["mass"] == pytest.approx(mass_kda(part), abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surprise": 1}, "surprise is not a setting"),
        ({"rendering": {"resolutoin": 3.0}}, "rendering.resolutoin is not a setting"),
        ({"structures": ["nowhere.cif"]}, "nowhere.cif"),
        ({"structures": ["../../etc/passwd"]}, "passwd"),
        ({"structures": []}, "structures is"),
        ({"structures": ["pdb:../../x"]}, "not an id"),
        ({"images": None, "populations": [0.5, -0.5], "particles": 10}, r"populations is -0.5"),
        ({"images": None, "populations": [0.5, 0.3, 0.2], "particles": 10}, "2 states but 3 populations"),
        ({"images": None, "populations": [0.5, 0.5]}, "give both"),
        ({"populations": [0.5, 0.5], "particles": 10}, "give one of the two"),
        ({"images": None, "populations": [1.0, 1e-6], "particles": 10}, "none for state 1"),
        ({"images": (1, 2, 3)}, "2 states but 3 numbers"),
        ({"images": 0}, "images is 0"),
        ({"box": 8}, "choose a box of at least"),
        ({"box": None}, "need a box and a pixel_size"),
        ({"box": 25}, "box size 25"),
        ({"volumes": "maps"}, "give one of volumes, structures"),
        ({"structures": None}, "nothing says where the states come from"),
        ({"structures": [{"file": "a.pdb", "fle": 3}]}, "structures.fle is not a setting"),
        ({"structures": ["built-in:ribosome-50s"]}, "no such file"),
        ({"images": 10**12}, "images is 1000000000000"),
        ({"images": (10**8, 10**8)}, "too many"),
        ({"frame": "both"}, "frame is 'both'"),
        ({"rendering": {"atoms": {"alternates": "some"}}}, "alternates is 'some'"),
        ({"imaging": {"noise": {"snr": -1}}}, "snr is -1"),
    ],
)
def test_what_is_wrong_with_a_spec_is_one_clear_error(
    structure: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(cryobench.CryobenchError, match=message):
        cryobench.simulate(spec_of(structure, **changes), tmp_path / "d")
    assert not (tmp_path / "d").exists()


def test_a_part_that_is_not_there_is_named(structure: Path, tmp_path: Path) -> None:
    spec = spec_of(structure)
    spec["structures"][1]["select"] = ["C"]
    with pytest.raises(cryobench.CryobenchError, match=r"'part': the structure has nothing in C.*A, B"):
        cryobench.simulate(spec, tmp_path / "d")


@pytest.mark.parametrize("way", WAYS)
def test_the_examples_are_valid_and_list_what_there_is(way: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(example_spec(way, "spec.schema.json"))
    spec = read_spec(path)
    assert getattr(spec, way) is not None
    schema = spec_schema()
    assert schema["additionalProperties"] is False
    assert set(WAYS) < set(schema["properties"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("spec.yaml", "structures: [unclosed"),
        ("spec.yaml", "- a\n- list\n"),
        ("spec.yaml", "seed: 3\nseed: 5\n"),
        ("spec.yaml", "structures: !!python/object/apply:os.system ['touch harmed']\n"),
        ("spec.toml", "structures = [\n"),
        ("spec.json", "[" * 10_000),
        ("spec.txt", "structures: []"),
    ],
)
def test_a_file_that_is_no_spec_is_refused(
    name: str, text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(cryobench.CryobenchError, match=name):
        read_spec(tmp_path / name)
    assert not (tmp_path / "harmed").exists()
