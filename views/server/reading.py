"""What pages read of a store: its history at once, and numbers one question at a time, the last of them kept."""

from __future__ import annotations

import contextlib
import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeVar, cast

from ...analysis.chance import pair_tests_if_any
from ...analysis.report.gather import report_of
from ...analysis.report.gene import gene_report
from ...analysis.report.pathway import pathway_report
from ...storage.repository import Repository
from ..page.figures import draw_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Hashable
    from pathlib import Path

    from ...analysis.chance import PairTests
    from ...analysis.report.gene import GeneReport
    from ...analysis.report.pathway import PathwayReport
    from ...analysis.report.report import Report
    from ...storage.history.versions import Version

MOST_KEPT = 48
"""Most values that are kept in memory, the last ones used: a report of 9,000 genes takes about 2 MB."""

Value = TypeVar("Value")


class StoreReader:
    """Reads a store for pages, which ask from several threads at once.

    Every question begins with what the store holds then: versions that another process has written are there. History
    and numbers are read through a repository each, so that a list of versions does not wait for minutes of numbers.
    Numbers take all cores, and are computed one after the other. A value is kept under the ids of the versions that it
    is of, which name their content, with the refs that stand there.

    Parameters
    ----------
    path : Path
        The store.
    """

    def __init__(self, path: Path) -> None:
        self._for_history, self._for_numbers = Repository(path), Repository(path)
        self._history_lock, self._values_lock = threading.Lock(), threading.Lock()
        self._numbers_lock = threading.RLock()
        self._values: OrderedDict[Hashable, Any] = OrderedDict()
        self.name = path.resolve().name

    @contextlib.contextmanager
    def history(self) -> Generator[Repository]:
        """Hold the repository that reads history, and read what has been written."""
        with self._history_lock:
            self._for_history.refresh()
            yield self._for_history

    def report(self, before: Version | None, after: Version, *, support: bool) -> Report:
        """Return the report of a version, or of what changed between two; with `support` also where that takes long."""

        def compute(repo: Repository) -> Report:
            tests = self._tests(after)
            return report_of(repo, before, after, only_quick=not support, tests=tests)

        with self.history() as repo:
            analyses = tuple(repo.artifacts.keys())
        return self._value(("report", _key(before), _key(after), support, analyses), compute)

    def gene(self, version: Version, name: str, partner: str | None) -> GeneReport:
        """Return the report of a gene."""

        def compute(repo: Repository) -> GeneReport:
            return gene_report(repo, version, name, partner, tests=self._tests(version))

        return self._value(("gene", _key(version), name, partner), compute)

    def pathway(self, version: Version, name: str, *, support: bool) -> PathwayReport:
        """Return the report of a pathway; with `support` also where that takes long."""
        return self._value(
            ("pathway", _key(version), name, support),
            lambda repo: pathway_report(repo, version, name, support=support),
        )

    def figure(self, kind: str, before: Version, after: Version, **options: Any) -> bytes:
        """Return a figure of what changed between two versions, as SVG."""
        return self._value(
            ("figure", kind, before.id, after.id, tuple(options.items())),
            lambda repo: draw_kind(repo, kind, before.name, after.name, **options),
        )

    def genes(self) -> tuple[str, ...]:
        """Return the genes of the panel, which is the same for all versions."""
        with self.history() as repo:
            return tuple(repo.panel.genes)

    def _tests(self, version: Version) -> PairTests | None:
        """Return what the samples of a version's base say of its pairs."""
        return self._value(("tests", version.base), lambda repo: pair_tests_if_any(repo, version.name))

    def _value(self, key: Hashable, compute: Callable[[Repository], Value]) -> Value:
        """Return a value that is kept, or compute it: what several ask for at once is computed once."""
        with contextlib.suppress(KeyError):
            return self._kept(key)
        with self._numbers_lock:
            with contextlib.suppress(KeyError):
                return self._kept(key)
            self._for_numbers.refresh()
            value = compute(self._for_numbers)
            with self._values_lock:
                self._values[key] = value
                if len(self._values) > MOST_KEPT:
                    self._values.popitem(last=False)
            return value

    def _kept(self, key: Hashable) -> Any:
        with self._values_lock:
            self._values.move_to_end(key)
            return cast("Any", self._values[key])


def _key(version: Version | None) -> Hashable:
    return None if version is None else (version.id, version.refs)
