"""Tables of other names of genes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ..files.limits import NAMES_PACKING, TEXT_COST, MemoryBudget
from ..files.names import check_names
from ..tables.delimited import open_table, read_body, read_header
from .orientation import title_word

if TYPE_CHECKING:
    from pathlib import Path


def read_aliases(path: Path) -> dict[str, str]:
    """Return other names of genes from a table of two columns, alias and gene.

    A first row whose titles say so (`alias`, `gene`, …) is left out.

    Raises
    ------
    NotFound
        There is no such file.
    InputError
        A row has not two fields, a name is empty, or one alias stands for two genes.
    """
    aliases: dict[str, str] = {}
    with open_table(path, packing=NAMES_PACKING) as table:
        budget = MemoryBudget(path)
        titled = _titles_aliases(read_header(table))
        for row in read_body(table, 2, after_header=titled):
            alias, gene = (name.strip() for name in row.fields)
            check_names((alias, gene), f"line {row.line}, field", path)
            if alias in aliases:
                budget.count_repeat()
            else:
                budget.reserve(3 * TEXT_COST + len(alias) + len(gene))
            if aliases.setdefault(alias, gene) != gene:
                raise InputError(
                    f"{path}, line {row.line}: the alias {alias} stands for {gene}, "
                    f"and in an earlier line for {aliases[alias]}.",
                    hint="Keep one of them.",
                )
    return aliases


def _titles_aliases(titles: tuple[str, ...]) -> bool:
    known = {"alias", "aliases", "from", "old", "name", "id", "gene", "symbol", "to", "new", "gene_symbol", "gene_id"}
    return all(title_word(title) in known for title in titles)
