"""Sentences about a base that name options of the command line, and are recorded with it.

A base's notes are part of its content id (docs/format.md): the same data prepared in the same way must give the same
sentences, or the same version would have two ids. So these stay as they are, byte for byte, though they name options,
which everywhere else below the command line are left to `cli/hints.py`.
"""

from __future__ import annotations

from ..wording import counted

NO_FACTOR_HELPS = (
    "No factor helps to predict new samples, and a base without factors has no edges. Hardly detected genes "
    "are often the cause: consider --min-detected 0.2, or --factors K."
)
"""Recorded where no number of factors predicts samples held out better than none."""


def hardly_detected(number: int, genes: int, description: str, share: float) -> str:
    """Return the note on genes that lie above the floor in a smaller share of the samples, and were not left out."""
    return (
        f"{number:,} of {counted(genes, 'gene')} {'is' if number == 1 else 'are'} detected {description}; "
        f"the strongest edges tend to be among them: consider --min-detected {share:g}."
    )


def not_transformed(smallest: float, largest: float) -> str:
    """Return the note on values that are hardly on a logarithmic scale, and were not transformed."""
    transform = "log1p" if smallest == 0 else "log2"
    floor = " with a --floor" if smallest < 0 else ""
    return f"Values reach {largest:,.0f} and no transform was asked: consider --transform {transform}{floor}."


def expression_not_kept(size: int) -> str:
    """Return the note on an expression of so many bytes that its base does not keep."""
    return f"the expression of {size / 1e6:,.0f} MB is not kept with the base; --keep-expression keeps it"


def components_dominate(shares: tuple[float, ...]) -> str:
    """Return the note on principal components that hold most of the standardised variance."""
    return (
        f"The first principal component holds {100 * shares[0]:.0f} % of the variance of standardised genes, the first "
        f"{len(shares)} hold {100 * sum(shares):.0f} %: most correlations are theirs. If that is a batch, a hidden "
        "factor or a mixture of cells, consider --within COLUMN, --covariates FILE or --remove-pcs auto."
    )


def samples_form_clusters(sizes: tuple[int, int], component: int) -> str:
    """Return the note on samples that form two clusters along a principal component."""
    return (
        f"Samples form clusters, of {sizes[0]:,} and {sizes[1]:,}, along principal component {component}, as cell "
        "types, subtypes and batches do: correlations are then partly differences between them. --within COLUMN "
        "removes the means of known ones, --where COLUMN=VALUE takes one of them."
    )
