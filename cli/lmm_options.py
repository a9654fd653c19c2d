"""What the verbs of `grn lmm` share: which signal along which kernel, and how a fitted model is told."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..engine.errors import InputError
from ..engine.wording import counted
from . import output

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..analysis.lmm.model import ModelSpec, StoreModel
    from ..analysis.lmm.permutations import PermutationNull
    from ..analysis.lmm.signals import Signal
    from ..engine.lmm import Fit, Interval
    from ..engine.lmm.model.likelihood import Method
    from ..storage.repository import Repository

INTERVALS = ("profile", "wald", "bootstrap", "none")

DRAWS = 10_000
"""Of a bootstrap."""

LEVEL = 0.95


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

    def signal(self, repo: Repository, rev: str) -> Signal:
        """Return the signal that the options name.

        Raises
        ------
        InputError
            They name none, or two.
        """
        from ..analysis.lmm.signals import signal_of_file, signal_of_labels
        from ..formats.traits.traits import read_ids

        if (self.pheno is None) == (self.labels is None):
            raise InputError(
                "A signal is a file or is made of labels: give either --pheno or --labels.",
                hint="--pheno z.tsv has two columns, id and value; --labels FILE --contrast A:B makes t-statistics.",
            )
        if self.pheno is not None:
            for name, value in (("--contrast", self.contrast), ("--expression", self.expression)):
                if value is not None:
                    raise InputError(f"{name} goes with --labels, and the signal is {self.pheno}.")
            samples = None if self.pheno_samples is None else read_ids(self.pheno_samples)
            return signal_of_file(self.pheno, self.trait, samples)
        if self.contrast is None or self.labels is None:
            raise InputError(
                "--labels says of each sample what it is.", hint="Say what to compare: --contrast AML:ALL."
            )
        for name, value in (("--trait", self.trait), ("--pheno-samples", self.pheno_samples)):
            if value is not None:
                raise InputError(f"{name} goes with --pheno, and the signal is made of {self.labels}.")
        return signal_of_labels(
            repo, rev, self.labels, self.contrast, expression=self.expression, same_samples=self.same_samples
        )

    @property
    def asked(self) -> ModelSpec:
        """What the model is made of beside the signal."""
        from ..analysis.lmm.model import ModelSpec

        return ModelSpec(self.kernel, self.kernel2, self.covariates, not self.no_intercept, self.leave_out)


def check_no_same_samples(given: SignalOptions, verb: str) -> None:
    """Refuse `--same-samples` where no permuted labels are shown beside.

    Raises
    ------
    InputError
        It was said.
    """
    if given.same_samples:
        raise InputError(
            f"`grn lmm {verb}` shows no permuted labels, without which a signal of the base's own samples misleads.",
            hint="Leave --same-samples out; `grn lmm fit` and `enrich` show them.",
        )


def check_target(target: Path | None, given: SignalOptions, repo: Repository, *others: Path) -> None:
    """Refuse to write over what is read, or into the store.

    Raises
    ------
    InputError
        The target is one of the inputs, or stands within the store.
    """
    if target is None:
        return
    files = [given.pheno, given.pheno_samples, given.labels, given.expression, given.covariates, *others]
    files += [Path(name) for name in (given.kernel, given.kernel2) if name is not None]
    files += [file.with_suffix(ending) for file in others for ending in (".bim", ".fam")]
    whole = target.resolve()
    for file in files:
        if file is not None and file.exists() and file.resolve() == whole:
            raise InputError(f"-o {target} would write over what is read.", hint="Name another file.")
    if repo.path.resolve() in whole.parents:
        raise InputError(f"-o {target} stands within the store {repo.path}.", hint="Name a file elsewhere.")


def signal_and_kernel(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that name a signal and a kernel; the command gets them as `given`."""

    @click.option(
        "--pheno", type=click.Path(path_type=Path), metavar="FILE", help="The signal: id and value, a row each."
    )
    @click.option("--trait", metavar="NAME", help="Of a file with several: this column.")
    @click.option(
        "--pheno-samples",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The samples that the signal was made from, one a line; or a line `# samples: a, b` in its file.",
    )
    @click.option(
        "--labels",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Make the signal: sample and label, or a .cls file in the order of the expression.",
    )
    @click.option("--contrast", metavar="A:B", help="With --labels: t of every gene, A against B.")
    @click.option(
        "--expression",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="With --labels: the samples' values; those kept with the base by default.",
    )
    @click.option(
        "--same-samples",
        is_flag=True,
        help="With --labels: go on though the signal comes from the base's own samples, beside permuted labels.",
    )
    @click.option(
        "--kernel",
        default="auto",
        show_default=True,
        metavar="shared|full|covariance|samples|FILE",
        help="What the signal may go along: what genes of the version share (of a dense base the whole correlation), "
        "the whole correlation or covariance, samples by the version's loadings, or a K or G of yours (npz or table).",
    )
    @click.option("--kernel2", metavar="KERNEL", help="A second one, mixed with the first at the likeliest weight.")
    @click.option(
        "--covariates", type=click.Path(path_type=Path), metavar="FILE", help="Id, then a column each; text is groups."
    )
    @click.option(
        "--leave-out",
        multiple=True,
        metavar="NAME",
        help="Take this pathway, or column of G, out of the kernel; may be given several times.",
    )
    @click.option("--no-intercept", is_flag=True, help="Without a column of ones.")
    @functools.wraps(command)
    def wrapped(*positional: Any, **arguments: Any) -> Any:
        taken = {name: arguments.pop(name) for name in SignalOptions.__slots__}
        return command(*positional, given=SignalOptions(**taken), **arguments)

    return wrapped


def method(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--method`."""
    return click.option(
        "--method", type=click.Choice(["reml", "ml"]), default="reml", show_default=True, help="Which likelihood."
    )(command)


def intervals(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--ci` and `--seed`."""
    command = click.option(
        "--seed", type=click.IntRange(0, 2**32 - 1), default=0, show_default=True, help="Of the random numbers."
    )(command)
    return click.option(
        "--ci",
        type=click.Choice(INTERVALS),
        default="profile",
        show_default=True,
        help="The 95 % interval of h²; near 0 and 1 only the bootstrap holds what it says.",
    )(command)


def bound(repo: Repository, rev: str, given: SignalOptions, signal: Signal, method: Method = "reml") -> StoreModel:
    """Return the model that the options name; raises as `bind`, and `InputError` where the null cannot be shown."""
    from ..analysis.lmm.model import match_rows

    if given.same_samples and signal.contrast is None:
        raise InputError(
            "--same-samples shows a signal of the base's own samples beside permuted labels, and no labels are given.",
            hint="Give --labels and --contrast in place of --pheno.",
        )
    found = match_rows(repo, rev, signal, given.asked, method, same_samples=given.same_samples)
    for note in found.notes:
        output.note(note)
    if found.rows.part in ("full", "covariance"):
        output.warn("This kernel has inside what each gene has alone: h² reads far too high beside the shared part's.")
    if found.relation.base is not None and found.relation.own is None:
        output.warn(
            "Whose samples the signal comes from is not known. If they are the base's own, nothing of this can be "
            "believed: say which with --pheno-samples, or a line `# samples: a, b` in the file."
        )
    return found


def interval_of(model: StoreModel, found: Fit, kind: str, seed: int, trait: int = 0) -> Interval | None:
    """Return the 95 % interval of h²; `None` where none is asked."""
    from ..engine.lmm import bootstrap_interval, profile_interval, reduced_kernel, simulate_null, wald_interval

    if kind == "none":
        return None
    if kind == "profile":
        return profile_interval(model.given, found, level=LEVEL, trait=trait)
    if kind == "wald":
        return wald_interval(found, level=LEVEL)
    if found.method != "reml":
        raise InputError("The bootstrap draws what REML finds.", hint="Leave out --method ml, or take --ci profile.")
    with output.waiting("bootstrap") as progress:
        return bootstrap_interval(
            simulate_null(reduced_kernel(model.given), DRAWS, seed), found, level=LEVEL, progress=progress
        )


def header(model: StoreModel, signal: Signal) -> list[tuple[str, object]]:
    """Return what a model is of, as names and values."""
    unit = "genes" if model.rows.places is not None else "rows"
    pairs: list[tuple[str, object]] = [
        ("kernel", model.rows.said),
        ("signal", signal.said),
        (unit, f"{len(model.rows.ids):,} of the kernel with a value"),
    ]
    if model.relation.base is not None:
        pairs.append(("samples of the signal", model.relation.said))
    if model.weight is not None:
        pairs.append(("weight of the second kernel", model.weight))
    if model.given.fixed.dropped:
        pairs.append(("covariates left out", f"{', '.join(model.given.fixed.dropped)}: others make them up"))
    return pairs


def said_h2(found: Fit, interval: Interval | None, kind: str) -> str:
    """Return h² with its interval, in a line."""
    if interval is None:
        return output.number(found.h2)
    low, high = interval
    if low != low:
        return f"{output.number(found.h2)}, at an end, where a Wald interval is none: --ci bootstrap"
    return f"{output.number(found.h2)} (95 % {output.number(low)} to {output.number(high)}, {kind})"


def json_header(model: StoreModel, signal: Signal) -> dict[str, Any]:
    """Return what a model is of, as the JSON contract has it."""
    relation = model.relation
    return {
        "kernel": {"part": model.rows.part, "said": model.rows.said, "second_weight": model.weight},
        "signal": signal.said,
        "n": len(model.rows.ids),
        "samples": {
            "relation": relation.kind,
            "base": relation.base,
            "signal": relation.own,
            "shared": relation.shared,
        },
        "covariates": list(model.given.fixed.names),
        "dropped": list(model.given.fixed.dropped),
    }


def json_fit(found: Fit, interval: Interval | None, kind: str) -> dict[str, Any]:
    """Return a fitted model as the JSON contract has it."""
    low, high = interval or (None, None)
    return {
        "method": found.method,
        "h2": found.h2,
        "h2_se": found.h2_se,
        "h2_low": low,
        "h2_high": high,
        "interval": kind,
        "delta": found.delta,
        "gamma": found.gamma,
        "variance_kernel": found.variance_kernel,
        "variance_noise": found.variance_noise,
        "log_likelihood": found.log_likelihood,
        "log_likelihood_h2_0": found.log_likelihood_h2_0,
        "log_likelihood_h2_1": found.log_likelihood_h2_1,
        "p_h2_0": found.p_h2_0,
        "log10_p_h2_0": found.log10_p_h2_0,
        "maxima": found.maxima,
    }


def json_permuted(found: Fit, null: PermutationNull | None) -> dict[str, Any] | None:
    """Return h² under permutation as the JSON contract has it."""
    if null is None:
        return None
    return {"permutations": len(null.h2), "h2_median": null.median, "h2_95": null.high, "p": null.p(found)}


def said_permuted(found: Fit, null: PermutationNull) -> str:
    """Return h² under permutation, in a line."""
    return (
        f"h² median {output.number(null.median)}, 95 % below {output.number(null.high)}; "
        f"p = {output.number(null.p(found))} ({counted(len(null.h2), 'permutation')})"
    )
