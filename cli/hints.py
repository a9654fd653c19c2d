"""What to type next, by the code of an error: the rooms below know facts, and no option or verb."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.errors import GrnError
    from ..storage.verify.findings import Finding

HINTS: dict[str, str] = {
    # engine
    "bootstrap-without-eigenvectors": "Use --ci profile, or --kernel shared.",
    "components-out-of-range": "Give --remove-pcs {most} or fewer.",
    "constant-genes": "Leave them out with --drop-constant, or keep them as isolated genes with --estimator shrinkage.",
    "decimals-as-counts": (
        "Use --transform log1p without --counts; if these are counts all the same, add --scale linear."
    ),
    "dense-base-without-sample-kernel": (
        "`grn init --estimator factor --factors K` on the same expression has factors; or give a K of the samples: "
        "--kernel FILE."
    ),
    "dense-base-without-shared-part": "Use the whole correlation: --kernel full.",
    "detected-share": "Give a share, such as --min-detected 0.2 for 20 %.",
    "detection-of-standardised": "Leave --min-detected out, or filter the values before they are standardised.",
    "exact-scan-near-one": "Use --mode p3d. Was the signal made from the same samples as the kernel?",
    "exact-scan-without-eigenvectors": "Use --mode p3d, or --kernel shared.",
    "exact-scan-without-maximum": "Use --statistic wald, or --mode p3d.",
    "factors-not-converged": (
        "Try fewer factors, leave out hardly detected genes (--min-detected 0.2), or use --estimator shrinkage."
    ),
    "factors-out-of-range": "Give --factors from 0 to {most}, or leave it out and have it chosen.",
    "ill-conditioned-covariance": "Leave such genes out, use a shrinkage estimate, or give --ridge {ridge} or more.",
    "impossible-correlation": (
        "`grn verify --numbers` names the file that is wrong, and `grn verify --repair` removes what is derived."
    ),
    "log1p-undefined": "Raise small values first: --floor 0.",
    "log2-undefined": (
        "Raise small values first: --floor VALUE with a value above 0, or for counts use --transform log1p."
    ),
    "logs-as-counts": "Leave --counts out: the values are used as they are. If they are counts, add --scale linear.",
    "logs-of-logs": "Leave the transform out. If the values are counts or intensities, add --scale linear.",
    "memory-limit": "Allow more with --memory, choose fewer genes, or use a larger machine.",
    "negative-counts": "These are not counts: leave --counts out.",
    "no-factors-for-samples": "`grn init --estimator factor --factors K` makes a base with K factors.",
    "no-samples-to-test": (
        "List the strongest: --top N. A test needs a base that `grn init --expression` estimated, and whose expression "
        "it keeps."
    ),
    "no-score": "Rank by ρ: --rank-by rho. A base that `grn init --expression` estimates has a score.",
    "no-variance-left": (
        "Leave such genes out with --drop-constant, or the hardly detected ones with --min-detected 0.2."
    ),
    "nothing-left-of-groups": (
        "Remove fewer components or covariates; --groups none says that samples are independent."
    ),
    "nothing-left-of-samples": "Leave out covariates, or categories that few samples share; or give more samples.",
    "package-broken": (
        "`python -c 'import {package}'` shows where it fails; pip install --force-reinstall 'grnledger[{extra}]' puts "
        "it right, unless a variable or a file of settings that it reads is at fault."
    ),
    "package-missing": "pip install 'grnledger[{extra}]'",
    "repeated-genes": "Choose which row is used: --duplicates max-variance|mean|first, or sum with --counts.",
    "repeated-samples": "Choose which column is used: --duplicate-samples first|mean|number.",
    "replicates-by-name": (
        "--groups names holds replicates out together, --groups none each sample by itself; or --groups COLUMN or FILE."
    ),
    "replicates-not-named": "Give their groups with --groups FILE, a table of samples and groups.",
    "samples-not-halved": "Leave --halves out: it needs a base of 10 samples or groups of samples, or more.",
    "shares-as-counts": "Use --transform log1p without --counts; if these are counts all the same, add --scale linear.",
    "singular-covariance": "Use more samples, a shrinkage estimate, or a --ridge larger than {ridge}.",
    "singular-estimate": "Use --estimator shrinkage, or fewer genes than samples: --top-variance N.",
    "strengths-of-two-bases": "Compare them by --rank-by rho.",
    "subtraction-without-shared-part": (
        "Use the whole correlation: --kernel full; or a version without the subtraction."
    ),
    "sums-of-no-counts": "Add --counts, or use --duplicates mean.",
    "threshold-for-clr": "Ask for a number of edges instead, with --top N.",
    "threshold-out-of-range": "Ask for a number of edges instead, with --top N.",
    "too-few-genes-left": "Ask for more genes, or use a smaller --min-detected.",
    "too-few-groups-to-split": "Hold fewer samples together: --groups COLUMN|FILE of `grn base` and `grn init`.",
    "too-few-samples": "If genes and samples are swapped, give the axis of the genes: --genes-in rows|columns.",
    "too-few-samples-to-choose": "Give the number of factors: --factors K.",
    "too-few-samples-to-choose-components": "Give the number of components: --remove-pcs K.",
    "too-many-most-variable": "Give --top-variance {genes} or less, or leave it out.",
    "too-small-to-hold-out": "Give one rank, such as --rank 1.",
    "version-without-pathways": "`grn commit` adds pathways.",
    # formats
    "categories-not-found": "Give --within a column that describes samples, or a FILE of samples and categories.",
    "clusters-or-directions": "Name the sets to use with --only, such as --only=-1 --only=1 for directions of change.",
    "codes-or-weights": (
        "Write signs as 1 and -1; or choose with --weight-column {column!r}, or read no sign with --sign-column none."
    ),
    "column-may-be-signs": (
        "Choose with --sign-column TITLE or --sign-column none; if it holds the weights, with --weight-column TITLE."
    ),
    "column-may-describe-genes": (
        "Leave it out with --skip-columns {column!r} (again for others), or insist with --columns '*' on all; "
        "--samples FILE lists the samples to use, one a line."
    ),
    "column-of-tested-table": "Name it: --trait {first}. These can be one: {offered}.",
    "column-of-text-and-numbers": "Leave it out with --skip-columns {column!r}, or correct the fields of text.",
    "columns-not-named": (
        "Choose its columns of names, by title, or by number where the table has no header: --source-column and "
        "--gene-column for regulators and targets, --set-column and --gene-column for sets."
    ),
    "columns-of-one-sample": "Put one column of each sample into one table; if these are samples, add --columns '*'.",
    "columns-of-sets-ambiguous": "Choose both, such as --set-column {set} --gene-column {gene}.",
    "components-not-expression": "Give the table of genes × samples that they were computed from.",
    "decimal-comma-or-thousands": "Choose with --decimal comma or --decimal point.",
    "decimals-or-thousands": (
        "Choose with --decimal point for decimals, or with --decimal comma for points between thousands."
    ),
    "expression-or-loadings": (
        "`grn init` makes a network of expression. If they are loadings all the same, add --format loadings."
    ),
    "field-without-number": "If it is missing, use --missing-value {value}, or leave the field empty.",
    "flags-of-members": (
        "Choose with --weight-column {column!r} (only the genes that it marks) or --weight-column none (all genes)."
    ),
    "format-not-known": (
        "Choose with --format {formats}; or choose columns, by title, or by number where the table has no header: "
        "--source-column and --gene-column for regulators and targets, --set-column and --gene-column for sets."
    ),
    "gene-column-unknown": "Choose the column that names the genes: --gene-column NAME.",
    "genes-are-row-numbers": "Choose the column of names with --gene-column TITLE, or the axis with --genes-in.",
    "genes-as-one-date": (
        "Write their names again in the file, such as MARCHF1 and MTARC1; or list the others: --genes FILE."
    ),
    "genes-in-rows-or-columns": "Choose with --genes-in rows or --genes-in columns.",
    "genes-left-out": (
        "`grn show v0 --dropped` lists them; --missing drop leaves them out of the pathways (they are recorded)."
    ),
    "genes-may-describe-samples": (
        "Leave it out with --skip-columns {column!r} (again for others) where genes are columns, or with --genes FILE; "
        "insist with --columns '*' on all."
    ),
    "genes-not-on-panel": "--missing drop leaves them out (they are recorded in the commit).",
    "genes-of-other-vocabulary": (
        "--alias FILE translates them (two columns: name, gene); `grn init --gene-column NAME` names the panel by "
        "another column of its file; `grn commit --gene-column NAME` reads another column of a table of sets. "
        "--missing drop leaves them out (they are recorded in the commit)."
    ),
    "gmt-without-descriptions": "Choose with --descriptions, or with --no-descriptions.",
    "graph-format-unknown": "Name the file {endings}; or choose with --format.",
    "groups-not-found": "Give --groups a column that describes samples, a FILE of samples and groups, names or none.",
    "groups-or-loadings": (
        "--set-column {column!r} makes a set of the genes of each number; --format loadings takes them as loadings, "
        "--allow-large also those above a standard deviation."
    ),
    "header-or-values": "Choose with --header, or with --no-header.",
    "id-column-ambiguous": "Choose with --id-column TITLE: {offered}.",
    "infinite-value": "If missing, use --missing-value for each ({values}); else write a large number in its place.",
    "kernel-not-square": "Write the whole square: plink --make-rel square, or plink2 --make-king square.",
    "kernel-with-names": "Leave out --ids.",
    "kernel-without-names": (
        "Give them in its order, one per line: --ids FILE (GEMMA: the individuals of the .fam; PLINK: the .rel.id)."
    ),
    "label-column-ambiguous": "Choose with --label-column TITLE, such as {first}: {offered}.",
    "label-order-ambiguous": "Use --label-order appearance for the first, or --label-order value for the second.",
    "label-read-as-missing": "If it is the name of a group, use --missing-value none; else compare other groups.",
    "labels-of-other-expression": (
        "Name the expression that it belongs to with --expression FILE; or give a table of two columns, sample and "
        "label, which is matched by name."
    ),
    "labels-of-other-samples": (
        "Samples must be spelt as in the expression: --id-column TITLE names their column, and --expression FILE the "
        "expression of other samples."
    ),
    "lines-of-genes": (
        "Choose with --format lists (sets without names), --format regulon --no-descriptions (the first gene is a "
        "regulator) or --format gmt --no-descriptions (it names the set)."
    ),
    "loading-too-large": (
        "Use --normalize max (or unit, rank), --strength {strength}, or --allow-large if that is meant."
    ),
    "loading-too-large-as-given": "Use --normalize max (or unit, rank), or --allow-large if that is meant.",
    "loading-too-large-raw": (
        "Use --allow-large if that is meant. Loadings in standard deviations take --units sd, and then --normalize max "
        "(or unit, rank) scales them."
    ),
    "matrix-beside-layers": ("Choose with `grn init --layer NAME`; --layer {name} reads {name} as it is."),
    "matrix-beside-raw": ("Choose with `grn init --raw`, or --layer NAME; --layer {name} reads {name} as it is."),
    "matrix-or-loadings": (
        "`grn init --covariance` reads covariances. If the columns are loadings all the same, add --format loadings."
    ),
    "matrix-without-gene-names": "Give the gene names, one per line: --gene-names FILE.",
    "membership-or-loadings": (
        "Choose with --format membership or --format loadings (--allow-large takes those above a standard deviation); "
        "--set-column TITLE reads groups."
    ),
    "missing-or-name": "Use --missing-value {value} if it is missing, or --missing-value none if it is a name.",
    "missing-or-number": "Use --missing-value {value} if it is missing, or --missing-value none if it is a number.",
    "missing-or-value": "Write NA where a value is missing; if {value} is a value, insist with --columns '*'.",
    "no-part-file": "`grn lmm scan --part K/N -o FILE` writes one.",
    "numbers-without-sign": (
        "Choose another column with --sign-column TITLE, or --sign-column none to take all pairs as activation."
    ),
    "one-flag-of-sign": "Write signs as 1 and -1 in a column `sign`, or use --sign-column none to read no sign.",
    "one-value-a-row": (
        "Make one row a gene and one column a sample; in Python: import pandas; {read}"
        ".pivot(index=GENE, columns=SAMPLE, values=VALUE).to_csv(NEW)."
    ),
    "part-damaged": "Compute this part again, or copy it to its end.",
    "pathway-without-genes": "Leave the pathway out: name only the other pathways, with --only.",
    "pathways-not-recognised": (
        "Write a set a line, as GMT has it: name, description and genes between tabs. `grn commit --help` lists what "
        "is read."
    ),
    "pathways-too-small": "Lower --min-genes.",
    "qualities-not-expression": "Give a table of genes × samples; if these are genes, insist with --columns '*'.",
    "regulators-in-rows-or-columns": (
        "With --format regulon, choose --source-column {column!r} (rows are regulators) or --gene-column {column!r} "
        "(rows are targets)."
    ),
    "regulators-or-sets": "Choose with --format regulon (regulators load too) or --format {kind} (sets).",
    "regulators-or-targets": (
        "Choose with --source-column {first} --gene-column {second}, or --source-column {second} --gene-column {first}."
    ),
    "results-not-expression": (
        "`grn lmm fit --pheno FILE` takes a table of tests as a signal; if the columns are samples, add --columns '*'."
    ),
    "results-not-loadings": (
        "Results of tests are signals of genes: `grn lmm fit --pheno FILE`. If they are loadings all the same, add "
        "--format loadings."
    ),
    "sample-id-column-ambiguous": "Leave one of these columns in the table: {offered}.",
    "sample-of-text": "Correct the field if it is a sample; if it describes genes, add --skip-columns {column!r}.",
    "samples-not-described": "Describe the samples in a table, one a row: --sample-table FILE.",
    "samples-of-samples": "Take these rows out of the file; if all are samples, insist with --columns '*'.",
    "samples-without-condition": "Choose the samples with --where COLUMN=VALUE.",
    "samples-without-covariates": "Add their rows; or take the samples that have one: --samples FILE, one per line.",
    "set-column-ambiguous": "Choose with `grn commit --set-column {first!r}` or another; or leave one in the file.",
    "several-columns-of-categories": "Choose one: --sample-table FILE --within COLUMN.",
    "several-columns-of-groups": "Choose one: --sample-table FILE --groups COLUMN.",
    "several-measures": "Choose the columns to read by their titles, such as --columns {pattern!r}.",
    "several-sheets": (
        "--sheet NAME reads one of them, with `grn init`, `grn commit` and `grn lmm enrich`; elsewhere, leave one in "
        "the file."
    ),
    "sign-not-known": (
        "Write 1 for activation and -1 for repression in that column of the file, or choose another one with "
        "--sign-column TITLE. With --sign-column none no sign is read: all pairs are taken as activation, but for "
        "negative weights."
    ),
    "signal-is-a-row": "Name that row: --trait {first}.",
    "signs-of-perturbation": (
        "Write 1 for activation and -1 for repression in a column `sign` of the file, those of a knock-down turned; or "
        "use --sign-column none, and no weights from {column!r}."
    ),
    "signs-or-loadings": (
        "Choose with --format membership (members of sets, those of -1 load negatively) or --format loadings; "
        "--allow-large takes loadings above a standard deviation."
    ),
    "square-not-expression": (
        "A covariance is read by `grn init --covariance FILE`; correlations need the standard deviations as well. "
        "Insist on expression with --columns '*'."
    ),
    "strength-not-positive": "To subtract a pathway, use --subtract.",
    "strength-of-loadings": (
        "Leave out --strength. If the columns are regulators or sets, whose weights it multiplies: --format regulon or "
        "--format membership."
    ),
    "targets-or-loadings": (
        "Choose with --format regulon (weights, which --strength multiplies; regulators load too) or --format loadings."
    ),
    "text-in-place-of-numbers": (
        "A signal is a number per gene or sample. Groups of samples are compared with --labels FILE --contrast A:B."
    ),
    "undirected-pairs": (
        "To take them as directed all the same, from the first to the second: --source-column {first!r} --gene-column "
        "{second!r}."
    ),
    "unknown-signs": "Use --unknown-sign drop to leave them out, or --unknown-sign plus to take them as activation.",
    "values-as-names": "Add a header, and a first column of the names of genes.",
    "weight-against-sign": "Choose with --sign-column none to use the weights as they are, or correct the file.",
    "weight-not-a-number": (
        "Write a number in that field, or take out its row; --weight-column TITLE reads another column, and with "
        "--weight-column none every target has the weight 1."
    ),
    "words-in-place-of-numbers": (
        "For t of each gene between them: --labels FILE --contrast {contrast}. As a signal of samples, write 1 for "
        "{first} and 0 for {second}."
    ),
    "words-or-loadings": (
        "--set-column {column!r} takes them for names of sets, --source-column {column!r} for regulators; or leave the "
        "column out."
    ),
    # storage
    "analysis-damaged": "The command that made it computes it again when it is asked for the same.",
    "analysis-of-another-version": "Draw it with --at {version}; `grn nmf list` lists those that there are.",
    "analysis-unknown": "`grn nmf list` lists them; an id has {digits} digits or more.",
    "backup-store": "`grn clone {path} NAME.grn` makes a writable store from it.",
    "backup-went-another-way": (
        "Name another folder. If the store has lost what the backup has: `grn verify --repair --from` the backup."
    ),
    "base-changed": "Name pathways with --only; the base is then not changed.",
    "base-version": "`grn log` lists the versions that changed pathways.",
    "claimed-number": "Wait for it; when the claim is an hour old, `grn verify --repair` removes it.",
    "entry-taken": "`grn verify` shows what the store contains now.",
    "exported-store": "`grn clone {path} NAME.grn` makes a writable store from it.",
    "fetch-name": "Choose another name with --as NAME.",
    "fetch-onto-other-kind": "`grn {kind} --delete {name}` removes it; or fetch under another name: --as NAME.",
    "fetch-onto-own-ref": "Fetch under another name: --as NAME.",
    "format-file": "`grn verify --repair` writes it again.",
    "index-damaged": "`grn verify --repair` makes the index again, from the log.",
    "log-damaged": "`grn verify` shows which versions are affected, and what can be done.",
    "lost-entry": "`grn verify` shows which entry, and which versions need it.",
    "may-not-as-stranger": (
        "{account} is not in the group {group}: an administrator can add it (`usermod -aG {group} {account}`), or "
        "{owner} can let all others read (`grn init {store} --shared all`)."
    ),
    "may-not-read": (
        "{owner} can type `{command}`. For all files of a store: `grn verify --repair` where it is shared, and "
        "`grn init {store} --shared group` shares it."
    ),
    "may-not-see": "Nothing was changed. Whoever owns it can let you in.",
    "may-not-use-own": "Type `{command}`.",
    "may-not-write": (
        "{owner} can let the group {group} write: `grn init {store} --shared group`; `grn clone {store} NEW.grn` makes "
        "a store of your own."
    ),
    "name-active": "`grn revert {version} --only {name}` removes it; --if-absent skips equal content.",
    "name-alike": "Choose a name that cannot be taken for another.",
    "name-uncertain": "`grn log --all` lists what can be read, and `grn verify` what is lost.",
    "nameless-account": "Name the author: GRN_AUTHOR=name, or author= in Python.",
    "newer-store": "This store was made by a newer grnledger: pip install --upgrade grnledger.",
    "no-gene-names": "Give the gene names, one per line and in the order of the data: --genes FILE.",
    "no-such-parent": "`grn show` shows a version's parents.",
    "no-such-source": "Name a backup, another store, a file that `grn export` wrote, or a folder of its files.",
    "no-such-store": "`grn init` makes one.",
    "no-such-version": "`grn log --all` lists versions, branches and tags.",
    "not-a-backup": "Name another folder: `grn backup` makes it.",
    "not-exported": "`grn export FILE.h5` writes one.",
    "nothing-to-change": "`grn show {version}` lists what is active there.",
    "panel-genes-missing": "--alias FILE translates names of another kind; or make a store of the genes of both.",
    "push-not-forward": "`grn fetch {store}`, then `grn merge {branch}`, and push again.",
    "ref-moved": "Look at `grn log`, then run the command again; --wait SECONDS tries for longer.",
    "ref-uncertain": "Name a version, such as v3: `grn log --all` lists what can be read, `grn verify` what is lost.",
    "restore-into-file": "`grn clone` of an undamaged copy makes a store; name that with --store.",
    "restore-into-nothing": "`grn clone` of a backup or an exported file makes the whole store again.",
    "same-base": "`grn show {version}` shows where it comes from.",
    "source-damaged": "`grn -s {store} verify` checks all of it.",
    "too-few-ancestors": "`grn log` lists its ancestors.",
    "two-bases": (
        "To take theirs, bring this branch back to the base that they began from (`grn revert {ours}`), then `grn "
        "cherry-pick {theirs}`, and merge again. To keep both conditions, do not merge: `grn diff {ours}..{theirs}` "
        "compares them, and `grn cherry-pick` brings pathways over."
    ),
    "version-too-high": "`grn log --all` lists them.",
    # analysis
    "base-without-expression": "Give the values of the samples: --expression FILE.",
    "contrast-without-two-groups": "Write --contrast AML:ALL.",
    "drawings-refused": "Use --resamples 0, or leave out genes that hardly vary.",
    "edges-chosen-twice": "Give one of them: --{first} or --{second}.",
    "exact-scan-single-precision": "Leave out --float32, or use --mode p3d.",
    "figure-too-large": "Give --dpi {most} or less, or a smaller --size; an SVG has lines and letters without dots.",
    "figure-too-small": "Give a larger --size, or leave it out.",
    "group-of-own-samples": (
        "Label samples that the base was not estimated from; --same-samples also uses the samples of the base."
    ),
    "mixture-of-many-traits": "Name it with --trait.",
    "network-too-large-to-draw": "Give --top {most} or fewer; `grn edges` and `grn diff` list more.",
    "no-active-pathway": "--sets FILE asks for the pathways of a file.",
    "no-analysis-kept": "`grn nmf` makes one and keeps it; `grn nmf list` lists those that there are.",
    "no-certificates": (
        "Name them in Dask's configuration, under distributed.comm.tls; or use tcp:// within a trusted network."
    ),
    "no-counts-kept": "Give the counts as a file: --input FILE.",
    "no-factors-to-draw": (
        "`grn plot covariance` draws it as it is; `grn init --estimator factor` makes a base of factors."
    ),
    "no-loadings-to-draw": "`grn commit` adds pathways; `grn init --estimator factor` makes a base of factors.",
    "no-other-intensity": "Leave out --same-intensity, or make the base with `grn base FILE` by shrinkage.",
    "no-positive-correlations": (
        "These samples support no such correlation: `grn info` describes the base. "
        "Counts may give modules: --input counts."
    ),
    "no-samples-to-draw": (
        "`grn init --expression FILE` keeps the expression; or leave --halves out, or use --resamples 0."
    ),
    "no-samples-to-hold-out": "`grn init --expression FILE` keeps the expression.",
    "no-scan-to-draw": "`grn lmm scan -o FILE.tsv` writes such a table.",
    "no-scheduler": (
        "Start one with `dask scheduler`, and workers with `dask worker tcp://HOST:8786`; or use --scheduler "
        "processes:N."
    ),
    "no-set-tests-to-draw": "`grn lmm enrich --tsv` prints such a table.",
    "no-table-of-timings": "`python benchmarks/woodbury.py --output FILE.tsv` writes one.",
    "no-workers": "Start some with `dask worker tcp://HOST:8786`, on machines where this grnledger is installed.",
    "nothing-active-to-draw": "`grn commit` adds pathways; --at REV names another version.",
    "other-processor": (
        "Start this command and all workers with the same kernels, which are then somewhat slower: "
        "OPENBLAS_CORETYPE=Haswell NUMBA_CPU_NAME=generic."
    ),
    "other-software": (
        "Install the same versions of grnledger, NumPy, SciPy and numba for the workers, and start them again."
    ),
    "own-pathways-not-in-kernel": "Leave out --leave-own-out, or use --kernel shared.",
    "part-unknown": "Such as --part 3/20.",
    "parts-doubled": "Name each part once.",
    "parts-missing": (
        "Compute them with --part K/N, or name their files too; an array of jobs takes these numbers as they are."
    ),
    "parts-of-other-arithmetic": (
        "Compute all parts with one installation. Where processors differ, set OPENBLAS_CORETYPE=Haswell and "
        "NUMBA_CPU_NAME=generic for all jobs."
    ),
    "parts-of-others": "All parts come from the same command but for --part and -o.",
    "pathway-not-active": "`grn show` lists what is active in a version.",
    "pathway-to-draw": "Name one with --pathway NAME.",
    "permutation-without-labels": (
        "Give --labels and --contrast, so that the signal can be computed again from permuted labels."
    ),
    "repeated-samples-of-base": "Give each sample its own name, and make the store again with `grn init`.",
    "sample-kernel-without-expression": "`grn init --expression FILE` keeps the expression.",
    "scheduler-unknown": "Such as --scheduler processes:4, or leave it out for a thread a core.",
    "sets-without-genes": "Are the genes spelt as on the panel? For smaller sets, use a smaller --min-genes.",
    "signal-from-own-samples": (
        "Make the signal from other samples; --same-samples shows the numbers next to those of permuted labels."
    ),
    "signal-of-samples": "The ids are samples of the base: use --kernel samples.",
    "too-few-groups-to-hold-out": (
        "Support needs five groups of samples or more, none with more than half of them; `grn init --groups` says "
        "which samples are one."
    ),
    "too-many-changes-to-draw": "Give --top {most} or fewer; `grn diff --changes N` lists more.",
    "too-many-genes-to-draw": "Give --top {most} or fewer, or name fewer; `grn export --matrix` writes all of them.",
    "too-many-sets": "Use --no-set-variance; or test fewer sets, with --min-genes and --max-genes.",
    "unknown-nmf-method": "`grn nmf` computes it again.",
    "workers-died": "Is there enough memory for so many? Use fewer: --scheduler processes:N.",
    "workers-failed": (
        "The log of the workers says more. Have they enough memory, and is this grnledger installed where they run?"
    ),
    # views
    "no-such-host": "Give an address of this machine: --host 127.0.0.1, or 0.0.0.0 for all of them.",
    "port-taken": "Use another port, with --port N; --port 0 takes any that is free.",
}
"""Of each code, the hint; names in braces are facts of the error."""

OTHER_TOOLS: dict[str, str] = {
    # git
    "add": "`grn commit FILE` adds pathways at once.",
    "bisect": "`grn trace GENE GENE` shows an edge in each version, and the commits that moved it.",
    "blame": "`grn trace GENE GENE` shows which commits moved an edge, `grn factors GENE GENE` which pathways.",
    "checkout": "`grn switch BRANCH` goes to another branch; `grn rollback REV` moves this one to a version.",
    "fsck": "`grn verify` reads every file.",
    "gc": "`grn pack` packs the log into fewer files.",
    "pull": "`grn fetch STORE`, then `grn merge`.",
    "rebase": "A version is a set, whatever the order: `grn merge`, or `grn cherry-pick` for one version.",
    "reflog": "`grn log --refs` lists the moves of HEAD, branches and tags.",
    "remote": "Another store is named by its path: `grn fetch STORE`, `grn push STORE`.",
    "reset": "`grn rollback REV` moves this branch to a version; nothing is lost.",
    "restore": "`grn rollback REV` moves this branch to a version; `grn revert REV` undoes what one version did.",
    "rm": "`grn revert REV --only NAME` removes a pathway.",
    "stash": "Nothing is uncommitted here; `grn branch NAME` keeps a version aside.",
    "status": "`grn info` describes the store, and `grn log -n 1` HEAD.",
    # network, enrichment and association tools
    "cluster": "`grn nmf` finds modules of genes.",
    "gsea": "`grn lmm enrich` tests gene sets.",
    "gwas": "`grn lmm scan` tests many columns, such as SNPs.",
    "leiden": "`grn nmf` finds modules of genes.",
}
"""Of each command of other tools that people type, what does that here."""

ADVICE: dict[str, str] = {
    "analysis-damaged": "{problem}. --repair removes the file; the command that made it computes the analysis again.",
    "file-damaged": "{problem}: `grn clone` makes an undamaged store from it.",
    "mode-not-shared": "{problem}: --repair, run by its owner, sets that.",
    "name-claimed": "{problem}: --repair removes it once it is an hour old.",
    "stray": "{problem}: --repair moves it to aside/.",
    "stray-folder": "{problem}: --repair removes it.",
}
"""Of each code of advice on a finding of `grn verify`, the sentence that is shown; `{problem}` is its own sentence."""


def hint_of(error: GrnError) -> str:
    """Return what to type next, or an empty text."""
    from shlex import quote  # where a hint is given alone

    facts = {name: quote(str(fact)) if isinstance(fact, Path) else fact for name, fact in error.facts.items()}
    facts = {name: "0" if fact == "-0" else fact for name, fact in facts.items()}
    return error.hint or HINTS.get(error.code, "").format(**facts)


def description_of(finding: Finding) -> str:
    """Return what is wrong with a file of a store, and what to do where there is more than the report says."""
    if finding.advice not in ADVICE:
        return finding.what
    return ADVICE[finding.advice].format(problem=finding.what.removesuffix("."))
