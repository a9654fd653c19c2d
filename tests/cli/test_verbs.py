"""Every verb that writes, with every option: what it says, and where things stand afterwards."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENES = ["TP53", "MDM2", "CDKN1A", "MYC", "CDK4", "IL6", "TNF", "JUN"]
SETS = {"P53": "TP53 MDM2 CDKN1A", "MYC": "MYC CDK4 CDKN1A", "INFLAM": "IL6 TNF JUN", "STRESS": "JUN TP53 XBP1"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a covariance and files of pathways, in which commands are run."""
    monkeypatch.chdir(tmp_path)
    stream = np.random.default_rng(11)
    factors = stream.normal(size=(8, 2))
    np.savez(tmp_path / "sigma.npz", covariance=factors @ factors.T + np.eye(8), genes=GENES)
    sets = [["\t".join([name, "-", *genes.split()])] for name, genes in SETS.items()]
    (tmp_path / "sets.gmt").write_text("".join(f"{line[0]}\n" for line in sets))
    (tmp_path / "loadings.tsv").write_text("gene\tA\tB\nTP53\t0.4\t0\nMDM2\t0.1\t0.2\nTNF\t0\t0.3\n")
    return tmp_path


@pytest.fixture
def do(grn: Callable[..., Any], folder: Path) -> Callable[..., Any]:
    """`grn` in a folder with one store; a command that fails fails the test."""

    def run(*arguments: object) -> Any:
        answer = grn(*arguments)
        assert answer.code == 0, answer.err
        return answer

    run("init", "small.grn", "--covariance", "sigma.npz")
    return run


def add(do: Callable[..., Any], name: str, *more: object) -> Any:
    return do("commit", "sets.gmt", "--only", name, "--missing", "drop", *more)


def active(do: Callable[..., Any], rev: str = "HEAD") -> list[str]:
    return sorted(row["pathway"] for row in do("show", rev, "--tsv").rows)


def standing(do: Callable[..., Any]) -> str:
    return do("rev-parse", "HEAD", "--tsv").rows[0]["version"]


# commit


def test_commit_reports_the_version_and_what_it_added(do: Callable[..., Any]) -> None:
    answer = add(do, "P53", "-m", "the p53 set")
    assert answer.out.splitlines()[0].startswith("v1 ")
    assert answer.out.splitlines()[1:] == ["    the p53 set", "    + P53 (3 genes)"]
    commit = add(do, "MYC", "--json").json
    assert (commit["version"], commit["written"], commit["missing_genes"], commit["rank"]) == ("v2", True, 0, 2)
    assert commit["message"] == "add MYC"
    assert add(do, "INFLAM", "--message", "x", "--tsv").rows[0]["version"] == "v3"


def test_commit_takes_several_names_or_all(do: Callable[..., Any]) -> None:
    do("commit", "sets.gmt", "--only", "P53", "--only", "MYC")
    assert active(do) == ["MYC", "P53"]
    do("rollback", "v0")
    do("commit", "sets.gmt", "--missing", "drop")
    assert active(do) == sorted(SETS)


def test_strength_is_the_loading_in_standard_deviations(do: Callable[..., Any]) -> None:
    for strength, rev in ((None, "v1"), (0.5, "v2")):
        do("rollback", "v0")
        add(do, "P53", *(() if strength is None else ("--strength", strength)))
        matrices = [
            np.array(
                [
                    [float(row[gene]) for gene in GENES]
                    for row in do("export", "--at", at, "--matrix", "covariance").rows
                ]
            )
            for at in ("v0", rev)
        ]
        sd = np.sqrt(np.diag(matrices[0]))
        expected = (strength or 0.1) ** 2 * sd[0] * sd[1]
        assert (matrices[1] - matrices[0])[0, 1] == pytest.approx(expected, rel=1e-10)


def test_a_table_of_loadings_is_raw_or_in_standard_deviations(do: Callable[..., Any]) -> None:
    before = float(do("export", "--matrix", "covariance", "--genes", "TP53").rows[0]["TP53"])
    do("commit", "loadings.tsv", "--only", "A")
    raw = float(do("export", "--matrix", "covariance", "--genes", "TP53").rows[0]["TP53"])
    assert raw - before == pytest.approx(0.16)
    do("rollback", "v0")
    do("commit", "loadings.tsv", "--only", "A", "--units", "sd")
    scaled = float(do("export", "--matrix", "covariance", "--genes", "TP53").rows[0]["TP53"])
    assert scaled - before == pytest.approx(0.16 * before)
    assert do("show", "--tsv").rows[0]["units"] == "sd"


def test_columns_with_a_covariance_of_their_own_are_one_pathway(do: Callable[..., Any], folder: Path) -> None:
    (folder / "f.tsv").write_text("pathway\tA\tB\nA\t1\t0.5\nB\t0.5\t1\n")
    before = float(do("export", "--matrix", "covariance", "--genes", "TP53,TNF").rows[0]["TNF"])
    do("commit", "loadings.tsv", "--pathway-covariance", "f.tsv")
    after = float(do("export", "--matrix", "covariance", "--genes", "TP53,TNF").rows[0]["TNF"])
    assert after - before == pytest.approx(0.4 * 0.5 * 0.3)
    assert active(do) == ["A, B"]


def test_genes_that_are_missing_are_refused_left_out_or_translated(
    do: Callable[..., Any], grn: Callable[..., Any], folder: Path
) -> None:
    refused = grn("commit", "sets.gmt", "--only", "STRESS", "--missing", "error")
    assert refused.code == 2
    assert "1 of 3 genes (33.3 %) is not on the panel of 8 genes (XBP1)" in refused.err
    assert standing(do) == "v0"
    answer = add(do, "STRESS")
    assert "1 gene not on the panel left out; `grn show v1` names them." in answer.err
    assert do("show", "v1", "--json").json["missing"] == {"STRESS": ["XBP1"]}
    do("rollback", "v0")
    (folder / "alias.tsv").write_text("alias\tgene\nXBP1\tCDK4\n")
    commit = do("commit", "sets.gmt", "--only", "STRESS", "--alias", "alias.tsv", "--json").json
    assert (commit["missing_genes"], commit["added"][0]["genes"]) == (0, 3)


def test_a_file_may_be_called_what_it_is(do: Callable[..., Any], folder: Path) -> None:
    (folder / "sets.txt").write_text((folder / "sets.gmt").read_text())
    do("commit", "sets.txt", "--format", "gmt", "--only", "P53")
    assert active(do) == ["P53"]


def test_a_pathway_can_be_subtracted(do: Callable[..., Any]) -> None:
    answer = add(do, "INFLAM", "--subtract", "--strength", "0.1")
    assert "− INFLAM (3 genes)" in answer.out
    assert do("log", "--json").json["versions"][0]["added"][0]["sign"] == -1


def test_what_is_active_already_is_a_conflict_or_passed_over(do: Callable[..., Any], grn: Callable[..., Any]) -> None:
    add(do, "P53")
    refused = grn("commit", "sets.gmt", "--only", "P53")
    assert refused.code == 4
    assert "P53 is active already, since v1" in refused.err
    assert "--if-absent" in refused.err
    answer = add(do, "P53", "--if-absent")
    assert answer.out == ""
    assert "All of it is active already in v1: nothing was written." in answer.err
    commit = add(do, "P53", "--if-absent", "--json").json
    assert (commit["version"], commit["written"]) == ("v1", False)
    do("commit", "sets.gmt", "--only", "P53", "--only", "MYC", "--if-absent")
    assert active(do) == ["MYC", "P53"]


def test_a_commit_may_go_to_another_branch(do: Callable[..., Any]) -> None:
    do("branch", "side")
    assert add(do, "P53", "--branch", "side", "--json").json["refs"] == ["side"]
    assert (standing(do), active(do, "side")) == ("v0", ["P53"])


def test_a_dry_run_prints_the_diff_and_writes_nothing(do: Callable[..., Any], folder: Path) -> None:
    before = sorted(path.name for path in folder.rglob("small.grn/**/*"))
    answer = add(do, "P53", "--dry-run", "--top", "3")
    assert "Dry run: nothing was written." in answer.err
    assert answer.out.startswith("v0 → planned\n  + P53\n")
    planned = add(do, "P53", "--dry-run", "--threshold", "0.05", "--json").json
    assert sorted(path.name for path in folder.rglob("small.grn/**/*")) == before
    add(do, "P53")
    real = do("diff", "v0..v1", "--threshold", "0.05", "--json").json
    assert planned["to"] == {"version": "planned", "id": None, "content": real["to"]["content"]}
    assert {**planned, "to": None} == {**real, "to": None}
    do("rollback", "v0")
    assert add(do, "MYC", "--dry-run", "--tsv", "--threshold", "0.05").rows[0]["gene_a"] in SETS["MYC"].split()


# rollback, revert, cherry-pick, merge


def test_a_rollback_loses_nothing(do: Callable[..., Any]) -> None:
    for name in ("P53", "MYC", "INFLAM"):
        add(do, name)
    answer = do("rollback", "v1")
    assert answer.out == "main moved from v3 to v1.\n"
    assert "v3 is kept: `grn rollback v3` goes back to it." in answer.err
    assert active(do) == ["P53"]
    assert do("rollback", "v3", "--json").json["version"] == "v3"
    assert active(do) == ["INFLAM", "MYC", "P53"]
    assert do("rollback", "v3").out == "main is at v3 already.\n"
    assert do("rollback", "HEAD~2", "--tsv").rows[0]["version"] == "v1"
    assert [row["version"] for row in do("log", "--tsv").rows] == ["v1", "v0"]
    assert len(do("log", "--all", "--tsv").rows) == 4


def test_a_revert_undoes_all_or_one_pathway_of_a_version(do: Callable[..., Any]) -> None:
    do("commit", "sets.gmt", "--only", "P53", "--only", "MYC")
    add(do, "INFLAM")
    answer = do("revert", "v1", "--only", "MYC", "-m", "without MYC")
    assert answer.out.splitlines()[0] == "Reverted v1:"
    assert answer.out.splitlines()[-1].strip() == "dropped MYC"
    assert active(do) == ["INFLAM", "P53"]
    do("revert", "v1")
    assert active(do) == ["INFLAM"]
    do("revert", "v2")
    contents = {row["version"]: row["content"] for row in do("log", "--tsv").rows}
    assert contents["v5"] == contents["v0"], "all undone is the base"
    assert do("revert", "HEAD", "--json").json["added"][0]["name"] == "INFLAM", "what was dropped comes back"
    assert do("revert", "HEAD", "--tsv").rows[0]["version"] == "v7"


def test_a_cherry_pick_does_here_what_was_done_there(do: Callable[..., Any]) -> None:
    do("switch", "-c", "side")
    do("commit", "sets.gmt", "--only", "P53", "--only", "MYC")
    do("switch", "main")
    answer = do("cherry-pick", "side", "--only", "MYC", "--message", "just MYC")
    assert answer.out.splitlines()[0] == "Picked side:"
    assert active(do) == ["MYC"]
    assert do("cherry-pick", "side", "--json").json["added"] == [{"name": "P53", "genes": 3, "sign": 1}]
    contents = {row["version"]: row["content"] for row in do("log", "--all", "--tsv").rows}
    assert contents["v1"] == contents["v3"], "equal sets are one content"
    do("rollback", "v0")
    assert do("cherry-pick", "v1", "--tsv").rows[0]["rank"] == "2"


def test_a_merge_gives_one_content_whichever_side_merges(do: Callable[..., Any]) -> None:
    do("branch", "side")
    add(do, "P53")
    do("switch", "side")
    add(do, "MYC")
    first = do("merge", "main", "--json").json
    do("switch", "main")
    do("rollback", "v1")
    second = do("merge", "v2", "-m", "the other way round", "--json").json
    assert first["content"] == second["content"]
    assert first["parents"] == second["parents"][::-1]
    assert second["message"] == "the other way round"
    exported = [do("export", "--at", v, "--matrix", "precision").out for v in (first["version"], second["version"])]
    assert exported[0] == exported[1]


def test_a_merge_reports_what_it_changed(do: Callable[..., Any]) -> None:
    do("branch", "side")
    do("branch", "late")
    add(do, "P53", "--branch", "side")
    assert do("merge", "side").out == "main moved forward from v0 to v1.\n"
    assert do("merge", "side").out == "main contains all of side already.\n"
    add(do, "MYC", "--branch", "late")
    answer = do("merge", "late")
    assert answer.out.splitlines()[0] == "Merged late into main:"
    assert "+ MYC" in answer.out
    do("switch", "-c", "ahead")
    add(do, "INFLAM")
    do("switch", "main")
    assert len(do("merge", "ahead", "--no-ff", "--json").json["parents"]) == 2
    assert do("merge", "ahead", "--tsv").rows[0]["version"] == standing(do)


# branch, switch, tag


def test_branches_are_listed_made_and_deleted(do: Callable[..., Any]) -> None:
    add(do, "P53")
    assert do("branch", "drug-a", "v0").out == "Branch drug-a is at v0.\n"
    assert do("branch", "drug-b", "--json").json["version"] == "v1"
    branches = [(branch["name"], branch["version"]) for branch in do("branch", "--json").json["branches"]]
    assert branches == [("drug-a", "v0"), ("drug-b", "v1"), ("main", "v1")]
    assert [row["name"] for row in do("branch", "--tsv").rows] == ["drug-a", "drug-b", "main"]
    stars = [line.split()[:2] for line in do("branch").out.splitlines() if line.startswith("*")]
    assert stars == [["*", "main"]]
    assert do("branch", "-d", "drug-a").out == "Deleted branch drug-a, which was at v0.\n"
    assert do("branch", "--delete", "drug-b", "--tsv").rows[0]["version"] == "v1"
    assert [row["name"] for row in do("branch", "--tsv").rows] == ["main"]


def test_switch_moves_head_and_makes_branches(do: Callable[..., Any]) -> None:
    assert do("switch", "-c", "side").out == "HEAD is on side, at v0.\n"
    add(do, "P53")
    assert do("switch", "main", "--json").json["version"] == "v0"
    assert do("switch", "--create", "more", "--tsv").rows[0]["version"] == "v0"
    assert do("info", "--json").json["head"] == {"more": "v0"}


def test_tags_are_created_listed_and_deleted_and_do_not_move(do: Callable[..., Any]) -> None:
    assert "There are no tags." in do("tag").err
    add(do, "P53")
    assert do("tag", "paper", "v0").out == "Tag paper is at v0.\n"
    assert do("tag", "final", "--json").json["version"] == "v1"
    add(do, "MYC")
    assert [(row["name"], row["version"]) for row in do("tag", "--tsv").rows] == [("final", "v1"), ("paper", "v0")]
    assert [tag["name"] for tag in do("tag", "--json").json["tags"]] == ["final", "paper"]
    assert do("tag", "-d", "paper").out == "Deleted tag paper, which was at v0.\n"
    assert do("tag", "--delete", "final", "--tsv").rows[0]["version"] == "v1"
    assert do("tag", "--json").json["tags"] == []


# reinvert


def test_reinvert_writes_the_same_content_read_from_an_anchor_of_its_own(do: Callable[..., Any]) -> None:
    add(do, "P53")
    answer = do("reinvert")
    assert answer.out == "v2 is read from its own full inversion.\n"
    assert "relative error" in answer.err
    versions = [do("show", rev, "--json").json for rev in ("v1", "v2")]
    assert versions[0]["content"] == versions[1]["content"] == versions[1]["anchor"]
    assert (versions[0]["anchor"], versions[1]["rank_since_anchor"]) == (None, 0)
    assert "its own full inversion" in do("show", "v2").out
    rho = [do("edges", "--at", rev, "--json").json["edges"] for rev in ("v1", "v2")]
    for first, second in zip(*rho, strict=True):
        assert math.isclose(first["rho"], second["rho"], abs_tol=1e-12)
    assert do("reinvert", "--json").json["version"] == "v3"
    assert do("reinvert", "--tsv").rows[0]["version"] == "v4"
    do("commit", "loadings.tsv", "--only", "A")
    assert "full inversion of v4, 1 commit ago" in do("show").out
    assert sorted(row["pathway"] for row in do("factors", "TP53", "MDM2", "--tsv").rows) == ["A", "P53"]


def test_a_large_factor_base_is_inverted_in_full_only_by_force(
    grn: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from grnledger.storage.networks import anchors

    monkeypatch.setattr(anchors, "LARGEST_FACTOR", 10)
    for line in ("simulate --genes 20 --factors 2 -o m.npz", "init large.grn --factor-model m.npz"):
        assert grn(*line.split()).code == 0
    needless = grn("reinvert")
    assert (needless.code, needless.out) == (0, "v0 needs no re-inversion.\n")
    assert "relative error of" in needless.err
    assert "--force" in needless.err
    assert not list((folder / "large.grn" / "cache").rglob("*.h5"))
    assert grn("reinvert", "--force").out == "v1 is read from its own full inversion.\n"


# which store, who, when


def test_the_store_is_named_before_or_after_the_verb_or_by_the_environment(
    do: Callable[..., Any], grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    do("init", "other.grn", "--covariance", "sigma.npz", "-m", "the other")
    assert grn("log").code == 4
    for arguments in (
        ("-s", "other.grn", "log"),
        ("log", "-s", "other.grn"),
        ("--store", "other.grn", "log"),
        ("log", "--store", "other.grn"),
        ("-s", "nowhere.grn", "log", "-s", "other.grn"),
    ):
        assert "the other" in do(*arguments).out
    monkeypatch.setenv("GRN_STORE", "other.grn")
    assert "the other" in do("log").out
    assert "base by" in do("log", "-s", "small.grn").out


def test_the_store_is_found_in_a_folder_above(
    do: Callable[..., Any], grn: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = folder / "a" / "b"
    deep.mkdir(parents=True)
    (deep / "empty.grn").mkdir()
    monkeypatch.chdir(deep)
    assert do("info", "--json").json["store"] == str(folder / "small.grn")
    do("init", "near.grn", "--covariance", folder / "sigma.npz", "-m", "near")
    assert "near" in do("log").out
    monkeypatch.chdir(folder / "a")
    do("init", folder / "b.grn", "--covariance", folder / "sigma.npz")
    answer = grn("log")
    assert answer.code == 4
    assert "b.grn, small.grn" in answer.err
    assert "-s STORE" in answer.err


def test_author_and_time_come_from_the_environment(
    do: Callable[..., Any], grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRN_AUTHOR", "Grace Hopper")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    commit = add(do, "P53", "--json").json
    assert (commit["author"], commit["time"]) == ("Grace Hopper", "1970-01-01T00:00:00Z")
    for text in ("tomorrow", "--1", "1.5", "1_000", "+5", " 5", "１２", "99999999999999"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", text)
        assert grn("log").code == 2
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    monkeypatch.setenv("GRN_AUTHOR", "two\nlines")
    assert grn("log").code == 2


def test_dates_name_versions(do: Callable[..., Any], grn: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")  # 2026-09-21T14:13:20Z
    add(do, "P53")
    assert do("rev-parse", "@{2026-09-20}", "--tsv").rows[0]["version"] == "v0"
    assert do("rev-parse", "main@{2026-09-21}", "--tsv").rows[0]["version"] == "v1"
    assert grn("rev-parse", "@{2020-01-01}").code == 3
    do("rollback", "@{2026-09-20}")
    assert active(do) == []


def test_a_log_of_few_versions_may_be_asked_for_as_in_git(do: Callable[..., Any]) -> None:
    add(do, "P53")
    add(do, "MYC")
    assert do("log", "-2", "--tsv").out == do("log", "-n", "2", "--tsv").out
    assert len(do("log", "-2", "--tsv").rows) == 2


# two versions


@pytest.mark.parametrize("verb", ["diff {} --top 3 --json", "trace TP53 MDM2 {} --json", "plot changes {} -o {{}}.svg"])
def test_two_versions_are_taken_as_a_range(do: Callable[..., Any], folder: Path, verb: str) -> None:
    add(do, "P53")
    add(do, "MYC")
    answers = [do(*verb.format(words).format(name).split()) for words, name in (("v0..v1", "a"), ("v0 v1", "b"))]
    assert answers[0].out.replace("a.svg", "b.svg") == answers[1].out
    if (folder / "a.svg").exists():
        assert (folder / "a.svg").read_bytes() == (folder / "b.svg").read_bytes()


@pytest.mark.parametrize("words", ["v0..v0 v0", "v0 v0..v0", "v0 v0 v0"])
def test_more_than_two_versions_are_refused(do: Callable[..., Any], grn: Callable[..., Any], words: str) -> None:
    answer = grn("diff", *words.split())
    assert (answer.code, "extra argument (v0" in answer.err) == (2, True)
