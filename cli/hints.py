"""What to type next, by the code of an error: the rooms below know facts, and no option or verb."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.errors import GrnError
    from ..storage.verify.findings import Finding

HINTS: dict[str, str] = {
    # engine
    "bootstrap-without-eigenvectors": "Take --ci profile, or the shared part of the version.",
    "constant-genes": "Leave them out with --drop-constant, or keep them as isolated genes with --estimator shrinkage.",
    "dense-base-without-sample-kernel": (
        "`grn init --estimator factor --factors K` on the same expression has factors; or give a K of the samples: "
        "--kernel FILE."
    ),
    "dense-base-without-shared-part": "Take the whole correlation: --kernel full.",
    "detected-share": "Give a share, such as --min-detected 0.2 for 20 %.",
    "exact-scan-near-one": "Take --mode p3d. Was the signal made from the samples that the kernel was made from?",
    "exact-scan-without-eigenvectors": "Take --mode p3d, or the shared part of the version.",
    "exact-scan-without-maximum": "Take --statistic wald, or --mode p3d.",
    "factors-not-converged": (
        "Try fewer factors, leave out hardly detected genes (--min-detected 0.2), or take --estimator shrinkage."
    ),
    "factors-out-of-range": "Give --factors from 0 to {most}, or leave it out and have it chosen.",
    "log1p-undefined": "Raise small values first: --floor 0.",
    "log2-undefined": (
        "Raise small values first: --floor VALUE with a value above 0, or for counts take --transform log1p."
    ),
    "negative-counts": "These are not counts: leave --counts out.",
    "no-factors-for-samples": "`grn init --estimator factor --factors K` makes a base with K factors.",
    "no-variance-left": (
        "Leave such genes out with --drop-constant, or the hardly detected ones with --min-detected 0.2."
    ),
    "repeated-genes": "Say which row counts: --duplicates max-variance|mean|first.",
    "singular-covariance": "Use more samples, a shrinkage estimate, or a --ridge larger than {ridge}.",
    "singular-estimate": "Take --estimator shrinkage, or fewer genes than samples: --top-variance N.",
    "subtraction-without-shared-part": (
        "Take the whole correlation: --kernel full; or a version without the subtraction."
    ),
    "threshold-out-of-range": "Ask for a number of edges instead, with --top N.",
    "too-few-genes-left": "Ask for more genes, or loosen --min-detected.",
    "too-few-samples": "If genes and samples are swapped, say where the genes stand: --genes-in rows|columns.",
    "too-few-samples-to-choose": "Give the number yourself: --factors K.",
    "too-many-most-variable": "Give --top-variance {genes} or less, or leave it out.",
    "too-small-to-hold-out": "Name one rank, such as --rank 1.",
    "version-without-pathways": "It has none: `grn commit` adds them.",
    # formats
    "column-of-tested-table": "Name it: --trait {first}. These can be one: {offered}.",
    "genes-not-on-panel": "--missing drop leaves them out (they are recorded in the commit).",
    "genes-of-other-vocabulary": (
        "--alias FILE translates them (two columns: name, gene). "
        "--missing drop leaves them out (they are recorded in the commit)."
    ),
    "kernel-with-names": "Leave out --ids.",
    "kernel-without-names": (
        "--ids FILE names them in its order, one a line (GEMMA: the individuals of the .fam; PLINK: the .rel.id)."
    ),
    "label-order-ambiguous": (
        "--label-order appearance reads the labels as GSEA does, --label-order value as GenePattern does."
    ),
    "labels-without-value": "Take --label-order appearance.",
    "matrix-without-gene-names": "--gene-names FILE gives them, one a line.",
    "missing-or-number": "--missing-value {value} takes it for missing, --missing-value none for a number.",
    "pathway-without-genes": "Leave the pathway out: --only names those to take.",
    "strength-not-positive": "--subtract takes a pathway away.",
    # storage
    "analysis-damaged": "`grn nmf` makes it anew where it is asked again.",
    "analysis-unknown": "`grn nmf list` lists them; an id has {digits} digits or more.",
    "base-changed": "Name pathways with --only to leave the base as it is.",
    "base-version": "`grn log` lists the versions that did something.",
    "claimed-number": "Wait for it; once the claim is an hour old, `grn verify --repair` takes it away.",
    "exported-store": "`grn clone {path} NAME.grn` makes a store of it that can be written.",
    "fetch-name": "Choose another name with --as NAME.",
    "fetch-onto-other-kind": "`grn {kind} --delete {name}` takes it away; or fetch under another name: --as NAME.",
    "fetch-onto-own-ref": "Fetch under another name: --as NAME.",
    "format-file": "`grn verify --repair` writes it anew.",
    "index-damaged": "`grn verify --repair` makes the index anew, from the log.",
    "log-damaged": "`grn verify` says which versions it touches, and what can be done.",
    "lost-entry": "`grn verify` says which, and which versions need it.",
    "name-active": "`grn revert {version} --only {name}` takes it out; --if-absent passes over equal content.",
    "name-uncertain": "`grn log --all` lists what can be read, `grn verify` what is lost.",
    "nameless-account": "Say who writes: GRN_AUTHOR=name, or author= in Python.",
    "newer-store": "A newer store needs a newer grnledger: pip install --upgrade grnledger.",
    "no-gene-names": "--genes FILE gives them, one a line, in its order.",
    "no-such-parent": "`grn show` shows a version's parents.",
    "no-such-store": "`grn init` makes one.",
    "no-such-version": "`grn log --all` lists versions, branches and tags.",
    "not-exported": "`grn export FILE.h5` writes one.",
    "nothing-to-change": "`grn show {version}` lists what is active there.",
    "push-not-forward": "`grn fetch {store}`, then `grn merge {branch}`, and push again.",
    "ref-moved": "Look with `grn log`, then run it again; --wait SECONDS tries for longer.",
    "ref-uncertain": "Name a version, such as v3: `grn log --all` lists what can be read, `grn verify` what is lost.",
    "source-damaged": "`grn -s {store} verify` reads all of it.",
    "too-few-ancestors": "`grn log` lists its ancestors.",
    "version-too-high": "`grn log --all` lists them.",
    # analysis
    "base-without-expression": "Give the values of the samples: --expression FILE.",
    "contrast-without-two-groups": "Write --contrast AML:ALL.",
    "drawings-refused": "--resamples 0 does without; or leave out genes that hardly vary.",
    "exact-scan-single-precision": "Leave out --float32, or take --mode p3d.",
    "group-of-own-samples": (
        "Label samples that the base was not estimated from; --same-samples takes the base's own too."
    ),
    "mixture-of-many-traits": "Name it with --trait.",
    "no-counts-kept": "Give the counts as a file: --input FILE.",
    "no-positive-correlations": ("These samples support none: `grn info` tells the base. Counts may: --input counts."),
    "no-samples-to-draw": "`grn init --expression FILE` keeps it; --resamples 0 does without.",
    "own-pathways-not-in-kernel": "Leave out --leave-own-out, or take --kernel shared.",
    "permutation-without-labels": (
        "Give --labels and --contrast, so that the signal can be made anew from permuted labels."
    ),
    "repeated-samples-of-base": "Name each sample by itself, and make the store anew with `grn init`.",
    "sample-kernel-without-expression": "`grn init --expression FILE` keeps it.",
    "sets-without-genes": "Are the genes spelt as on the panel? --min-genes takes smaller sets.",
    "signal-from-own-samples": (
        "Make the signal from other samples; --same-samples shows the numbers beside permuted labels."
    ),
    "signal-of-samples": "The ids are samples of the base: --kernel samples.",
    "too-many-sets": "--no-set-variance does without; or test fewer sets, by --min-genes and --max-genes.",
    "unknown-nmf-method": "`grn nmf` makes it anew.",
}
"""Of each code, the hint; names in braces are facts of the error."""

ADVICE: dict[str, str] = {
    "analysis-damaged": "{problem}. --repair takes the file away; `grn nmf` makes the analysis anew.",
    "file-damaged": "{problem}: `grn clone` makes a sound store of it.",
    "name-claimed": "{problem}: --repair removes it once it is an hour old.",
}
"""Of each code of advice on a finding of `grn verify`, the sentence that is shown; `{problem}` is its own sentence."""


def hint_of(error: GrnError) -> str:
    """Return what to type next, or an empty text."""
    facts = {name: quote(str(fact)) if isinstance(fact, Path) else fact for name, fact in error.facts.items()}
    return error.hint or HINTS.get(error.code, "").format(**facts)


def description_of(finding: Finding) -> str:
    """Return what is wrong with a file of a store, and what to do where there is more than the report says."""
    if finding.advice not in ADVICE:
        return finding.what
    return ADVICE[finding.advice].format(problem=finding.what.removesuffix("."))
