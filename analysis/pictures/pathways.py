"""Values of figures of pathways: their support beside decoys, and the links of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError, NotFound
from ...engine.inference.decoys import DECOYS, SEED
from ...engine.wording import some
from ..links import active_additions, links_of
from ..support import named_pathways, support_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...storage.repository import Repository
    from ..links import Links
    from ..support import Support


def support(
    repo: Repository, rev: str, *, pathways: Sequence[str] = (), decoys: int = DECOYS, decoy_seed: int = SEED
) -> Support:
    """Return the support of the active pathways of a version, or of some of them; see `support_of`.

    Raises
    ------
    NotFound
        None is active, or none has such a name.
    """
    active = repo.pathways(rev)
    if not active:
        raise NotFound(f"No pathway is active in {repo.version(rev).name}.", code="nothing-active-to-draw")
    return support_of(repo, rev, named_pathways(active, pathways), decoys=decoys, seed=decoy_seed)


def links(repo: Repository, rev: str, *, linked_pathway: str | None = None) -> Links:
    """Return the links of all genes with a pathway that is added in a version, tested where its base has samples.

    Parameters
    ----------
    repo : Repository
        The store.
    rev : str
        The version.
    linked_pathway : str, optional
        Which pathway; it need not be named where one alone is added.

    Raises
    ------
    NotFound
        None is added, or none has the name.
    InputError
        There is more than one, and none was named.
    """
    additions, _ = active_additions(repo, rev)
    names = [name for pathway in additions for name in pathway.names]
    if not names:
        raise NotFound(f"No pathway is added in {repo.version(rev).name}.", code="nothing-active-to-draw")
    if linked_pathway is None and len(names) > 1:
        raise InputError(
            f"Links are drawn of one pathway, and {len(names):,} are active: {some(names)}.", code="pathway-to-draw"
        )
    return links_of(
        repo, rev, additions, None, name=names[0] if linked_pathway is None else linked_pathway, tested=True
    )
