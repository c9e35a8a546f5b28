from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from cryobench.core import FormatError
from cryobench.imaging import load_ctf_table

NINE = np.array(
    [[128, 3, 15000, 14000, 30, 300, 2.7, 0.1, 0], [128, 3, 12000, 11000, 40, 300, 2.7, 0.1, 10]], np.float32
)
STAR_31 = """data_optics
loop_
_rlnOpticsGroup #1
_rlnVoltage #2
_rlnSphericalAberration #3
_rlnAmplitudeContrast #4
2 200 1.4 0.07
1 300 2.7 0.1

data_particles
loop_
_rlnDefocusU #1
_rlnDefocusV #2
_rlnDefocusAngle #3
_rlnOpticsGroup #4
15000 14000 30 1
12000 11000 40 2
"""


def test_each_kind_of_table(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(NINE))
    np.savez(tmp_path / "a.npz", ctf=NINE)
    np.save(tmp_path / "a.npy", NINE)
    for name in ("a.pkl", "a.npz", "a.npy"):
        np.testing.assert_array_equal(load_ctf_table(tmp_path / name).table, NINE[:, 2:])


def test_star_with_optics_groups(tmp_path: Path) -> None:
    (tmp_path / "a.star").write_text(STAR_31)
    expected = [[15000, 14000, 30, 300, 2.7, 0.1, 0], [12000, 11000, 40, 200, 1.4, 0.07, 0]]
    np.testing.assert_allclose(load_ctf_table(tmp_path / "a.star").table, np.float32(expected))


def test_star_without_optics_groups(tmp_path: Path) -> None:
    columns = ["DefocusU", "DefocusV", "DefocusAngle", "Voltage", "SphericalAberration"]
    columns += ["AmplitudeContrast", "PhaseShift"]
    rows = "\n".join(" ".join(str(v) for v in row) for row in NINE[:, 2:].tolist())
    (tmp_path / "a.star").write_text("data_\nloop_\n" + "".join(f"_rln{c}\n" for c in columns) + rows + "\n")
    np.testing.assert_allclose(load_ctf_table(tmp_path / "a.star").table, NINE[:, 2:])


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "expected one of .npz, .npy, .pkl, .star"),
        ("a.npz", b"PK not really", "not a readable numpy file"),
        ("a.star", b"data_x\nloop_\n_rlnA\n1\n", "no block has a column rlnDefocusU"),
        ("a.star", STAR_31.replace("_rlnVoltage", "_rlnSomething").encode(), "no column rlnVoltage"),
        (
            "a.star",
            STAR_31.replace("15000 14000 30 1", "15000 14000 30 7").encode(),
            "optics group 7 is not in the optics",
        ),
        ("a.star", STAR_31.split("15000", maxsplit=1)[0].encode(), "has no row|not a readable STAR"),
        ("a.star", STAR_31.replace("15000 14000", "much 14000").encode(), "cannot be read"),
        ("a.npy", b"", "not a readable numpy file"),
        ("a.npz", b"", "not a readable numpy file"),
        ("a.pkl", pickle.dumps({"a": 1}), "holds a dict, expected cryoDRGN's CTF table"),
    ],
)
def test_bad_tables_are_named(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(FormatError, match=message):
        load_ctf_table(tmp_path / name)


def test_star_with_fewer_particles_than_groups(tmp_path: Path) -> None:
    (tmp_path / "a.star").write_text(STAR_31.replace("15000 14000 30 1\n", ""))
    np.testing.assert_allclose(load_ctf_table(tmp_path / "a.star").table[0, 3:6], np.float32([200, 1.4, 0.07]))


def test_numbers_too_large_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.full((2, 9), 1e300))
    with pytest.raises(FormatError, match="not finite"):
        load_ctf_table(tmp_path / "a.npy")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", ctf=NINE)
    content = bytearray((tmp_path / "a.npz").read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(signature) + flags] |= 1  # the bit that says a member is encrypted
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(FormatError, match="not a readable numpy file"):
        load_ctf_table(tmp_path / "a.npz")


def test_an_array_of_objects_is_not_unpickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", ctf=np.array([{"a": 1}], dtype=object))
    with pytest.raises(FormatError, match="not a readable numpy file"):
        load_ctf_table(tmp_path / "a.npz")


def test_a_real_table(cache: Path) -> None:
    table = load_ctf_table(cache / "ctf" / "empiar10028_unique_ctf.npz")
    assert len(table) == 1081
    assert 13_000 < np.median(table.column("defocus_u_angstrom")) < 28_000
