"""The model of a signal with permuted labels or samples: what it fits where there is nothing to find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...engine.errors import InputError
from ...engine.inference.normal_scores import signal_scores
from ...engine.lmm.association.permutations import permute_values
from ...engine.lmm.model.fit import make_model

if TYPE_CHECKING:
    from ...engine.lmm.model.fit import Model
    from .model import StoreModel
    from .signals import Signal


def permute_labels(store_model: StoreModel, signal: Signal, number: int, seed: int) -> Model:
    """Return the same model of permuted signals, a trait each: the same kernel, rows and covariates.

    With labels, these are permuted and the statistics computed again; without, the values are permuted among the rows,
    unless these are genes. They are normal scores where the model's are.

    Raises
    ------
    InputError
        The rows are genes and there are no labels: permuting genes would separate linked genes.
    """
    if signal.contrast is not None:
        values = signal.contrast.permuted_statistics(number, seed)[store_model.signal_rows]
    elif store_model.rows.genes is None:
        values = permute_values(signal.values[store_model.signal_rows, 0], number, seed)
    else:
        raise InputError(
            "Without labels there is nothing to permute: permuting genes would separate genes that the network links.",
            code="permutation-without-labels",
        )
    if store_model.normal:
        values = signal_scores(values.T).T
    return make_model(store_model.model.kernel, values, store_model.model.fixed)
