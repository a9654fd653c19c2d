"""List the names that may be added to and never taken away: `python tests/whole/golden/make_frozen_names.py FILE.json`.

`frozen_names.json` was made so from the code before any name changed, and is kept. The lists are made by doing: a small
lab is set up, every verb is run on it with `--json` and with `--tsv`, and the analyses that it left are read.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import click
import grnledger
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MODULES = {
    "records": "grnledger.storage.history.records",
    "layout": "grnledger.storage.files.layout",
    "errors": "grnledger.engine.errors",
    "run": "grnledger.cli.errors",
    "grn": "grnledger.cli.main",
}
"""The only names of today's code that the lists are made with; for another commit, mend these."""

GENES = [f"G{number:02d}" for number in range(24)]
SAMPLES = [f"S{number:02d}" for number in range(16)]

MAPS = {"branches", "contents", "head", "missing", "missing_genes", "residuals", "software", "tags"}
"""Objects in JSON whose keys are names of versions, refs, pathways or packages: such a key is listed as `*`."""

LAB = """
init lab.grn --expression counts.tsv --counts --samples base.txt
init ml.grn --expression all.tsv --estimator factor --factors 1 --floor 0.1
init lw.grn --expression all.tsv --estimator ledoit-wolf --top-variance 20 --min-detected 0.1 --drop-constant
init factors.grn --factor-model model.npz
init dense.grn --covariance covariance.tsv
init damaged.grn --covariance covariance.tsv --ridge 0.1
commit -s damaged.grn sets.gmt --only B
commit -s dense.grn sets.gmt --only A --missing drop
commit sets.gmt --only A --missing drop --dry-run
commit sets.gmt --only A --missing drop -m add
branch side v0
branch
switch side
commit sets.gmt --only B --strength 0.9
switch main
merge side
tag paper
tag
revert v1
cherry-pick v1
rollback v3
reinvert -s dense.grn
log --all
log --refs
show v1
show v3
show v4
show -s dense.grn
info
info -s dense.grn
info --system
rev-parse HEAD v0
diff v0..v3 --top 5
branch conditions v3
base all.tsv --counts --branch conditions
diff v3..conditions --top 5 --same-intensity
edges --top 5
neighbors G00 --top 5
links --at v1 --all
support --at v1
regulators G00,G01 --top 5
trace G00 G01
factors G00
factors G00 G01
export lab.h5
export --matrix precision --genes G00,G01 -o theta.tsv
clone lab.grn copy.grn
commit -s copy.grn sets.gmt --only C
push -s copy.grn lab.grn
fetch copy.grn
import lab.h5 --as file
verify --numbers
verify -s damaged.grn
pack
nmf --rank 2 --restarts 2 --sets sets.gmt
nmf --rank 2 --restarts 2 --sets sets.gmt --table genes
nmf --rank 2 --restarts 2 --sets sets.gmt --table ranks
nmf --rank 2 --restarts 2 --sets sets.gmt --table histogram
nmf --rank 2 --restarts 2 --sets sets.gmt --table weights
nmf --rank 2 --restarts 2 --sets sets.gmt --table usage
nmf --rank 2:3 --restarts 2 --input counts
nmf --rank 2 --restarts 2 --input counts.tsv
nmf list
nmf show ID
nmf diff v0..v3 --rank 2 --restarts 2 --resamples 2
nmf diff v0..v3 --rank 2 --restarts 2 --resamples 2 --table genes
lmm fit --pheno signal.tsv --covariates covariates.tsv
lmm fit --pheno signal.tsv --kernel2 full
lmm fit -s dense.grn --pheno signal.tsv
lmm fit LABELS --permute 3
lmm fit --pheno signals.tsv
lmm compare v0..v3 --pheno signal.tsv
lmm scan --pheno signal.tsv --tests tests.tsv
lmm scan --pheno signal.tsv --tests tests.tsv --groups groups.gmt
lmm enrich --pheno signal.tsv --sets sets.gmt --scatter --leave-own-out
lmm enrich LABELS --sets sets.gmt --permute 3
"""
"""What is done in the lab, a command a line, on lab.grn where none is named; see `_words`."""

REFUSED = """
diff v0..v3 --exit-code
diffs
show v99
init lab.grn --covariance covariance.tsv
commit sets.gmt --only D --subtract --strength 99 --allow-large
verify -s damaged.grn
edges -s damaged.grn --at v1
--help
"""
"""Commands that show what exit codes mean."""


def _words(line: str) -> list[str]:
    """Return the arguments of a command line of the lab."""
    words = line.replace("LABELS", "--labels labels.tsv --contrast case:control --expression all.tsv").split()
    if "ID" in words:
        kept = grnledger.open("lab.grn").artifacts.each()
        words[words.index("ID")] = next(artifact.key for artifact in kept if artifact.record.analysis == "nmf")
    alone = "-s" in words or words[0] in ("init", "clone", "--help")
    return words if alone else ["-s", "lab.grn", *words]


def _title(line: str) -> str:
    """Return the verb of a command line, with the option that chooses what it answers; `nmf diff --table genes`."""
    words = line.split()
    verb = (
        words[:2]
        if words[0] == "lmm" or words[:2] in (["nmf", "list"], ["nmf", "show"], ["nmf", "diff"])
        else words[:1]
    )
    chosen = [option for option in ("--refs", "--system", "--matrix", "--groups") if option in words]
    table = words[-2:] if "--table" in words else []
    return " ".join([*verb, *chosen, *table])


def _write_files() -> None:
    """Write the files that the lab reads into the working folder."""
    stream = np.random.default_rng(12)
    loadings = stream.gamma(1.0, size=(len(GENES), 2))
    counts = stream.poisson(20 * loadings @ stream.gamma(2.0, size=(2, len(SAMPLES))) + 1)
    tables: dict[str, tuple[Sequence[str], Sequence[str], Any]] = {
        "all.tsv": (SAMPLES, GENES, counts),
        "counts.tsv": (SAMPLES, GENES, counts),
        "covariance.tsv": (GENES, GENES, loadings @ loadings.T + np.eye(len(GENES))),
        "signal.tsv": (["z"], GENES, stream.normal(size=(len(GENES), 1))),
        "signals.tsv": (["y", "z"], GENES, stream.normal(size=(len(GENES), 2))),
        "covariates.tsv": (["length"], GENES, stream.normal(size=(len(GENES), 1))),
        "labels.tsv": (["label"], SAMPLES, [["case" if number % 4 < 2 else "control"] for number in range(16)]),
        "tests.tsv": (GENES, ["t1", "t2", "t3"], stream.normal(size=(3, len(GENES)))),
    }
    for name, (columns, ids, numbers) in tables.items():
        rows = ("\t".join([id_, *map(str, row)]) for id_, row in zip(ids, numbers, strict=True))
        Path(name).write_text("\n".join(["\t".join(["id", *columns]), *rows]) + "\n", encoding="utf-8")
    sets = {"A": [*GENES[:6], "ELSEWHERE"], "B": GENES[6:14], "C": GENES[12:20], "D": GENES[::3]}
    for name, groups in (("sets.gmt", sets), ("groups.gmt", {"pair": ["t1", "t2"], "single": ["t3"]})):
        lines = ("\t".join([group, "-", *members]) for group, members in groups.items())
        Path(name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    Path("base.txt").write_text("\n".join(SAMPLES[::2]) + "\n", encoding="utf-8")
    np.savez("model.npz", genes=GENES, loadings=loadings, noise=np.full(len(GENES), 0.5))


def _grn(*arguments: str) -> tuple[int, str, str]:
    """Return the exit code of `grn` and what it printed on stdout and stderr."""
    run, grn = importlib.import_module(MODULES["run"]).run, importlib.import_module(MODULES["grn"]).grn
    printed, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(errors):
        code = run(grn, list(arguments), None)
    return code, printed.getvalue(), errors.getvalue()


def _key_paths(answer: Any, path: str = "") -> Iterator[str]:
    """Yield the dotted path of every key of a JSON answer, without positions in lists."""
    if isinstance(answer, dict):
        is_map = path.rpartition(".")[2] in MAPS
        for key, inner in answer.items():
            here = f"{path}.{'*' if is_map else re.sub('^blas_[0-9]+$', 'blas_*', key)}".lstrip(".")
            yield here
            yield from _key_paths(inner, here)
    elif isinstance(answer, list):
        for inner in answer:
            yield from _key_paths(inner, f"{path}[]")


def _answers(form: str) -> dict[str, set[str]]:
    """Return, of each verb, the names in its answers of a form: key paths of JSON, columns of tsv."""
    names: dict[str, set[str]] = {}
    for line in LAB.strip().split("\n"):
        title = _title(line)
        if "damaged.grn" in line and title == "verify":
            Path("damaged.grn/log/0000000002.h5").write_bytes(b"damaged")
        no_tsv = title.startswith("export") and form == "tsv"
        code, printed, errors = _grn(*_words(line), *([] if no_tsv else [f"--{form}"]))
        if code > 1 or not (printed or no_tsv):
            raise RuntimeError(f"{line}: exit {code}: {errors}")
        if form == "json":  # has all tables
            names.setdefault(title.partition(" --table")[0], set()).update(_key_paths(json.loads(printed)))
        elif not no_tsv:
            names.setdefault(title, set()).update(printed.split("\n", 1)[0].split("\t"))
    return names


def _artifacts() -> dict[str, dict[str, set[str]]]:
    """Return the names in the analyses that the lab's stores keep, by kind."""
    kinds: dict[str, dict[str, set[str]]] = {}
    for store in ("lab.grn", "dense.grn"):
        for artifact in grnledger.open(store).artifacts.each():
            names = kinds.setdefault(artifact.record.analysis, {})
            for part in ("parameters", "facts"):
                names.setdefault(part, set()).update(getattr(artifact.record, part))
            names.setdefault("arrays", set()).update(artifact.arrays)
    return kinds


def _exit_codes() -> dict[str, set[str]]:
    """Return the exit code of each class of error that can end a command, and of some commands."""
    errors = importlib.import_module(MODULES["errors"])
    run = importlib.import_module(MODULES["run"]).run
    classes = [
        value for value in vars(errors).values() if isinstance(value, type) and value.__module__ == errors.__name__
    ]
    codes: dict[str, set[str]] = {}
    others = (KeyboardInterrupt, BrokenPipeError, OSError, MemoryError, RuntimeError)
    for class_ in (*classes, *others):
        failing = click.Command("failing", callback=mock.Mock(side_effect=class_("why")))
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            codes[class_.__name__] = {str(run(failing, [], None))}
    return codes | {line: {str(_grn(*_words(line))[0])} for line in REFUSED.strip().split("\n")}


def _records() -> dict[str, set[str]]:
    """Return the field names of each record."""
    records = importlib.import_module(MODULES["records"])
    classes = {name: class_ for name, class_ in vars(records).items() if isinstance(class_, type)}
    return {
        name: set(class_.model_fields)
        for name, class_ in classes.items()
        if issubclass(class_, records.Record) and class_ is not records.Record
    }


def _layout() -> set[str]:
    """Return every text that is a constant of the layout, by its value."""
    constants = vars(importlib.import_module(MODULES["layout"]))
    return {value for name, value in constants.items() if name.isupper() and isinstance(value, str)}


def frozen_names(folder: Path) -> dict[str, Any]:
    """Return all lists, made in an empty folder."""
    lists: dict[str, Any] = {"records": _records(), "layout": {"texts": _layout()}}
    signed = {"GRN_AUTHOR": "Ada", "SOURCE_DATE_EPOCH": "1780000000"}
    for form in ("tsv", "json"):
        inner = folder / form
        inner.mkdir()
        with contextlib.chdir(inner), mock.patch.dict(os.environ, signed):
            os.environ.pop("GRN_STORE", None)
            _write_files()
            lists[form] = _answers(form)
            if form == "json":
                lists["artifacts"] = _artifacts()
                lists["exit codes"] = _exit_codes()
    return lists


def sorted_names(lists: Any) -> Any:
    """Return the lists as JSON holds them."""
    if isinstance(lists, dict):
        return {name: sorted_names(inner) for name, inner in sorted(lists.items())}
    return sorted(lists)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        text = json.dumps(sorted_names(frozen_names(Path(temporary))), indent=1, ensure_ascii=False)
    Path(sys.argv[1]).write_text(text + "\n", encoding="utf-8")
