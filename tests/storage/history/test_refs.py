"""Refs: a name is whatever stands behind `branch/` or `tag/`, and both kinds share their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grnledger
import numpy as np
import pytest
from grnledger.engine.errors import Conflict
from grnledger.storage.history.refs import Refs, other_kind, split_ref

if TYPE_CHECKING:
    from pathlib import Path

REFS = {
    "HEAD": ("", "HEAD"),
    "branch/main": ("branch/", "main"),
    "tag/paper": ("tag/", "paper"),
    "branch/tag/x": ("branch/", "tag/x"),
    "tag/branch/x": ("tag/", "branch/x"),
}


@pytest.mark.parametrize("ref", REFS)
def test_a_ref_is_a_kind_and_a_name(ref: str) -> None:
    kind, name = split_ref(ref)
    assert (kind, name) == REFS[ref]
    refs = Refs()
    refs.set(ref, "tip")
    assert refs.get(ref) == "tip"
    if kind:
        assert refs.of_kind(kind)[name] == "tip"
        assert name not in refs.of_kind(other_kind(kind))


def test_a_branch_may_be_called_as_a_tag_is_written(tmp_path: Path) -> None:
    """Such a branch could once be made, and then neither moved nor deleted."""
    repo = grnledger.init(tmp_path / "s.grn", covariance=np.eye(3), genes=["A", "B", "C"])
    repo.create_branch("tag/x", "v0")
    repo.delete_branch("tag/x")
    repo.create_tag("branch/x", "v0")
    with pytest.raises(Conflict, match="There is a tag branch/x already, at v0"):
        repo.create_branch("branch/x", "v0")
    again = grnledger.open(tmp_path / "s.grn")
    assert (list(again.branches), list(again.tags)) == (["main"], ["branch/x"])
    assert grnledger.verify(tmp_path / "s.grn").findings == []
