"""Options of the verbs of `grn lmm`: which signal along which kernel, which likelihood, which interval."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import click

from ..engine.choices import LabelOrder, Method
from ..engine.errors import InputError
from . import output
from .answers.answer import EVERY_FORM, Note, caution
from .answers.lmm import SAY_WHICH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..analysis.lmm.model import ModelSpec, StoreModel
    from ..analysis.lmm.signals import Signal
    from ..engine.lmm import Fit, Interval
    from ..storage.repository import Repository

INTERVALS = ("profile", "wald", "bootstrap", "none")

DRAWS = 10_000
"""Number of signals drawn for a bootstrap."""

LEVEL = 0.95
"""Coverage of the interval of h²."""


@dataclass(frozen=True, slots=True)
class SignalOptions:
    """The options that name a signal and a kernel."""

    pheno: Path | None
    trait: str | None
    pheno_samples: Path | None
    labels: Path | None
    contrast: str | None
    expression: Path | None
    same_samples: bool
    kernel: str
    kernel2: str | None
    covariates: Path | None
    no_intercept: bool
    leave_out: tuple[str, ...]
    ids: Path | None
    label_order: str | None
    missing_value: tuple[str, ...]
    id_column: str | None
    label_column: str | None

    def signal(self, repo: Repository, rev: str) -> Signal:
        """Return the signal that the options name.

        Raises
        ------
        InputError
            They name none, or two.
        """
        from ..analysis.lmm.signals import signal_of_file, signal_of_labels
        from ..formats.traits.id_lists import read_ids

        if (self.pheno is None) == (self.labels is None):
            raise InputError(
                "A signal is a file or is made from labels: give either --pheno or --labels.",
                hint="--pheno z.tsv has two columns, id and value; --labels FILE --contrast A:B makes t-statistics.",
            )
        if self.pheno is not None:
            with_labels = {
                "--contrast": self.contrast,
                "--expression": self.expression,
                "--label-order": self.label_order,
                "--label-column": self.label_column,
            }
            for name, value in with_labels.items():
                if value is not None:
                    raise InputError(f"{name} is only for --labels, and the signal is {self.pheno}.")
            samples = None if self.pheno_samples is None else read_ids(self.pheno_samples)
            return signal_of_file(
                self.pheno,
                self.trait,
                samples,
                missing_values=self.missing_values,
                known=lambda: self._rows(repo, rev),
                id_column=self.id_column,
                row_ids=self.ids,
            )
        if self.contrast is None or self.labels is None:
            raise InputError(
                "--labels gives the label of each sample.", hint="Name the two groups to compare: --contrast AML:ALL."
            )
        for name, value in (("--trait", self.trait), ("--pheno-samples", self.pheno_samples)):
            if value is not None:
                raise InputError(f"{name} is only for --pheno, and the signal is made from {self.labels}.")
        return signal_of_labels(
            repo.base(rev),
            self.labels,
            self.contrast,
            expression=self.expression,
            same_samples=self.same_samples,
            label_order=self.label_order,
            label_column=self.label_column,
            id_column=self.id_column,
            missing_values=self.missing_values,
        )

    def _rows(self, repo: Repository, rev: str) -> Sequence[str]:
        """Return the names of the kernel's rows."""
        from ..analysis.lmm.kernel_rows import load_kernel

        snapshot, base = repo.snapshot(rev, from_base=True), repo.base(rev)
        return load_kernel(snapshot, base, self.kernel, self.ids).names

    @property
    def missing_values(self) -> tuple[str, ...] | None:
        """The codes of missing values; None where the options name none, empty where they say that there is none.

        Raises
        ------
        InputError
            `none` stands beside a code.
        """
        if "none" in self.missing_value and len(self.missing_value) > 1:
            raise InputError("--missing-value none stands alone: it says that no number is missing.")
        return () if self.missing_value == ("none",) else self.missing_value or None

    @property
    def spec(self) -> ModelSpec:
        """The parts of the model besides the signal."""
        from ..analysis.lmm.model import ModelSpec

        return ModelSpec(
            self.kernel,
            self.kernel2,
            self.covariates,
            not self.no_intercept,
            self.leave_out,
            self.ids,
            self.missing_values,
            self.id_column,
        )


def check_no_same_samples(inputs: SignalOptions, verb: str) -> None:
    """Refuse `--same-samples` where no permuted labels are shown.

    Raises
    ------
    InputError
        The option is set.
    """
    if inputs.same_samples:
        raise InputError(
            f"`grn {verb}` shows no permuted labels, and without them a signal from base samples is misleading.",
            hint="Leave --same-samples out; `grn lmm fit` and `enrich` show them.",
        )


def check_target(target: Path | None, inputs: SignalOptions, repo: Repository, *others: Path) -> None:
    """Refuse to write over an input, or into the store.

    Raises
    ------
    InputError
        The target is one of the inputs, or is within the store.
    """
    if target is None:
        return
    files = [inputs.pheno, inputs.pheno_samples, inputs.labels, inputs.expression, inputs.covariates, inputs.ids]
    files += others
    files += [Path(name) for name in (inputs.kernel, inputs.kernel2) if name is not None]
    files += [file.with_suffix(ending) for file in others for ending in (".bim", ".fam")]
    whole = target.resolve()
    for file in files:
        if file is not None and file.exists() and file.resolve() == whole:
            raise InputError(f"-o {target} would overwrite an input file.", hint="Name another file.")
    if repo.path.resolve() in whole.parents:
        raise InputError(f"-o {target} is within the store {repo.path}.", hint="Name a file elsewhere.")


def signal_and_kernel(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a signal and a kernel; the command gets them as `inputs`."""

    @click.option(
        "--pheno",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The signal: one row per gene or sample, with its id and value.",
    )
    @click.option(
        "--trait",
        metavar="NAME",
        help="Column of a file with several signals; or the name of a row, where the ids are in the header.",
    )
    @click.option(
        "--pheno-samples",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The samples that the signal was made from, one per line; or a line `# samples: a, b` in its file.",
    )
    @click.option(
        "--labels",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Make the signal: sample and label, or a .cls file in the order of the expression.",
    )
    @click.option("--label-column", metavar="TITLE", help="Column of the labels, in a table with several.")
    @click.option(
        "--id-column",
        metavar="TITLE",
        help="Column of the ids in --pheno or --labels, and in --covariates if they have it; by default the one whose "
        "names are rows of the kernel, or samples.",
    )
    @click.option(
        "--label-order",
        type=click.Choice(get_args(LabelOrder)),
        help="Which label of a .cls file has which name: the first to appear has the first name (GSEA), or the "
        "smallest number (GenePattern). Needed where the two differ.",
    )
    @click.option("--contrast", metavar="A:B", help="With --labels: the signal is t of every gene, A against B.")
    @click.option(
        "--expression",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="With --labels: the expression of the samples; by default that kept with the base.",
    )
    @click.option(
        "--same-samples",
        is_flag=True,
        help="With --labels: allow samples of the base; the results are shown next to those of permuted labels.",
    )
    @click.option(
        "--kernel",
        default="auto",
        show_default=True,
        metavar="auto|shared|full|covariance|samples|FILE",
        help="Covariance of the signal along the network. shared: what the genes of the version share; full: the whole "
        "correlation; covariance: the whole covariance; samples: samples by the version's loadings; FILE: your own K "
        "or G (npz or table); auto: shared on a factor base, full on a dense one.",
    )
    @click.option(
        "--kernel2", metavar="KERNEL", help="A second kernel, mixed with the first at the most likely weight."
    )
    @click.option(
        "--covariates",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="A column of ids, then one column per covariate; text means groups.",
    )
    @click.option(
        "--missing-value",
        multiple=True,
        metavar="CODE|none",
        help="In --pheno, --covariates and a table of --labels this means a missing value, such as -9; may be given "
        "several times. none: no number is a code, and NA is a name where it may be one.",
    )
    @click.option(
        "--ids",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The names of the rows of a kernel file that has none (GEMMA's .cXX.txt), one per line; also of a "
        "--pheno of numbers alone with as many rows.",
    )
    @click.option(
        "--leave-out",
        multiple=True,
        metavar="NAME",
        help="Leave this pathway, or column of G, out of the kernel; may be given several times.",
    )
    @click.option("--no-intercept", is_flag=True, help="Fit no intercept.")
    @functools.wraps(command)
    def wrapped(*positional: Any, **arguments: Any) -> Any:
        inputs = SignalOptions(**{name: arguments.pop(name) for name in SignalOptions.__slots__})
        return command(*positional, inputs=inputs, **arguments)

    return wrapped


method = click.option(
    "--method", type=click.Choice(get_args(Method)), default="reml", show_default=True, help="Likelihood to maximise."
)
"""The option that names a likelihood."""


def intervals(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--ci` and `--seed`."""
    command = click.option(
        "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Seed of the random numbers."
    )(command)
    return click.option(
        "--ci",
        type=click.Choice(INTERVALS),
        default="profile",
        show_default=True,
        help="The 95 % interval of h²; near 0 and 1 only the bootstrap interval has this coverage.",
    )(command)


def match_model(
    repo: Repository,
    rev: str,
    inputs: SignalOptions,
    signal: Signal,
    method: Method = "reml",
    *,
    normal: bool = False,
) -> tuple[StoreModel, list[Note]]:
    """Return the model that the options name, and notes on what it leaves out and what it must not be read without.

    Raises
    ------
    InputError
        Permuted labels cannot be shown, or as `match_rows`.
    EngineError
        As `match_rows`.
    """
    from ..analysis.lmm.model import match_rows

    if inputs.same_samples and signal.contrast is None:
        raise InputError(
            "--same-samples compares a signal from base samples with permuted labels, and no labels are given.",
            hint="Give --labels and --contrast instead of --pheno.",
        )
    snapshot, base = repo.snapshot(rev, from_base=True), repo.base(rev)
    store_model = match_rows(
        snapshot,
        base,
        repo.artifacts,
        signal,
        replace(inputs.spec, normal=normal),
        method,
        same_samples=inputs.same_samples,
    )
    notes = [Note(note, EVERY_FORM) for note in store_model.notes]
    if store_model.rows.part in ("full", "covariance"):
        text = "This kernel includes each gene's own variance, so h² is much larger than with --kernel shared."
        notes.append(caution(text, EVERY_FORM))
    if store_model.relation.base is not None and store_model.relation.signal is None:
        text = (
            "It is not known which samples the signal comes from. If they are the samples of the base, these "
            f"results are not valid: {SAY_WHICH.format(more='')}."
        )
        notes.append(caution(text, EVERY_FORM))
    return store_model, notes


def interval_of(store_model: StoreModel, fit: Fit, kind: str, seed: int, trait: int = 0) -> Interval | None:
    """Return the 95 % interval of h²; `None` where none is asked for."""
    from ..engine.lmm import bootstrap_interval, profile_interval, reduced_kernel, simulate_null, wald_interval

    if kind == "none":
        return None
    if kind == "profile":
        return profile_interval(store_model.model, fit, level=LEVEL, trait=trait)
    if kind == "wald":
        return wald_interval(fit, level=LEVEL)
    if fit.method != "reml":
        raise InputError("The bootstrap is for REML only.", hint="Leave out --method ml, or use --ci profile.")
    with output.waiting("bootstrap") as progress:
        null = simulate_null(reduced_kernel(store_model.model), DRAWS, seed)
        return bootstrap_interval(null, fit, level=LEVEL, progress=progress)
