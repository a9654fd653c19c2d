"""A new base from expression data, a covariance or a factor model, with a record of every decision."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.errors import InputError, NotPositiveDefinite, ShapeError
from ..engine.estimation.estimators import estimate_covariance, estimator_of
from ..engine.estimation.expression import Expression
from ..engine.estimation.preparation import Preparation, prepare
from ..engine.estimation.recorded_notes import expression_not_kept
from ..engine.network.covariance import FactorCovariance
from ..engine.network.dense.symmetry import select_genes
from ..engine.network.inversion import invert_in_place
from ..engine.network.panel import Panel
from ..engine.network.stability import check_condition
from ..engine.progress import part_of
from ..engine.wording import counted
from ..formats.files.plain_files import file_name
from .history.records import BaseRecord, Parameter, SourceRecord
from .networks.bases import NewBase
from .networks.provenance import software
from .panel_match import match_panel
from .removal import Removal, plan_removal, structure_notes
from .sample_groups import ask_about_replicates, sample_groups

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from ..engine.choices import DecimalMark, DuplicateSamples, GenesIn, Intensity
    from ..engine.estimation.estimators import Estimate
    from ..engine.network.covariance import Covariance
    from ..engine.progress import Progress

_OF_FILES = ("header", "decimal", "sheet")
"""Options of reading that go with files alone."""

READ = 0.15
"""The share of its time that a covariance in a file takes before it is inverted, about."""

LARGEST_KEPT = 256_000_000
"""Largest expression, in bytes, that is kept with its base by default."""


def from_expression(
    source: Any,
    *,
    preparation: Preparation | None = None,
    estimator: str = "shrinkage",
    factors: int | None = None,
    intensity: Intensity | float | None = None,
    groups: str | Path | Sequence[str] | None = None,
    removal: Removal | None = None,
    duplicate_samples: DuplicateSamples = "error",
    alias: str | Path | Mapping[str, str] | None = None,
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
    panel: Panel | None = None,
) -> NewBase:
    """Return a base estimated from expression data.

    Parameters
    ----------
    source : str, Path, Expression, AnnData, DataFrame or tuple
        A file, or values in memory; see `formats.expression.objects`.
    preparation : Preparation, optional
        Floor, transform, duplicates and filters; nothing is done to the values by default.
    estimator : str
        How the covariance is estimated: one of `engine.estimation.estimators.ESTIMATORS`.
    factors : int, optional
        The number of factors, for an estimator that has one; chosen when absent.
    intensity : {"held-out", "analytic"} or float, optional
        λ, or how it is chosen, for an estimator that has one to choose; see `estimate_covariance`.
    groups : str, Path or sequence of str, optional
        Which samples are not independent, and are held out together: a column that describes them (of `sample_table`,
        or of an h5ad or loom file), a file of samples and groups, one group a sample, or "names" for names such as
        `wt_1` and `wt_2`. "none" says that they are independent; when absent, names that look like replicates are
        refused where samples are held out.
    removal : Removal, optional
        Categories, covariates and components of samples that are removed before the estimate.
    duplicate_samples : {"error", "first", "mean", "number"}
        What becomes of columns that name one sample.
    alias : str, Path or mapping of str to str, optional
        Other names of genes, replaced before duplicates are resolved.
    genes_in, header, decimal, layer, raw, gene_names, gene_column, where, sample_table, sheet, columns, skip_columns
        How to read the file; see `formats.expression.read_expression`.
    keep_expression : bool, optional
        Whether to keep the values as they were read; by default up to 256 MB.
    samples : sequence of str, optional
        Which of the samples to estimate from, in this order; all by default.
    panel : Panel, optional
        The genes that the base shall have, where the store has its panel already.

    Raises
    ------
    InputError
        The file or the values cannot be used, or the options do not go together.
    NotFound
        Genes of the panel are not there.
    NotPositiveDefinite
        The estimate is singular.
    """
    estimator_of(estimator, factors, intensity)
    preparation, removal = preparation or Preparation(), removal or Removal()
    is_table_of_groups = groups is not None or removal.within is not None
    options = {
        "genes_in": genes_in,
        "header": header,
        "decimal": decimal,
        "layer": layer,
        "raw": raw,
        "gene_column": gene_column,
        "where": tuple(where),
        "sample_table": None if sample_table is None or (is_table_of_groups and not where) else Path(sample_table),
        "sheet": sheet,
        "columns": tuple(columns),
        "skip_columns": tuple(skip_columns),
    }
    expression, record, notes = _read_expression(
        source,
        options,
        gene_names=gene_names,
        counts=preparation.counts,
        are_samples_chosen=samples is not None,
        are_genes_chosen=preparation.genes is not None or panel is not None,
    )
    parameters = _preparation_parameters(preparation)
    distinct = expression.distinguish_samples(duplicate_samples)
    if distinct is not expression:
        parameters["duplicate_samples"] = duplicate_samples
        notes = (*notes, _describe_distinction(expression, duplicate_samples))
        expression = distinct
    if alias is not None:
        expression, renamed, note = _rename_genes(expression, alias)
        parameters["aliases"] = renamed
        notes = (*notes, note)
    if panel is not None and expression.genes != panel.genes:
        notes = (*notes, *match_panel(expression.genes, panel, source).notes)
        preparation = replace(preparation, genes=panel.genes)
        parameters["genes_wanted"] = len(panel)
    if samples is not None:
        parameters["samples_wanted"] = len(samples)
        expression = expression.select_samples(samples)
        notes = (*notes, f"{len(samples):,} samples taken, as asked")
    prepared = prepare(expression, preparation)
    group_of, group_notes = sample_groups(groups, prepared.samples, source, sample_table)
    if groups is None and estimator_of(estimator).has_intensity and intensity in (None, "held-out"):
        ask_about_replicates(prepared.samples)
    codes = np.unique(group_of, return_inverse=True)[1] if group_of else None
    plan = plan_removal(
        removal, prepared.values, prepared.samples, source=source, sample_table=sample_table, groups=codes
    )
    estimate = estimate_covariance(
        prepared.values, estimator, factors, intensity=intensity, groups=codes, adjustment=plan.adjustment
    )
    structure = structure_notes(prepared.values, plan.adjustment)
    values, kept_notes = _expression_to_keep(prepared.raw, keep_expression)
    return NewBase(
        panel=prepared.panel,
        covariance=estimate.base,
        record=BaseRecord(
            **_shape(estimate.base),
            samples=len(prepared.samples),
            estimator=estimator,
            parameters=_estimate_parameters(estimate, intensity) | dict(plan.parameters),
            preparation=parameters,
            source=record,
            constant_genes=estimate.constant,
            keeps_expression=values is not None,
            notes=(*notes, *prepared.notes, *group_notes, *plan.notes, *structure, *estimate.notes, *kept_notes),
            software=software(),
        ),
        samples=prepared.samples,
        expression=values,
        left_out=prepared.left_out,
        groups=group_of,
        removed=plan.effects,
    )


def from_covariance(
    source: str | Path | NDArray[np.float64],
    *,
    genes: Sequence[str] | None = None,
    ridge: float = 0.0,
    panel: Panel | None = None,
    progress: Progress | None = None,
) -> NewBase:
    """Return a base that is a covariance of the user's, which takes one p × p array: its inverse stands in it too.

    Parameters
    ----------
    source : str, Path or ndarray of float64, shape (p, p)
        A file, or values in memory; symmetric positive definite.
    genes : sequence of str, optional
        Names of the p genes, where the file has none.
    ridge : float
        Added to the diagonal; 0 or more, and recorded.
    panel : Panel, optional
        The genes that the base shall have, of those of the matrix: where the store has its panel already.
    progress : callable, optional
        Called now and then with the share that is done, 0 to 1.

    Raises
    ------
    InputError
        The matrix is not symmetric, or has no names.
    NotPositiveDefinite
        It has an eigenvalue that is not positive; the message names the smallest.
    EngineError
        It is so nearly singular that fewer than four digits of its inverse are right.
    """
    from ..formats.models.covariances import read_covariance, refuse_distances, symmetrise

    notes: tuple[str, ...] = ()
    record: SourceRecord | None = None
    if isinstance(source, str | Path):
        file = read_covariance(source, part_of(progress, 0, READ))
        refuse_distances(file, Path(source))
        values, notes, record = file.values, file.notes, _source(source, file.sha256)
        genes = _names(file.genes, genes, source)
    else:
        if np.iscomplexobj(source):
            raise InputError("A covariance is made of real numbers, not of complex ones.")
        values = np.array(source, dtype=np.float64)
        if genes is None:
            raise InputError("A covariance in memory needs the names of its genes: give `genes`.")
        notes = symmetrise(values, None, Path("The covariance"))
    if len(genes) != len(values):
        raise ShapeError(f"There are {len(genes)} gene names for a covariance of shape {values.shape}.")
    if not (np.isfinite(ridge) and ridge >= 0):
        raise InputError(f"A ridge is a number from 0 up, not {ridge:g}.")
    if panel is not None:
        match = match_panel(genes, panel, source)
        values, genes, notes = select_genes(values, match.rows), panel.genes, (*notes, *match.notes)
    values[np.diag_indices(len(values))] += ridge
    try:
        covariance = invert_in_place(values, part_of(progress, READ, 1))
    except NotPositiveDefinite as failure:
        if not ridge:
            raise
        raise NotPositiveDefinite(
            f"Even with a ridge of {ridge:g}: {failure.message[0].lower()}{failure.message[1:]}",
            hint=f"Use a ridge larger than {ridge - failure.eigenvalue:.3g}, or another estimate.",
            eigenvalue=failure.eigenvalue,
        ) from None
    notes = (*notes, *check_condition(covariance))
    parameters: Mapping[str, Parameter] = {"ridge": ridge} if ridge else {}
    return _user_base(Panel(tuple(genes)), covariance, "given covariance", parameters, record, notes)


def from_factor_model(
    source: str | Path | FactorCovariance,
    *,
    noise: str | Path | None = None,
    factor_covariance: str | Path | None = None,
    genes: Sequence[str] | None = None,
    panel: Panel | None = None,
) -> NewBase:
    """Return a base that is a factor model of the user's, Σ₀ = B F Bᵀ + diag(noise).

    Parameters
    ----------
    source : str, Path or FactorCovariance
        An .npz with `loadings`, `noise`, `genes` and perhaps `factor_covariance`; or a table of loadings, with the
        noise beside it; or values in memory.
    noise, factor_covariance : str or Path, optional
        Tables that go with a table of loadings.
    genes : sequence of str, optional
        Names of the p genes, for values in memory.
    panel : Panel, optional
        The genes that the base shall have, of those of the model: where the store has its panel already.

    Raises
    ------
    InputError, ShapeError, NotPositiveDefinite
        The files make no factor model.
    """
    from ..formats.models.factor_models import read_factor_model, read_factor_tables

    if isinstance(source, FactorCovariance):
        if genes is None:
            raise InputError("A factor model in memory needs the names of its genes: give `genes`.")
        if noise is not None or factor_covariance is not None:
            raise InputError("A factor model in memory has its noise and factor covariance already.")
        return _factor_base(source, genes, "the factor model", None, (), panel)
    if noise is None:
        if factor_covariance is not None:
            raise InputError("A factor covariance in a file of its own needs loadings and noise in files of their own.")
        file = read_factor_model(source)
    else:
        file = read_factor_tables(source, noise, factor_covariance=factor_covariance)
    record = _source(source, file.sha256)
    return _factor_base(file.model, _names(file.genes, genes, source), source, record, file.notes, panel)


def _factor_base(
    model: FactorCovariance,
    genes: Sequence[str],
    source: str | Path,
    record: SourceRecord | None,
    notes: tuple[str, ...],
    panel: Panel | None,
) -> NewBase:
    """Return a factor model as a base, of those of its genes that are on a panel where there is one."""
    if panel is not None and model.size == len(genes):
        match = match_panel(genes, panel, source)
        model = FactorCovariance(model.noise[match.rows], model.loadings[match.rows], model.factor_covariance)
        genes, notes = panel.genes, (*notes, *match.notes)
    return _user_base(Panel(tuple(genes)), model, "given factor model", {}, record, notes)


def _read_expression(
    source: Any,
    options: Mapping[str, Any],
    *,
    gene_names: str | Path | None,
    counts: bool,
    are_samples_chosen: bool,
    are_genes_chosen: bool,
) -> tuple[Expression, SourceRecord | None, tuple[str, ...]]:
    if isinstance(source, Expression):
        return source, None, ()
    if not isinstance(source, str | Path):
        strangers = ["gene_names"] * (gene_names is not None)
        strangers += [name for name in _OF_FILES if options[name] not in (None, "auto")]
        if strangers:
            raise InputError(f"{' and '.join(strangers)} cannot go with an object in memory, only with a file.")
        from ..formats.expression.hdf5_request import Request
        from ..formats.expression.objects import read_expression_object

        wanted = {name: value for name, value in options.items() if name not in _OF_FILES}
        request = Request(
            **wanted, counts=counts, are_samples_chosen=are_samples_chosen, are_genes_chosen=are_genes_chosen
        )
        expression, notes = read_expression_object(source, request)
        return expression, None, notes
    from ..formats.expression.expression import read_expression

    file = read_expression(
        source,
        **options,
        gene_names=gene_names,
        counts=counts,
        are_samples_chosen=are_samples_chosen,
        are_genes_chosen=are_genes_chosen,
        allow_missing=True,
    )
    parameters: dict[str, Parameter] = {
        name: value
        for name, value in options.items()
        if value not in (None, "auto", ()) and (value or name == "header")
    }
    for name, between in (("where", " and "), ("columns", ", "), ("skip_columns", ", ")):
        if texts := options[name]:
            parameters[name] = between.join(texts)
    if (sample_table := options["sample_table"]) is not None:
        parameters["sample_table"] = file_name(sample_table)
    return file.expression, _source(source, file.sha256, parameters), file.notes


def _describe_distinction(expression: Expression, duplicates: DuplicateSamples) -> str:
    numbers = Counter(expression.samples)
    names, first = len(numbers), next(name for name, number in numbers.items() if number > 1)
    what = {
        "first": "the first column of each is used",
        "mean": "columns of one sample are averaged",
        "number": f"names that repeat are numbered, such as {first}_2",
    }[duplicates]
    return f"{len(expression.samples):,} columns name {counted(names, 'sample')}, {first} more than once: {what}"


def _rename_genes(expression: Expression, alias: str | Path | Mapping[str, str]) -> tuple[Expression, int, str]:
    """Return expression with the names that a list of aliases has for its genes, how many changed, and a note."""
    from ..formats.files.plain_files import fingerprint
    from ..formats.genes.aliases import read_aliases
    from ..formats.genes.identifiers import strip_version

    aliases, origin = (read_aliases(Path(alias)), alias) if isinstance(alias, str | Path) else (alias, None)
    genes = tuple(aliases.get(gene, aliases.get(strip_version(gene), gene)) for gene in expression.genes)
    renamed = sum(new != old for new, old in zip(genes, expression.genes, strict=True))
    by = "the aliases" if origin is None else f"{file_name(Path(origin))}, SHA-256 {fingerprint(Path(origin))}"
    note = f"{renamed:,} of {counted(len(genes), 'gene name')} replaced by {by}"
    return replace(expression, genes=genes), renamed, note


def _expression_to_keep(raw: NDArray[np.float64], keep: bool | None) -> tuple[NDArray[Any] | None, tuple[str, ...]]:
    """Return the values to keep, as float32 where that is exact, and a note if they are too large for the default."""
    with np.errstate(over="ignore"):  # what overflows is not equal, and is kept as it is
        narrow = raw.astype(np.float32)
    values = narrow if np.array_equal(narrow, raw) else raw
    if keep is None and values.nbytes > LARGEST_KEPT:
        return None, (expression_not_kept(values.nbytes),)
    return (None if keep is False else values), ()


def _user_base(
    panel: Panel,
    covariance: Covariance,
    estimator: str,
    parameters: Mapping[str, Parameter],
    source: SourceRecord | None,
    notes: tuple[str, ...],
) -> NewBase:
    record = BaseRecord(
        **_shape(covariance),
        estimator=estimator,
        parameters=parameters,
        source=source,
        notes=notes,
        software=software(),
    )
    if covariance.size != len(panel):
        raise ShapeError(f"There are {len(panel)} gene names for a covariance of {covariance.size} genes.")
    return NewBase(panel, covariance, record)


def _shape(covariance: Covariance) -> dict[str, Any]:
    if isinstance(covariance, FactorCovariance):
        return {"form": "factor", "genes": covariance.size, "factors": covariance.loadings.shape[1]}
    return {"form": "dense", "genes": covariance.size, "factors": 0, "log_det": covariance.log_det}


def _estimate_parameters(estimate: Estimate, intensity: Intensity | float | None) -> dict[str, Parameter]:
    """Return the intensities, and where they are not those of the formulae how they were chosen."""
    parameters: dict[str, Parameter | None] = {
        "lambda": estimate.shrinkage,
        "lambda_variance": estimate.variance_shrinkage,
    }
    if estimate.analytic is not None:
        parameters["lambda_analytic"], parameters["lambda_variance_analytic"] = estimate.analytic
        parameters["intensity"] = "given" if isinstance(intensity, float | int) else None
    if (chosen := estimate.held_out) is not None:
        parameters |= {
            "intensity": "held-out",
            "held_out_gain": _rounded(chosen.gain),
            "held_out_error": _rounded(chosen.error),
            "held_out_samples": chosen.samples,
            "held_out_groups": chosen.groups,
            "held_out_parts": chosen.folds,
        }
    return _without_none(parameters)


def _rounded(value: float) -> float:
    """Return a number of nats in four digits, which are the same wherever it is computed."""
    return float(f"{value:.4g}")


def _preparation_parameters(preparation: Preparation) -> dict[str, Parameter]:
    """Return the steps of the preparation, as far as they change anything."""
    steps: dict[str, Parameter | None] = {
        "counts": preparation.counts or None,
        "floor": preparation.floor,
        "transform": preparation.transform,
        "scale": None if preparation.scale == "auto" else preparation.scale,
        "duplicates": None if preparation.duplicates == "error" else preparation.duplicates,
        "genes_wanted": None if preparation.genes is None else len(preparation.genes),
        "min_detected": preparation.min_detected,
        "drop_constant": preparation.drop_constant or None,
        "top_variance": preparation.top_variance,
    }
    return _without_none(steps)


def _without_none(parameters: Mapping[str, Parameter | None]) -> dict[str, Parameter]:
    return {name: value for name, value in parameters.items() if value is not None}


def _names(in_file: Sequence[str] | None, names: Sequence[str] | None, source: str | Path) -> Sequence[str]:
    if in_file is None and names is None:
        raise InputError(f"{source} has no gene names.", code="no-gene-names")
    if in_file is not None and names is not None and tuple(in_file) != tuple(names):
        raise InputError(f"{source} contains gene names, and the names given differ from them.")
    return in_file or names or ()


def _source(path: str | Path, sha256: str, parameters: Mapping[str, Parameter] | None = None) -> SourceRecord:
    return SourceRecord(file=file_name(Path(path)), sha256=sha256, parameters=dict(parameters or {}))
