"""Broken and hostile input files: each must be refused with a sentence, in time, and within its memory.

    python benchmarks/trust/inputs.py                            # 1,000 damaged files a form, and every hostile one
    python benchmarks/trust/inputs.py --cases 5000 --seed 2
    python benchmarks/trust/inputs.py --only h5ad --cases 20000  # forms and hostile files with that in their name
    python benchmarks/trust/inputs.py --only "h5ad csr" --first 812 --cases 1    # one case again
    python benchmarks/trust/inputs.py --plant                    # one reader raises a bare ValueError: seen, exit 1

Every file goes through its reader, through `grnledger.init` or a plan of a commit, and through `grn`, in a process that
may take `ROOM` more addresses than it starts with. Peak memory is measured on Linux alone.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads take addresses, and those are what is limited

import argparse
import contextlib
import hashlib
import io
import json
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
from grnledger.cli.commands.init import read_names
from grnledger.cli.errors import run
from grnledger.cli.main import grn
from grnledger.engine.errors import Conflict, EngineError, GrnError, InputError, NotFound, ShapeError
from grnledger.engine.panel import Panel
from grnledger.storage.formats import pathways
from grnledger.storage.formats.expression import read_expression
from grnledger.storage.formats.factor_models import read_factor_model, read_factor_tables
from grnledger.storage.formats.identifiers import read_aliases
from grnledger.storage.formats.matrices import read_covariance
from input_files import EXPRESSION, GENES, GOOD, HOSTILE, SETS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOM = 2 << 30
"""Bytes of addresses that a reading process may take beyond what it starts with."""

PATIENCE = 60.0
"""Seconds for one file; the slowest takes a few."""

LONGEST_SENTENCE = 2_000
"""Letters of a refusal, which a person reads."""

TOLD = 1500
"""Letters of what went wrong that are printed."""

NOBODY = 65534

BAD = ("crash", "traceback", "hang", "out of memory", "wrong code", "no sentence", "accepted")
"""Outcomes that no file may have; `accepted` is a hostile file that was read."""

COLUMNS = ("refused", "read the same", "read differently", *BAD)


@dataclass(frozen=True)
class Door:
    """One way in: the reader alone, the public function behind it, and the command."""

    read: Callable[[Path, Mapping[str, Path]], object]
    use: Callable[[Path, Mapping[str, Path], Path], object]
    command: Callable[[Path, Mapping[str, Path], Path], list[object]]


@dataclass(frozen=True)
class Result:
    """What became of one file."""

    case: int
    outcome: str
    detail: str = ""
    peak: int = 0


def _init(source: str) -> Door:
    def use(path: Path, beside: Mapping[str, Path], folder: Path) -> object:
        return grnledger.init(folder / "used.grn", **{source.replace("-", "_"): path}, **beside)

    def command(path: Path, beside: Mapping[str, Path], folder: Path) -> list[object]:
        return ["init", folder / "made.grn", f"--{source}", path, *_options(beside)]

    return Door(_READ[source], use, command)


def _options(beside: Mapping[str, Path]) -> list[object]:
    return [part for name, path in beside.items() for part in (f"--{name.replace('_', '-')}", path)]


def _read_model(path: Path, beside: Mapping[str, Path]) -> object:
    return read_factor_tables(path, **beside) if beside else read_factor_model(path)


_READ: dict[str, Callable[[Path, Mapping[str, Path]], object]] = {
    "expression": lambda path, beside: read_expression(path, **beside),
    "covariance": lambda path, _: read_covariance(path),
    "factor-model": _read_model,
}


def _plan(path: Path, beside: Mapping[str, Path], folder: Path) -> object:
    repo = grnledger.open(folder.parent / "store.grn")
    return repo.plan(grnledger.read_pathways(path, repo.panel, missing="drop", **beside), message="x").pathways


def _plan_renamed(path: Path, _: Mapping[str, Path], folder: Path) -> object:
    repo = grnledger.open(folder.parent / "store.grn")
    sets = folder.parent / "sets.gmt"
    read = grnledger.read_pathways(sets, repo.panel, missing="drop", aliases=read_aliases(path))
    return repo.plan(read, message="x").pathways


def _commit(path: object, options: list[object], folder: Path) -> list[object]:
    return ["-s", folder.parent / "store.grn", "commit", path, "--missing", "drop", "--dry-run", *options]


def _init_with_names(path: Path, _: Mapping[str, Path], folder: Path) -> object:
    return grnledger.init(folder / "used.grn", expression=folder.parent / "e.tsv", genes=read_names(path))


DOORS: dict[str, Door] = {
    "expression": _init("expression"),
    "covariance": _init("covariance"),
    "factor model": _init("factor-model"),
    "pathways": Door(
        lambda path, beside: pathways.read_pathways(path, Panel(GENES), missing="drop", **beside),
        _plan,
        lambda path, beside, folder: _commit(path, _options(beside), folder),
    ),
    "aliases": Door(
        lambda path, _: read_aliases(path),
        _plan_renamed,
        lambda path, _, folder: _commit(folder.parent / "sets.gmt", ["--alias", path], folder),
    ),
    "list of genes": Door(
        lambda path, _: read_names(path),
        _init_with_names,
        lambda path, _, folder: ["init", folder / "made.grn", "--expression", folder.parent / "e.tsv", "--genes", path],
    ),
}


# What became of a file.


def attempt(door: Door, path: Path, beside: Mapping[str, Path], folder: Path) -> tuple[str, str, bool]:
    """Return the worst outcome of all three ways in, its sentence, traceback or fingerprint, and if all let it in."""
    read, said = judged(lambda: door.read(path, beside))
    used, told = judged(lambda: door.use(path, beside, folder))
    for outcome, detail in ((read, said), (used, told)):
        if outcome in BAD:
            return outcome, detail, False
    if "\0" not in str(path):  # else no process could be given it as an argument
        outcome, detail = commanded(door.command(path, beside, folder), used, told)
        if outcome in BAD:
            return outcome, detail, False
    return read, (said if read != "read" or used == "read" else f"{said} {told}"), used == "read"


def judged(step: Callable[[], object]) -> tuple[str, str]:
    """Return what a step did, and the sentence, traceback or fingerprint that it left."""
    try:
        return "read", fingerprint(step())
    except GrnError as error:
        return _judged_refusal(error)
    except MemoryError:
        return "out of memory", traceback.format_exc()
    except Exception:  # noqa: BLE001  finding these is what this program is for
        return "traceback", traceback.format_exc()


def _judged_refusal(error: GrnError) -> tuple[str, str]:
    sentence = f"{error.message} | {error.hint}"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError) or "memory allocation failed" in str(cause):
            return "out of memory", sentence
        cause = cause.__cause__ or cause.__context__
    if len(sentence) > LONGEST_SENTENCE or "\n" in sentence or not error.message.endswith((".", "…")):
        return "no sentence", sentence[:LONGEST_SENTENCE]
    right = isinstance(error, InputError | NotFound | EngineError) and not isinstance(error, ShapeError)
    return ("refused" if right else "wrong code"), sentence


def commanded(arguments: list[object], wanted: str, sentence: str) -> tuple[str, str]:
    """Return whether the command ends as the function did: the same sentence, a hint, and the code that goes with it."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(grn, [str(argument) for argument in arguments], None)
    told = err.getvalue()
    if code == 70 or "Traceback" in told:
        return "traceback", told
    if "not enough memory" in told:
        return "out of memory", told
    if wanted == "read":
        return ("read" if code == 0 else "wrong code"), f"{code}: {told}"
    if "Error: " not in told or "Hint: " not in told:
        return "no sentence", told[:LONGEST_SENTENCE]
    return ("refused" if code in (2, 3, 5) else "wrong code"), f"{code}: {told} | {sentence}"


def fingerprint(value: object) -> str:
    """Return a hash of the values that were read, whatever holds them; where they came from does not count."""
    digest = hashlib.sha256()
    for piece in _pieces(value):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: object) -> Iterator[bytes]:
    if isinstance(value, np.ndarray):
        yield f"{value.dtype}{value.shape}".encode()
        yield value.tobytes()
    elif is_dataclass(value):
        for one in fields(value):
            if one.name not in ("sha256", "notes", "path"):
                yield from _pieces(getattr(value, one.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, dict):
        yield from _pieces(list(value.items()))
    elif not isinstance(value, grnledger.Repository):
        yield repr(value).encode(errors="surrogatepass")


# Damage.

PIECES = (b"\t", b"\n", b"\r", b'"', b",", b" ", b"\0", b"\xff", b"#", b"!", b"9" * 400, b"-1", b"1e999", b"NaN", b"inf")
PIECES = (*PIECES, b"(", b"_", b"\xef\xbb\xbf", b"\xc3", "\u2028".encode(), b"0x1p9", b"1" + b"0" * 19, b"A" * 5000)


def damaged(content: bytes, draw: random.Random) -> bytes:
    """Return a file with one to four random changes."""
    changes = [_flip] * 6 + [_insert] * 3 + [_cut, _empty, _zero, _delete, _repeat, _double_a_line, _swap, _recode, _grow]
    before = content
    for _ in range(draw.choice((1, 1, 1, 2, 3, 4))):
        content = draw.choice(changes)(content, draw)
    return content if content != before else _flip(content or b"\0", draw)


def _flip(content: bytes, draw: random.Random) -> bytes:
    if not content:
        return content
    place = draw.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << draw.randrange(8))]) + content[place + 1 :]


def _insert(content: bytes, draw: random.Random) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + draw.choice(PIECES) + content[place:]


def _cut(content: bytes, draw: random.Random) -> bytes:
    return content[: draw.randint(0, len(content))]


def _empty(content: bytes, draw: random.Random) -> bytes:
    return content if draw.random() < 0.9 else b""


def _zero(content: bytes, draw: random.Random) -> bytes:
    place, size = draw.randint(0, len(content)), draw.choice((1, 4, 8, 64, 512))
    return content[:place] + bytes(len(content[place : place + size])) + content[place + size :]


def _delete(content: bytes, draw: random.Random) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + content[place + draw.randint(1, 40) :]


def _repeat(content: bytes, draw: random.Random) -> bytes:
    place = draw.randint(0, len(content))
    return content[:place] + content[place : place + draw.randint(1, 400)] * draw.choice((1, 2, 50)) + content[place:]


def _double_a_line(content: bytes, draw: random.Random) -> bytes:
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    place = draw.randrange(len(lines))
    return b"".join([*lines[:place], lines[place], *lines[place:]])


def _swap(content: bytes, draw: random.Random) -> bytes:
    one, other = sorted((draw.randint(0, len(content)), draw.randint(0, len(content))))
    size = draw.randint(1, 32)
    a, b = content[one : one + size], content[other : other + size]
    return content[:one] + b + content[one + size : other] + a + content[other + size :]


def _recode(content: bytes, draw: random.Random) -> bytes:
    return content.decode("latin-1").encode(draw.choice(("utf-8", "utf-16", "utf-16-le", "utf-32", "utf-8-sig")))


def _grow(content: bytes, draw: random.Random) -> bytes:
    """Set four or eight bytes to a large number, as headers count."""
    place, width = draw.randint(0, len(content)), draw.choice((2, 4, 8))
    number = draw.choice((2 ** (8 * width) - 1, 2 ** (8 * width - 1), 2 ** (8 * width - 4)))
    return content[:place] + number.to_bytes(width, "little") + content[place + width :]


# Processes: a file that crashes or hangs its reader takes one process with it, and the next begins after it.


def supervised(cases: range, perform: Callable[[int], Result], patience: float) -> Iterator[Result]:
    """Yield what became of every case."""
    place = cases.start
    while place < cases.stop:
        reading, writing = os.pipe()
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            os.close(reading)
            _work(range(place, cases.stop), perform, writing)
        os.close(writing)
        hung = False
        with open(reading, "rb", buffering=0) as stream:  # noqa: PTH123  a pipe has no path
            for line in _lines(stream, patience):
                if line is None:
                    hung = True
                    os.kill(child, signal.SIGKILL)
                    break
                yield Result(**json.loads(line))
                place += 1
        _, status = os.waitpid(child, 0)
        if place < cases.stop:
            how = "hang" if hung else "crash"
            yield Result(place, how, "" if hung else f"the process ended with status {os.waitstatus_to_exitcode(status)}")
            place += 1


def _lines(stream: Any, patience: float) -> Iterator[bytes | None]:
    """Yield lines of a pipe, and None when none comes in time."""
    held = b""
    while True:
        ready, _, _ = select.select([stream], [], [], patience)
        if not ready:
            yield None
            return
        part = stream.read(65536)
        if not part:
            return
        *lines, held = (held + part).split(b"\n")
        yield from lines


def _work(cases: range, perform: Callable[[int], Result], writing: int) -> None:
    """Perform cases in this process, which is a child of `supervised`, and end it."""
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _limit_addresses()
        warnings.simplefilter("ignore")  # of numbers too large to be squared, say: what comes of them is what counts
        for case in cases:
            result = perform(case)
            os.write(writing, json.dumps(vars(result)).encode() + b"\n")
    except BaseException:  # noqa: BLE001  a child never returns
        traceback.print_exc()
        os._exit(99)
    os._exit(0)


def _limit_addresses() -> None:
    held = _status("VmSize")
    if held:
        resource.setrlimit(resource.RLIMIT_AS, (held + ROOM, held + ROOM))


def _status(name: str) -> int:
    """Return a figure of this process in bytes, 0 where the system does not tell."""
    with contextlib.suppress(OSError), Path("/proc/self/status").open() as lines:
        return next((int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:")), 0)
    return 0


def _forget_peak() -> int:
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


@contextlib.contextmanager
def _folder(root: Path) -> Iterator[Path]:
    """Make the folder of a case; the last one may still lie there, when its process died."""
    folder = root / "case"
    _clear(folder)
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    _clear(folder)


def _clear(folder: Path) -> None:
    for path in folder.glob("*"):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)
    shutil.rmtree(folder, ignore_errors=True)


def try_damaged(kind: str, seed: int, root: Path) -> Callable[[int], Result]:
    """Return what damages a good file in the way of a case, and tries it; case -1 is the good file."""
    good = GOOD[kind]
    same = ""

    def perform(case: int) -> Result:
        nonlocal same
        draw = random.Random(f"{seed} {kind} {case}")
        with _folder(root) as folder:
            for name, content in good.files.items():
                path = folder / name
                path.parent.mkdir(exist_ok=True)
                path.write_bytes(damaged(content, draw) if case >= 0 and name == good.target else content)
            beside = {name: folder / file for name, file in good.beside.items()}
            before = _forget_peak()
            path = folder / (good.passed or good.target)
            outcome, detail, _ = attempt(DOORS[good.door], path, beside, folder)
            peak = _status("VmHWM") - before
        if outcome == "read":
            same = same or detail[:64]
            outcome = "read the same" if detail[:64] == same else "read differently"
        return Result(case, outcome, detail, peak)

    return perform


def try_hostile(titles: list[str], root: Path) -> Callable[[int], Result]:
    """Return what makes the hostile file of a number, and tries it."""

    def perform(case: int) -> Result:
        hostile = HOSTILE[titles[case]]
        with _folder(root) as folder:
            path = hostile.make(folder)
            beside = {name: folder / file for name, file in hostile.beside.items()}
            before = _forget_peak()
            with _as_nobody(wanted=hostile.as_nobody):
                outcome, detail, let_in = attempt(DOORS[hostile.door], path, beside, folder)
            peak = _status("VmHWM") - before
        if outcome == "read":
            outcome = "accepted" if let_in else "refused"
        return Result(case, outcome, detail, peak)

    return perform


@contextlib.contextmanager
def _as_nobody(*, wanted: bool) -> Iterator[None]:
    """Give up the rights of root for a while: root may read everything."""
    if not wanted or os.geteuid():
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


# Faults planted in the reader of gene sets, to see that each is reported.


def _crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _hang() -> None:
    while True:
        time.sleep(1)


def _raise(error: BaseException) -> Callable[[], None]:
    def plant() -> None:
        raise error

    return plant


PLANTS: dict[str, Callable[[], object]] = {
    "traceback": _raise(ValueError("planted")),
    "crash": _crash,
    "hang": _hang,
    "out of memory": lambda: bytearray(2 * ROOM),
    "wrong code": _raise(Conflict("Planted.")),
    "no sentence": _raise(InputError("planted " * LONGEST_SENTENCE)),
}


def plant(name: str) -> None:
    """Make the reader of gene sets fail in a way of its own where it would have refused."""
    readers: Any = pathways._READERS  # noqa: SLF001  the fault is planted below the public face
    sound = readers["gmt"]

    def planted(path: Path) -> object:
        try:
            return sound(path)
        except GrnError:
            PLANTS[name]()
            raise

    readers["gmt"] = planted


# The report.


def prepare(root: Path) -> None:
    """Make what several cases use, and read every good file once, so that all modules are there before a fork."""
    root.chmod(0o755)
    (root / "e.tsv").write_bytes(EXPRESSION)
    (root / "sets.gmt").write_bytes(SETS)
    grnledger.init(root / "store.grn", expression=root / "e.tsv")
    for kind in GOOD:
        result = try_damaged(kind, 0, root)(-1)
        if result.outcome != "read the same":
            raise SystemExit(f"The good file {kind!r} is not read: {result.outcome}, {result.detail}")


def report(name: str, counts: Counter[str], peak: int) -> str:
    """Return a line of the table."""
    total = sum(counts.values())
    return f"{name:<22}{total:>8,}" + "".join(f"{counts[column]:>{len(column) + 2},}" for column in COLUMNS) + (
        f"{peak / 1e6:>10,.0f}"
    )


def tell_bad(title: str, result: Result) -> None:
    """Print one outcome that no file may have."""
    print(f"  {result.outcome}: {title}, case {result.case}: {result.detail[-TOLD:]}", flush=True)


def main() -> int:
    """Run, print the table, and return 1 when anything was as it must not be."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000, help="damaged files a form")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--only", default="", help="forms and hostile files with this in their name")
    parser.add_argument("--patience", type=float, default=PATIENCE, help="seconds for one file")
    parser.add_argument("--verbose", action="store_true", help="print every hostile file")
    parser.add_argument("--plant", nargs="?", const="traceback", choices=sorted(PLANTS), help="plant a fault")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name))
        if given.plant:
            plant(given.plant)
        return survey(given, Path(name))


def survey(given: argparse.Namespace, root: Path) -> int:
    """Try all that is asked, print the table, and return the exit code."""
    heads = "".join(f"{column:>{len(column) + 2}}" for column in COLUMNS)
    print(f"{'form':<22}{'cases':>8}{heads}{'peak MB':>10}")
    every: Counter[str] = Counter()
    jobs = [(kind, try_damaged(kind, given.seed, root), [kind] * (given.first + given.cases)) for kind in GOOD if given.only in kind]
    titles = [title for title in HOSTILE if given.only in title]
    jobs = [job for job in jobs if given.cases]
    if titles:
        jobs.append(("hostile", try_hostile(titles, root), titles))
    for kind, perform, names in jobs:
        counts: Counter[str] = Counter()
        peak = 0
        first = 0 if kind == "hostile" else given.first
        for result in supervised(range(first, len(names)), perform, given.patience):
            counts[result.outcome] += 1
            peak = max(peak, result.peak)
            if result.outcome in BAD:
                tell_bad(names[result.case], result)
            elif kind == "hostile" and given.verbose:
                print(f"  {names[result.case]}: {result.detail} ({result.peak / 1e6:,.0f} MB)", flush=True)
        print(report(kind, counts, peak), flush=True)
        every += counts
    total, bad = sum(every.values()), sum(every[one] for one in BAD)
    print(f"{bad} of {total:,} files were not met as they should be.", end=" ")
    print(f"0 of {total:,} bounds the rate below {3 / total:.2g} at 95 %." if not bad else "")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
