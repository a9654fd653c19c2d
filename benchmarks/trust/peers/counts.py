"""What a test has counted, and the table of it."""

from __future__ import annotations

from dataclasses import dataclass, field

COLUMNS: tuple[str, ...] = ("right", "silently wrong", "error or crash", "acknowledged lost", "next write fails")
RIGHT, WRONG, ERROR, LOST, STUCK = COLUMNS


@dataclass(frozen=True, slots=True)
class Counted:
    """One row: a store under a test.

    Parameters
    ----------
    test : str
        Which one.
    store : str
        Whose.
    tried : int
        How many trials, or commits.
    unit : str
        What was tried.
    counts : dict
        By the name of the column; a column that is left out does not apply.
    note : str
        What else was seen.
    """

    test: str
    store: str
    tried: int
    unit: str
    counts: dict[str, int] = field(default_factory=dict[str, int])
    note: str = ""

    def row(self) -> list[str]:
        """Return the cells; beside each harm that was not seen, the rate it may still have at 95 %."""
        cells = [_cell(name, self.counts[name], self.tried) if name in self.counts else "" for name in COLUMNS]
        return [self.test, self.store, f"{self.tried:,} {self.unit}", *cells, self.note]


def markdown(rows: list[Counted]) -> str:
    """Return all rows as one table."""
    header = ["test", "store", "tried", *COLUMNS, "also"]
    cells = [header, ["---"] * len(header), *(row.row() for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def _cell(column: str, count: int, tried: int) -> str:
    if count or column == RIGHT or tried <= 3:  # three trials bound nothing
        return f"{count:,}"
    return f"0 (< {300 / tried:.2g} %)"
