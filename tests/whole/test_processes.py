"""The command line as real processes: exit codes, pipes, signals, colour, imports, and ids that come out again."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.usefixtures("compiled_once")

GRN = [sys.executable, "-W", "error", "-m", "grnledger.cli"]


def environment(**more: str) -> dict[str, str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("GRN_") and name != "NO_COLOR"
    }
    return {**inherited, "GRN_AUTHOR": "Ada", "SOURCE_DATE_EPOCH": "1780000000", **more}


def run(*arguments: object, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [*GRN, *map(str, arguments)]
    return subprocess.run(
        command, cwd=cwd, env=environment(**variables), capture_output=True, text=True, encoding="utf-8", check=False
    )


def start(*arguments: object, cwd: Path, **variables: str) -> subprocess.Popen[bytes]:
    command = [*GRN, *map(str, arguments)]
    env = environment(**variables)
    return subprocess.Popen(command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store of 200 genes: its answers are longer than any pipe holds."""
    folder = tmp_path_factory.mktemp("processes")
    stream = np.random.default_rng(1)
    genes = [f"GENE{index}" for index in range(200)]
    np.savez(folder / "model.npz", loadings=stream.normal(size=(200, 3)), noise=np.ones(200), genes=genes)
    (folder / "sets.gmt").write_text("\t".join(["FIRST", "-", *genes[:20]]) + "\n")
    for line in (["init", "big.grn", "--factor-model", "model.npz"], ["commit", "sets.gmt", "-m", "first"]):
        done = run(*line, cwd=folder)
        assert (done.returncode, "Warning" in done.stderr) == (0, False), done.stderr
    return folder


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (0, "log"),
        (1, "diff v0..v1 --exit-code"),
        (2, "edges --top 0"),
        (3, "log nope"),
        (4, "commit sets.gmt"),
        (5, "commit sets.gmt --format gmt --subtract --strength 9 --allow-large --branch side"),
        (6, "log -s broken.grn"),
    ],
)
def test_the_exit_code_classifies_the_error(folder: Path, code: int, line: str) -> None:
    (folder / "broken.grn").mkdir(exist_ok=True)
    if code == 5:
        run("branch", "side", "v0", cwd=folder)
    done = run(*line.split(), cwd=folder)
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith("Error: ") == (code > 1)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize(
    "line", ["edges --threshold 1e-9 --tsv", "edges --threshold 1e-9 --json", "export --matrix precision"]
)
def test_a_closed_pipe_ends_with_141_and_no_traceback(folder: Path, line: str, unbuffered: str) -> None:
    with start(*line.split(), cwd=folder, PYTHONUNBUFFERED=unbuffered) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read(1)
        process.stdout.close()
        message = process.stderr.read()
    assert process.returncode == 141
    assert message == b""


def test_head_takes_one_line_and_no_more(folder: Path) -> None:
    grn = " ".join(GRN)
    script = f"{grn} edges --threshold 1e-9 --tsv | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.stdout == "gene_a\tgene_b\trho\n141\n"
    assert done.stderr == ""


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Where the tests run in the background, a shell may have told them and theirs to pass over Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_ends_with_130_and_no_traceback(folder: Path) -> None:
    """The process stands still in the middle of its answer, since nobody reads on: there it is interrupted."""
    with start("export", "--matrix", "precision", cwd=folder) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, message = process.communicate()
    assert process.returncode == 130
    assert message == b"Interrupted.\n"


@pytest.mark.parametrize("line", ["-vv log nope", "log nope -vv", "-v log -v nope", "log nope --verbose --verbose"])
def test_a_traceback_comes_when_asked_for_and_leaves_the_exit_code(folder: Path, line: str) -> None:
    done = run(*line.split(), cwd=folder)
    assert done.returncode == 3
    assert "Traceback (most recent call last):" in done.stderr
    assert done.stderr.rstrip().splitlines()[-2].startswith("Error: There is no version 'nope'.")


def test_no_traceback_comes_unasked(folder: Path) -> None:
    for line in ("log nope", "-v log nope", "edges --top x -vv"):
        assert "Traceback" not in run(*line.split(), cwd=folder).stderr


def on_a_terminal(arguments: list[str], cwd: Path, **variables: str) -> str:
    """Return what a command prints, stdout and stderr, on a terminal."""
    ours, theirs = pty.openpty()
    env = environment(PAGER="cat", TERM="xterm", **variables)
    with subprocess.Popen([*GRN, *arguments], cwd=cwd, env=env, stdout=theirs, stderr=theirs):
        os.close(theirs)
        parts: list[bytes] = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # Linux: the other side has closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode()


@pytest.mark.parametrize("arguments", [["log"], ["log", "nope"], ["factors", "GENE1", "GENE2"]])
def test_colour_is_for_terminals_that_want_it(folder: Path, arguments: list[str]) -> None:
    coloured = on_a_terminal(arguments, folder)
    plain = on_a_terminal(arguments, folder, NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b[" not in plain
    piped = run(*arguments, cwd=folder)
    assert plain.replace("\r\n", "\n") == piped.stdout + piped.stderr


def test_on_a_terminal_colour_can_be_refused_and_a_graph_has_it(folder: Path) -> None:
    assert "\x1b[" not in on_a_terminal(["--color", "never", "log"], folder)
    assert "\x1b[31m*" in on_a_terminal(["log", "--graph"], folder)


def test_a_terminal_of_another_encoding_gets_utf_8(folder: Path) -> None:
    done = run("neighbors", "GENE1", cwd=folder, PYTHONIOENCODING="latin-1", PYTHONUTF8="0")
    assert done.returncode == 0
    assert "ρ with GENE1" in done.stdout


def loaded_by(folder: Path, *arguments: str) -> set[str]:
    """Return the top-level modules that a command has loaded when it ends."""
    script = (
        "import sys, contextlib, io\n"
        "from grnledger.cli.main import main\n"
        "with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):\n"
        f"    main({list(arguments)!r})\n"
        "print(*{name.split('.')[0] for name in sys.modules})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment(), capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_help_loads_no_numbers_and_no_store(folder: Path) -> None:
    heavy = {"numpy", "scipy", "h5py", "pydantic", "threadpoolctl"}
    assert loaded_by(folder, "--help").isdisjoint(heavy)
    assert loaded_by(folder, "commit", "--help").isdisjoint(heavy)


def test_the_history_loads_no_scipy(folder: Path) -> None:
    for line in (["log"], ["log", "--json"], ["branch"], ["rev-parse", "HEAD"]):
        loaded = loaded_by(folder, *line)
        assert "grnledger" in loaded
        assert loaded.isdisjoint({"scipy", "threadpoolctl", "h5py", "numpy", "pydantic"}), line
    assert "numpy" in loaded_by(folder, "edges", "--top", "1")


STORY = (
    "simulate --genes 30 --factors 2 -o model.npz",
    "init s.grn --factor-model model.npz",
    "commit model.pathways.npz --only p53 -m p53",
    "switch -c side",
    "commit model.pathways.npz --only MAPK",
    "revert v1",
    "switch main",
    "commit model.pathways.npz --only JAK-STAT",
    "merge side",
)


def versions(story: Callable[..., Any], folder: Path) -> list[dict[str, Any]]:
    """Return the versions of a store that is made anew in a folder."""
    folder.mkdir(exist_ok=True)
    with contextlib.chdir(folder):
        for line in STORY:
            assert story(*line.split()).code == 0
        return story("log", "--json").json["versions"]


def test_the_same_pipeline_gives_the_same_ids_to_the_last_byte(
    grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = versions(grn, tmp_path / "a")
    (tmp_path / "b").mkdir()
    for line in STORY:
        assert run(*line.split(), cwd=tmp_path / "b").returncode == 0
    assert json.loads(run("log", "--json", cwd=tmp_path / "b").stdout)["versions"] == first
    stores = [sorted(path.name for path in (tmp_path / name / "s.grn").rglob("*.h5")) for name in "ab"]
    assert stores[0] == stores[1]
    monkeypatch.setenv("GRN_AUTHOR", "Grace")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000001")
    other = versions(grn, tmp_path / "c")
    assert [version["content"] for version in other] == [version["content"] for version in first]
    assert {version["id"] for version in other}.isdisjoint({version["id"] for version in first})


def test_the_command_is_installed_beside_python(folder: Path) -> None:
    command = Path(sys.executable).with_name("grn")
    if not command.exists():
        pytest.skip("the package is not installed here, only importable")
    done = subprocess.run([command, "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == "grn, version 0.1.0\n"


def test_a_shell_can_complete_the_line(folder: Path) -> None:
    done = run(cwd=folder, _GRN_COMPLETE="bash_complete", _GRN_LINE="grn ch")
    assert done.stdout.split() == ["plain", "cherry-pick"]
    assert "_grn_completion" in run(cwd=folder, _GRN_COMPLETE="bash_source").stdout


def test_the_demo_shows_the_main_commands_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = run("demo", cwd=tmp_path, TMPDIR=str(tmp_path))
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
    lines = done.stdout.splitlines()
    verbs = [line.split()[2] for line in lines if line.startswith("$ grn ")]
    for verb in ("init", "commit", "log", "diff", "rollback", "revert", "merge"):
        assert verb in verbs
    assert verbs.count("commit") == 5
    for pathway in ("p53", "NF-kB", "Wnt/beta-catenin", "MAPK", "JAK-STAT"):
        assert f"    + {pathway} (500 genes)" in lines
    assert not any(line.startswith(("Error", "Traceback")) for line in lines)


def test_the_demo_can_be_kept(grn: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from grnledger.cli.commands.examples import demo

    monkeypatch.setattr(demo, "STORY", demo.STORY[:2])
    folder = tmp_path / "new" / "try"
    answer = grn("demo", "--keep", folder)
    assert answer.code == 0
    assert f"grn -s {folder}/demo.grn log" in answer.err
    assert grn("log", "-s", folder / "demo.grn").code == 0
    answer = grn("demo", "--keep", folder)
    assert (answer.code, "exists already" in answer.err) == (4, True)


@pytest.mark.parametrize(
    ("code", "line"),
    [(0, "log >&-"), (0, "tag closed >&- 2>&-"), (3, "show v99 >&- 2>&-"), (3, "show v99 2>/dev/full")],
)
def test_without_an_output_the_exit_code_is_still_right(folder: Path, code: int, line: str) -> None:
    command = f'"$0" -m grnledger.cli -s big.grn {line}'
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=folder, env=environment(), check=False)
    assert done.returncode == code


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_output_device_is_reported(folder: Path) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -m grnledger.cli -s big.grn log >/dev/full', sys.executable],
        cwd=folder,
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 2
    assert "No space left on device" in done.stderr
    assert "Exception ignored" not in done.stderr


def test_an_empty_epoch_is_no_epoch_and_an_early_one_a_time(folder: Path) -> None:
    assert run("neighbors", "GENE1", "-s", "big.grn", cwd=folder, SOURCE_DATE_EPOCH="").returncode == 0
    assert run("tag", "early", "-s", "big.grn", cwd=folder, SOURCE_DATE_EPOCH="-62000000000").returncode == 0
    assert "0005-04-19" in run("log", "--refs", "-n", "1", "-s", "big.grn", cwd=folder).stdout
