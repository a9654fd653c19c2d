"""Names that others rely on are never taken away: fields of records, texts of the layout, keys, columns, exit codes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

GOLDEN = Path(__file__).parent / "golden"
FROZEN = json.loads((GOLDEN / "frozen_names.json").read_text(encoding="utf-8"))


def names_today(folder: Path) -> Any:
    """Return the same lists, made with today's code in an empty folder."""
    spec = importlib.util.spec_from_file_location("make_frozen_names", GOLDEN / "make_frozen_names.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script.sorted_names(script.frozen_names(folder))


def gone(frozen: Any, today: Any, path: str = "") -> list[str]:
    """Return what of the frozen lists is missing today, each name after the lists that it stands in."""
    if isinstance(frozen, dict):
        return [
            line
            for name, inner in frozen.items()
            for line in (gone(inner, today[name], f"{path}{name}: ") if name in today else [f"{path}{name}"])
        ]
    return [f"{path}{name}" for name in frozen if name not in today]


def test_no_name_is_gone_or_changed(tmp_path: Path) -> None:
    assert gone(FROZEN, names_today(tmp_path)) == []


def test_a_name_that_is_gone_is_named() -> None:
    frozen = {"edges": ["count", "edges[].rho"], "log": ["schema"]}
    assert gone(frozen, {"edges": ["count", "edges[].r", "new"]}) == ["edges: edges[].rho", "log"]
