"""Write docs/cli.md from the commands themselves: `python docs/make_cli.py`. A test compares the two."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING

import click
from grnledger.cli.lazy_group import LazyGroup
from grnledger.cli.main import SECTIONS, grn

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).with_name("cli.md")

OPENING = """\
# The command line

This page is made from the commands by `python docs/make_cli.py`; `grn VERB --help` shows the same.

## In general

* **Which store.** `-s STORE` before or after the verb, or its sub-verb; else `$GRN_STORE`; else the one `*.grn` in this
  folder or the nearest folder above that has any.
* **Which version.** A REV is tried in this order: `HEAD`, `v7`, a branch, a tag, `@{2026-11-01}` or
  `main@{2026-11-01T14:30}` (where a branch stood at the end of that day, or at that time, UTC; where times
  disagree with the order of the log, the fewest are taken for wrong), an id of a commit or a content id (six or more
  of its first digits). `~N` goes N first parents back, `^` to the parent, `^2` to the other
  parent of a merge. `A..B` is a range; an empty side is HEAD.
* **What an edge is.** ρ is the correlation of two genes given all others, −Θ_ij / √(Θ_ii Θ_jj). An edge is a pair
  with |ρ| of at least the threshold: `--threshold RHO`, or `--top N` for as many pairs as that and those that tie with
  the last. By default N is the number of genes (20 for `neighbors`). The threshold of both sides of a diff is the |ρ|
  that the rule amounts to on the first, or on the second where the first has no edge.
* **Where answers go.** The answer goes to stdout and everything else to stderr. Text is for people; `--tsv` gives
  rows under a header, numbers in full; `--json` one object, below. Names of genes, pathways and messages are whatever
  their authors wrote. A spreadsheet runs a text that begins with `=`, `+`, `-` or `@`: `--tsv --safe-cells` puts a `'`
  before it, and leaves numbers as they are.
* **Errors** name the offending value and what was wrong with it, then, after `Hint:`, what to type next. `-vv` adds a
  traceback.
* **Environment.** `GRN_STORE`; `GRN_AUTHOR`, who commits; `SOURCE_DATE_EPOCH`, the time of commits, for
  pipelines that must reproduce the same ids; `GRN_CACHE_LIMIT`, how much of the cache of a store may be numbers that
  were computed before, such as eigenvalues (`1G` by default; `0` keeps none); `NO_COLOR`; `PAGER`.
* **Colour** is for text on a terminal: `--color always` or `never`, before or after the verb, says otherwise, and
  counts more than `NO_COLOR`. Rows and JSON have none.
* **Progress** is a bar on stderr; where that is no terminal, a line every five seconds.
* **Completion** of commands, versions, branches, tags, pathways and genes in bash, zsh and fish: `grn completion`.

## Exit codes

| code | meaning |
|---|---|
| 0 | done |
| 1 | the answer is no: `diff --exit-code` found edges gained, lost or flipped, `verify` found damage |
| 2 | usage, or input that cannot be used |
| 3 | not found: a store, a version, a gene, a pathway, a file |
| 4 | conflict: it exists already, another writer moved the branch first, or there are two stores |
| 5 | the numbers do not allow it: the result would not be a covariance; or there is not enough memory for it |
| 6 | the store is damaged, or newer than this program |
| 70 | a bug in grn |
| 77 | this account may not read or write a file of the store; nothing is said of what is in it |
| 130 | interrupted |
| 141 | the reader of the answer closed the pipe |

## JSON

Every answer has `schema`, which is 1 and grows when a field changes its meaning or is removed; fields may be added
without that. Every version comes with `version` (`v2`), `id` (of the commit: the same in every store) and `content` (of
the base and the set of pathways: equal for the same base and the same pathways, whatever the history). Times are UTC,
ISO 8601. What is not a number is null.
"""

IDENTITY = "version, id, content"
VERSION = f"{IDENTITY}, parents, message, author, time, base, added, dropped, rank, refs"
CUT = "rule, threshold, top, rank_by, penalty"
BASE = (
    "form, genes, factors, samples, estimator, parameters, preparation, source, constant_genes, log_det, "
    "keeps_expression, notes, software"
)

ANALYSIS = (
    "analysis, input, likelihood, parameters, time, rank, rank_within_one_error, flat, reason, converged, divergence, "
    "residual, sweeps, moonlighting, at_sight, min_share, modules, genes, second, ranks, histogram"
)
WITHIN_AN_ANALYSIS = {
    "ranks": "rank, held_out, standard_error, dispersion, log_likelihood, second_difference, divergence",
    "modules": "module, genes, mass, top_genes, best_set, best_set_q, best_set_shared, best_set_genes",
    "genes": "gene, module, share, second_module, second_share, q, stability",
    "second": "gene, module, also_in, share, share_low, share_high, q, stability",
    "histogram": "share_from, share_to, entries",
}

SIGNAL = "kernel, signal, n, samples, covariates, dropped"
WITHIN_A_SIGNAL = {"kernel": "part, said, second_weight", "samples": "relation, base, signal, shared"}
MIXED_MODEL = (
    "method, h2, h2_se, h2_low, h2_high, interval, delta, gamma, variance_kernel, variance_noise, log_likelihood, "
    "log_likelihood_h2_0, log_likelihood_h2_1, p_h2_0, log10_p_h2_0, maxima"
)

FIELDS: dict[str, tuple[str, dict[str, str]]] = {
    "log": ("versions", {"versions": VERSION, "versions.added": "name, genes, sign"}),
    "diff": (
        f"from, to, bases, intensity, judged, not_judged, {CUT}, by, pathways, links, summary, changes",
        {
            "from": IDENTITY,
            "to": IDENTITY,
            "bases": "from, to",
            "bases.from": "base, estimator, samples, lambda",
            "pathways": "added, dropped",
            "links": "gained, lost",
            "links.gained": "pathway, gene, rho, direction",
            "summary": "from, to, gained, lost, sign_flipped",
            "summary.from": "edges, mean_abs, mean_abs_error, max_abs, density",
            "summary.to": "edges, mean_abs, mean_abs_error, max_abs, density",
            "changes": "gene_a, gene_b, rho_from, rho_to, delta, delta_abs, change",
        },
    ),
    "info --spectrum": (f"{IDENTITY}, spectrum_of, eigenvalues", {}),
    "edges": (f"{IDENTITY}, {CUT}, count, edges", {"edges": "gene_a, gene_b, rho"}),
    "neighbors": (f"{IDENTITY}, gene, {CUT}, count, neighbors", {"neighbors": "gene, rho"}),
    "links": (
        f"{IDENTITY}, count, pathways",
        {
            "pathways": "name, members, leverage, links",
            "pathways.links": "gene, rho, direction, member, q",
        },
    ),
    "support": (
        f"{IDENTITY}, lambda, lambda_variance, samples, groups, strength, loadings, decoys, seed, count, pathways",
        {"pathways": ("pathway, genes, sign, nats, error, rank, decoys, decoys_median, strength, mean_correlation")},
    ),
    "regulators": (
        f"{IDENTITY}, regulators, target, rank_by, penalty, count, pairs",
        {"pairs": "regulator, target, rho"},
    ),
    "trace": (
        "gene_a, gene_b, count, trace",
        {"trace": f"{IDENTITY}, rho, delta, moved, message"},
    ),
    "factors": (
        f"{IDENTITY}, gene, partner, factors",
        {"factors": "pathway, since, partner, rho, rho_without, delta, mean_abs_delta"},
    ),
    "show": (
        f"{VERSION}, anchor, since_anchor, rank_since_anchor, probe, guard, source, missing, active",
        {"active": "name, genes, sign, since, units"},
    ),
    "show --dropped": ("version, dropped", {"dropped": "gene, source, reason"}),
    "nmf": (f"{IDENTITY}, {ANALYSIS}", WITHIN_AN_ANALYSIS),
    "nmf list": (
        "analyses",
        {"analyses": "id, versions, input, rank, ranks, restarts, seed, converged, time, elsewhere, source"},
    ),
    "nmf show": (ANALYSIS, WITHIN_AN_ANALYSIS),
    "nmf diff": (
        (
            "from, to, rank_from, rank_to, warm, cold, resamples, cut, moved, moved_by_chance, p, distinguishable, "
            "modules, genes"
        ),
        {
            "from": IDENTITY,
            "to": IDENTITY,
            "warm": "sweeps, divergence, converged",
            "cold": "sweeps, divergence, converged",
            "modules": "change, module_from, module_to, cosine, genes_from, genes_to, top_genes_from, top_genes_to",
            "genes": "gene, module_from, share_from, module_to, share_to, distance, moved",
        },
    ),
    "lmm fit": (
        f"{IDENTITY}, {SIGNAL}, {MIXED_MODEL}, effects, permuted",
        {**WITHIN_A_SIGNAL, "effects": "covariate, effect, se, t, log10_p"},
    ),
    "lmm enrich": (
        f"{IDENTITY}, {SIGNAL}, {MIXED_MODEL}, alternative, normal, set_weight, left_out, permuted, count, sets",
        {
            **WITHIN_A_SIGNAL,
            "sets": (
                "set, n_set, n_used, beta, se, t, df, p, log10p, q, direction, p_leave_own_out, p_scatter, p_plain, "
                "p_permuted"
            ),
        },
    ),
    "lmm compare": (
        f"{SIGNAL}, best, count, versions",
        {**WITHIN_A_SIGNAL, "versions": f"{IDENTITY}, {MIXED_MODEL}, gain"},
    ),
    "lmm scan": (
        f"{IDENTITY}, {SIGNAL}, {MIXED_MODEL}, mode, statistic, count, output, tests",
        {**WITHIN_A_SIGNAL, "tests": "ID, N, BETA, SE, STAT, DF, P, LOG10P, H2, LL"},
    ),
    "lmm gather": (
        f"{IDENTITY}, {SIGNAL}, {MIXED_MODEL}, mode, statistic, count, output, tests",
        {**WITHIN_A_SIGNAL, "tests": "ID, N, BETA, SE, STAT, DF, P, LOG10P, H2, LL"},
    ),
    "base": (f"{VERSION}, base_record", {"base_record": BASE}),
    "commit": (f"{VERSION}, written, probe, missing_genes", {}),
    "rollback": (f"{VERSION}, done", {"added": "name, genes, sign"}),
    "branch": ("branches", {"branches": f"name, {IDENTITY}"}),
    "tag": ("tags", {"tags": f"name, {IDENTITY}"}),
    "rev-parse": ("versions", {"versions": IDENTITY}),
    "init": (f"store, {IDENTITY}, base", {"base": BASE}),
    "info": (
        (
            f"{IDENTITY}, store, versions, branches, tags, head, bytes_on_disk, active_pathways, rank, "
            "smallest_eigenvalue, largest_eigenvalue, condition, log_det, parameters_full, parameters_factors, "
            "parameters_saved_percent, parameters_pathways, base_record"
        ),
        {"base_record": BASE},
    ),
    "report": ("from, to, changes, edges, gained, lost, file, bytes", {"to": IDENTITY}),
    "clone": ("store, versions, head, content", {}),
    "backup": (
        (
            "entries, versions, bases, new_entries, new_bases, new_analyses, replaced, lost, lacking, is_whole, "
            "last_whole, backup"
        ),
        {},
    ),
    "fetch": ("versions, bases, refs", {"refs": "kind, ref, version, content, id"}),
    "export": (f"{IDENTITY}, matrix, genes, file, shrinkage, of_samples", {}),
    "export --edges": (f"{IDENTITY}, {CUT}, count, nodes, format, file, files", {}),
    "verify": (
        "sound, findings, entries, versions, bases, analyses, cached, readable, residuals, restored, lacking, aside",
        {},
    ),
    "pack": ("entries, packs, files, swept", {}),
    "help": ("command, help", {}),
    "completion": ("shell, script", {}),
}

NOTES = """\
* `added` and `dropped` of a version are the changes of its commit; `rank` is that of all active pathways; `sign` is 1
  or −1; `genes` is a number.
* `rule` is `top` or `threshold`; `threshold` is the |ρ| that it corresponds to; `top` is present for that rule only.
* `delta` is rho_to − rho_from and `delta_abs` is |rho_to| − |rho_from|. Changes are sorted by |delta|, or with
  `--by abs` by |delta_abs| (`by` is `rho` or `abs`), ties in panel order, and `gene_a` comes before `gene_b` in the
  panel. `change` is `gained`, `lost`, `sign_flipped`, `stronger` or `weaker`. Mean and maximum of |ρ| are over all
  pairs. `bases` says what both sides were estimated from; `samples` and `lambda` are null for a base of the user's own.
  Between two bases `judged` has `pairs`, `distinguishable` (both numbers) and `rate`, and `changes` are the judged
  pairs by q and |z|, with `expected` (the delta that n and λ alone make), `z`, `q` and `verdict` (`distinguishable`
  where q ≤ `rate`); else `judged` is null, and where two bases could not be judged `not_judged` says why. `intensity`
  is the λ of both with `--same-intensity`, else null.
* `links`: `members` is a number, and `leverage` the share of the activity's variance that the genes determine. The
  links of a pathway are those of the strongest over all that were asked for; they may be none. `direction` is 1 or −1:
  the sign of a member's loading, and of another gene that of the loading it would have, which is that of −`rho`; 0
  where `rho` is 0. `links` of `diff` are ten strong ones of non-members, of pathways added and of pathways dropped; of
  several pathways none has more than its share.
* `support`: `strength` is `own` or `fit`, and of a pathway the factor of its loadings. `nats` is null where a
  subtraction leaves no covariance; `rank` is 1 where a pathway is better than all its `decoys` by `nats` over `error`.
  Where more than the mean was removed from the samples of the base, `samples` is the number of contrasts held out, and
  `groups` that of the parts.
* `regulators`: `regulators` is how many are conditioned on. A pair has `score` or `clr` by `rank_by`, and neither where
  that is `rho`; `rho` is always that of the version, given the other regulators alone.
* `info --spectrum`: `spectrum_of` is `covariance` (Σ of a dense base) or `factors` (what factors and pathways add to
  the noise), and `eigenvalues` are all of that matrix, the largest first.
* `factors`: `delta` is rho − rho_without; for a gene without a partner, `partner` is the one that the pathway moves
  most, and `mean_abs_delta` is over all.
* `neighbors --sets` has `best_set` too, null or `name`, `shared`, `size` and `q`.
* `nmf`: `analysis` is the id of the analysis, or null where it could not be kept (`parameters` and `time` are missing
  then); `version`, `id` and `content` are null where a file was factored without a store. `rank_within_one_error` is
  the least rank within one standard error of the best, `flat` whether the curve is too flat to choose a rank. `mass` is
  a module's share of V; `share` and `second_share` are of a gene; `q` is null where there is no likelihood to test
  with. `moonlighting` are the genes that are in two modules by that test, or null; `at_sight` those with more than 10 %
  in a second one. `second` are those of `moonlighting` (without a likelihood, all genes) of which another module has
  `min_share` or more, the largest share first; `share_low` and `share_high` are its 95 % interval, null without a
  likelihood. `log_likelihood` leaves out the term log V!, which all ranks have in common; it is null where 20 starts do
  not agree on one. `second_difference` is that of `divergence`. `stability` is the share of the other restarts that
  have the gene in that module, null with a single one. `nmf diff`: `change` is `matched`, `split`,
  `gained`, `merged` or `lost`; `distance` is the share of a gene that is in other modules than before, by the modules
  of the earlier version; `moved` of them are beyond `cut`, where `moved_by_chance` are expected; `p` is the share of
  resamples that have as many, and `distinguishable` is null without `--resamples`.
* `report`: `from` is null where a version is by itself; `changes` and `edges` are how many the page lists, `gained` and
  `lost` those of `diff`.
* `serve` prints `store` and `address` before the first page, and nothing at its end, which Ctrl-C is: exit code 0.
* `lmm`: `kernel.part` is `shared`, `full`, `covariance`, `samples` or `file`; `samples.relation` is `disjoint`, `same`
  or `unknown`, and the numbers beside it are null where they are not known. `h2` is s/(s + δ) with s the kernel's mean
  variance outside of the covariates; `variance_kernel` goes with the kernel as it is, so that its part of a value is
  s times that. `log_likelihood_h2_1` is null where h² = 1 is impossible. `permuted` is null, or `permutations`,
  `h2_median`, `h2_95` and `p`. Of a file with several signals `lmm fit` has `traits` in place of the numbers: `trait`,
  and the fields from `method` to `maxima` for each. `normal` is true where normal scores were tested.
  `set_weight` is the part that the sets' own variance has of what goes along network and sets, null without it. `gain`
  is over the first version, in nats. `tests` is empty where the rows went to `output`.
* `revert`, `cherry-pick`, `merge`, `switch`, `reinvert`, and `branch` and `tag` with a name have the fields of
  `rollback`; `done` is a sentence. `push` and `import` have those of `fetch`. `written` is false where all of a file
  was active already. Each of the `findings` of `verify` has `kind`, `file`, `what`, `versions`, `refs` and `repaired`;
  `kind` is `damage`, `derived` (can be made again), `denied` (may not be read) or `note`. `init STORE --shared` without
  a source has `store`, `shared` and `others`, the files whose modes are others' to set: `file`, `owner`, `mode`.
* `info --spectrum` has a version, `spectrum_of` and `eigenvalues`. A store that is exported has `versions` and `file`;
  `files` of `export --edges` has its file and those beside it, and `nodes` counts genes.
  `log --refs` has `moves` (`time`, `author`, `ref`, `before`, `after`, `reason`) and `contents`: of each version, its
  content id. A dense base has no `parameters_factors` and no `parameters_saved_percent`; `info --system` adds what the
  machine runs.
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([OPENING, *_json(), NOTES, *_verbs()]).rstrip() + "\n"


def _json() -> Iterator[str]:
    yield "| verb | its fields | and within |"
    yield "|---|---|---|"
    for verb, (fields, inner) in FIELDS.items():
        within = "; ".join(f"`{name}`: {_code(names)}" for name, names in inner.items())
        yield f"| `{verb}` | {_code(fields)} | {within} |"
    yield ""


def _code(names: str) -> str:
    return ", ".join(f"`{name}`" for name in names.split(", "))


def _verbs() -> Iterator[str]:
    context = click.Context(grn, info_name="grn")
    for title, verbs in SECTIONS.items():
        yield f"## {title}\n"
        for verb in verbs:
            if command := grn.get_command(context, verb):
                yield from _verb(verb, command)
                yield from _subverbs(context, verb, command)


def _subverbs(above: click.Context, verb: str, command: click.Command) -> Iterator[str]:
    if not isinstance(command, LazyGroup):
        return
    context = click.Context(command, info_name=verb, parent=above)
    for subverb in command.list_commands(context):
        if inner := command.get_command(context, subverb):
            yield from _verb(f"{verb} {subverb}", inner)


def _verb(verb: str, command: click.Command) -> Iterator[str]:
    arguments = [_argument(parameter) for parameter in command.params if isinstance(parameter, click.Argument)]
    yield f"### grn {' '.join([verb, *arguments])}\n"
    text, _, example = inspect.cleandoc(command.help or "").partition("\b\nExample:\n")
    yield text.rstrip() + "\n"
    yield f"```sh\n{inspect.cleandoc(example)}\n```\n"
    options = [option for option in command.params if isinstance(option, click.Option) and not option.hidden]
    if options:
        yield "| option | |"
        yield "|---|---|"
        yield from (f"| `{_option(option)}` | {_meaning(option)} |" for option in options)
        yield ""


def _argument(argument: click.Argument) -> str:
    return argument.metavar or (argument.name or "").upper()


def _option(option: click.Option) -> str:
    names = ", ".join([*option.opts, *option.secondary_opts])
    return names if option.is_flag else f"{names} {_value(option)}"


def _value(option: click.Option) -> str:
    if isinstance(option.type, click.Choice):
        return "\\|".join(str(choice) for choice in option.type.choices)
    return option.metavar or option.type.name.upper()


def _meaning(option: click.Option) -> str:
    text = (option.help or "").replace("|", "\\|")
    return f"{text} Default: `{_default(option)}`.".strip() if option.show_default else text


def _default(option: click.Option) -> str:
    return " ".join(str(part) for part in option.default) if isinstance(option.default, tuple) else str(option.default)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
