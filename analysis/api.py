"""The functions of `import grnledger`: open, create, clone and verify a store."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..engine.errors import InputError
from ..engine.progress import part_of
from ..storage.files.access import check_sharing
from ..storage.session import CACHE_LIMIT, WAIT
from .repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import numpy as np
    from numpy.typing import NDArray

    from ..engine.choices import (
        DecimalMark,
        Duplicates,
        DuplicateSamples,
        GenesIn,
        Intensity,
        Scale,
        Transform,
    )
    from ..engine.network.covariance import FactorCovariance
    from ..engine.network.panel import Panel
    from ..engine.progress import Progress
    from ..storage import repository as stored
    from ..storage.files.access import Sharing
    from ..storage.history.versions import Version
    from ..storage.networks.bases import NewBase
    from ..storage.verify.findings import Report


OPTIONS = {
    "expression": (
        "estimator", "factors", "intensity", "groups", "within", "covariates", "remove_pcs", "counts", "floor",
        "transform", "scale", "duplicates", "duplicate_samples", "alias", "min_detected", "drop_constant",
        "top_variance", "genes_in", "header", "decimal", "layer", "raw", "gene_names", "gene_column", "where",
        "sample_table", "sheet", "columns", "skip_columns", "keep_expression", "samples",
    ),
    "covariance": ("ridge",),
    "factor model": ("noise", "factor_covariance"),
}  # fmt: skip
"""The three sources that a base can come from, and the options that go with one alone."""

PREPARATION = (
    "counts", "floor", "transform", "scale", "duplicates", "min_detected", "drop_constant", "top_variance",
)  # fmt: skip
"""Options that are steps of the preparation of expression."""

MADE = 0.85
"""The share of its time that a dense base takes before it is written, about."""

REMOVAL = ("within", "covariates", "remove_pcs")
"""Options that say what is removed from samples before the estimate."""

OF_A_PANEL = ("min_detected", "drop_constant", "top_variance")
"""Options that choose the genes of a panel, for which a store that has one has no use."""


def open(  # noqa: A001
    path: str | Path,
    *,
    author: str | None = None,
    time: datetime | None = None,
    wait: float = WAIT,
    cache_limit: int = CACHE_LIMIT,
) -> Repository:
    """Return the repository at a path; see `Repository`.

    Parameters
    ----------
    path : str or Path
        The store's folder.
    author : str, optional
        The author of what is written; the account's name by default.
    time : datetime, optional
        The time of what is written, for reproducible pipelines; the clock by default.
    wait : float
        Seconds to wait for other writers before giving up with `Conflict`.
    cache_limit : int
        Most bytes of numbers that the store's cache may hold: diagonals and eigenvalues of versions that have been
        asked for. The oldest leave first; with 0 none is kept.
    """
    return Repository(path, author=author, time=time, wait=wait, cache_limit=cache_limit)


def clone(source: str | Path, path: str | Path, *, shared: Sharing | None = None) -> Repository:
    """Return the repository of a new store with the whole history of another, or of a file that one was exported to.

    Parameters
    ----------
    source : str or Path
        The other store, or the file.
    path : str or Path
        The path of the new store; nothing may stand there.
    shared : {"no", "group", "all"}, optional
        Who may use it, as for `init`.

    Raises
    ------
    Conflict
        Something stands there.
    FormatError
        The other store is damaged.
    """
    from ..storage.transfer.clone import clone as copy_store

    check_sharing(shared)
    copy_store(Path(source), Path(path), sharing=shared)
    return Repository(path)


def verify(path: str | Path, *, quick: bool = False, numbers: bool = False, repair: bool = False) -> Report:
    """Return a report of all that is wrong with a store, after reading all of it.

    Parameters
    ----------
    path : str or Path
        The store, or a file that one was exported to.
    quick : bool
        Whether to leave out the large matrices and the pathways' loadings.
    numbers : bool
        Whether to check that the precision of every branch and tag is the inverse of its covariance, too.
    repair : bool
        Whether to make damaged files anew that are derived; nothing else is touched.

    Raises
    ------
    NotFound
        There is no store.
    FormatError
        It is no store, or a newer one.
    """
    from ..storage.verify.repair import repair as repair_store
    from ..storage.verify.store import verify as verify_store

    return (repair_store if repair else verify_store)(Path(path), quick=quick, numbers=numbers)


def init(
    path: str | Path,
    *,
    expression: Any = None,
    covariance: str | Path | NDArray[np.float64] | None = None,
    factor_model: str | Path | FactorCovariance | None = None,
    estimator: str = "shrinkage",
    factors: int | None = None,
    intensity: Intensity | float | None = None,
    groups: str | Path | Sequence[str] | None = None,
    within: str | Path | Sequence[str] | None = None,
    covariates: str | Path | Mapping[str, Sequence[float]] | None = None,
    remove_pcs: int | str = 0,
    counts: bool = False,
    floor: float | None = None,
    transform: Transform = "none",
    scale: Scale = "auto",
    duplicates: Duplicates = "error",
    duplicate_samples: DuplicateSamples = "error",
    alias: str | Path | Mapping[str, str] | None = None,
    genes: Sequence[str] | None = None,
    min_detected: float | None = None,
    drop_constant: bool = False,
    top_variance: int | None = None,
    genes_in: GenesIn = "auto",
    header: bool | None = None,
    decimal: DecimalMark = "auto",
    layer: str | None = None,
    raw: bool = False,
    gene_names: str | Path | None = None,
    gene_column: str | None = None,
    where: Sequence[str] = (),
    sample_table: str | Path | None = None,
    sheet: str | None = None,
    columns: Sequence[str] = (),
    skip_columns: Sequence[str] = (),
    keep_expression: bool | None = None,
    samples: Sequence[str] | None = None,
    ridge: float = 0.0,
    noise: str | Path | None = None,
    factor_covariance: str | Path | None = None,
    shared: Sharing | None = None,
    message: str = "",
    author: str | None = None,
    time: datetime | None = None,
    progress: Progress | None = None,
) -> Repository:
    """Return the repository of a new store with a base from one of three sources, as its version v0.

    What was decided on the way stands in `repo.base().record.notes`.

    Parameters
    ----------
    path : str or Path
        The path of the store, such as `tumor.grn`; nothing may stand there.
    expression : str, Path, Expression, AnnData, DataFrame or tuple
        A file, or values in memory, to estimate a covariance from. AnnData is cells × genes; a DataFrame of pandas is
        read by the rules of tables; a tuple is a dense or sparse matrix of genes × samples, genes and samples.
    covariance : str, Path or ndarray of float64, shape (p, p)
        A covariance; `genes` names its rows where the file does not, and `ridge` is added to its diagonal.
    factor_model : str, Path or FactorCovariance
        Loadings and noise: an .npz, or a table of loadings with `noise` and perhaps `factor_covariance`.
    estimator : str
        How the covariance is estimated, one of `engine.estimation.estimators`; `factors` is K for `factor`.
    intensity : {"held-out", "analytic"} or float, optional
        λ of the shrinkage, or how it is chosen: by the formulae when absent.
    groups : str, Path or sequence of str, optional
        Which samples are not independent: a column that describes them, a file, one group a sample, "names" or "none";
        see `new_base.from_expression`.
    within, covariates, remove_pcs
        What is removed from samples before the estimate: means of categories, covariates, and a number of principal
        components or "auto"; see `removal.Removal`.
    counts, floor, transform, scale, duplicates, genes, min_detected, drop_constant, top_variance
        How the expression is prepared; see `engine.Preparation`.
    duplicate_samples : {"error", "first", "mean", "number"}
        What becomes of columns that name one sample: an error, the first, their mean, or names with `_2`, `_3` …
    alias : str, Path or mapping of str to str, optional
        Other names of genes, replaced before `duplicates` are resolved: a table of two columns, name and gene.
    genes_in, header, decimal, layer, raw, gene_names, gene_column, where, sample_table, sheet, columns, skip_columns
        How the expression is read; see `formats.expression.read_expression`.
    samples : sequence of str, optional
        Ids of the samples to estimate from; all by default.
    keep_expression : bool, optional
        Whether to keep the values with the base; by default up to 256 MB are.
    shared : {"no", "group", "all"}, optional
        Who may use the store: each account as its umask says, the group of its folder, or that group and all others to
        read. By default `group` where the folder that holds it is writable for its group and has the setgid bit.
    message : str
        The message of the first commit.
    author : str, optional
        Its author; the account's name by default.
    time : datetime, optional
        Its time; the clock by default.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1, where the base is a covariance.

    Raises
    ------
    InputError
        There is not exactly one source, or an option goes with another source, or the source cannot be used.
    Conflict
        Something stands at the path already.
    NotPositiveDefinite
        The covariance is singular.
    """
    arguments = dict(locals())
    from ..storage.transfer import creation

    check_sharing(shared)
    creation.check_free(Path(path))
    base = _new_base({name: arguments[name] for name in _base_defaults()}, None, part_of(progress, 0, MADE))
    writing = part_of(progress, MADE, 1)
    return Repository.create(path, base, message=message, author=author, time=time, shared=shared, progress=writing)


def set_base(
    repo: stored.Repository,
    *,
    message: str = "",
    branch: str | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> Version:
    """Give a branch a new base on the panel of the store, and return the new version: its pathways stay.

    Genes are matched with the panel by name: genes of the source that are not on it are left out, and it must have
    every gene of it. Loadings in units of `sd` are then those of the deviations of the new base.

    Parameters
    ----------
    repo : Repository
        The store.
    message : str
        The message of the commit; what the base comes from by default.
    branch : str, optional
        Which branch; HEAD's by default.
    progress : callable, optional
        As for `init`.
    **options
        The source, and how it is read and estimated: the arguments of `init`, but for those that choose the genes of a
        panel (`min_detected`, `drop_constant` and `top_variance`). `genes` names the rows of a covariance or a factor
        model that has no names.

    Raises
    ------
    InputError
        As for `init`; or the version has this base already.
    NotFound
        Genes of the panel are not in the source.
    NotPositiveDefinite
        The base is singular, or the pathways that are subtracted take more than it has.
    """
    defaults = _base_defaults()
    if unknown := [name for name in options if name not in defaults or name in OF_A_PANEL]:
        raise TypeError(f"set_base has no argument {unknown[0]!r}.")
    base = _new_base(defaults | options, repo.panel, part_of(progress, 0, MADE))
    return repo.set_base(base, message=message, branch=branch, progress=part_of(progress, MADE, 1))


def _base_defaults() -> dict[str, Any]:
    """Return the arguments of `init` that say how a base is made, with their defaults."""
    others = ("path", "shared", "message", "author", "time", "progress")
    parameters = inspect.signature(init).parameters
    return {name: parameter.default for name, parameter in parameters.items() if name not in others}


def _new_base(arguments: Mapping[str, Any], panel: Panel | None, progress: Progress) -> NewBase:
    """Return the base that arguments of `init` describe, on a panel if there is one already."""
    from ..storage import new_base

    sources = [arguments[name] for name in ("expression", "covariance", "factor_model")]
    if sum(source is not None for source in sources) != 1:
        raise InputError("A base comes from exactly one of: expression, covariance, factor model.")
    kind = next(name for name, source in zip(OPTIONS, sources, strict=True) if source is not None)
    _refuse_stray(kind, arguments)
    genes = arguments["genes"]
    if kind == "expression" and panel is not None and genes is not None:
        raise InputError("The store has its panel, and expression names its genes: no list of genes goes with it.")
    if kind == "covariance":
        return new_base.from_covariance(
            arguments["covariance"], genes=genes, ridge=arguments["ridge"], panel=panel, progress=progress
        )
    if kind == "factor model":
        beside = {name: arguments[name] for name in ("noise", "factor_covariance")}
        return new_base.from_factor_model(arguments["factor_model"] or "", genes=genes, panel=panel, **beside)
    steps = {name: arguments[name] for name in PREPARATION}
    preparation = new_base.Preparation(**steps, genes=None if genes is None else tuple(genes))
    reading = set(OPTIONS["expression"]).difference(PREPARATION, REMOVAL)
    return new_base.from_expression(
        arguments["expression"],
        preparation=preparation,
        removal=new_base.Removal(*(arguments[name] for name in REMOVAL)),
        panel=panel,
        **{name: arguments[name] for name in reading},
    )


def _refuse_stray(source: str, arguments: Mapping[str, object]) -> None:
    """Refuse options that go with another source than this one: they would have no effect."""
    stray = {
        name.replace("_", "-"): other
        for other, names in OPTIONS.items()
        if other != source
        for name in names
        for default in [inspect.signature(init).parameters[name].default]
        if (arguments[name] is not None if default is None else arguments[name] != default)
    }
    if stray:
        raise InputError(
            f"{', '.join(stray)}: {'this goes' if len(stray) == 1 else 'these go'} with "
            f"{' or '.join(dict.fromkeys(stray.values()))}, and the base comes from {source}.",
            hint="Leave out what does not belong together.",
        )
