"""The files of a simulated study: what a lab would have, and the truth beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..files.writing import row_writer, write_whole_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ...engine.simulation import SimulatedStudy

GROUPS = ("control", "treated")

README = """\
A study that was simulated from a known network. Genes have real names; what acts on what was drawn at random.

expression.tsv         counts, genes by samples
samples.tsv            of each sample its group and its batch (each batch has both groups)
labels.tsv             of each sample its group
sets.gmt               50 gene sets: the genes of each program, of which about 15 % are missing and 10 % are wrong
regulons.tsv           source, target, weight: 1 activates, -1 represses; as incomplete and as wrong
signal.tsv             t of every gene, treated against control, in other samples (S01 and so on)

truth/edges.tsv        every pair of genes whose true partial correlation, given all other genes, is not 0
truth/regulation.tsv   what acts on what: the weight, in SD; kind is regulator or neighbour
truth/differences.tsv  the true difference of the groups, log2; direct is what the treatment does, in SD, to the
                       genes that it acts on: the network carries it to the others

An edge of the truth has no direction: two genes are linked where one acts on the other, or both act on a third.
"""


def write_study(
    folder: Path, study: SimulatedStudy, genes: Sequence[str], sets: Sequence[str], responses: Mapping[str, float]
) -> None:
    """Write all files of a study to a folder; the folder and its `truth` must be there.

    Parameters
    ----------
    folder : Path
        Files that stand there are replaced.
    study : SimulatedStudy
        Of p genes and D programs.
    genes, sets : sequence of str
        Names of the genes, and of the programs.
    responses : mapping
        What the treatment did directly, gene by gene.
    """
    count = study.counts.shape[1]
    samples, others = _numbered("P", count), _numbered("S", count)
    groups = [GROUPS[int(treated)] for treated in study.treated]
    batches = [f"batch{number + 1}" for number in study.batch]
    rows = zip(genes, study.counts.astype(int).tolist(), strict=True)
    _write(folder / "expression.tsv", ("gene", *samples), ((gene, *values) for gene, values in rows))
    _write(folder / "samples.tsv", ("sample", "group", "batch"), zip(samples, groups, batches, strict=True))
    _write(folder / "labels.tsv", ("sample", "label"), zip(samples, groups, strict=True))
    signal = zip(genes, _rounded(study.signal, 4), strict=True)
    _write(folder / "signal.tsv", (f"# samples: {', '.join(others)}",), [("gene", "t"), *signal])
    _write_knowledge(folder, study, genes, sets)
    _write_truth(folder / "truth", study, genes, responses)
    with write_whole_file(folder / "README.txt") as stream:
        stream.write(README.encode())


def _write_knowledge(folder: Path, study: SimulatedStudy, genes: Sequence[str], sets: Sequence[str]) -> None:
    known = study.knowledge
    pairs = zip(known.sources.tolist(), known.targets.tolist(), known.signs.astype(int).tolist(), strict=True)
    _write(
        folder / "regulons.tsv",
        ("source", "target", "weight"),
        ((genes[source], genes[target], sign) for source, target, sign in pairs),
    )
    with write_whole_file(folder / "sets.gmt") as stream:
        for name, members in zip(sets, known.sets, strict=True):
            indices: list[int] = members.tolist()
            stream.write(("\t".join([name, "simulated", *(genes[index] for index in indices)]) + "\n").encode())


def _write_truth(folder: Path, study: SimulatedStudy, genes: Sequence[str], responses: Mapping[str, float]) -> None:
    network = study.network
    first, second, rho = network.partial_correlations()
    _write(
        folder / "edges.tsv",
        ("gene_a", "gene_b", "rho"),
        ((genes[a], genes[b], value) for a, b, value in zip(first, second, _rounded(rho, 6), strict=True)),
    )
    kinds = ["regulator" if regulated else "neighbour" for regulated in network.regulated]
    edges = zip(network.sources, network.targets, _rounded(network.weights, 6), kinds, strict=True)
    _write(
        folder / "regulation.tsv",
        ("source", "target", "weight", "kind"),
        ((genes[source], genes[target], weight, kind) for source, target, weight, kind in edges),
    )
    differences = zip(genes, _rounded(study.differences, 6), strict=True)
    _write(
        folder / "differences.tsv",
        ("gene", "difference", "direct"),
        ((gene, difference, responses.get(gene, 0.0)) for gene, difference in differences),
    )


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with row_writer(path, columns) as write:
        write(rows)


def _numbered(letter: str, count: int) -> list[str]:
    """Return names that sort as they count: P01, P02 and so on."""
    return [f"{letter}{number:0{len(str(count))}d}" for number in range(1, count + 1)]


def _rounded(values: NDArray[np.float64], digits: int) -> list[float]:
    """Return numbers of which the last digits, which another processor may round otherwise, are gone."""
    rounded: list[float] = np.round(values, digits).tolist()
    return rounded
