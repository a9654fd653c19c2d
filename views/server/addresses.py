"""The addresses of pages. Names are in the query: a path has characters that mean something, as `/` and `..` do."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

if TYPE_CHECKING:
    from ...storage.history.versions import Version


def address(page: str, **query: str | None) -> str:
    """Return the address of a page; a value that is absent or empty is left out.

    Examples
    --------
    >>> address("gene", name="HLA-A/B?", at="v3", partner=None)
    '/gene?name=HLA-A%2FB%3F&at=v3'
    """
    present = {name: value for name, value in query.items() if value}
    return f"/{page}" + (f"?{urlencode(present, quote_via=quote, safe='')}" if present else "")


def gene_address(name: str, version: Version) -> str:
    """Return the address of a gene of a version."""
    return address("gene", name=name, at=version.name)


def pathway_address(name: str, version: Version) -> str:
    """Return the address of a pathway of a version."""
    return address("pathway", name=name, at=version.name)


def diff_address(before: str, after: str, support: str | None = None) -> str:
    """Return the address of what changed between two versions."""
    return address("diff", **{"from": before, "to": after, "support": support})


def prefixes(version: Version) -> dict[str, str]:
    """Return what stands before a name in the address of its page, of each kind of name; `changes` is of a version."""
    return {
        "gene": f"/gene?at={version.name}&name=",
        "pathway": f"/pathway?at={version.name}&name=",
        "version": "/version?rev=",
        "changes": "/diff?to=",
    }
