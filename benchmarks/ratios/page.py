"""The page of all ratios, and the plot of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import scipy.linalg  # noqa: F401  its BLAS, and NumPy's, are among the setting

from .. import setting
from .parts import PARTS
from .rows import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .rows import Absence

PACKAGES = (
    "linear-operator", "torch", "river", "versioned-hdf5", "icechunk", "scikit-learn",
    "fastlmm", "glimix-core",
)  # fmt: skip
HEAD = "| question | setting | peer | ours | peer's | ratio | goal |\n|---|---|---|---|---|---|---|"


def write_page(path: Path, parts: Mapping[str, Sequence[Row | Absence]], *, quick: bool, minutes: float) -> None:
    """Write the page, and the plot beside it where matplotlib is installed."""
    form = "python -m benchmarks --quick" if quick else "python -m benchmarks"
    lines = [
        "# Ratios against named peers",
        "",
        f"Made by `{form}` in {minutes:.1f} minutes. A ratio is the peer's median time over ours, both measured in",
        "turns in one run; above 1 this project is the faster. Absolute times hold for this machine alone.",
        "",
        *(f"    {line}" for line in setting.described(1, *PACKAGES).splitlines()),
        "",
    ]
    if _draw(path.with_suffix(".svg"), parts):
        lines += [f"![All ratios, on a logarithmic axis]({path.with_suffix('.svg').name})", ""]
    for part, rows in parts.items():
        lines += [f"## {PARTS[part]}", "", HEAD]
        lines += [_table_line(row) for row in rows if isinstance(row, Row)]
        absent = [f"{row.peer} ({row.reason})" for row in rows if not isinstance(row, Row)]
        lines += ["", f"Not measured: {'; '.join(absent)}.", ""] if absent else [""]
    path.write_text("\n".join(lines), encoding="utf-8")


def _table_line(row: Row) -> str:
    goal = "" if row.goal is None else f"{row.goal:.3g} × {'met' if row.ratio >= row.goal else '**missed**'}"
    cells = (
        row.question, row.setting, row.peer, f"{_time(row.seconds)} {row.clock}", _time(row.peer_seconds),
        f"**{row.ratio:.3g} ×**", goal,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _time(seconds: float) -> str:
    """Return a time with its unit, in three digits."""
    unit, factor = ("s", 1.0) if seconds >= 1.0 else ("ms", 1e3) if seconds >= 1e-3 else ("µs", 1e6)
    return f"{seconds * factor:.3g} {unit}"


def _draw(path: Path, parts: Mapping[str, Sequence[Row | Absence]]) -> bool:
    """Draw all ratios as points on a logarithmic axis, goals as bars; return whether matplotlib is there to do it."""
    try:
        import matplotlib as mpl
    except ImportError:
        return False
    mpl.use("svg")
    from matplotlib import pyplot as plt

    rows = [(PARTS[part], row) for part, part_rows in parts.items() for row in part_rows if isinstance(row, Row)]
    if not rows:
        return False
    figure, axes = plt.subplots(figsize=(9, 1 + 0.24 * len(rows)), layout="constrained")
    colours = {part: f"C{index}" for index, part in enumerate(dict.fromkeys(part for part, _ in rows))}
    for height, (part, row) in enumerate(reversed(rows)):
        axes.plot(row.ratio, height, "o", color=colours[part])
        if row.goal is not None:
            axes.plot(row.goal, height, "|", color="0.3", markersize=12)
    axes.set_yticks(range(len(rows)), [f"{row.question}, {row.setting}: {row.peer}" for _, row in reversed(rows)])
    axes.tick_params(axis="y", labelsize=7)
    axes.set_xscale("log")
    axes.axvline(1.0, color="0.6", linewidth=1)
    axes.set_xlabel("times the peer's speed (bar: the goal that was set)")
    axes.grid(axis="x", color="0.9")
    axes.set_axisbelow(True)
    with mpl.rc_context({"svg.hashsalt": "grnledger", "svg.fonttype": "none"}):
        figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
    return True
