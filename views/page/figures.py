"""The figures of a page: some kinds of the registry, drawn as SVG."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..plot.kinds import KINDS
from ..plot.style import import_matplotlib
from ..plot.write import figure_of, render

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...analysis.report.report import Report
    from ...storage.repository import Repository

OF_A_RANGE = ("changes", "rho-histogram", "network-changes")
"""Kinds that the page on what changed between two versions has, where the registry has them and they are of a range."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as the page embeds it: its kind, a line on what it shows, and its SVG."""

    kind: str
    caption: str
    svg: bytes


def figures_of(repo: Repository, report: Report) -> tuple[Figure, ...]:
    """Return the figures of a report; none where nothing is compared.

    The same report gives the same bytes under one release of matplotlib.

    Raises
    ------
    InputError
        There would be figures, and matplotlib is not installed.
    """
    return tuple(_figures(repo, report))


def _figures(repo: Repository, report: Report) -> Iterator[Figure]:
    if report.before is None or not report.changes:
        return
    import_matplotlib()
    for name in OF_A_RANGE:
        kind = KINDS.get(name)
        if kind is not None and kind.of == "range":
            svg = draw_kind(repo, name, report.before.name, report.after.name)
            yield Figure(name, kind.caption, svg)


def draw_kind(repo: Repository, kind: str, before: str, after: str, **options: Any) -> bytes:
    """Return a figure of a kind, of what changed between two versions, as SVG.

    Raises
    ------
    InputError
        matplotlib is not installed.
    """
    value = KINDS[kind].compute()(repo, before, after, **options)
    return compact(render(figure_of(kind, value), "svg"))


def compact(svg: bytes) -> bytes:
    r"""Return an SVG as matplotlib writes it in fewer bytes: paths in hundredths of a point, no space between elements.

    Examples
    --------
    >>> compact(b'<g>\n <path d="M 1.23456 2 \nL 3.1 4 \n" x="1.23456"/>\n</g>')
    b'<g><path d="M 1.23 2 L 3.1 4" x="1.23456"/></g>'
    """
    text = re.sub(r">\s*\n\s*<", "><", svg.decode())
    return re.sub(r' d="([^"]*)"', lambda match: f' d="{_rounded(match[1])}"', text).encode()


def _rounded(path: str) -> str:
    return " ".join(re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", path).split())
