"""Networks to draw: their edges are those of the dense matrices, and their layout is the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.analysis.pictures.drawn_network import Line, drawn_network
from grnledger.analysis.pictures.layout import layout
from grnledger.analysis.pictures.network import network_around, network_changes
from grnledger.engine.errors import InputError, NotFound
from grnledger.engine.network.pathway import Pathway

if TYPE_CHECKING:
    from pathlib import Path

    from grnledger.storage.repository import Repository
    from numpy.typing import NDArray

GENES = tuple(f"G{number:02d}" for number in range(24))


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """24 genes on a dense base, with a pathway added in v1, and dropped for a subtraction in v2."""
    factors = np.random.default_rng(5).normal(size=(24, 3)) / 3
    covariance = factors @ factors.T + np.eye(24)
    repo = grnledger.init(tmp_path / "s.grn", covariance=covariance, genes=GENES)
    repo.commit(Pathway(("P",), np.arange(5), np.full((5, 1), 0.8)))
    repo.revert("v1")
    repo.commit(Pathway(("MINUS",), np.arange(8, 12), np.full((4, 1), 0.4), sign=-1))
    return repo


def dense(repo: Repository, rev: str) -> NDArray[np.float64]:
    theta = np.linalg.inv(repo.snapshot(rev).covariance.to_dense())
    scale = 1 / np.sqrt(np.diagonal(theta))
    rho = -theta * scale * scale[:, None]
    np.fill_diagonal(rho, 0.0)
    return rho


@pytest.mark.parametrize("after", ["v1", "v3"])
def test_changes_are_those_of_the_dense_matrices(repo: Repository, after: str) -> None:
    drawing = network_changes(repo, "v0", after)
    first, second = dense(repo, "v0"), dense(repo, after)
    upper = np.triu_indices(24, 1)
    threshold = np.sort(np.abs(first[upper]))[-24]
    assert drawing.threshold == pytest.approx(threshold, rel=1e-6)
    was, now = np.abs(first) >= threshold * (1 - 1e-9), np.abs(second) >= threshold * (1 - 1e-9)
    of = {"gained": now & ~was, "lost": was & ~now, "sign_flipped": was & now & (first * second < 0)}
    of["kept"] = was & now & (first * second > 0)
    assert dict(drawing.counts) == {kind: int(mask[upper].sum()) for kind, mask in of.items()}
    assert drawing.left_out["gained"] == drawing.left_out["lost"] == 0
    pairs = [edge for edge in drawing.edges if edge.kind != "link"]
    assert pairs
    for edge in pairs:
        left, right = (GENES.index(drawing.nodes[end].name) for end in (edge.source, edge.target))
        assert of[edge.kind][left, right]
        assert edge.rho_before == pytest.approx(first[left, right], abs=1e-9)
        assert edge.rho_after == pytest.approx(second[left, right], abs=1e-9)
    links = [edge for edge in drawing.edges if edge.kind == "link"]
    assert {drawing.nodes[link.source].name for link in links} == ({"P"} if after == "v1" else set())
    assert all(link.rho_before is None and not link.is_member for link in links)


def test_a_pathway_that_was_dropped_loses_its_links(repo: Repository) -> None:
    links = [edge for edge in network_changes(repo, "v1", "v2").edges if edge.kind == "link"]
    assert links
    assert all(link.rho_after is None for link in links)


def test_equal_content_has_no_change(repo: Repository) -> None:
    assert network_changes(repo, "v0", "v2").edges == ()


def test_around_a_gene_are_its_strongest_partners_and_the_pathways_that_load_on_it(repo: Repository) -> None:
    drawing = network_around(repo, "v1", genes=["G02"], top=9)
    assert (drawing.nodes[0].name, drawing.nodes[0].is_focus, len(drawing.edges)) == ("G02", True, 9)
    row = np.abs(dense(repo, "v1")[2])
    partners = {
        drawing.nodes[max(edge.source, edge.target)].name
        for edge in drawing.edges
        if edge.kind == "edge" and 0 in (edge.source, edge.target)
    }
    assert partners >= {GENES[index] for index in np.argsort(-row)[:6]}
    assert [drawing.nodes[edge.source].name for edge in drawing.edges if edge.kind == "link"] == ["P"]


def test_around_a_pathway_are_members_and_others(repo: Repository) -> None:
    links = [edge for edge in network_around(repo, "v1", pathways=["P"]).edges if edge.kind == "link"]
    assert sum(link.is_member for link in links) == 5
    assert sum(not link.is_member for link in links) >= 5


def test_around_nothing_are_the_strongest_edges(repo: Repository) -> None:
    drawing = network_around(repo, "v0", top=7)
    upper = np.triu_indices(24, 1)
    strongest = -np.sort(-np.abs(dense(repo, "v0")[upper]))[:7]
    np.testing.assert_allclose([edge.strength for edge in drawing.edges], strongest, rtol=1e-6)
    assert drawing.left_out == {"edge": 24 * 23 // 2 - 7}
    assert sum(node.degree for node in drawing.nodes) == 14


def test_more_than_can_be_told_apart_is_refused(repo: Repository) -> None:
    with pytest.raises(InputError, match="1 to 150 edges"):
        network_around(repo, "v0", top=151)
    with pytest.raises(NotFound):
        network_around(repo, "v0", genes=["nobody"])


HUB = [(0, end) for end in range(1, 12)]
CLIQUE = [(left, right) for left in range(12, 24) for right in range(left) if left > right >= 12]
PAIRS = [(24, 25), (26, 27), (29, 30), (30, 31)]


def test_components_do_not_overlap_and_nodes_keep_apart() -> None:
    edges = [*HUB, *CLIQUE, *PAIRS]
    positions = layout(32, edges)
    assert positions.min() == 0
    assert positions.max() == 1
    boxes = [positions[list(part)] for part in (range(12), range(12, 24), (24, 25), (26, 27), (28,), (29, 30, 31))]
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            apart = (one.min(axis=0) > other.max(axis=0)) | (other.min(axis=0) > one.max(axis=0))
            assert apart.any()
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)[np.triu_indices(32, 1)]
    assert distances.min() > 0.03


def test_a_layout_is_the_same_in_another_process() -> None:
    edges = [*HUB, *CLIQUE, *PAIRS]
    code = f"from grnledger.analysis.pictures.layout import layout; print(layout(32, {edges}).tolist())"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        ).stdout
        for seed in ("1", "2")
    }
    assert printed == {f"{layout(32, edges).tolist()}\n"}


def test_the_smallest_networks_have_a_layout() -> None:
    assert layout(0, []).shape == (0, 2)
    assert layout(1, []).tolist() == [[0.5, 0.5]]
    drawing = drawn_network(("A", "B"), [Line(1, 0, "edge", None, -0.5, 0.5)], (0,), after="v0", ranked_by="rho",
                            threshold=0.5, counts={})  # fmt: skip
    assert [(node.name, node.degree) for node in drawing.nodes] == [("A", 1), ("B", 1)]
    assert {node.x for node in drawing.nodes} == {0, 1}
