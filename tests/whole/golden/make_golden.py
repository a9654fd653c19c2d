"""Make the golden stores of format 1: `python tests/whole/golden/make_golden.py FOLDER`. They are made once and kept.

`factor.grn` has a factor base and most of what a store can hold: packs beside loose entries, a merge, a revert, tags,
a subtraction, tied pathways, both units. `dense.grn` has a dense base and a re-inversion. `factor.h5` is the first,
exported. `expected.json` says what they must answer for ever.
"""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grnledger
import numpy as np
from grnledger.engine.network.covariance import FactorCovariance

GENES = ("TP53", "MDM2", "CDKN1A", "MYC", "BAX", "Ärger-1", "GAPDH", "ACTB")
START = datetime(2026, 11, 20, 12, tzinfo=UTC)


def factor(folder: Path) -> grnledger.Repository:
    """Return a store with a factor base and a history of all sorts."""
    rng = np.random.default_rng(20)
    base = FactorCovariance(noise=rng.uniform(0.5, 1.5, len(GENES)), loadings=rng.normal(size=(len(GENES), 2)))
    path = folder / "factor.grn"
    grnledger.init(path, factor_model=base, genes=GENES, author="golden", time=START)
    panel = grnledger.open(path).panel

    def at(minutes: int) -> grnledger.Repository:
        return grnledger.open(path, author="golden", time=START + timedelta(minutes=minutes))

    at(1).commit(grnledger.Pathway.of(panel, "p53", {"TP53": 0.4, "MDM2": -0.2, "CDKN1A": 0.3}), message="p53")
    at(2).create_branch("drug-a")
    at(3).commit(grnledger.Pathway.of(panel, "myc", {"MYC": 1.5, "BAX": 0.5}, units="raw"), message="MYC, in raw units")
    at(4).create_tag("paper")
    at(5).pack()
    at(6).switch("drug-a")
    tied = grnledger.Pathway(
        names=("stress", "heat"),
        genes=np.array([4, 5, 6]),
        loadings=np.array([[0.5, 0.0], [0.25, 0.5], [0.0, 1.0]]),
        covariance=np.array([[1.0, 0.3], [0.3, 2.0]]),
    )
    at(7).commit(tied, message="two pathways, tied")
    less = grnledger.Pathway.of(panel, "repressed", {"ACTB": 0.2, "GAPDH": 0.1}, sign=-1)
    at(8).commit(less, message="taken out\n\nover two lines")
    at(9).switch("main")
    at(10).merge("drug-a", message="merge drug-a")
    at(11).revert("v1", message="p53 again without")
    at(12).rollback("HEAD~1")
    return at(13)


def dense(folder: Path) -> grnledger.Repository:
    """Return a store with a dense base and a full inversion of a version."""
    rng = np.random.default_rng(21)
    root = rng.normal(size=(5, 9))
    path = folder / "dense.grn"
    repo = grnledger.init(path, covariance=root @ root.T / 9, genes=GENES[:5], author="golden", time=START)
    repo.commit(grnledger.Pathway.of(repo.panel, "p53", {"TP53": 0.4, "MDM2": 0.2}), message="p53")
    repo.reinvert()
    repo.commit(grnledger.Pathway.of(repo.panel, "myc", {"MYC": 0.3, "BAX": 0.1}), message="MYC")
    return repo


def answers(repo: grnledger.Repository) -> dict[str, object]:
    """Return what a store must answer for ever."""
    return {
        "genes": list(repo.panel.genes),
        "head": repo.head,
        "refs": {name: version.name for name, version in (repo.branches | repo.tags).items()},
        "moves": [[move.number, move.ref, move.before, move.after, move.reason, move.time] for move in repo.moves],
        "versions": [
            {
                "id": version.id,
                "content": version.content,
                "parents": list(version.parents),
                "message": version.message,
                "active": [active.label for active in repo.active(version.name)],
                "precision": repo.snapshot(version.name).precision.rows(list(repo.panel.genes)).tolist(),
            }
            for version in reversed(repo.versions(None))
        ],
    }


def main(folder: Path) -> None:
    """Make the stores, and what they answer, in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    stores = {"factor.grn": factor(folder), "dense.grn": dense(folder)}
    stores["factor.grn"].export(folder / "factor.h5")
    expected = {name: answers(repo) for name, repo in stores.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for name in stores:
        shutil.rmtree(folder / name / "cache")  # derived


if __name__ == "__main__":
    main(Path(sys.argv[1]))
