"""What to type next, by the code of an error: the rooms below know facts, and no option or verb."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..engine.errors import GrnError

HINTS: dict[str, str] = {
    # engine
    "repeated-genes": "Say which row counts: --duplicates max-variance|mean|first.",
    # formats
    # storage
    "base-changed": "Name pathways with --only to leave the base as it is.",
    "base-version": "`grn log` lists the versions that did something.",
    "claimed-number": "Wait for it; once the claim is an hour old, `grn verify --repair` takes it away.",
    "exported-store": "`grn clone {path} NAME.grn` makes a store of it that can be written.",
    "format-file": "`grn verify --repair` writes it anew.",
    "index-damaged": "`grn verify --repair` makes the index anew, from the log.",
    "log-damaged": "`grn verify` says which versions it touches, and what can be done.",
    "lost-entry": "`grn verify` says which, and which versions need it.",
    "name-active": "`grn revert {version} --only {name}` takes it out; --if-absent passes over equal content.",
    "name-uncertain": "`grn log --all` lists what can be read, `grn verify` what is lost.",
    "nameless-account": "Say who writes: GRN_AUTHOR=name, or author= in Python.",
    "newer-store": "A newer store needs a newer grnledger: pip install --upgrade grnledger.",
    "no-such-parent": "`grn show` shows a version's parents.",
    "no-such-store": "`grn init` makes one.",
    "no-such-version": "`grn log --all` lists versions, branches and tags.",
    "nothing-to-change": "`grn show {version}` lists what is active there.",
    "ref-moved": "Look with `grn log`, then run it again; --wait SECONDS tries for longer.",
    "ref-uncertain": "Name a version, such as v3: `grn log --all` lists what can be read, `grn verify` what is lost.",
    "too-few-ancestors": "`grn log` lists its ancestors.",
    "version-too-high": "`grn log --all` lists them.",
    # analysis
}
"""Of each code, the hint; names in braces are facts of the error."""


def hint_of(error: GrnError) -> str:
    """Return what to type next, or an empty text."""
    return error.hint or HINTS.get(error.code, "").format(**error.facts)
