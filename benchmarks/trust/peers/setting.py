"""What a test is given: which store, how much of it, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .contenders import CONTENDERS, Contender

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .model import Truth


@dataclass(frozen=True, slots=True)
class Setting:
    """One store under one test.

    Parameters
    ----------
    key : str
        The store's name in `CONTENDERS`; processes are told this.
    truth : Truth
        What its versions have to be.
    count : int
        How many trials.
    seed : int
        Of the test's own choices.
    new_folder : callable
        Returns an empty folder; whoever asks for it removes it.
    tell : callable
        Takes a finding in words, for `--details`.
    """

    key: str
    truth: Truth
    count: int
    seed: int
    new_folder: Callable[[], Path]
    tell: Callable[[str], None]

    @property
    def contender(self) -> Contender:
        """The store and its rules."""
        return CONTENDERS[self.key]

    def new_store(self) -> Path:
        """Return the folder of a new store that holds version 0."""
        folder = self.new_folder()
        self.contender.create(folder, self.truth.base())
        return folder
