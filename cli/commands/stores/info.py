"""`grn info`: the store, its panel and base, its sizes, and the eigenvalues of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from ... import options, output
from ...answers import versions

if TYPE_CHECKING:
    from ....storage.history.versions import Version
    from ....storage.repository import Repository

Fact = tuple[str, str, Any]
"""A key for programs, a title for people, and a value."""


@click.command("info")
@options.at
@click.option("--system", is_flag=True, help="Tell the libraries and threads instead.")
@options.forms
@options.repository
def command(repo: Repository, *, at: str, system: bool, form: str) -> None:
    """Tell the store: panel, base and where it came from, versions, eigenvalues, parameter counts, size on disk.

    \b
    Example:
      grn info
      grn info --at v0 --json
    """
    version = repo.version(at)
    told = _system() if system else [*_store(repo, version), *_numbers(repo, version)]
    base = repo.base(version.name)
    if form == "json":
        facts = {key: value for key, _, value in told}
        output.emit_json({**versions.identity(version), **facts, "base_record": base.record.model_dump(mode="json")})
        return
    pairs = [(key if form == "tsv" else title, _text(value)) for key, title, value in told]
    if form == "text" and not system:
        pairs[1:1] = versions.base_facts(base)
    output.emit_facts(form, pairs)


def _store(repo: Repository, version: Version) -> list[Fact]:
    return [
        ("store", "store", str(repo.path)),
        ("versions", "versions", len(repo)),
        ("branches", "branches", {name: one.name for name, one in repo.branches.items()}),
        ("tags", "tags", {name: one.name for name, one in repo.tags.items()}),
        ("head", "HEAD", {repo.head: repo.version().name}),
        ("bytes_on_disk", "bytes on disk", repo.disk_bytes()),
        ("version", "version", version.name),
        ("active_pathways", "active pathways", len(repo.active(version.name))),
        ("rank", "rank", version.rank),
    ]


def _numbers(repo: Repository, version: Version) -> list[Fact]:
    from ....engine.estimation.factor_model import parameter_counts
    from ....engine.network.stability import spectrum

    snapshot = repo.snapshot(version.name)
    found = spectrum(snapshot)
    record = repo.base(version.name).record
    full, factored = parameter_counts(len(snapshot.panel), record.factors)
    loadings = sum(one.record.genes * len(one.record.names) for one in repo.active(version.name))
    counts: list[Fact] = [("parameters_full", "parameters, full", full)]
    if record.form == "factor":
        saved = round(100 * (1 - factored / full), 1)
        counts += [
            ("parameters_factors", "parameters, factors", factored),
            ("parameters_saved_percent", "saved by factors (%)", saved),
        ]
    return [
        ("smallest_eigenvalue", "smallest eigenvalue", found.smallest),
        ("largest_eigenvalue", "largest eigenvalue", found.largest),
        ("condition", "condition", found.condition),
        ("log_det", "log |Σ|", snapshot.log_det),
        *counts,
        ("parameters_pathways", "parameters, pathways", loadings),
    ]


def _system() -> list[Fact]:
    import os
    import platform
    import sys
    from importlib.metadata import version

    from ....engine.threads import blas_libraries

    libraries = ("grnledger", "numpy", "scipy", "h5py", "pydantic", "click")
    return [
        ("python", "python", f"{sys.version.split()[0]} on {platform.platform()}"),
        *((name, name, version(name)) for name in libraries),
        ("cores", "cores", os.cpu_count()),
        *((f"blas_{number}", f"BLAS {number}", text) for number, text in enumerate(blas_libraries(), start=1)),
    ]


def _text(value: object) -> object:
    """Return a mapping of refs to versions as a text, or nothing where it is empty; other values as they are."""
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name} at {version}" for name, version in cast("dict[str, str]", value).items()) or None
