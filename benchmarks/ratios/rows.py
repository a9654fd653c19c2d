"""One ratio: a question, the peer that answers it too, and the median time of both in turns."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured.

    Parameters
    ----------
    quick : bool
        Whether small sizes and few rounds are enough.
    data : Path
        The folder where real files are, if they are.
    """

    quick: bool
    data: Path

    @property
    def rounds(self) -> int:
        """How often each way is timed."""
        return 3 if self.quick else 7


@dataclass(frozen=True, slots=True)
class Row:
    """A ratio and what it is made of.

    Parameters
    ----------
    question : str
        What is asked.
    setting : str
        Sizes and ranks.
    peer : str
        Who answers it too.
    seconds, peer_seconds : float
        Medians of this project and of the peer.
    clock : str
        "CPU" seconds of the process, or "wall".
    goal : float, optional
        The ratio that was set as a goal, if any was.
    """

    question: str
    setting: str
    peer: str
    seconds: float
    peer_seconds: float
    clock: str = "CPU"
    goal: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the peer's speed this project has."""
        return self.peer_seconds / self.seconds

    def line(self) -> str:
        """Return the row as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Absence:
    """A peer that was not measured, and why."""

    peer: str
    reason: str

    def line(self) -> str:
        """Return it as a line of JSON."""
        return json.dumps({"absent": self.peer, "reason": self.reason}, ensure_ascii=False)


def read_line(line: str) -> Row | Absence:
    """Return the row or the absence that a line of JSON has."""
    fields = json.loads(line)
    return Absence(fields["absent"], fields["reason"]) if "absent" in fields else Row(**fields)


def against(
    ours: str, times: Mapping[str, float], question: str, setting: str, goals: Mapping[str, float] | None = None
) -> list[Row]:
    """Return a row for each way but ours, of the medians of all."""
    return [
        Row(question, setting, name, times[ours], seconds, goal=(goals or {}).get(name))
        for name, seconds in times.items()
        if name != ours
    ]
