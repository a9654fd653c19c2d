"""The commands that answer in full what pages of a report list."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ...analysis.report.report import Report


def commands_of(report: Report) -> dict[str, str]:
    """Return the commands that answer in full what sections of the page list."""
    from ...analysis.report.gather import CHANGES

    after = report.after.name
    commands = {
        "edges": f"grn edges --at {after}",
        "links": f"grn links --at {after}",
        "pathways": f"grn support --at {after}",
        "report": f"grn report {after}",
    }
    if report.before is not None:
        range_ = f"{report.before.name}..{after}"
        commands |= {"changes": f"grn diff {range_} --changes {CHANGES}", "report": f"grn report {range_}"}
    return commands
