"""`grn info`: the store, its panel and base, its sizes, and the eigenvalues of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import click

from ....storage.networks.base_facts import base_facts
from ... import options, output
from ...answers.answer import FACTS, Answer
from ...answers.versions import identity

if TYPE_CHECKING:
    from ....storage.history.versions import Version
    from ....storage.repository import Repository

Fact = tuple[str, str, Any]
"""A key for programs, a title for people, and a value."""


@click.command("info")
@options.at
@click.option("--system", is_flag=True, help="Show the libraries and threads instead.")
@click.option(
    "--spectrum",
    is_flag=True,
    help="Show all eigenvalues instead: of Σ for a dense base; of what factors and pathways add to the noise in factor "
    "form.",
)
@options.forms
@options.repository
def command(repo: Repository, *, at: str, system: bool, spectrum: bool) -> Answer:
    """Describe the store: panel, base and where it came from, versions, eigenvalues, parameter counts, size on disk.

    \b
    Example:
      grn info
      grn info --at v0 --json
      grn info --spectrum --tsv
    """
    version = repo.version(at)
    if spectrum and system:
        raise click.UsageError("Give either --system or --spectrum, not both.")
    if spectrum:
        return _spectrum(repo, version)
    base = repo.base(version.name)
    facts = _system() if system else [*_store(repo, version), *_numbers(repo, version)]
    titled = [(title, _text(value)) for _, title, value in facts]
    if not system:
        titled[1:1] = base_facts(base)
    fields = {key: value for key, _, value in facts}
    return Answer(
        columns=FACTS,
        rows=((key, text) for key, _, value in facts if (text := _text(value)) is not None),
        json=lambda: {**identity(version), **fields, "base_record": base.record.model_dump(mode="json")},
        text=lambda: output.facts(titled),
    )


def _store(repo: Repository, version: Version) -> list[Fact]:
    return [
        ("store", "store", str(repo.path)),
        ("versions", "versions", len(repo)),
        ("branches", "branches", {name: branch.name for name, branch in repo.branches.items()}),
        ("tags", "tags", {name: tag.name for name, tag in repo.tags.items()}),
        ("head", "HEAD", {repo.head: repo.version().name}),
        ("bytes_on_disk", "bytes on disk", repo.disk_bytes()),
        ("version", "version", version.name),
        ("active_pathways", "active pathways", len(repo.active(version.name))),
        ("rank", "rank", version.rank),
    ]


def _numbers(repo: Repository, version: Version) -> list[Fact]:
    from ....engine.estimation.factor_model import parameter_counts
    from ....engine.network.eigenvalues.spectrum import spectrum

    snapshot = repo.snapshot(version.name)
    extremes = spectrum(snapshot)
    record = repo.base(version.name).record
    full, factored = parameter_counts(len(snapshot.panel), record.factors)
    loadings = sum(pathway.record.genes * len(pathway.record.names) for pathway in repo.active(version.name))
    counts: list[Fact] = [("parameters_full", "parameters, full", full)]
    if record.form == "factor":
        saved = round(100 * (1 - factored / full), 1)
        counts += [
            ("parameters_factors", "parameters, factors", factored),
            ("parameters_saved_percent", "saved by factors (%)", saved),
        ]
    return [
        ("smallest_eigenvalue", "smallest eigenvalue", extremes.smallest),
        ("largest_eigenvalue", "largest eigenvalue", extremes.largest),
        ("condition", "condition", extremes.condition),
        ("log_det", "log |Σ|", snapshot.log_det),
        *counts,
        ("parameters_pathways", "parameters, pathways", loadings),
    ]


def _spectrum(repo: Repository, version: Version) -> Answer:
    from ....engine.network.eigenvalues.spectrum import all_eigenvalues, factor_eigenvalues

    is_factored = repo.base(version.name).record.form == "factor"
    snapshot = repo.snapshot(version.name, from_base=True)
    eigenvalues: list[float] = (factor_eigenvalues if is_factored else all_eigenvalues)(snapshot).tolist()
    columns, rows = ("number", "eigenvalue"), list(enumerate(eigenvalues, start=1))
    matrix = "what factors and pathways add to the noise" if is_factored else "Σ"
    title = click.style(f"Eigenvalues of {matrix} in {version.name}:", bold=True)
    spectrum_of = "factors" if is_factored else "covariance"
    return Answer(
        columns=columns,
        rows=rows,
        json=lambda: {**identity(version), "spectrum_of": spectrum_of, "eigenvalues": eigenvalues},
        text=lambda: f"{title}\n{output.table(columns, rows)}",
        paged=True,
    )


def _system() -> list[Fact]:
    import platform
    import sys
    from importlib.metadata import version

    from ....engine.threads import blas_libraries, cores

    libraries = ("grnledger", "numpy", "scipy", "h5py", "pydantic", "click")
    return [
        ("python", "python", f"{sys.version.split()[0]} on {platform.platform()}"),
        *((name, name, version(name)) for name in libraries),
        ("cores", "cores", cores()),
        *((f"blas_{number}", f"BLAS {number}", text) for number, text in enumerate(blas_libraries(), start=1)),
    ]


def _text(value: object) -> object:
    """Return a mapping of refs to versions as a text, or nothing where it is empty; other values as they are."""
    if not isinstance(value, dict):
        return value
    return ", ".join(f"{name} at {version}" for name, version in cast("dict[str, str]", value).items()) or None
