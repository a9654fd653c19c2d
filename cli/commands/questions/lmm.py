"""`grn lmm`: mixed models with a version, or a kernel of the user's, as the random effect."""

from __future__ import annotations

from ... import options
from ...lazy_group import LazyGroup

command = options.named_store(
    LazyGroup(
        "lmm",
        sections={
            "Commands": {
                "fit": "How much of a signal goes along a version's network.",
                "enrich": "Which gene sets are shifted beyond what the network predicts.",
                "compare": "Which version explains a signal best.",
                "scan": "Test many columns, such as SNPs, with the network in the model.",
                "gather": "Join the parts of a scan.",
            }
        },
        help="""Mixed models: how much of a signal goes along a network, and what goes beyond it.

        \b
        Example:
          grn lmm fit --pheno z.tsv --at v3
          grn lmm enrich --pheno z.tsv --sets hallmark.gmt
        """,
    )
)
