"""What is removed from samples before a base is estimated: where it is read from, and how it is recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..engine.adjustment.adjustment import Adjustment
from ..engine.adjustment.design import build_design
from ..engine.adjustment.dominance import sample_structure
from ..engine.adjustment.number_of_components import choose_components
from ..engine.errors import InputError, ShapeError
from ..engine.estimation.recorded_notes import components_dominate, samples_form_clusters
from ..engine.wording import counted, some
from ..formats.expression.sample_tables import read_sample_covariates, read_sample_groups
from ..formats.files.plain_files import file_name, fingerprint
from .networks.bases import RemovedEffects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..engine.adjustment.design import Design
    from .history.records import Parameter


AUTO = "auto"
"""In place of a number of components: as many as stand out."""


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed from samples before their covariance is estimated, besides their mean.

    Parameters
    ----------
    within : str, Path or sequence of str, optional
        The category of each sample, whose means are removed: a column that describes samples (of the table of samples,
        or of an h5ad or loom file), a file of samples and categories, or one category a sample.
    covariates : str, Path or mapping of str to sequence of float, optional
        Covariates, removed by least squares: a table of samples and covariates, text becoming one column a category; or
        of each name one number a sample.
    components : int or "auto"
        How many principal components of what these leave, of standardised genes; or as many as stand out, see
        `choose_components`.
    """

    within: str | Path | Sequence[str] | None = None
    covariates: str | Path | Mapping[str, Sequence[float]] | None = None
    components: int | str = 0

    def __bool__(self) -> bool:
        """Whether anything is to be removed."""
        return self.within is not None or self.covariates is not None or self.components != 0


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What is removed from the samples of a base, and what a base records of it.

    Parameters
    ----------
    effects : RemovedEffects
        What the base keeps.
    adjustment : Adjustment, optional
        The same for the estimator; none where only the mean is removed.
    parameters : mapping of str to Parameter
        For the record of the base.
    notes : tuple of str
        Sentences for it.
    """

    effects: RemovedEffects
    adjustment: Adjustment | None
    parameters: Mapping[str, Parameter]
    notes: tuple[str, ...]


def plan_removal(
    removal: Removal,
    values: NDArray[np.float64],
    samples: tuple[str, ...],
    *,
    source: Any,
    sample_table: str | Path | None,
    groups: NDArray[np.intp] | None,
) -> RemovalPlan:
    """Return a plan of what is removed from prepared values of samples.

    Parameters
    ----------
    removal : Removal
        What is asked for.
    values : ndarray of float64, shape (p, n)
        Genes by samples, prepared.
    samples : tuple of str
        Their n names.
    source : object
        The expression, which may describe its samples.
    sample_table : str or Path, optional
        A table that describes them.
    groups : ndarray of intp, shape (n,), optional
        The group of each sample that is not independent of others, numbered from 0.

    Raises
    ------
    NotFound, InputError, ShapeError
        Categories or covariates are not there, or not of each sample; or too few degrees of freedom would be left.
    """
    parameters: dict[str, Parameter] = {}
    categories, title, notes = _categories(removal.within, samples, source, sample_table)
    names, covariates, covariate_notes = _covariates(removal.covariates, samples)
    design = build_design(len(samples), categories, covariates, names)
    components, component_notes = _components(removal.components, values, design)
    effects = RemovedEffects(categories, names, covariates, components)
    notes = (
        *notes,
        *_notes_on_alone(design, samples),
        *covariate_notes,
        *_notes_on_redundant(design),
        *component_notes,
    )
    if removal.within is not None:
        parameters["within"] = title
    if removal.covariates is not None:
        parameters["covariates"] = ", ".join(names)
    if removal.components != 0:
        parameters["removed_components"] = components
    if removal.components == AUTO:
        parameters["components_chosen"] = "auto"
    if not effects:
        return RemovalPlan(effects, None, parameters, notes)
    adjustment = Adjustment(design, components)
    parameters["degrees_of_freedom"] = adjustment.degrees_of_freedom
    if groups is not None:
        parameters["independent_degrees_of_freedom"] = adjustment.independent_degrees_of_freedom(groups)
    return RemovalPlan(effects, adjustment, parameters, notes)


def structure_notes(values: NDArray[np.float64], adjustment: Adjustment | None) -> tuple[str, ...]:
    """Return notes on components that dominate what is left of prepared values, and on samples that form clusters."""
    structure = sample_structure(values if adjustment is None else adjustment.residuals(values))
    notes: list[str] = []
    if structure is not None and structure.is_dominated:
        notes.append(components_dominate(structure.shares))
    if structure is not None and structure.clusters is not None:
        notes.append(samples_form_clusters(structure.clusters, structure.component))
    return tuple(notes)


def _categories(
    within: str | Path | Sequence[str] | None, samples: tuple[str, ...], source: Any, sample_table: str | Path | None
) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
    """Return the category of each sample, what they are named by, and a note."""
    if within is None:
        return (), "", ()
    if not isinstance(within, str | Path):
        if len(within) != len(samples):
            raise ShapeError(f"There are {len(within)} categories for {len(samples)} samples.")
        categories = tuple(map(str, within))
        counts = counted(len(set(categories)), "category", "categories")
        return categories, "as given", (f"{counts} of samples, as given: their means are removed",)
    categories, note = read_sample_groups(
        str(within),
        samples,
        expression=Path(source) if isinstance(source, str | Path) else None,
        table=None if sample_table is None else Path(sample_table),
        kind="category",
    )
    title = file_name(Path(within)) if Path(within).is_file() else str(within)
    return categories, title, (f"{note}: their means are removed",)


def _covariates(
    covariates: str | Path | Mapping[str, Sequence[float]] | None, samples: tuple[str, ...]
) -> tuple[tuple[str, ...], NDArray[np.float64] | None, tuple[str, ...]]:
    """Return the names of covariates, their values of each sample, and notes."""
    if covariates is None:
        return (), None, ()
    if isinstance(covariates, Mapping):
        if wrong := [name for name, column in covariates.items() if len(column) != len(samples)]:
            raise ShapeError(f"The covariate {some(wrong, 1)} is not one number for each of {len(samples):,} samples.")
        names, where = tuple(covariates), "as given"
        values, notes = np.column_stack([np.asarray(covariates[name], dtype=np.float64) for name in names]), ()
    else:
        path = Path(covariates)
        table, notes = read_sample_covariates(path, samples)
        names, values, where = table.names, table.values, f"{file_name(path)}, SHA-256 {fingerprint(path)}"
    note = f"{counted(len(names), 'covariate')} removed ({where}): {some(names, 20)}"
    return names, values, (*notes, note)


def _components(components: int | str, values: NDArray[np.float64], design: Design) -> tuple[int, tuple[str, ...]]:
    """Return how many components are removed, and a note."""
    if isinstance(components, str):
        if components != AUTO:
            raise InputError(f"A number of components is a whole number from 0 up, or auto, not {components!r}.")
        number = choose_components(values, design)
        how = f"stand{'s' if number == 1 else ''} out from eigenvalues that fall smoothly (Onatski 2010)"
        if not number:
            return 0, (f"No principal component is removed: none {how.replace('stand ', 'stands ')}.",)
        return number, (f"{counted(number, 'principal component')} removed, which {how}.",)
    return components, ((f"{counted(components, 'principal component')} removed.",) if components else ())


def _notes_on_alone(design: Design, samples: tuple[str, ...]) -> tuple[str, ...]:
    if not design.alone:
        return ()
    names = some([samples[index] for index in design.alone])
    clause = "is alone in its category and says" if len(design.alone) == 1 else "are alone in their category and say"
    return (f"{counted(len(design.alone), 'sample')} {clause} nothing: {names}",)


def _notes_on_redundant(design: Design) -> tuple[str, ...]:
    if not design.redundant:
        return ()
    remove_them = "removes" if len(design.redundant) == 1 else "remove"
    return (f"{some(design.redundant, 20)} {remove_them} nothing that categories and other covariates do not",)
