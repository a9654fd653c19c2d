"""The reading process of HDF5 files: whatever happens in it is a sentence, and it ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
from grnledger.cli.errors import run
from grnledger.cli.main import grn
from grnledger.engine.errors import InputError
from grnledger.formats.files import hdf5_process
from grnledger.formats.files.hdf5_members import member_dataset, open_members, read_array
from grnledger.formats.models.covariances import read_covariance

PROGRAM = hdf5_process.PROGRAM
LINUX = sys.platform == "linux"
DEEDS = {
    "segfault": "import ctypes; ctypes.string_at(0)",
    "abort": "os.abort()",
    "loop": "while True: pass",
    "sleep": "import time; time.sleep(600)",
    "memory": "bytearray(1 << 40)",
    "memory, bit by bit": "heap = []\nwhile True: heap.append(bytes(1 << 20))",
    "exit": "os._exit(1)",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["covariance"] = np.eye(3)
    return tmp_path / "c.h5"


def sabotaged(folder: Path, deed: str) -> Path:
    """Return a program that does a deed where the reading process opens its file."""
    program = folder / "sabotaged.py"
    program.write_text(
        f"import os, runpy, sys, h5py\ndef File(*_, **__):\n    {deed.replace(chr(10), chr(10) + '    ')}\n"
        f"h5py.File = File\nrunpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
    )
    return program


@pytest.mark.parametrize(
    ("deed", "sentence"),
    [
        ("segfault", r"HDF5 crashed while reading the file \(SIGSEGV\)"),
        ("abort", r"HDF5 crashed while reading the file \(SIGABRT\)"),
        ("loop", "HDF5 did not finish reading the file within 2 seconds"),
        ("sleep", "HDF5 did not finish reading the file within 2 seconds"),
        ("memory", "cannot be read as HDF5: MemoryError"),
        pytest.param(
            "memory, bit by bit",
            "cannot be read as HDF5: MemoryError",
            marks=pytest.mark.skipif(not LINUX, reason="elsewhere a limit on addresses may not be enforced"),
        ),
        ("exit", "the process that reads HDF5 files ended with code 1"),
    ],
)
def test_whatever_happens_in_the_reading_process_is_a_sentence_and_exit_code_2(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    deed: str,
    sentence: str,
):
    monkeypatch.setattr(hdf5_process, "PROGRAM", sabotaged(path.parent, DEEDS[deed]))
    monkeypatch.setattr(hdf5_process, "SECONDS_FREELY", 2)
    with pytest.raises(InputError, match=sentence):
        read_covariance(path)
    assert run(grn, ["init", str(path.parent / "s.grn"), "--covariance", str(path)], None) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.parametrize("field", ["end", "shape"])
def test_what_comes_back_is_checked(path: Path, monkeypatch: pytest.MonkeyPatch, field: str):
    """A process that HDF5 has brought out of step may reply anything."""
    program = path.parent / "liar.py"
    lie = {"end": "reply['end'] = 1 << 40", "shape": "reply['shape'] = [1 << 20, 1 << 20]"}[field]
    program.write_text(
        f"import json, runpy\nsound = json.dumps\ndef dumps(reply, **how):\n    if {field!r} in reply: {lie}\n"
        f"    return sound(reply, **how)\njson.dumps = dumps\nrunpy.run_path({str(PROGRAM)!r}, run_name='__main__')\n"
    )
    monkeypatch.setattr(hdf5_process, "PROGRAM", program)
    with pytest.raises(InputError, match=r"not as large as the file says|more than the file holds"):
        read_covariance(path)


def test_time_grows_with_the_size_of_the_file_and_memory_with_that_of_the_array(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    program = path.parent / "echo.py"
    program.write_text(
        "import json, sys\nfor line in sys.stdin:\n    request = json.loads(line)\n"
        "    print(json.dumps({'error': '{seconds} s, {memory} bytes'.format(**request)}), flush=True)\n"
    )
    monkeypatch.setattr(hdf5_process, "PROGRAM", program)
    os.truncate(path, 100 << 20)
    with hdf5_process.start_reading(path) as process, pytest.raises(InputError, match=f"130 s, {256 << 20} bytes"):
        process.request("describe", ())
    with hdf5_process.start_reading(path) as process, pytest.raises(InputError, match=f"330 s, {1056 << 20} bytes"):
        process.request("read", (), size=200 << 20)


def test_arrays_stay_when_the_process_has_ended_and_may_be_written_to(path: Path):
    with h5py.File(path, "a") as file:
        file["empty"], file["number"], file["table"] = np.empty((0, 3)), 2.5, np.arange(6).reshape(2, 3)
    with open_members(path) as root:
        arrays = {name: read_array(member_dataset(root, name)) for name in root.members}
        shapes = {name: member_dataset(root, name).shape for name in root.members}
    assert {name: array.shape for name, array in arrays.items()} == shapes
    assert np.array_equal(arrays["covariance"], np.eye(3))
    assert np.array_equal(arrays["table"], np.arange(6).reshape(2, 3))
    assert arrays["number"] == 2.5
    arrays["covariance"][0, 0] = 7
    assert arrays["table"][0, 0] == 0


def test_modules_in_the_working_directory_are_not_run(path: Path, monkeypatch: pytest.MonkeyPatch):
    for name in ("numpy", "h5py", "json"):
        (path.parent / f"{name}.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(path.parent)
    assert np.array_equal(read_covariance("c.h5").values, np.eye(3))


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def parent_of_a_loop(path: Path) -> tuple[subprocess.Popen[bytes], int]:
    """Return a process that reads a file for ever, in a group of its own, and its reading process."""
    code = (
        "import pathlib, signal, sys\nfrom grnledger.formats.files import hdf5_process\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # in the background, shells ignore it
        f"hdf5_process.PROGRAM = pathlib.Path({str(sabotaged(path.parent, DEEDS['loop']))!r})\n"
        f"from grnledger.formats.models.covariances import read_covariance\nread_covariance({str(path)!r})\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in children_of(parent.pid):
            if b"sabotaged.py" in Path(f"/proc/{child}/cmdline").read_bytes() and seconds_of(child) > 1:
                return parent, child
        time.sleep(0.05)
    raise AssertionError("the reading process has not begun")


def seconds_of(pid: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ends(pid: int) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not LINUX, reason="reads /proc, and asks Linux for a signal at the parent's death")
def test_the_reading_process_dies_with_its_parent(path: Path):
    parent, child = parent_of_a_loop(path)
    parent.kill()
    parent.communicate()
    assert ends(child)


@pytest.mark.skipif(not LINUX, reason="reads /proc")
def test_an_interrupt_is_the_parents_who_ends_the_reading_process(path: Path):
    parent, child = parent_of_a_loop(path)
    assert os.getpgid(child) != os.getpgid(parent.pid)
    os.killpg(parent.pid, signal.SIGINT)
    _, errors = parent.communicate(timeout=60)
    assert errors.rstrip().endswith(b"KeyboardInterrupt")
    assert ends(child)
