"""`grn info`: the store, its panel and base, its sizes, and the eigenvalues of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from .. import describe, options, output

if TYPE_CHECKING:
    from ...storage.repository import Repository
    from ...storage.versions import Version


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
    pairs = [*_system()] if system else [*_store(repo, version), *_numbers(repo, version)]
    if form == "json":
        base = repo.base(version.name)
        output.emit_json(
            {
                **describe.identity(version),
                **{_key(name): value for name, value in pairs},
                "base_record": base.record.model_dump(mode="json"),
            }
        )
    elif form == "tsv":
        output.emit_tsv(("name", "value"), pairs)
    else:
        told = pairs if system else [*pairs[:1], *describe.base_facts(repo.base(version.name)), *pairs[1:]]
        output.emit_facts(form, told)


def _store(repo: Repository, version: Version) -> list[tuple[str, Any]]:
    return [
        ("store", str(repo.path)),
        ("versions", len(repo.versions(None))),
        ("branches", ", ".join(f"{name} at {one.name}" for name, one in repo.branches.items())),
        ("tags", ", ".join(f"{name} at {one.name}" for name, one in repo.tags.items()) or None),
        ("HEAD", f"{repo.head}, at {repo.version().name}"),
        ("size on disk (MB)", round(repo.disk_bytes() / 1e6, 3)),
        ("version", version.name),
        ("active pathways", len(repo.active(version.name))),
        ("rank", version.rank),
    ]


def _numbers(repo: Repository, version: Version) -> list[tuple[str, Any]]:
    from ...engine.factor_model import parameter_counts
    from ...engine.stability import spectrum

    snapshot = repo.snapshot(version.name)
    found = spectrum(snapshot)
    record = repo.base(version.name).record
    full, factored = parameter_counts(len(snapshot.panel), record.factors)
    loadings = sum(one.record.genes * len(one.record.names) for one in repo.active(version.name))
    counts: list[tuple[str, Any]] = [("parameters, full", full)]
    if record.form == "factor":
        counts += [("parameters, factors", factored), ("fewer (%)", round(100 * (1 - factored / full), 1))]
    return [
        ("smallest eigenvalue", found.smallest),
        ("largest eigenvalue", found.largest),
        ("condition", found.condition),
        ("log |Σ|", snapshot.log_det),
        *counts,
        ("parameters, pathways", loadings),
    ]


def _system() -> list[tuple[str, Any]]:
    import os
    import platform
    import sys
    from importlib.metadata import version

    from ...engine.threads import blas_libraries

    libraries = ("grnledger", "numpy", "scipy", "h5py", "pydantic", "click")
    return [
        ("python", f"{sys.version.split()[0]} on {platform.platform()}"),
        *((name, version(name)) for name in libraries),
        ("cores", os.cpu_count()),
        *((f"BLAS {number}", text) for number, text in enumerate(blas_libraries(), start=1)),
    ]


def _key(name: str) -> str:
    """Return a name as a JSON key: `smallest_eigenvalue`."""
    kept = "".join(character if character.isalnum() else " " for character in name)
    return "_".join(kept.split()).lower()
