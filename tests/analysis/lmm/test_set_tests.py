"""Libraries of gene sets over the genes of a model, and permuted signals."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.analysis.lmm.permutations import permute_labels
from grnledger.analysis.lmm.set_tests import match_sets, run_set_tests
from grnledger.analysis.lmm.signals import Contrast
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.inference.normal_scores import signal_scores
from grnledger.engine.lmm import fit_many, make_scanner, t_statistics
from grnledger.engine.lmm.association.set_tests import SetTester, permute_sets

from .conftest import GENES

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Study


@pytest.fixture
def library(tmp_path: Path) -> Path:
    stream = np.random.default_rng(5)
    sets = {"low": GENES[:8], "high": GENES[20:28]}
    sets |= {f"set{index}": tuple(stream.choice(GENES, 6, replace=False)) for index in range(9)}
    sets |= {"small": (GENES[1], "UNKNOWN"), "large": GENES[:30]}
    path = tmp_path / "sets.gmt"
    path.write_text("".join("\t".join([name, "-", *genes]) + "\n" for name, genes in sets.items()))
    return path


def test_sets_are_matched_by_gene_and_those_of_other_sizes_left_out(library: Path) -> None:
    sets = match_sets(library, GENES, (5, 20))
    assert sets.left_out == ("small", "large")
    assert sets.sizes[:2] == (8, 8)
    np.testing.assert_array_equal(sets.genes[1], np.arange(20, 28))
    np.testing.assert_array_equal(sets.membership.toarray()[0], np.arange(40) < 8)
    assert match_sets(library, GENES, (1, None)).left_out == ()
    with pytest.raises(NotFound) as refusal:
        match_sets(library, GENES, (35, None))
    assert refusal.value.code == "sets-without-genes"


def test_first_genes_that_stand_for_descriptions_are_not_lost_in_silence(tmp_path: Path) -> None:
    library = tmp_path / "sets.gmt"
    library.write_text("".join(f"S{i}\t" + "\t".join(GENES[i : i + 6]) + "\n" for i in range(3)))
    with pytest.raises(InputError, match="or the first gene of the set") as caught:
        match_sets(library, GENES, (5, 20))
    assert caught.value.code == "gmt-without-descriptions"
    sizes = {said: match_sets(library, GENES, (5, 20), descriptions=said).sizes for said in (True, False)}
    assert sizes == {True: (5, 5, 5), False: (6, 6, 6)}


LIBRARIES = {
    "titles above a table": ("t.csv", "Table S3 Modules of the lab,,\nset,gene\n", "A,{}\n", "1 line above"),
    "names before a colon": ("t.txt", "", None, "a set a line"),
}


@pytest.mark.parametrize(("name", "top", "line", "note"), LIBRARIES.values(), ids=LIBRARIES)
def test_libraries_may_have_the_forms_of_editors(tmp_path: Path, name: str, top: str, line: str | None, note: str):
    body = "".join(line.format(gene) for gene in GENES[:6]) if line else f"A: {', '.join(GENES[:6])}\n"
    (tmp_path / name).write_text(top + body)
    sets = match_sets(tmp_path / name, GENES, (5, 20))
    assert (sets.names, sets.sizes) == (("A",), (6,))
    assert any(note in other for other in sets.notes)


def test_a_sheet_of_a_workbook_is_a_library(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for title in ("Readme", "Sets"):
        sheet = book.create_sheet(title)
        sheet.append(["Signatures of the lab"])
        sheet.append(["set", "gene"])
        for gene in GENES[:6]:
            sheet.append(["A", gene])
    book.save(tmp_path / "t.xlsx")
    assert match_sets(tmp_path / "t.xlsx", GENES, (5, 20), sheet="Sets").sizes == (6,)
    with pytest.raises(InputError) as refusal:
        match_sets(tmp_path / "t.xlsx", GENES, (5, 20))
    assert refusal.value.code == "several-sheets"


def test_sets_that_are_none_are_not_tested(tmp_path: Path) -> None:
    rows = [f"{name}\t{gene}\n" for i, name in enumerate(("blue", "grey", "tan")) for gene in GENES[6 * i : 6 * i + 6]]
    (tmp_path / "t.tsv").write_text("set\tgene\n" + "".join(rows))
    sets = match_sets(tmp_path / "t.tsv", GENES, (5, 20))
    assert sets.names == ("blue", "tan")
    assert any("'grey' (6 genes) left out" in note for note in sets.notes)


def test_what_was_decided_about_a_library_is_kept(tmp_path: Path) -> None:
    library = tmp_path / "sets.tsv"
    library.write_text("set\tgenes\nA\t" + ";".join(GENES[:6]) + "\n")
    sets = match_sets(library, GENES, (5, 20))
    assert sets.sizes == (6,)
    assert any("genes between semicolons" in note for note in sets.notes)


def test_a_set_is_tested_without_its_own_pathway(study: Study, library: Path) -> None:
    tests = run_set_tests(study.model(), library, own_out=True, scatter=True, set_variance=False)
    assert (tests.set_weight, tests.plain, tests.permuted) == (None, None, None)
    without = study.model(leave_out=("low",))
    null = fit_many(without.model)[0]
    alone = make_scanner(without.model, null).scan(tests.sets.membership.toarray()[:1])
    assert tests.own_out[0] == pytest.approx(alone.p[0], rel=1e-6)
    assert tests.own_out[2] is None
    assert all(0.0 <= p <= 1.0 for p in tests.scatter)
    logs = tests.enrichment.log10_p[tests.order]
    assert (np.diff(logs[np.isfinite(logs)]) >= 0).all()
    with pytest.raises(InputError) as refusal:
        run_set_tests(study.model(kernel="covariance"), library, own_out=True)
    assert refusal.value.code == "own-pathways-not-in-kernel"


def test_sets_have_a_variance_of_their_own_by_default(study: Study, library: Path) -> None:
    tests = run_set_tests(study.model(), library)
    assert 0.0 <= tests.set_weight <= 1.0
    assert len(tests.plain) == len(tests.sets.names)
    few = run_set_tests(study.model(), library, sizes=(7, 20))
    assert few.set_weight is None


def test_p_by_permutations_counts_the_permutations_that_are_as_extreme(study: Study, library: Path) -> None:
    store_model = study.model()
    sets = match_sets(library, GENES, (5, 20))
    tester = SetTester(sets.membership, "two-sided", None)
    enrichment, _ = tester.test(store_model.model)
    stream = np.random.default_rng(6)
    traits = np.column_stack([study.signal.values[:, 0], *stream.normal(size=(3, 40))])
    permuted = type(study.signal)(GENES, tuple("abcd"), traits, None, "permuted")
    permutations = permute_sets(study.model(permuted).model, tester, enrichment)
    assert (permutations.p >= 2 / 5).all()  # the signal itself is one of the four
    assert permutations.null.h2[0] == pytest.approx(fit_many(store_model.model)[0].h2, abs=1e-9)
    assert 0.0 <= permutations.share <= permutations.most <= 1.0


def test_permuted_signals_are_normal_scores_where_the_signal_is(study: Study) -> None:
    groups = Contrast(study.values[:, 1::2], np.arange(12) < 6)
    signal = replace(study.signal, values=t_statistics(groups.values, groups.first)[:, None], contrast=groups)
    plain, scores = study.model(signal), study.model(signal, normal=True)
    np.testing.assert_allclose(
        scores.model.traits[:, 0] + scores.model.traits[:, 0].mean(),
        signal_scores(signal.values[scores.signal_rows, 0]),
        atol=1e-12,
    )
    drawn = permute_labels(plain, signal, 4, 0).traits
    expected = signal_scores(drawn.T).T
    np.testing.assert_allclose(
        permute_labels(scores, signal, 4, 0).traits, expected - expected.mean(axis=0), atol=1e-12
    )


def test_genes_are_not_permuted_without_labels(study: Study) -> None:
    with pytest.raises(InputError) as refusal:
        permute_labels(study.model(), study.signal, 3, 0)
    assert refusal.value.code == "permutation-without-labels"
