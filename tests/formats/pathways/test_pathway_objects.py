"""Pathways in memory: a DataFrame is read by the rules of tables, a dictionary by its names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.pathways.pathways import PathwayFile, read_pathways

if TYPE_CHECKING:
    from pathlib import Path

pandas = pytest.importorskip("pandas")

PANEL = Panel(("TP53", "MDM2", "MYC", "CDKN1A", "EGFR", "BAX", "TERT"))
NET = {"source": ["TP53", "TP53", "MYC"], "target": ["MDM2", "MYC", "TERT"], "weight": [0.5, -0.25, 1.234]}
RIGHT = {"TP53": {"TP53": 1.0, "MDM2": 0.5, "MYC": -0.25}, "MYC": {"MYC": 1.0, "TERT": 1.234}}
SIGNED = {"TP53": {"TP53": 1.0, "MDM2": 1.0, "MYC": -1.0}, "MYC": {"MYC": 1.0, "TERT": 1.0}}
SETS = {"A": {"TP53": 1.0, "MDM2": 1.0}, "B": {"MYC": 1.0}}


def loadings(file: PathwayFile) -> dict[str, dict[str, float]]:
    """Return the loadings by pathway and gene, in units of the strength."""
    return {
        pathway.names[0]: {
            PANEL.genes[gene]: round(float(loading) * 10, 6)
            for gene, loading in zip(pathway.genes.tolist(), pathway.loadings[:, 0], strict=True)
        }
        for pathway in file.pathways
    }


def frames() -> dict[str, tuple[Any, dict[str, dict[str, float]]]]:
    net = pandas.DataFrame(NET)
    named = pandas.DataFrame({"geneset": ["A", "A", "B"], "genesymbol": ["TP53", "MDM2", "MYC"]})
    member = pandas.DataFrame({"A": [True, True, False], "B": [False, False, True]}, index=["TP53", "MDM2", "MYC"])
    return {
        "decoupler's net": (net, RIGHT),
        "a part of it": (pandas.concat([net.assign(source="BAX"), net]).iloc[3:], RIGHT),
        "an index of names": (net.set_index("source"), RIGHT),
        "categories": (net.astype({"source": "category"}), RIGHT),
        "whole weights": (
            net.assign(weight=[1, -1, 1]),
            {"TP53": {"TP53": 1, "MDM2": 1, "MYC": -1}, "MYC": {"MYC": 1, "TERT": 1}},
        ),
        "sets": (named, SETS),
        "lists in cells": (pandas.DataFrame({"set": ["A", "B"], "genes": [["TP53", "MDM2"], ["MYC"]]}), SETS),
        "memberships": (member, SETS),
    }


@pytest.mark.parametrize("name", list(frames()))
def test_a_frame_is_read_by_the_rules_of_tables(name: str):
    frame, right = frames()[name]
    assert loadings(read_pathways(frame, PANEL)) == right


def test_a_dictionary_has_genes_or_weights_by_names():
    for genes in (["TP53", "MDM2"], ("TP53", "MDM2"), {"TP53", "MDM2"}, np.array(["TP53", "MDM2", "TP53"])):
        file = read_pathways({"A": genes, "B": ["MYC"]}, PANEL)
        assert (loadings(file), file.kind) == (SETS, "dict")
    weighted = read_pathways({"A": {"TP53": 0.5, "MDM2": np.float32(-1)}}, PANEL)
    assert loadings(weighted) == {"A": {"TP53": 0.5, "MDM2": -1.0}}
    assert read_pathways({"A": [7157]}, Panel(("7157", "1"))).pathways[0].genes.tolist() == [0]


def test_options_go_with_a_frame_as_with_a_table():
    frame = pandas.DataFrame(NET).rename(columns={"weight": "score"})
    assert loadings(read_pathways(frame, PANEL, weight_column="score")) == RIGHT
    with pytest.raises(InputError, match="column 'score' of The DataFrame may hold the signs"):
        read_pathways(frame, PANEL)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ({}, "holds no gene set"),
        ({"A": []}, "the gene set A has no genes"),
        ({"A": "TP53"}, "the genes of A are no list"),
        ({"A": [None]}, "no name of a gene"),
        ({"A": {"TP53": "high"}}, "the weight 'high' of TP53 in A is not a finite number"),
        ({"A": {"TP53": float("nan")}}, "not a finite number"),
        ([["A", "TP53"]], "an object of type list"),
        (3, "an object of type int"),
    ],
)
def test_what_is_no_dictionary_of_sets_is_refused(source: object, sentence: str):
    with pytest.raises(InputError, match=sentence):
        read_pathways(source, PANEL)


def test_pathways_in_memory_are_committed_without_a_file(tmp_path: Path):
    names = [f"G{i}" for i in range(12)]
    values = np.random.default_rng(1).normal(size=(12, 30))
    repo = grnledger.init(tmp_path / "s.grn", expression=(values, names, [f"s{i}" for i in range(30)]))
    version = repo.commit(grnledger.read_pathways({"A": names[:4]}, repo.panel), message="sets")
    assert version.source is None
