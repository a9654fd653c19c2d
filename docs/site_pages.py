"""Hooks of mkdocs: pages that stand at the root of the project become pages of the site, and links follow them."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files
    from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
AT_THE_ROOT = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}
"""Pages at the root of the project, and their names on the site."""
IN_DOCS = {"docs/README.md": "index.md"}
"""Pages of this folder that another one stands for."""
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)#\s]+)(#[^)\s]*)?\)")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Add the pages of the root."""
    for source, name in AT_THE_ROOT.items():
        files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let links lead to the pages of the site; of a file that is no page, only the name stays."""
    del config
    at_root = {name: source for source, name in AT_THE_ROOT.items()}
    here = posixpath.dirname(at_root.get(page.file.src_uri, f"docs/{page.file.src_uri}"))
    known = {file.src_uri for file in files}

    def follow(link: re.Match[str]) -> str:
        mark, text, target, anchor = link[1], link[2], link[3], link[4] or ""
        if ":" in target or target.startswith("/"):
            return link[0]
        path = posixpath.normpath(posixpath.join(here, target))
        if target.endswith("/"):
            path = f"{path}/README.md"
        name = AT_THE_ROOT.get(path) or IN_DOCS.get(path) or path.removeprefix("docs/")
        if name not in known:
            return text
        return f"{mark}[{text}]({posixpath.relpath(name, posixpath.dirname(page.file.src_uri) or '.')}{anchor})"

    return LINK.sub(follow, markdown)
