"""`grn support`, and its lines in `commit`, in `commit --dry-run` and in `show`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from grnledger.analysis import support
from grnledger.analysis.base_values import adjustment_of
from grnledger.analysis.support import support_of
from grnledger.engine.estimation.folds import Samples, mean_over_groups
from grnledger.engine.estimation.held_out import hold_out
from grnledger.engine.inference.decoys import Strata, matched_decoys, mean_correlation
from grnledger.engine.inference.support import held_out_gains
from grnledger.storage.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

GENES = tuple(f"G{number:02d}" for number in range(60))
SETS = {"REAL": range(8), "WIDE": range(6, 20), "NONE": range(30, 40), "FLAT": (59,), **{
    f"S{number}": range(number, number + 5) for number in range(40, 46)
}}  # fmt: skip


def expression() -> NDArray[np.float64]:
    """Return 60 genes in 30 samples: eight go together, three factors act on all, and the last gene is constant."""
    rng = np.random.default_rng(4)
    values = rng.standard_normal((60, 30)) + rng.standard_normal((60, 3)) @ rng.standard_normal((3, 30))
    values[:8] += 1.5 * rng.standard_normal(30)
    values[59] = 0.0
    return values + 7.0


def table(values: NDArray[np.float64]) -> str:
    rows = ["gene\t" + "\t".join(f"s{number}" for number in range(values.shape[1]))]
    rows += ["\t".join([gene, *map(str, row)]) for gene, row in zip(GENES, values.tolist(), strict=True)]
    return "\n".join(rows) + "\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Stores of one expression: at the λ by samples held out, at a λ given, by factors, and without expression."""
    from grnledger.cli.errors import run
    from grnledger.cli.main import grn

    folder = tmp_path_factory.mktemp("support")
    (folder / "values.tsv").write_text(table(expression()))
    (folder / "few.tsv").write_text(table(expression()[:, :4]))
    (folder / "sets.gmt").write_text(
        "".join(f"{name}\t-\t" + "\t".join(f"G{gene:02d}" for gene in genes) + "\n" for name, genes in SETS.items())
    )
    groups = "sample\tdonor\n" + "".join(f"s{number}\td{number // 3}\n" for number in range(30))
    (folder / "groups.tsv").write_text(groups)
    init = ["init", "--expression", "values.tsv"]
    story = [
        [*init, "lab.grn"],
        ["commit", "sets.gmt", "--only", "REAL", "--only", "NONE", "-s", "lab.grn"],
        ["commit", "sets.gmt", "--only", "WIDE", "--subtract", "--strength", "0.05", "-s", "lab.grn"],
        [*init, "grouped.grn", "--groups", "groups.tsv"],
        [*init, "given.grn", "--intensity", "0.9"],
        [*init, "bare.grn", "--no-keep-expression"],
        [*init, "adjusted.grn", "--remove-pcs", "1"],
        ["init", "few.grn", "--expression", "few.tsv"],
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for line in story:
            assert run(grn, line, None) == 0, line
        yield folder


@pytest.fixture
def ask(grn: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    monkeypatch.chdir(folder)

    def run(*arguments: object, code: int = 0) -> Any:
        answer = grn(*arguments)
        assert answer.code == code, answer.err
        return answer

    return run


@pytest.mark.parametrize(("store", "groups"), [("lab", np.arange(30)), ("grouped", np.arange(30) // 3)])
def test_support_is_that_of_the_base_at_its_own_intensity(
    ask: Callable[..., Any], store: str, groups: NDArray[np.intp]
) -> None:
    answer = ask("support", "--sets", "sets.gmt", "REAL", "NONE", "-s", f"{store}.grn", "--json").json
    repo = Repository(Path(f"{store}.grn"))
    intensities = tuple(repo.base().record.parameters[name] for name in ("lambda", "lambda_variance"))
    assert (answer["lambda"], answer["lambda_variance"]) == intensities
    assert (answer["samples"], answer["groups"], answer["count"]) == (30, len(set(groups.tolist())), 2)
    values = repo.base().expression.all()[:59]
    sets = [pathway for pathway in Repository(Path("lab.grn")).pathways("v1") if pathway.sign > 0]
    strata = Strata.of(values)
    for pathway, decoys in zip(sets, matched_decoys(strata, sets), strict=True):
        nats = held_out_gains(Samples(values), groups, [pathway, *decoys], intensities).nats
        (row,) = [row for row in answer["pathways"] if row["pathway"] == pathway.label]
        assert (row["nats"], row["error"]) == pytest.approx(mean_over_groups(nats[:, 0], groups), rel=1e-9)
        ratios = [mean / error for mean, error in (mean_over_groups(column, groups) for column in nats.T)]
        assert row["rank"] == 1 + sum(ratio >= ratios[0] for ratio in ratios[1:])
        assert row["decoys_median"] == pytest.approx(np.median(nats[:, 1:].mean(axis=0)), rel=1e-9)
        assert (row["decoys"], row["sign"], row["strength"], row["genes"]) == (20, 1, 1, len(pathway.genes))
        assert row["mean_correlation"] == pytest.approx(mean_correlation(strata, pathway))
    assert [row["pathway"] for row in answer["pathways"]] == ["REAL", "NONE"]


def test_each_pathway_is_judged_alone_whatever_else_is_active(ask: Callable[..., Any]) -> None:
    by_name = {row["pathway"]: row for row in ask("support", "-s", "lab.grn", "--json").json["pathways"]}
    assert {name: row["sign"] for name, row in by_name.items()} == {"REAL": 1, "NONE": 1, "WIDE": -1}
    for at in ("v1", "v2"):
        alone = ask("support", "REAL", "--at", at, "-s", "lab.grn", "--json").json["pathways"]
        assert alone == [by_name["REAL"]]
    assert [row["pathway"] for row in by_name.values()] == sorted(by_name, key=lambda name: -by_name[name]["nats"])


def test_what_is_chosen_is_chosen_anew_and_labelled(ask: Callable[..., Any]) -> None:
    asked = ("support", "REAL", "NONE", "-s", "lab.grn", "--decoys", 3, "--seed", 5)
    own = ask(*asked, "--json").json
    assert (own["strength"], own["loadings"], own["decoys"], own["seed"]) == ("own", "own", 3, 5)
    fit = ask(*asked, "--strength", "fit", "--json").json
    assert fit["strength"] == "fit"
    rows = {row["pathway"]: row for row in fit["pathways"]}
    assert rows["REAL"]["strength"] > 1 > rows["NONE"]["strength"]
    assert rows["REAL"]["nats"] > own["pathways"][0]["nats"]
    text = ask(*asked, "--strength", "fit", "--loadings", "pc1")
    assert "strength" in text.out.splitlines()[0]
    assert "Strength: the factor" in text.err
    assert "first principal component" in text.err
    assert "Strength" not in ask(*asked).err
    assert ask(*asked, "--decoys", 0, "--json").json["pathways"][0]["rank"] is None


def test_the_sentence_says_what_the_number_licenses(ask: Callable[..., Any]) -> None:
    one = ask("support", "REAL", "-s", "lab.grn")
    assert re.search(
        r"REAL predicts held-out samples better by \d\.\d\d ± \d\.\d\d nats each; better than \d+ of 20", one.err
    )
    assert "rank of 21" in one.out
    worse = ask("support", "NONE", "-s", "lab.grn").err
    assert re.search(
        r"NONE predicts held-out samples worse by 0\.\d\d ± 0\.\d\d nats each; better than \d+ of 20", worse
    )
    several = ask("support", "REAL", "NONE", "-s", "lab.grn").err
    assert "of 2 pathways predict better than all 20 decoys" in several
    assert "by chance about 0.095 would" in several


def test_a_base_of_another_intensity_is_judged_at_that_of_samples_held_out(ask: Callable[..., Any]) -> None:
    answer = ask("support", "REAL", "--sets", "sets.gmt", "-s", "given.grn", "--json").json
    choice = hold_out(expression(), np.arange(30), (0.5, 1.0))
    assert choice is not None
    assert (answer["lambda"], answer["lambda_variance"]) == (choice.intensity, choice.variance_intensity)


def test_what_was_removed_from_a_base_is_removed_here_too(ask: Callable[..., Any]) -> None:
    asked = ("support", "REAL", "--sets", "sets.gmt", "-s", "adjusted.grn")
    answer = ask(*asked, "--json").json
    base, (pathway,) = Repository(Path("adjusted.grn")).base(), Repository(Path("lab.grn")).pathways("v1")[:1]
    assert pathway.names == ("REAL",)
    adjustment = adjustment_of(base.removed, np.arange(30))
    samples = Samples.of(expression()[:59], adjustment)
    gains = held_out_gains(samples, np.arange(30), [pathway], (answer["lambda"], answer["lambda_variance"]))
    (row,) = answer["pathways"]
    assert (row["nats"], row["error"]) == pytest.approx(mean_over_groups(gains.nats[:, 0], gains.units), rel=1e-9)
    assert adjustment is not None
    strata = Strata.of(adjustment.residuals(expression()[:59]))
    assert row["mean_correlation"] == pytest.approx(mean_correlation(strata, pathway))
    assert "30 contrasts held out in turn, the standard error over 20 parts" in ask(*asked).err


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        (("--sets", "sets.gmt", "-s", "bare.grn"), 3, "keeps no expression", "grn init --expression FILE"),
        (("REAL", "--sets", "sets.gmt", "-s", "few.grn"), 2, "there are 4 groups", "--groups"),
        (("FLAT", "--sets", "sets.gmt", "-s", "lab.grn"), 2, "All genes of FLAT are constant", ""),
        (("GONE", "-s", "lab.grn"), 3, "No pathway is called 'GONE'; 3 are there", "There are NONE, REAL, WIDE"),
        (("REAL", "-s", "given.grn"), 3, "none is active", "--sets FILE"),
        (("--strength", "0.2", "-s", "lab.grn"), 2, "--strength says how a file is read", "--sets"),
        (("--strength", "much", "-s", "lab.grn"), 2, "neither a number nor fit", ""),
    ],
)
def test_what_cannot_be_asked_is_refused(
    ask: Callable[..., Any], arguments: tuple[str, ...], code: int, message: str, hint: str
) -> None:
    error = ask("support", *arguments, code=code).err
    assert message in error
    assert hint in error


def test_a_sample_on_which_much_rests_is_named(ask: Callable[..., Any], folder: Path) -> None:
    values = expression()
    values[:8, 11] += 40.0
    (folder / "outlier.tsv").write_text(table(values))
    ask("init", "outlier.grn", "--expression", "outlier.tsv")
    asked = ("support", "--sets", "sets.gmt", "REAL")
    assert "are those of one sample, s11: nats rest on it" in ask(*asked, "-s", "outlier.grn").err
    assert "one sample" not in ask(*asked, "-s", "lab.grn").err


def test_without_pathways_there_is_a_note(ask: Callable[..., Any]) -> None:
    answer = ask("support", "-s", "given.grn")
    assert (answer.out, "No pathway is active in v0" in answer.err) == ("", True)


LINE = r"support: -?\d+\.\d\d ± \d+\.\d\d nats a sample, better than \d+ of 20 decoys"


def test_a_version_has_a_line_on_its_own_pathways(ask: Callable[..., Any]) -> None:
    lines = [line.strip() for line in ask("show", "v1", "-s", "lab.grn").out.splitlines() if "support" in line]
    assert [re.fullmatch(LINE.replace("support", f"support of {name}"), line) is not None
            for name, line in zip(("REAL", "NONE"), lines, strict=True)] == [True, True]  # fmt: skip
    (line,) = [line for line in ask("show", "v2", "-s", "lab.grn").out.splitlines() if "support" in line]
    assert re.fullmatch(LINE, line.strip())
    assert "support" not in ask("show", "v0", "-s", "lab.grn").out


def test_a_commit_has_the_line_and_so_has_its_dry_run(ask: Callable[..., Any]) -> None:
    commit = ("commit", "sets.gmt", "-s", "grouped.grn", "--only", "REAL")
    printed = [ask(*commit, *more).out for more in (["--dry-run"], [])]
    lines = [[line.strip() for line in text.splitlines() if "support" in line] for text in printed]
    assert lines[0] == lines[1]
    assert re.fullmatch(LINE, lines[0][0])
    assert len(lines[0]) == 1


def test_many_pathways_are_referred_to_the_verb(ask: Callable[..., Any]) -> None:
    many = [option for number in range(40, 46) for option in ("--only", f"S{number}")]
    text = ask("commit", "sets.gmt", *many, "--dry-run", "-s", "lab.grn").out
    assert "support: `grn support` has that of 6 pathways" in text


@pytest.mark.parametrize("store", ["given", "bare", "few"])
def test_where_support_is_not_quickly_had_a_commit_goes_without(ask: Callable[..., Any], store: str) -> None:
    assert "support" not in ask("commit", "sets.gmt", "--only", "REAL", "--dry-run", "-s", f"{store}.grn").out


def test_support_neither_holds_up_nor_fails_a_commit(ask: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    dry = ("commit", "sets.gmt", "--only", "S40", "--dry-run", "-s", "lab.grn")
    assert "support" in ask(*dry).out
    assert "support" not in ask(*dry, "--only", "FLAT").out  # a gene that is constant says nothing
    monkeypatch.setattr(support, "QUICK", 60 * 30**2 * 20 - 1)
    assert "support" not in ask(*dry).out

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("support is for people")

    monkeypatch.setattr(support, "support_of", fail)
    ask(*dry, "--json")
    ask(*dry, "--tsv")


def test_support_in_python_is_in_order(folder: Path) -> None:
    repo = Repository(folder / "lab.grn")
    answer = support_of(repo, "v2", repo.pathways("v2"), decoys=2)
    assert [pathway.nats for pathway in answer] == sorted((pathway.nats for pathway in answer), reverse=True)
    assert len(answer) == 3
