"""The ways in for an input file, and a judgement of what came of it: a reading, a refusal, or what must not be."""

from __future__ import annotations

import contextlib
import hashlib
import io
import traceback
from dataclasses import dataclass, fields, is_dataclass
from typing import TYPE_CHECKING

import grnledger
import numpy as np
from good_inputs import GENES
from grnledger.cli.errors import run
from grnledger.cli.main import grn
from grnledger.engine.errors import EngineError, GrnError, InputError, NotFound, ShapeError
from grnledger.engine.network.panel import Panel
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.genes.aliases import read_aliases
from grnledger.formats.models.covariances import read_covariance
from grnledger.formats.models.factor_models import read_factor_model, read_factor_tables
from grnledger.formats.pathways import pathways
from grnledger.formats.traits.id_lists import read_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from grnledger.formats.pathways.pathways import PathwayFile
    from grnledger.storage.repository import Repository

LONGEST_SENTENCE = 2_000
"""Letters of a refusal, which a person reads."""

BAD = ("crash", "traceback", "hang", "out of memory", "wrong code", "no sentence", "accepted", "too much memory")
"""Outcomes that no file may have; `accepted` is a hostile file that was read."""


@dataclass(frozen=True)
class Door:
    """One way in: the reader alone, the public function behind it, and the command."""

    read: Callable[[Path, Mapping[str, Path]], object]
    use: Callable[[Path, Mapping[str, Path], Path], object]
    command: Callable[[Path, Mapping[str, Path], Path], list[object]]


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
    return _previewed(repo, grnledger.read_pathways(path, repo.panel, missing="drop", **beside))


def _previewed(repo: Repository, read: PathwayFile) -> object:
    plan = repo.plan(read, message="x")
    if plan.pathways:
        repo.preview(plan)
    return plan.pathways


def _plan_renamed(path: Path, _: Mapping[str, Path], folder: Path) -> object:
    repo = grnledger.open(folder.parent / "store.grn")
    sets = folder.parent / "sets.gmt"
    read = grnledger.read_pathways(sets, repo.panel, missing="drop", aliases=read_aliases(path))
    return _previewed(repo, read)


def _commit(path: object, options: list[object], folder: Path) -> list[object]:
    return ["-s", folder.parent / "store.grn", "commit", path, "--missing", "drop", "--dry-run", *options]


def _init_with_names(path: Path, _: Mapping[str, Path], folder: Path) -> object:
    return grnledger.init(folder / "used.grn", expression=folder.parent / "e.tsv", genes=read_ids(path))


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
        lambda path, _: read_ids(path),
        _init_with_names,
        lambda path, _, folder: ["init", folder / "made.grn", "--expression", folder.parent / "e.tsv", "--genes", path],
    ),
}


def attempt(door: Door, path: Path, beside: Mapping[str, Path], folder: Path) -> tuple[str, str, bool]:
    """Return the worst outcome of all three ways in, its sentence, traceback or fingerprint, and if all let it in."""
    read, reading = judged(lambda: door.read(path, beside))
    used, use = judged(lambda: door.use(path, beside, folder))
    for outcome, detail in ((read, reading), (used, use)):
        if outcome in BAD:
            return outcome, detail, False
    if "\0" not in str(path):  # else no process could be given it as an argument
        outcome, detail = commanded(door.command(path, beside, folder), used, use)
        if outcome in BAD:
            return outcome, detail, False
    return read, (reading if read != "read" or used == "read" else f"{reading} {use}"), used == "read"


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
        if isinstance(cause, MemoryError):
            return "out of memory", sentence
        cause = cause.__cause__ or cause.__context__
    if len(sentence) > LONGEST_SENTENCE or "\n" in sentence or not error.message.endswith((".", "…")):
        return "no sentence", sentence[:LONGEST_SENTENCE]
    right = isinstance(error, InputError | NotFound | EngineError) and not isinstance(error, ShapeError)
    return ("refused" if right else "wrong code"), sentence


def commanded(arguments: list[object], wanted: str, sentence: str) -> tuple[str, str]:
    """Return whether the command ends as the function did, with a sentence, a hint and a code."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(grn, [str(argument) for argument in arguments], None)
    message = err.getvalue()
    if code == 70 or "Traceback" in message:
        return "traceback", message
    if "not enough memory" in message:
        return "out of memory", message
    if wanted == "read":
        return ("read" if code == 0 else "wrong code"), f"{code}: {message}"
    if "Error: " not in message or "Hint: " not in message:
        return "no sentence", message[:LONGEST_SENTENCE]
    return ("refused" if code in (2, 3, 5) else "wrong code"), f"{code}: {message} | {sentence}"


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
        for part in fields(value):
            if part.name not in ("sha256", "notes", "path"):
                yield from _pieces(getattr(value, part.name))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _pieces(item)
    elif isinstance(value, dict):
        yield from _pieces(list(value.items()))
    elif not isinstance(value, grnledger.Repository):
        yield repr(value).encode(errors="surrogatepass")
