"""A paragraph on the methods of a report, of what applies to its base and its versions, with what it cites."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.estimation.estimators import ESTIMATORS
from ...engine.inference.decoys import DECOYS
from ...engine.wording import counted, some
from . import citations
from .report import Methods

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ...storage.history.records import Parameter
    from ...storage.history.versions import ActivePathway
    from ...storage.networks.bases import StoredBase
    from .report import Citation, Report

    Sentence = tuple[str, tuple[Citation, ...]]

TRANSFORMS = {"log1p": "the natural logarithm of 1 + x", "log2": "the logarithm to base 2"}
"""What a transform does, in words."""

DUPLICATES = {"max-variance": "the most variable one", "mean": "the mean", "first": "the first", "sum": "the sum"}
"""What becomes of rows that name one gene, in words."""

PREPARATION: Mapping[str, Callable[[Parameter], str]] = {
    "counts": lambda _: "counts were scaled to the median library size",
    "floor": lambda value: f"values below {value:g} were set to {value:g}",
    "transform": lambda value: f"{TRANSFORMS.get(str(value), value)} was taken",
    "duplicates": lambda value: f"of several rows that name one gene, {DUPLICATES.get(str(value), value)} was used",
    "min_detected": lambda value: (
        f"genes detected in fewer than {100 * float(value or 0):g} % of samples were left out"
    ),
    "drop_constant": lambda _: "constant genes were left out",
    "top_variance": lambda value: f"the {value:,} most variable genes were used",
}
"""Of each step of a preparation that changes something, the words."""


PROGRAMS = (("grnledger", "grnledger"), ("NumPy", "numpy"), ("SciPy", "scipy"))
"""The programs that a paper names, and the packages that they are."""


DIGITS = 12
"""Digits of an id in a paper: enough to find the version again."""


def methods_of(report: Report, bases: Sequence[StoredBase], active: Sequence[ActivePathway]) -> Methods:
    """Return the methods of a report that has no paragraph yet.

    Parameters
    ----------
    report : Report
        All else that it says.
    bases : sequence of StoredBase
        Those of its versions, the later one first.
    active : sequence of ActivePathway
        The pathways of the later version.
    """
    base = bases[0]
    sentences = [*_data(base), *_estimate(base), *_version(active), *_edges(report), *_samples(report, bases)]
    cited = {citation.label: citation for _, works in sentences for citation in works}
    texts = [
        f"{text} ({'; '.join(work.label for work in works)})." if works else f"{text}." for text, works in sentences
    ]
    return Methods(" ".join(texts), tuple(cited[label] for label in sorted(cited)))


def _data(base: StoredBase) -> Iterator[Sentence]:
    record = base.record
    if record.samples is None:
        yield f"The network of {record.genes:,} genes starts from a {record.estimator.removeprefix('given ')}", ()
        return
    yield f"The network of {record.genes:,} genes was estimated from {counted(record.samples, 'sample')}", ()
    steps = [
        words(record.preparation[name])
        for name, words in PREPARATION.items()
        if record.preparation.get(name) not in (None, False, "none")
    ]
    if steps:
        text = "; ".join(steps)
        yield f"{text[:1].upper()}{text[1:]}", ()
    parameters = record.parameters
    removed = [
        *(["the means of categories"] if base.removed.categories else []),
        *([f"the covariates {', '.join(base.removed.names)}"] if base.removed.names else []),
        *([counted(base.removed.components, "principal component")] if base.removed.components else []),
    ]
    if removed:
        chosen = parameters.get("components_chosen") == "auto" and base.removed.components
        verb = "was" if removed == [counted(1, "principal component")] else "were"
        yield f"Before the estimate, {' and '.join(removed)} {verb} removed", (citations.ONATSKI,) if chosen else ()


def _estimate(base: StoredBase) -> Iterator[Sentence]:
    record, parameters = base.record, base.record.parameters
    shrunk, variances = parameters.get("lambda"), parameters.get("lambda_variance")
    if record.estimator == "shrinkage" and isinstance(shrunk, float) and isinstance(variances, float):
        text = f"Correlations were shrunk to zero by λ = {shrunk:.4g}, and variances to their median by {variances:.4g}"
        yield text, (citations.SCHAFER, citations.OPGEN_RHEIN)
        if parameters.get("intensity") == "held-out":
            parts, groups = parameters.get("held_out_parts"), parameters.get("held_out_groups")
            units = counted(int(groups), "group") if base.groups and groups else counted(len(base.samples), "sample")
            yield f"Both intensities maximise the likelihood of samples held out ({units} in {parts} parts)", ()
        elif parameters.get("intensity") == "given":
            yield "The intensity was chosen beforehand", ()
    elif record.estimator == "ledoit-wolf" and isinstance(shrunk, float):
        text = f"Covariances were shrunk to zero by λ = {shrunk:.4g}, and variances left as they are"
        yield text, (citations.LEDOIT, citations.SCHAFER)
    elif record.estimator == "factor":
        yield (
            f"The covariance is that of {counted(record.factors, 'factor')} by maximum likelihood",
            (citations.LAWLEY,),
        )
    elif record.estimator in ESTIMATORS and record.samples is not None:
        yield f"The covariance is {ESTIMATORS[record.estimator].caption}", ()


def _version(active: Sequence[ActivePathway]) -> Iterator[Sentence]:
    if active:
        verb = "was" if len(active) == 1 else "were"
        names = sorted(pathway.label for pathway in active)
        is_subtracted = any(pathway.record.sign < 0 for pathway in active)
        text = (
            f"{counted(len(active), 'pathway')} ({some(names)}) {verb} put in as terms "
            f"of low rank, Σ {'± xxᵀ' if is_subtracted else '+ xxᵀ'} with loadings x, and the precision matrix Θ = Σ⁻¹ "
            "follows by Woodbury's identity"
        )
        yield text, (citations.WOODBURY,)
    yield "The partial correlation of two genes given all others is ρ_ij = −Θ_ij/√(Θ_ii Θ_jj)", (citations.LAURITZEN,)


def _edges(report: Report) -> Iterator[Sentence]:
    if report.edges.ranked_by == "score":
        text = (
            "Pairs are listed in the order of a score: ρ of Σ with a multiple of the base's variances added to its "
            "diagonal, so that components below the largest eigenvalue expected of independent genes weigh little"
        )
        yield text, (citations.MARCHENKO,)
    if report.edges.called is not None:
        text = (
            "The false discovery rate q of a pair compares the partial correlations of normal scores, less what the "
            "strongest path through one other gene accounts for, with those of simulated independent genes"
        )
        yield text, (citations.BLOM, citations.BENJAMINI)


def _samples(report: Report, bases: Sequence[StoredBase]) -> Iterator[Sentence]:
    if any(link.q is not None for link in report.links):
        text = (
            "A link is tested as the correlation of a gene's normal scores with the activity that all other genes show"
        )
        yield text, (citations.BLOM, citations.BENJAMINI)
    if report.support is not None:
        text = (
            "The support of a pathway is the gain in log density of samples held out, in nats a sample, with its rank "
            f"by nats over their standard error among {DECOYS} decoys of the same variances and mean correlation"
        )
        yield text, ()
    if len(bases) > 1 and bases[0].id != bases[1].id:
        first, second = (
            f"n = {base.record.samples}" if base.record.samples is not None else "no samples" for base in bases[::-1]
        )
        judged = report.comparison is not None and report.comparison.bases.called() is not None
        yield (
            f"The two versions stand on different bases ({first}; {second})"
            + ("; their differences were judged by splitting the pooled samples anew" if judged else ""),
            (citations.KORN,) if judged else (),
        )
    program = report.provenance.software["report"]
    named = {version.name: version.id[:DIGITS] for version in (report.before, report.after) if version}
    ids = ", ".join(f"{name} has the id {id_}" for name, id_ in named.items())
    versions = ", ".join(f"{title} {program[name]}" for title, name in PROGRAMS)
    yield f"Computed with {versions}; {ids}", ()
