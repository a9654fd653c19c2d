"""What the questions answer, field by field and number by number, against dense algebra."""

from __future__ import annotations

import csv
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import false_discovery_control, hypergeom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

GENES = ("TP53", "MDM2", "CDKN1A", "BAX", "MYC", "CDK4", "E2F1", "RB1", "IL6", "TNF", "STAT3", "JUN")
INDEX = {gene: index for index, gene in enumerate(GENES)}
ACTIVE = {
    "v0": "",
    "v1": "P53",
    "v2": "P53 MYC",
    "v3": "P53 MYC IL6 CYTO",
    "v4": "P53 IL6 CYTO",
    "v5": "P53 −INFLAM",
    "v6": "P53 IL6 CYTO −INFLAM",
}
MAIN = ("v0", "v1", "v2", "v3", "v4", "v6")
TOLERANCE = 1e-10
IDENTITY = {"version", "id", "content"}
ORDER = {"rank_by", "penalty"}


@dataclass(frozen=True)
class Truth:
    """The same story in dense matrices: a base, and columns with a sign."""

    base: NDArray[np.float64]
    columns: dict[str, NDArray[np.float64]]

    def sigma(self, version: str, without: str = "") -> NDArray[np.float64]:
        total = self.base.copy()
        for name in ACTIVE[version].split():
            if name.strip("−") != without:
                x = self.columns[name.strip("−")]
                total += (-1 if name.startswith("−") else 1) * np.outer(x, x)
        return total

    def rho(self, version: str, without: str = "") -> NDArray[np.float64]:
        theta = np.linalg.inv(self.sigma(version, without))
        scale = np.sqrt(np.diag(theta))
        rho = -theta / np.outer(scale, scale)
        np.fill_diagonal(rho, 1.0)
        return rho


def pairs() -> Iterator[tuple[int, int]]:
    return itertools.combinations(range(len(GENES)), 2)


def spread(**loadings: float) -> NDArray[np.float64]:
    x = np.zeros(len(GENES))
    for gene, loading in loadings.items():
        x[INDEX[gene]] = loading
    return x


@pytest.fixture(scope="module")
def truth() -> Truth:
    stream = np.random.default_rng(7)
    factors = stream.normal(size=(len(GENES), 3))
    base = factors @ factors.T + np.diag(stream.uniform(0.5, 2.0, len(GENES)))
    base = (base + base.T) / 2
    sd = np.sqrt(np.diag(base))
    columns = {
        "P53": 0.3 * sd * spread(TP53=1, MDM2=1, CDKN1A=1, BAX=1),
        "MYC": 0.2 * sd * spread(MYC=1, CDK4=1, E2F1=0.5, CDKN1A=-1),
        "IL6": spread(IL6=0.4, TNF=-0.3),
        "CYTO": spread(TNF=0.2, STAT3=0.5, JUN=0.1),
        "INFLAM": 0.15 * sd * spread(IL6=1, TNF=1, JUN=1),
    }
    return Truth(base, columns)


@pytest.fixture(scope="module")
def store(truth: Truth, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story, told through the command line: six commits, a revert, a branch and a merge."""
    from grnledger.cli.errors import run
    from grnledger.cli.main import grn

    folder = tmp_path_factory.mktemp("answers")
    path = folder / "small.grn"
    rows = [[gene, *map(repr, row)] for gene, row in zip(GENES, truth.base.tolist(), strict=True)]
    files = {
        "covariance.tsv": [["gene", *GENES], *rows],
        "sets.gmt": [["P53", "-", "TP53", "MDM2", "CDKN1A", "BAX", "PHLDA3"], ["INFLAM", "-", "IL6", "TNF", "JUN"]],
        "regulons.tsv": [
            ["source", "target", "weight"],
            *(["MYC", target, weight] for target, weight in (("CDK4", "1"), ("E2F1", "0.5"), ("CDKN1A", "-1"))),
        ],
        "loadings.tsv": [
            ["gene", "IL6", "CYTO"],
            *(["IL6", "0.4", "0"], ["TNF", "-0.3", "0.2"], ["STAT3", "0", "0.5"], ["JUN", "0", "0.1"]),
        ],
    }
    for name, table in files.items():
        (folder / name).write_text("".join("\t".join(row) + "\n" for row in table))
    story = [
        ["init", path, "--covariance", "covariance.tsv", "-m", "given"],
        ["commit", "sets.gmt", "--only", "P53", "--strength", 0.3, "--missing", "drop", "-m", "the p53 set"],
        ["commit", "regulons.tsv", "--strength", 0.2, "-m", "MYC"],
        ["commit", "loadings.tsv", "-m", "two columns"],
        ["revert", "v2"],
        ["branch", "drug-a", "v1"],
        ["switch", "drug-a"],
        ["commit", "sets.gmt", "--only", "INFLAM", "--strength", 0.15, "--subtract", "-m", "less inflammation"],
        ["switch", "main"],
        ["merge", "drug-a"],
        ["tag", "paper", "v3"],
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("GRN_AUTHOR", "Ada")
        patch.setenv("SOURCE_DATE_EPOCH", "1780000000")
        for line in story:
            assert run(grn, [str(word) for word in line], None) == 0, line
    return path


@pytest.fixture
def ask(grn: Callable[..., Any], store: Path) -> Callable[..., Any]:
    """`grn` on the small store; a command that fails fails the test."""

    def run(*arguments: object) -> Any:
        answer = grn(*arguments, "-s", store)
        assert answer.code == 0, answer.err
        return answer

    return run


def test_log_lists_head_and_its_ancestors_newest_first_and_v0_last(ask: Callable[..., Any]) -> None:
    versions = ask("log", "--json").json["versions"]
    assert [version["version"] for version in versions] == ["v6", "v5", "v4", "v3", "v2", "v1", "v0"]
    for version in versions:
        assert set(version) == {
            "version", "id", "content", "parents", "message", "author", "time", "base", "added", "dropped", "rank",
            "refs",
        }  # fmt: skip
        assert len(version["id"]) == len(version["content"]) == len(version["base"]) == 64
        assert (version["author"], version["time"]) == ("Ada", "2026-05-28T20:26:40Z")


def test_log_lists_what_each_commit_added_and_dropped(ask: Callable[..., Any]) -> None:
    versions = {version["version"]: version for version in ask("log", "--json").json["versions"]}
    assert versions["v0"]["added"] == []
    assert versions["v1"]["added"] == [{"name": "P53", "genes": 4, "sign": 1}]
    assert versions["v2"]["added"] == [{"name": "MYC", "genes": 4, "sign": 1}]
    assert sorted(pathway["name"] for pathway in versions["v3"]["added"]) == ["CYTO", "IL6"]
    assert (versions["v4"]["added"], versions["v4"]["dropped"]) == ([], ["MYC"])
    assert versions["v5"]["added"] == [{"name": "INFLAM", "genes": 3, "sign": -1}]
    assert [versions[f"v{number}"]["rank"] for number in range(7)] == [0, 1, 2, 4, 3, 2, 4]
    assert [versions[f"v{number}"]["message"] for number in (0, 1, 4, 6)] == [
        "given", "the p53 set", "revert v2", "merge drug-a into main",
    ]  # fmt: skip


def test_log_lists_parents_and_refs(ask: Callable[..., Any]) -> None:
    versions = {version["version"]: version for version in ask("log", "--json").json["versions"]}
    ids = {name: version["id"] for name, version in versions.items()}
    parents = {"v1": ["v0"], "v2": ["v1"], "v3": ["v2"], "v4": ["v3"], "v5": ["v1"], "v6": ["v4", "v5"], "v0": []}
    assert {name: version["parents"] for name, version in versions.items()} == {
        name: [ids[parent] for parent in names] for name, names in parents.items()
    }
    refs = {name: version["refs"] for name, version in versions.items() if version["refs"]}
    assert refs == {"v6": ["HEAD", "main"], "v5": ["drug-a"], "v3": ["paper"]}


def test_log_has_rows_and_lines_and_can_be_cut(ask: Callable[..., Any]) -> None:
    rows = ask("log", "--tsv", "--number", 2).rows
    assert [(row["version"], row["message"]) for row in rows] == [
        ("v6", "merge drug-a into main"), ("v5", "less inflammation"),
    ]  # fmt: skip
    assert rows[0]["refs"] == "HEAD,main"
    lines = ask("log", "--oneline").out.splitlines()
    assert [line.split()[0] for line in lines] == ["v6", "v5", "v4", "v3", "v2", "v1", "v0"]
    text = ask("log").out
    assert "(HEAD → main)" in text
    assert "    − INFLAM (3 genes)" in text
    assert "    dropped MYC" in text


def test_log_of_a_range_is_what_one_side_has_and_the_other_has_not(ask: Callable[..., Any]) -> None:
    names = [version["version"] for version in ask("log", "v4..v6", "--json").json["versions"]]
    assert names == ["v6", "v5"]
    assert ask("log", "v2", "--tsv", "-n", 1).rows[0]["version"] == "v2"


def test_log_lists_the_moves_of_refs(ask: Callable[..., Any]) -> None:
    log = ask("log", "--refs", "--json").json
    assert [move["ref"] for move in log["moves"][:4]] == ["tag/paper", "branch/main", "HEAD", "branch/drug-a"]
    assert (log["moves"][0]["before"], log["moves"][0]["after"]) == (None, "v3")
    assert log["moves"][-1]["after"] == "v0"
    assert set(log["contents"]) == set(ACTIVE)
    assert len(ask("log", "--refs", "--tsv").rows) == len(log["moves"]) == 11


def test_equal_sets_have_equal_content_whatever_their_history(ask: Callable[..., Any], store: Path) -> None:
    contents = {version["version"]: version["content"] for version in ask("log", "--all", "--json").json["versions"]}
    assert len(set(contents.values())) == 7
    assert ask("rev-parse", "v6", "--content").out.strip() == contents["v6"]


def dense_diff(truth: Truth, before: str, after: str, cut: float) -> list[tuple[int, int, float, float, str]]:
    first, second = truth.rho(before), truth.rho(after)
    changes: list[tuple[int, int, float, float, str]] = []
    for i, j in pairs():
        a, b = float(first[i, j]), float(second[i, j])
        if abs(a) >= cut and abs(b) >= cut and (a > 0) != (b > 0):
            change = "sign_flipped"
        elif abs(a) < cut <= abs(b):
            change = "gained"
        elif abs(b) < cut <= abs(a):
            change = "lost"
        else:
            change = "stronger" if abs(b) > abs(a) else "weaker"
        changes.append((i, j, a, b, change))
    return sorted(changes, key=lambda row: (-abs(row[3] - row[2]), row[0], row[1]))


@pytest.mark.parametrize(("before", "after"), [("v0", "v1"), ("v1", "v0"), ("v2", "v5"), ("v0", "v6"), ("v4", "v6")])
def test_diff_agrees_with_dense_matrices(ask: Callable[..., Any], truth: Truth, before: str, after: str) -> None:
    cut = 0.08
    difference = ask("diff", f"{before}..{after}", "--threshold", cut, "--changes", 66, "--json").json
    assert (difference["rule"], difference["threshold"]) == ("threshold", cut)
    expected = dense_diff(truth, before, after, cut)
    moved = [row for row in expected if abs(row[3] - row[2]) > 1e-12]
    assert len(difference["changes"]) == len(moved)
    for change, (i, j, a, b, kind) in zip(difference["changes"], moved, strict=True):
        assert (change["gene_a"], change["gene_b"], change["change"]) == (GENES[i], GENES[j], kind)
        numbers = [change[name] for name in ("rho_from", "rho_to", "delta", "delta_abs")]
        assert numbers == pytest.approx([a, b, b - a, abs(b) - abs(a)], abs=TOLERANCE)
        assert change["delta"] == change["rho_to"] - change["rho_from"]
    kinds = [row[4] for row in expected]
    for kind in ("gained", "lost", "sign_flipped"):
        assert difference["summary"][kind] == kinds.count(kind)


def test_diff_summary_is_over_all_pairs(ask: Callable[..., Any], truth: Truth) -> None:
    difference = ask("diff", "v0..v3", "--threshold", 0.08, "--json").json
    assert difference == ask("diff", "v0..v3", "--threshold", 0.08, "--exact-mean", "--json").json
    assert set(difference["summary"]) == {"from", "to", "gained", "lost", "sign_flipped"}
    for side, version in (("from", "v0"), ("to", "v3")):
        strength = [abs(truth.rho(version)[i, j]) for i, j in pairs()]
        edges = sum(rho >= 0.08 for rho in strength)
        assert difference[side]["version"] == version
        assert set(difference[side]) == {"version", "id", "content"}
        assert difference["summary"][side] == {
            "edges": edges,
            "mean_abs": pytest.approx(math.fsum(strength) / 66, abs=TOLERANCE),
            "mean_abs_error": 0.0,
            "max_abs": pytest.approx(max(strength), abs=TOLERANCE),
            "density": pytest.approx(edges / 66),
        }


def test_the_threshold_of_a_diff_is_that_of_the_strongest_edges_of_its_first_version(
    ask: Callable[..., Any], truth: Truth
) -> None:
    difference = ask("diff", "v0..v6", "--top", 5, "--json").json
    strength = sorted((abs(truth.rho("v0")[i, j]) for i, j in pairs()), reverse=True)
    assert (difference["rule"], difference["top"]) == ("top", 5)
    assert difference["threshold"] == pytest.approx(strength[4], abs=TOLERANCE)
    assert difference["summary"]["from"]["edges"] == 5
    after = sum(abs(truth.rho("v6")[i, j]) >= difference["threshold"] for i, j in pairs())
    assert difference["summary"]["to"]["edges"] == after
    assert len(difference["changes"]) == 5
    default = ask("diff", "v0..v6", "--json").json
    assert (default["top"], len(default["changes"])) == (12, 20)


def test_diff_lists_the_changes_asked_for_alone(ask: Callable[..., Any]) -> None:
    everything = ask("diff", "v0..v6", "--threshold", 0.08, "--changes", 66, "--json").json["changes"]
    for kind in ("gained", "lost", "sign_flipped"):
        alone = ask("diff", "v0..v6", "--threshold", 0.08, "--changes", 66, "--only", kind, "--json").json["changes"]
        assert alone == [change for change in everything if change["change"] == kind]


def test_diff_orders_the_changes_by_the_size_of_rho_where_that_is_asked(ask: Callable[..., Any]) -> None:
    how = ("diff", "v0..v6", "--threshold", 0.08, "--changes", 66)
    default, by_rho, by_size = (ask(*how, *more, "--json").json for more in ((), ("--by", "rho"), ("--by", "abs")))
    assert default == by_rho
    assert [abs(row["delta"]) for row in by_rho["changes"]] == sorted(
        (abs(row["delta"]) for row in by_rho["changes"]), reverse=True
    )
    sizes = [abs(row["delta_abs"]) for row in by_size["changes"]]
    assert sizes == sorted(sizes, reverse=True)
    assert by_size["changes"] != by_rho["changes"]
    assert (by_rho["by"], by_size["by"]) == ("rho", "abs")
    assert {**by_size, "changes": None, "by": "rho"} == {**by_rho, "changes": None}
    rows = ask(*how, "--by", "abs", "--tsv").rows
    assert [(row["gene_a"], row["gene_b"]) for row in rows] == [
        (row["gene_a"], row["gene_b"]) for row in by_size["changes"]
    ]
    text = ask(*how, "--by", "abs").out
    assert "Largest changes of |ρ|:" in text
    assert "Δ|ρ|" in text


def test_diff_names_the_pathways_between_two_versions(ask: Callable[..., Any]) -> None:
    assert ask("diff", "v2..v6", "--json").json["pathways"] == {
        "added": ["CYTO", "IL6", "INFLAM"],
        "dropped": ["MYC"],
    }
    text = ask("diff", "v2..v6").out
    assert "  + CYTO\n" in text
    assert "  − INFLAM\n" in text
    assert "  dropped MYC\n" in text


def test_diff_reports_its_rule_its_threshold_and_the_counts(ask: Callable[..., Any]) -> None:
    difference = ask("diff", "v0..v6", "--top", 5, "--json").json
    text = ask("diff", "v0..v6", "--top", 5).out
    assert f"An edge has |ρ| ≥ {difference['threshold']:.4g}: that of the 5 strongest pairs of v0." in text
    summary = difference["summary"]
    assert f"gained {summary['gained']}, lost {summary['lost']}, sign-flipped {summary['sign_flipped']}" in text


def test_diff_of_one_version_or_none_is_against_head(ask: Callable[..., Any]) -> None:
    assert ask("diff", "v2", "--json").json == ask("diff", "v2..HEAD", "--json").json
    assert ask("diff", "--json").json == ask("diff", "v4..v6", "--json").json
    assert ask("diff", "..v1", "--json").json == ask("diff", "v6..v1", "--json").json


def test_diff_of_equal_versions_reports_no_change(
    ask: Callable[..., Any], grn: Callable[..., Any], store: Path
) -> None:
    assert "No ρ changed." in ask("diff", "v3..paper").out
    assert ask("diff", "v3..paper", "--json").json["changes"] == []
    assert grn("diff", "v3..paper", "--exit-code", "-s", store).code == 0
    assert grn("diff", "v0..v6", "--exit-code", "-s", store).code == 1


def test_diff_with_an_empty_network_suggests_a_threshold(ask: Callable[..., Any]) -> None:
    text = ask("diff", "v0..v1", "--threshold", 0.999).out
    assert "No pair of either side reaches |ρ| ≥ 0.999: the strongest has " in text
    assert "--top 20" in text


@pytest.mark.parametrize("sets", ["S A C E F", "S A D\nT B F\nU C E"])
def test_changes_are_sorted_by_size_and_those_of_equal_size_stand_in_panel_order(
    grn: Callable[..., Any], tmp_path: Path, sets: str
) -> None:
    """On the identity a flat set changes all its pairs alike, and equal sets change theirs alike."""
    panel = "FEDCBA"
    np.savez(tmp_path / "identity.npz", covariance=np.eye(6), genes=list(panel))
    lines = [line.split() for line in sets.splitlines()]
    (tmp_path / "sets.gmt").write_text("".join("\t".join([name, "-", *genes]) + "\n" for name, *genes in lines))
    store = tmp_path / "flat.grn"
    assert grn("init", store, "--covariance", tmp_path / "identity.npz").code == 0
    assert grn("commit", tmp_path / "sets.gmt", "--strength", 1, "-s", store).code == 0

    together = [set(genes) for _, *genes in lines]
    expected = [pair for pair in itertools.combinations(panel, 2) if any(set(pair) <= genes for genes in together)]
    changes = grn("diff", "v0..v1", "--threshold", 0.1, "--json", "-s", store).json["changes"]
    assert [(change["gene_a"], change["gene_b"]) for change in changes] == expected  # however a machine rounds
    rho = 1 / len(lines[0][1:])  # s²/(λ + (m−1)s²), docs/mathematics.md
    assert [change["delta"] for change in changes] == pytest.approx([rho] * len(expected), abs=1e-14)

    strongest = grn("edges", "--top", 2, "--json", "-s", store).json
    assert [(edge["gene_a"], edge["gene_b"]) for edge in strongest["edges"]] == expected, "what ties is listed too"
    again = grn("edges", "--threshold", repr(strongest["threshold"]), "--json", "-s", store).json
    assert again["edges"] == strongest["edges"]


@pytest.mark.parametrize("version", ["v0", "v3", "v5", "v6"])
def test_edges_agree_with_dense_matrices(ask: Callable[..., Any], truth: Truth, version: str) -> None:
    rho = truth.rho(version)
    ranked = sorted(pairs(), key=lambda pair: -abs(rho[pair]))
    network = ask("edges", "--at", version, "--top", 9, "--json").json
    edges = network["edges"]
    assert set(network) == {*IDENTITY, "rule", "threshold", "top", *ORDER, "count", "edges"}
    assert [(edge["gene_a"], edge["gene_b"]) for edge in edges] == [(GENES[i], GENES[j]) for i, j in ranked[:9]]
    assert [edge["rho"] for edge in edges] == pytest.approx([rho[pair] for pair in ranked[:9]], abs=TOLERANCE)
    assert (network["version"], network["rule"], network["top"], network["count"]) == (version, "top", 9, 9)
    assert network["threshold"] == abs(edges[-1]["rho"])


def test_a_pair_at_the_threshold_itself_is_an_edge(ask: Callable[..., Any]) -> None:
    weakest = ask("edges", "--top", 7, "--json").json["edges"][-1]["rho"]
    network = ask("edges", "--threshold", repr(abs(weakest)), "--json").json
    assert (network["rule"], network["threshold"], network["count"]) == ("threshold", abs(weakest), 7)
    assert network["edges"][-1]["rho"] == weakest


def test_rows_hold_the_same_numbers_to_the_last_bit(ask: Callable[..., Any]) -> None:
    edges = ask("edges", "--json").json["edges"]
    rows = ask("edges", "--tsv").rows
    assert [{**row, "rho": float(row["rho"])} for row in rows] == edges
    changes = ask("diff", "v0..v6", "--json").json["changes"]
    rows = ask("diff", "v0..v6", "--tsv").rows
    numbers = ("rho_from", "rho_to", "delta", "delta_abs")
    assert [{**row, **{name: float(row[name]) for name in numbers}} for row in rows] == changes


def test_edges_say_the_rule_the_rho_and_the_count_beside_the_answer(ask: Callable[..., Any]) -> None:
    answer = ask("edges", "--top", 4)
    weakest = ask("edges", "--top", 4, "--json").json["threshold"]
    assert answer.err == f"4 edges: the 4 strongest of v6, |ρ| ≥ {weakest:.4g}\n"
    assert answer.out.splitlines()[0].split() == ["gene", "a", "gene", "b", "ρ"]
    assert len(answer.out.splitlines()) == 5
    assert ask("edges").err.startswith("12 edges: the 12 strongest of v6")


@pytest.mark.parametrize("verb", [("edges",), ("neighbors", "MYC")])
def test_an_empty_answer_names_a_threshold_that_would_not_be_empty(ask: Callable[..., Any], verb: tuple[str]) -> None:
    empty = ask(*verb, "--threshold", 0.99)
    assert empty.out == ""
    suggested = empty.err.rstrip(".\n").split("--threshold ")[1]
    assert ask(*verb, "--threshold", suggested).out
    assert ask(*verb, "--threshold", 0.99, "--json").json["count"] == 0


@pytest.mark.parametrize("strongest", [0.0147, 0.0185, 0.0106, 0.95, 1.0, 0.99999, 3e-7, 0.1])
def test_the_suggested_threshold_is_never_above_the_strongest(strongest: float) -> None:
    from grnledger.cli.answers.edges import no_edges_text

    text = no_edges_text(0.999, strongest, "of v0")
    suggested = float(text.rstrip(".").split("--threshold ")[1])
    assert 0.8 * strongest < suggested <= strongest


def test_neighbors_agree_with_dense_matrices(ask: Callable[..., Any], truth: Truth) -> None:
    row = truth.rho("v3")[INDEX["CDKN1A"]].copy()
    others = sorted((index for index in range(12) if index != 2), key=lambda index: -abs(row[index]))
    answer = ask("neighbors", "CDKN1A", "--at", "paper", "--top", 4, "--json").json
    assert set(answer) == {*IDENTITY, "gene", "rule", "threshold", "top", *ORDER, "count", "neighbors"}
    assert (answer["version"], answer["gene"], answer["count"]) == ("v3", "CDKN1A", 4)
    partners = answer["neighbors"]
    assert [partner["gene"] for partner in partners] == [GENES[index] for index in others[:4]]
    assert [partner["rho"] for partner in partners] == pytest.approx([row[i] for i in others[:4]], abs=TOLERANCE)
    assert len(ask("neighbors", "CDKN1A", "--tsv").rows) == 11
    assert ask("neighbors", "CDKN1A", "--top", 2).err.startswith("2 edges: the 2 strongest of CDKN1A in v6")


def test_the_partners_of_a_hub_are_named_by_the_set_that_most_of_them_are_in(
    ask: Callable[..., Any], tmp_path: Path
) -> None:
    partners = [row["gene"] for row in ask("neighbors", "CDKN1A", "--top", 4, "--json").json["neighbors"]]
    rest = [gene for gene in GENES if gene not in (*partners, "CDKN1A")]
    sets = {"MOST": ["CDKN1A", *partners[:3], rest[0], "ELSEWHERE"], "OTHERS": rest, "FEW": [partners[3], *rest[1:4]]}
    (tmp_path / "sets.gmt").write_text("".join("\t".join([name, "-", *genes]) + "\n" for name, genes in sets.items()))
    asked = ("neighbors", "CDKN1A", "--top", 4, "--sets", tmp_path / "sets.gmt")
    p = [hypergeom.sf(shared - 1, 11, size, 4) for shared, size in ((3, 4), (0, 7), (1, 4))]
    expected = {"name": "MOST", "shared": 3, "size": 4, "q": pytest.approx(false_discovery_control(p)[0])}
    assert ask(*asked, "--json").json["best_set"] == expected
    assert "3 of these 4 are in MOST, which has 4 genes of the panel" in ask(*asked).err
    (tmp_path / "sets.gmt").write_text("\t".join(["OTHERS", "-", *rest]) + "\n")
    assert ask(*asked, "--json").json["best_set"] is None
    assert "None of these genes is in any set." in ask(*asked).err


def test_trace_follows_a_pair_along_first_parents_and_names_what_moved_it(
    ask: Callable[..., Any], truth: Truth
) -> None:
    trace = ask("trace", "TP53", "MDM2", "--json").json
    assert (trace["gene_a"], trace["gene_b"], trace["count"]) == ("TP53", "MDM2", 6)
    assert [step["version"] for step in trace["trace"]] == list(MAIN)
    rho = [truth.rho(version)[0, 1] for version in MAIN]
    assert [step["rho"] for step in trace["trace"]] == pytest.approx(rho, abs=TOLERANCE)
    assert [step["delta"] for step in trace["trace"]] == pytest.approx([0.0, *np.diff(rho)], abs=TOLERANCE)
    assert [step["moved"] for step in trace["trace"]] == [False, True, True, True, True, True]
    rows = ask("trace", "TP53", "MDM2", "--tsv").rows
    assert [row["moved_by"] for row in rows][:3] == ["", "+ P53", "+ MYC"]
    assert [row["moved_by"] for row in rows][4:] == ["dropped MYC", "merge drug-a into main"]
    assert ask("trace", "MDM2", "TP53", "--json").json["trace"][1]["rho"] == pytest.approx(rho[1], abs=TOLERANCE)


def test_trace_of_a_range_begins_at_its_first_version(ask: Callable[..., Any]) -> None:
    versions = [row["version"] for row in ask("trace", "TP53", "MDM2", "v1..v3", "--tsv").rows]
    assert versions == ["v1", "v2", "v3"]
    answer = ask("trace", "TP53", "MDM2", "v2..drug-a")
    assert "v2 is not a first-parent ancestor of v5: the trace begins at v0." in answer.err
    assert [line.split()[0] for line in answer.out.splitlines()[1:]] == ["v0", "v1", "v5"]


@pytest.mark.parametrize(
    ("version", "pair"), [("v6", ("TP53", "MDM2")), ("v3", ("CDKN1A", "MYC")), ("v5", ("IL6", "TNF"))]
)
def test_factors_of_a_pair_are_the_version_less_the_version_without_the_pathway(
    ask: Callable[..., Any], truth: Truth, version: str, pair: tuple[str, str]
) -> None:
    attribution = ask("factors", *pair, "--at", version, "--json").json
    i, j = (INDEX[gene] for gene in pair)
    assert (attribution["gene"], attribution["partner"], attribution["version"]) == (*pair, version)
    active = ACTIVE[version].replace("−", "").split()
    assert sorted(factor["pathway"] for factor in attribution["factors"]) == sorted(active)
    for factor in attribution["factors"]:
        before, after = truth.rho(version, without=factor["pathway"])[i, j], truth.rho(version)[i, j]
        numbers = [factor["rho"], factor["rho_without"], factor["delta"]]
        assert numbers == pytest.approx([after, before, after - before], abs=TOLERANCE)
        assert "mean_abs_delta" not in factor
    sizes = [abs(factor["delta"]) for factor in attribution["factors"]]
    assert sizes == sorted(sizes, reverse=True)


def test_factors_of_a_gene_name_the_partner_that_each_pathway_moves_most(ask: Callable[..., Any], truth: Truth) -> None:
    attribution = ask("factors", "TNF", "--json").json
    others = [index for index in range(12) if GENES[index] != "TNF"]
    assert attribution["partner"] is None
    for factor in attribution["factors"]:
        delta = (truth.rho("v6") - truth.rho("v6", without=factor["pathway"]))[INDEX["TNF"], others]
        assert factor["partner"] == GENES[others[int(np.argmax(abs(delta)))]]
        assert factor["delta"] == pytest.approx(delta[np.argmax(abs(delta))], abs=TOLERANCE)
        assert factor["mean_abs_delta"] == pytest.approx(np.mean(abs(delta)), abs=TOLERANCE)
    assert [row["pathway"] for row in ask("factors", "TNF", "--tsv").rows] == [
        factor["pathway"] for factor in attribution["factors"]
    ]
    assert "No pathway is active in v0" in ask("factors", "TNF", "--at", "v0").err


def test_show_reports_what_a_version_changed_and_how_it_is_read(ask: Callable[..., Any]) -> None:
    version = ask("show", "v1", "--json").json
    assert version["missing"] == {"P53": ["PHLDA3"]}
    assert version["source"]["file"] == "sets.gmt"
    assert version["source"]["parameters"] == {"format": "gmt", "strength": 0.3, "units": "sd"}
    assert (version["anchor"], version["since_anchor"], version["rank_since_anchor"]) == (None, 1, 1)
    assert version["probe"] is None
    assert ask("show", "v0", "--json").json["probe"] < 1e-12
    assert version["active"] == [{"name": "P53", "genes": 4, "sign": 1, "since": "v1", "units": "sd"}]
    text = ask("show", "v1").out
    for phrase in ("the p53 set", "sets.gmt", "1 gene of P53 not on the panel: PHLDA3", "rank ", "anchor "):
        assert phrase in text
    assert "not run: every 16th commit since the anchor has one" in text
    assert "relative error of ΣΘ" in ask("show", "v0").out
    merged = ask("show", "HEAD", "--json").json
    assert 0 < merged["guard"] < 1
    assert [row["pathway"] for row in ask("show", "--tsv").rows] == [pathway["name"] for pathway in merged["active"]]
    assert "− " in ask("show").out


def test_info_reports_sizes_and_eigenvalues(ask: Callable[..., Any], truth: Truth, store: Path) -> None:
    info = ask("info", "--json").json
    values = np.linalg.eigvalsh(truth.sigma("v6"))
    assert info["smallest_eigenvalue"] == pytest.approx(values[0], rel=1e-8)
    assert info["largest_eigenvalue"] == pytest.approx(values[-1], rel=1e-8)
    assert info["condition"] == pytest.approx(values[-1] / values[0], rel=1e-8)
    assert info["log_det"] == pytest.approx(np.linalg.slogdet(truth.sigma("v6"))[1], rel=1e-10)
    assert info["parameters_full"] == 78
    assert (info["versions"], info["rank"], info["active_pathways"]) == (7, 4, 4)
    assert info["branches"] == {"drug-a": "v5", "main": "v6"}
    assert (info["tags"], info["head"]) == ({"paper": "v3"}, {"main": "v6"})
    assert info["base_record"]["estimator"] == "given covariance"
    assert info["bytes_on_disk"] == sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    assert ask("info", "--at", "v0", "--json").json["largest_eigenvalue"] == pytest.approx(
        np.linalg.eigvalsh(truth.base)[-1], rel=1e-8
    )
    rows = {row["name"]: row["value"] for row in ask("info", "--tsv").rows}
    assert float(rows["condition"]) == info["condition"]
    assert "condition" in ask("info").out
    assert "numpy" in ask("info", "--system").out


def test_info_prints_all_eigenvalues_of_a_dense_base_in_every_form(ask: Callable[..., Any], truth: Truth) -> None:
    for rev in ("v0", "v6"):
        expected = np.linalg.eigvalsh(truth.sigma(rev))[::-1]
        answer = ask("info", "--spectrum", "--at", rev, "--json").json
        assert (answer["version"], answer["spectrum_of"]) == (rev, "covariance")
        assert answer["eigenvalues"] == pytest.approx(expected, rel=1e-10)
        rows = ask("info", "--spectrum", "--at", rev, "--tsv").rows
        assert [(int(row["number"]), float(row["eigenvalue"])) for row in rows] == [
            *enumerate(answer["eigenvalues"], start=1)
        ]
        lines = ask("info", "--spectrum", "--at", rev).out.splitlines()
        assert lines[0] == f"Eigenvalues of Σ in {rev}:"
        assert len(lines) == 2 + len(expected)


def test_info_prints_the_eigenvalues_of_the_factors_in_factor_form(grn: Callable[..., Any], tmp_path: Path) -> None:
    loadings = np.random.default_rng(5).normal(size=(30, 3))
    genes = [f"GENE{number}" for number in range(30)]
    np.savez(tmp_path / "model.npz", loadings=loadings, noise=np.ones(30), genes=genes)
    assert grn("init", tmp_path / "f.grn", "--factor-model", tmp_path / "model.npz").code == 0
    answer = grn("-s", tmp_path / "f.grn", "info", "--spectrum", "--json").json
    assert answer["spectrum_of"] == "factors"
    assert answer["eigenvalues"] == pytest.approx(np.linalg.eigvalsh(loadings.T @ loadings)[::-1], rel=1e-10)
    text = grn("-s", tmp_path / "f.grn", "info", "--spectrum").out
    assert text.startswith("Eigenvalues of what factors and pathways add to the noise in v0:")
    both = grn("-s", tmp_path / "f.grn", "info", "--spectrum", "--system")
    assert (both.code, both.out) == (2, "")


def dense_matrix(truth: Truth, kind: str) -> NDArray[np.float64]:
    sigma = truth.sigma("v6")
    if kind == "correlation":
        return sigma / np.sqrt(np.outer(np.diag(sigma), np.diag(sigma)))
    return {"covariance": sigma, "precision": np.linalg.inv(sigma), "partial-correlation": truth.rho("v6")}[kind]


@pytest.mark.parametrize("kind", ["covariance", "correlation", "precision", "partial-correlation"])
def test_export_writes_each_matrix_in_each_format(
    ask: Callable[..., Any], truth: Truth, tmp_path: Path, kind: str
) -> None:
    expected = dense_matrix(truth, kind)
    for ending in ("npz", "npy", "tsv", "csv"):
        ask("export", "--matrix", kind, "-o", tmp_path / f"m.{ending}")
    with np.load(tmp_path / "m.npz") as archive:
        assert sorted(archive.files) == ["genes", "matrix"]
        assert archive["genes"].tolist() == list(GENES)
        matrix = archive["matrix"]
    np.testing.assert_allclose(matrix, expected, rtol=0, atol=1e-10)
    np.testing.assert_array_equal(np.load(tmp_path / "m.npy"), matrix)
    for ending, delimiter in (("tsv", "\t"), ("csv", ",")):
        with (tmp_path / f"m.{ending}").open(newline="") as file:
            head, *rows = csv.reader(file, delimiter=delimiter)
        assert head == ["gene", *GENES]
        assert [row[0] for row in rows] == list(GENES)
        np.testing.assert_array_equal(np.array([row[1:] for row in rows], dtype=float), matrix)


def test_export_of_some_genes_stands_in_the_order_asked(ask: Callable[..., Any], truth: Truth, tmp_path: Path) -> None:
    wanted = ["JUN", "TP53", "IL6"]
    indices = [INDEX[gene] for gene in wanted]
    expected = np.linalg.inv(truth.sigma("v1"))[np.ix_(indices, indices)]
    printed = ask("export", "--at", "v1", "--matrix", "precision", "--genes", ",".join(wanted)).rows
    assert [row["gene"] for row in printed] == wanted
    values = [[float(row[gene]) for gene in wanted] for row in printed]
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-10)
    (tmp_path / "genes.txt").write_text("# three of them\nJUN\tsomething\n\nTP53\nIL6\n")
    again = ask("export", "--at", "v1", "--matrix", "precision", "--genes", f"@{tmp_path / 'genes.txt'}").rows
    assert again == printed
    pair = ("--genes", "JUN,TP53")
    export = ask("export", "--matrix", "precision", *pair, "--output", tmp_path / "m.npz", "--json").json
    assert (export["version"], export["matrix"], export["genes"]) == ("v6", "precision", 2)
    assert export["content"] == ask("rev-parse", "HEAD", "--content").out.strip()


def test_rev_parse_prints_ids_by_line_and_both_sides_of_a_range(ask: Callable[..., Any]) -> None:
    ids = {version["version"]: version["id"] for version in ask("log", "--json").json["versions"]}
    assert ask("rev-parse", "HEAD", "paper", "v0..drug-a").out.split() == [ids[v] for v in ("v6", "v3", "v0", "v5")]
    assert ask("rev-parse", "HEAD^2", "HEAD~2", "drug-a^").out.split() == [ids[v] for v in ("v5", "v3", "v1")]
    assert ask("rev-parse", ids["v2"][:8], "--tsv").rows[0]["version"] == "v2"
    assert ask("rev-parse", "@{2030-01-01}", "--json").json["versions"][0]["version"] == "v6"


def test_every_version_in_every_answer_comes_with_its_content(ask: Callable[..., Any], tmp_path: Path) -> None:
    questions = [
        ("log",), ("log", "--refs"), ("show",), ("info",), ("diff", "v0..v1"), ("edges",), ("neighbors", "MYC"),
        ("trace", "MYC", "JUN"), ("factors", "MYC"), ("rev-parse", "v1"), ("branch",), ("tag",),
        ("export", "--matrix", "precision", "-o", tmp_path / "m.npy"),
    ]  # fmt: skip
    contents = {version["version"]: version["content"] for version in ask("log", "--json").json["versions"]}

    def check(answer: Any) -> None:
        if isinstance(answer, list):
            for part in answer:
                check(part)
        elif isinstance(answer, dict):
            if isinstance(answer.get("version"), str):
                assert answer["content"] == contents[answer["version"]]
            for part in answer.values():
                check(part)

    for question in questions:
        answer = ask(*question, "--json").json
        assert "content" in str(answer), question
        check(answer)
