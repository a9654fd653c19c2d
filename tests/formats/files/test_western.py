"""Text that is not UTF-8: read as Windows-1252 where it is plain, and refused where it may be anything else."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError
from grnledger.engine.network.panel import Panel
from grnledger.formats.expression.expression import read_expression
from grnledger.formats.files.opening import open_text
from grnledger.formats.models.covariances import read_covariance
from grnledger.formats.pathways.pathways import read_pathways
from grnledger.formats.sets.gene_sets import read_set_library
from grnledger.formats.traits.covariates import read_covariates
from grnledger.formats.traits.id_lists import read_ids
from grnledger.formats.traits.labels import read_labels
from grnledger.formats.traits.traits import read_traits

if TYPE_CHECKING:
    from pathlib import Path

NOTE = "read as Windows-1252 (Western European), as it is not UTF-8"

PLAIN = (
    "Länge", "Müller-01", "Größe", "Straße", "Süßholz", "ÄNDERUNG", "Übergewicht", "Ärztin", "Gènes", "GÈNES",
    "première", "après", "créée", "Échantillon 2", "sexe à 5 ans", "hôpital", "château", "forêt", "naïve",
    "cœur", "œdème", "août",
    "l’expression", "Crohn’s disease", "5’UTR", "España", "Núñez", "compañía", "tamaño", "garçon", "São João",
    "população", "frequência", "età", "più", "kræft", "prøve", "Østergård", "Malmö", "På", "patiënt", "Noël",
    "37°C", "(°C)", "n° 3",
    "µg/ml", "kg/m²", "10 €", "“Kontrolle”", "TP53 – MDM2", "5–10", "1\xa0234",
)  # fmt: skip
"""Text as Excel saves it in Western Europe."""

DOUBTFUL = {
    "cp1250": "Dvořák|Černý|Erdős|Poznań|Wrocław|Ivić|Kovač|wiek się|pęcherz|ćelija|rođen|źródło|růst|Plzeň|płeć|żona",
    "mac_roman": "Länge|Gènes|Größe|España|país|día|límite|línea|María|años|Álvaro|ÁLAMO|Île|Óscar|d’un|37°C|p≤0.05",
    "cp1251": "Образец|пол|кг|TNFа|Ж",
    "cp1253": "TNFα|IFNγ|NF-κB|TGFβ1|ΔCt|αSMA",
    "cp1254": "yaş|kadın|ağırlık",
    "gb18030": "组1|男|肝|对照|处理a|37℃|安|A组",
    "shift_jis": "男|肝臓|2020年|対照|群A",
    "euc_jp": "男|対照",
    "cp949": "남|대조군",
    "cp437": "Länge|Größe|Gènes|µg",
}
"""Words, by an encoding in which their bytes must not be taken for letters of Western Europe."""


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_of_western_europe_are_read(tmp_path: Path, text: str):
    (tmp_path / "e.csv").write_bytes(f"gene\t{text}\tb\n{text}\t1\t2\n".encode("cp1252"))
    with open_text(tmp_path / "e.csv") as stream:
        assert stream.read() == f"gene\t{text}\tb\n{text}\t1\t2\n"


@pytest.mark.parametrize(
    ("text", "encoding"), [(text, encoding) for encoding, words in DOUBTFUL.items() for text in words.split("|")]
)
def test_what_may_be_of_another_encoding_is_refused_with_the_line_that_converts(
    tmp_path: Path, text: str, encoding: str
):
    (tmp_path / "e.csv").write_bytes(f"gene,{text}\nTP53,1\n".encode(encoding))
    with pytest.raises(InputError, match="is not UTF-8 text") as refusal, open_text(tmp_path / "e.csv") as stream:
        list(stream)
    assert "or iconv -f ENCODING -t utf-8 e.csv > utf8-e.csv" in refusal.value.hint


@pytest.mark.parametrize("content", [b"\x81", b"a\xff\xfe\xfd", b"TP53\xc3", b"caf\xe9\xe9\xe9s", b"a\tb\n\xe9"])
def test_bytes_that_are_no_word_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "e.csv").write_bytes(b"gene\ta\n" + content)
    with pytest.raises(InputError, match="is not UTF-8 text"), open_text(tmp_path / "e.csv") as stream:
        list(stream)


FILL = b"TP53\t1\n" * 40_000
"""More than a block."""


@pytest.mark.parametrize("between", [b"", FILL], ids=["near", "far"])
@pytest.mark.parametrize("utf8", ["µ", "\ufeffgene", "Länge", "基因"])
@pytest.mark.parametrize("is_first", [True, False])
def test_letters_of_two_encodings_are_refused(tmp_path: Path, utf8: str, between: bytes, *, is_first: bool):
    parts = [utf8.encode() + b"\t1\n", "Länge\t1\n".encode("cp1252")]
    (tmp_path / "e.tsv").write_bytes(between.join(parts if is_first else parts[::-1]))
    with pytest.raises(InputError, match="and letters in UTF-8 elsewhere"), open_text(tmp_path / "e.tsv") as stream:
        list(stream)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("shift", range(4))
def test_letters_at_the_end_of_a_block_are_whole(tmp_path: Path, encoding: str, shift: int):
    text = "x" * shift + ("Gène" * 7 + "Größe\r\n") * 20_000 + "Länge"
    (tmp_path / "e.txt.gz").write_bytes(gzip.compress(text.encode(encoding)))
    with open_text(tmp_path / "e.txt.gz", packing=100_000) as stream:
        assert stream.read() == text


def test_a_word_that_is_cut_by_the_end_of_a_block_is_seen_whole(tmp_path: Path):
    for before in range((1 << 16) - 8, (1 << 16) + 2):
        (tmp_path / "e.tsv").write_bytes(b"a" * (before - 1) + b"\tG\xe8nes\n")
        with open_text(tmp_path / "e.tsv") as stream:
            assert stream.read().endswith("\tGènes\n")


def test_a_line_without_end_is_refused_as_in_ascii(tmp_path: Path):
    (tmp_path / "e.tsv").write_bytes(b"L\xe4nge\t" * (3 << 20))
    with pytest.raises(InputError, match="longer than"), open_text(tmp_path / "e.tsv") as stream:
        list(stream)


def test_every_kind_of_answer_has_a_note(tmp_path: Path):
    genes, samples = ("TP53", "MDM2", "MYC"), ("Müller-01", "Müller-02", "Müller-03", "Müller-04")

    def saved(name: str, text: str) -> Path:
        (tmp_path / name).write_bytes(text.encode("cp1252"))
        return tmp_path / name

    rows = [f"{gene};{';'.join(f'{i * j + 1},5' for j in range(4))}" for i, gene in enumerate(genes, start=1)]
    table = saved("e.csv", "\n".join([f"Gène;{';'.join(samples)}", *rows]) + "\n")
    expression = read_expression(table)
    assert expression.expression.samples == samples
    assert np.array_equal(expression.expression.values[0], [1.5, 2.5, 3.5, 4.5])
    assert [note for note in expression.notes if NOTE in note] == [NOTE]

    panel = Panel(genes)
    square = saved("c.tsv", "Gène\tLängeA\tB\nLängeA\t2\t1\nB\t1\t3\n".replace("LängeA", "Länge"))
    signs = saved(
        "s.tsv", "id\tLänge\tHöhe\n" + "".join(f"{name}\t{i * i}\t{2 - i}.5\n" for i, name in enumerate(samples))
    )
    groups = saved(
        "l.tsv", "id\tgroup\n" + "".join(f"{name}\t{'für' if i % 2 else 'gegen'}\n" for i, name in enumerate(samples))
    )
    gmt = saved("p.gmt", "P53\tVoie de signalisation régulée\tTP53\tMDM2\nMYC\tx\tMYC\n")
    gmx = saved("p.gmx", "P53\tQ\nGènes de la voie\tna\nTP53\tMYC\nMDM2\n")
    regulons = saved(
        "r.tsv", "source\ttarget\tweight\teffet sur le gène\nTP53\tMDM2\t1\tplus élevé\nMYC\tTP53\t-1\trégulé\n"
    )
    network = saved("p.sif", "TP53\tactivates\tMDM2\nMYC\tactivates\tTP53\nMYC\tactivates\tLänge\n")
    answers = [
        read_covariance(square),
        read_traits(signs),
        read_covariates(signs),
        read_covariates(groups),
        read_labels(groups, samples),
        read_set_library(gmt, genes),
        read_pathways(gmt, panel),
        read_pathways(gmx, panel),
        read_pathways(regulons, panel),
        read_pathways(saved("p.grp", "# Größe der Änderung\nTP53\nMDM2\n"), panel),
        read_pathways(saved("p.json", '{"Größe": ["TP53", "MDM2"]}'), panel),
        read_pathways(network, panel, missing="drop"),
    ]  # fmt: skip
    for answer in answers:
        assert len([note for note in answer.notes if NOTE in note]) == 1, answer
    assert read_ids(saved("ids.txt", "\n".join(samples))) == samples


def test_a_table_of_samples_in_windows_1252_is_named_once(tmp_path: Path):
    names = ("Müller-01", "Müller-02", "Müller-03", "Müller-04")
    (tmp_path / "e.tsv").write_text(
        "\n".join(["gene\t" + "\t".join(names), *(f"{gene}\t1.5\t2\t3\t4" for gene in ("TP53", "MDM2"))]) + "\n"
    )
    rows = [f"{name}\tGrün" for name in names[:3]] + [f"{names[3]}\tBlau"]
    (tmp_path / "s.tsv").write_bytes("\n".join(["sample\tFarbe", *rows, ""]).encode("cp1252"))
    file = read_expression(tmp_path / "e.tsv", sample_table=tmp_path / "s.tsv", where=["Farbe=Grün"])
    assert file.expression.samples == names[:3]
    assert [note for note in file.notes if NOTE in note] == [f"{NOTE}: s.tsv"]
