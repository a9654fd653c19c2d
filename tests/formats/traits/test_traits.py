"""Signals and covariates: PLINK's ids and codes, tables of differential expression, headers, missing values."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

import numpy as np
import pytest
from grnledger.engine.errors import InputError, NotFound
from grnledger.formats.traits.covariates import read_covariates
from grnledger.formats.traits.id_lists import read_ids
from grnledger.formats.traits.traits import TraitFile, read_traits

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS = np.round(np.random.default_rng(5).normal(size=12), 4).tolist()
IDS = [f"S{index:02d}" for index in range(12)]


def write(tmp_path: Path, *rows: object, name: str = "y.txt", sep: str = "\t") -> Path:
    path = tmp_path / name
    path.write_text("".join((row if isinstance(row, str) else sep.join(map(str, row))) + "\n" for row in rows))
    return path


def check(table: TraitFile, *names: str, ids: list[str] = IDS) -> None:
    assert table.ids == tuple(ids)
    assert table.names == names
    np.testing.assert_array_equal(table.values[:, 0], NUMBERS)


@pytest.mark.parametrize("header", ["FID IID P1", "#FID IID P1", "fid iid P1", "FID\tIID\tP1", "#FID\tIID\tP1"])
@pytest.mark.parametrize("family", ["0", "id", "F"])
def test_a_header_of_plinks_says_where_the_ids_are(tmp_path: Path, header: str, family: str) -> None:
    families = {"0": ["0"] * 12, "id": IDS, "F": [f"F{number}" for number in range(12)]}[family]
    sep = "\t" if "\t" in header else " "
    path = write(tmp_path, header, *zip(families, IDS, NUMBERS, strict=True), sep=sep)
    check(read_traits(path), "P1")


def test_an_iid_of_numbers_is_no_trait(tmp_path: Path) -> None:
    numbers = [str(100 + index) for index in range(12)]
    check(
        read_traits(write(tmp_path, "FID IID P1", *zip(IDS, numbers, NUMBERS, strict=True), sep=" ")), "P1", ids=numbers
    )
    with pytest.raises(InputError, match="PLINK's IID and the id of the row, or a value"):
        read_traits(write(tmp_path, *zip(IDS, numbers, NUMBERS, strict=True)))
    check(read_traits(write(tmp_path, *zip(numbers, numbers, NUMBERS, strict=True))), "column 3", ids=numbers)
    check(read_traits(write(tmp_path, "#IID P1", *zip(IDS, NUMBERS, strict=True), sep=" ")), "P1")


@pytest.mark.parametrize("first", ["constant", "same"])
def test_ids_of_plink_without_a_header_are_recognised_and_reported(tmp_path: Path, first: str) -> None:
    families = ["1"] * 12 if first == "constant" else IDS
    table = read_traits(write(tmp_path, *zip(families, IDS, NUMBERS, strict=True), sep=" "))
    check(table, "column 3")
    assert "PLINK's FID and IID" in table.notes[0]


@pytest.mark.parametrize("name", ["s.fam", "s.txt"])
def test_a_fam_has_one_phenotype(tmp_path: Path, name: str) -> None:
    zeros = ["0"] * 12
    rows = zip(zeros, IDS, zeros, zeros, ["1", "2"] * 6, NUMBERS, strict=True)
    check(read_traits(write(tmp_path, *rows, name=name, sep=" ")), "phenotype")
    with pytest.raises(InputError, match=r"has 3 columns, and a .fam file has six"):
        read_traits(write(tmp_path, *zip(zeros, IDS, NUMBERS, strict=True), name="t.fam", sep=" "))


def test_sex_and_parents_of_plink_are_no_traits_unless_named(tmp_path: Path) -> None:
    sex = [1, 2] * 6
    path = write(tmp_path, "#FID IID SEX P1", *zip(IDS, IDS, sex, NUMBERS, strict=True), sep=" ")
    table = read_traits(path)
    check(table, "P1")
    assert table.notes == ("y.txt: no signal is read from SEX.",)
    assert read_traits(path, "SEX").values[:, 0].tolist() == sex
    assert read_covariates(path).names == ("SEX", "P1")


def test_minus_nine_is_missing_in_files_of_plink(tmp_path: Path) -> None:
    coded = [-9, *NUMBERS[1:11], "-9"]
    path = write(tmp_path, "FID IID P1", *zip(IDS, IDS, coded, strict=True), sep=" ")
    table = read_traits(path)
    assert np.isnan(table.values[[0, 11], 0]).all()
    assert table.values[1:11, 0].tolist() == NUMBERS[1:11]
    assert table.notes == ("y.txt: 2 values of -9 in P1 are missing, as in PLINK's files.",)
    assert read_traits(path, missing_values=()).values[0, 0] == -9
    assert np.isnan(read_covariates(path).values[[0, 11], 0]).all()


def test_zero_beside_one_and_two_in_files_of_plink_is_asked_about(tmp_path: Path) -> None:
    path = write(tmp_path, "FID IID case", *zip(IDS, IDS, [0, 1, 2] * 4, strict=True), sep=" ")
    with pytest.raises(InputError, match=r"4 values of case are 0, as in PLINK's controls \(1\) and cases \(2\)"):
        read_traits(path)
    assert np.isnan(read_traits(path, missing_values=(0,)).values[0, 0])
    assert read_traits(path, missing_values=()).values[0, 0] == 0
    bare = write(tmp_path, "sample\tdose", *zip(IDS, [0, 1, 2] * 4, strict=True))
    assert read_traits(bare).values[0, 0] == 0


@pytest.mark.parametrize("code", ["-9", "-9.0", "-99", "-999", "-9999", "9999"])
def test_a_number_that_may_be_a_code_is_asked_about(tmp_path: Path, code: str) -> None:
    coded = [code, *NUMBERS[1:11], code]
    path = write(tmp_path, "sample\ty", *zip(IDS, coded, strict=True))
    with pytest.raises(InputError, match=f"2 values of y are {float(code):g}, apart from the others") as refusal:
        read_traits(path)
    assert (refusal.value.code, refusal.value.facts) == ("missing-or-number", {"value": f"{float(code):g}"})
    table = read_traits(path, missing_values=(float(code),))
    assert np.isnan(table.values[[0, 11], 0]).all()
    assert "2 values of" in table.notes[0]
    assert read_traits(path, missing_values=()).values[0, 0] == float(code)
    with pytest.raises(InputError, match="a code for a missing value"):
        read_covariates(path)
    assert np.isnan(read_covariates(path, missing_values=(code,)).values[0, 0])


@pytest.mark.parametrize(
    "values",
    [
        [-9, -9, -8.5, -7, -3, 0, 1, 2, 3, 4, 5, 6],  # among the others
        [-9, 1.2, 0.4, -2, -3, 0, 1, 2, 3, 1, 0.5, 0.1],  # once, and not far
        [-9, -9, 12, 30, -20, 4, 5, 6, 7, 8, 9, 10],  # within their range
        [99, 99, 101, 98, 97, 95, 100, 99, 98, 96, 103, 97],
    ],
)
def test_a_code_among_the_others_is_a_number(tmp_path: Path, values: list[float]) -> None:
    table = read_traits(write(tmp_path, "gene\tz", *zip(IDS, values, strict=True)))
    assert table.values[:, 0].tolist() == values


AGES = [
    59.2,
    59.0,
    57.3,
    50.1,
    49.2,
    52.1,
    58.2,
    71.9,
    59.1,
    53.2,
    59.2,
    62.0,
    45.3,
    58.5,
    65.4,
    42.5,
    31.1,
    44.1,
    40.0,
]
MANY = [f"LU-{index:03d}" for index in range(60)]


@pytest.mark.parametrize(
    "code",
    [
        *("-1", "-88", "-77", "-66", "888", "777", "98", "99", "997", "0"),
        *("1E+20", "1e10", "-1e30", "1.79769e+308", "3.4028235e+38"),
        *("2147483647", "-2147483648", "32767", "65535", "500", "-250", "123456"),
    ],
)
def test_a_number_that_repeats_far_outside_the_others_is_asked_about(tmp_path: Path, code: str) -> None:
    values = [*AGES[:2], code, *AGES[2:9], code, *AGES[9:], code]
    path = write(tmp_path, "sample\tage", *zip(MANY, values, strict=False))
    for read in (read_traits, read_covariates):
        with pytest.raises(InputError, match=r"3 values of age are .*apart from the others, 31\.1 to 71\.9") as refusal:
            read(path)
        assert float(refusal.value.facts["value"]) == float(code)
    assert np.isnan(read_traits(path, missing_values=(refusal.value.facts["value"],)).values[[2, 10, 22 - 1], 0]).all()
    assert read_traits(path, missing_values=()).values[2, 0] == float(code)


@pytest.mark.parametrize("codes", [("-88", "-99"), ("0", "999"), ("998", "999"), ("-1", "-1e30")])
def test_codes_of_several_kinds_do_not_hide_each_other(tmp_path: Path, codes: tuple[str, str]) -> None:
    path = write(tmp_path, "sample\tage", *zip(MANY, [*codes, *AGES, *codes], strict=False))
    with pytest.raises(InputError, match=r"2 values of age are .*apart from the others"):
        read_traits(path)


REAL: dict[str, list[float]] = {
    "a floor of detection": [0.5] * 9 + [0.7, 0.9, 1.2, 1.4, 2.2, 3.8, 5.5, 8.0, 12.5, 40.1],
    "a floor of logarithms": [-1.0] * 6 + [0.58, 1.32, 1.81, 2.17, 2.7, 3.09, 3.46, 4.2, 5.1, 6.6, 7.2],
    "a top of titres": [10, 20, 20, 40, 40, 80, 160, 160, 320, 640, 1280, 1280, 1280, 2560, 2560],
    "the highest of titres": [10, 20, 20, 40, 40, 80, 80, 160, 320, 640, 1280, 2560, 2560, 2560],
    "zeros of counts": [0] * 20 + [1, 1, 1, 2, 3, 4, 7, 12, 40, 41],
    "a gene that is off in half": [0.0] * 10 + [8.1, 8.4, 8.8, 9.0, 9.2, 9.5, 9.9, 10.3, 10.4, 10.6],
    "a scale of five": [1, 2, 3, 4, 5] * 5,
    "a scale of ten": [0, 0, 9, 9, 8, 7, 10, 10, 6, 5, 3, 9, 8],
    "cases and controls": [1, 2] * 10,
    "truth values": [0, 1, 1] * 7,
    "signs": [-1, 1, 1, -1, 1, -1] * 3,
    "signs and none": [-1, 0, 1, 0, 1, -1, 0, 0] * 3,
    "copies of a gene": [-1, 0, 0, 0, 1, 2, 0, 0, -2, 1] * 3,
    "doses": [0, 0, 0, 50, 50, 50, 100, 100, 100, 75, 75, 75],
    "ages of people up to 99": [99, 99, 61, 64, 66, 66, 70, 71, 77, 77, 78, 80, 82, 88, 88, 91, 95],
    "days in hospital": [1, 1, 1, 2, 2, 3, 4, 4, 5, 6, 7, 9, 12, 15, 22, 30, 100, 100],
    "pack years": [0, 0, 0, 0, 5, 10, 12, 15, 20, 22, 30, 35, 40, 40, 60],
    "percentages": [99, 99, 98, 100, 100, 97, 85, 60, 88, 77, 66, 99],
    "z statistics with ties": [-3.5, -3.5, -1.2, -0.4, -0.1, 0.2, 0.3, 0.8, 1.1, 1.9, 2.5],
    "one outlier": [*AGES, 250.0],
    "saturated intensities": [65535, 65535, 210, 450, 900, 1800, 3900, 8000, 17000, 33000, 41000],
}


@pytest.mark.parametrize("what", REAL)
def test_floors_counts_scales_and_groups_are_numbers(tmp_path: Path, what: str) -> None:
    table = read_traits(write(tmp_path, "sample\ty", *zip(MANY, REAL[what], strict=False)))
    assert table.values[:, 0].tolist() == REAL[what]


def test_one_code_far_from_all_others_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 value of z is -999, apart"):
        read_traits(write(tmp_path, "gene\tz", *zip(IDS, [-999, *NUMBERS[1:]], strict=True)))


def test_several_codes_are_missing_values_of_the_user(tmp_path: Path) -> None:
    coded = ["-99", *NUMBERS[1:10], "ND", "-98"]
    table = read_traits(write(tmp_path, "gene\tz", *zip(IDS, coded, strict=True)), missing_values=("-99", "-98", "ND"))
    assert np.isnan(table.values[[0, 10, 11], 0]).all()
    assert len(table.notes) == 3


@pytest.mark.parametrize("blank", ["", "NA", "NaN", "#N/A", ".", "null", "-", "n/a", "<NA>"])
def test_missing_values_of_spreadsheets_and_statistics(tmp_path: Path, blank: str) -> None:
    table = read_traits(write(tmp_path, "gene\tz", *zip(IDS, [blank, *NUMBERS[1:]], strict=True)))
    assert np.isnan(table.values[0, 0])
    assert table.values[1:, 0].tolist() == NUMBERS[1:]


DESEQ2 = "gene,baseMean,log2FoldChange,lfcSE,stat,pvalue,padj"
TESTED = {
    DESEQ2: ("stat", "stat, log2FoldChange"),
    '"","logFC","AveExpr","t","P.Value","adj.P.Val","B"': ("t", "t, logFC"),
    "names,scores,logfoldchanges,pvals,pvals_adj": ("scores", "scores, logfoldchanges"),
    "target_id,pval,qval,test_stat,rss": ("test_stat", "test_stat, rss"),
    "gene,logFC,moderated,PValue": ("logFC", "logFC, moderated"),
}


@pytest.mark.parametrize("header", TESTED)
def test_a_table_of_differential_expression_offers_its_columns(tmp_path: Path, header: str) -> None:
    width = header.count(",")
    stream = np.random.default_rng(1)
    rows = [(f"G{row}", *stream.normal(size=width).round(3)) for row in range(8)]
    path = write(tmp_path, header, *rows, name="de.csv", sep=",")
    with pytest.raises(InputError, match="is a table of test results") as refusal:
        read_traits(path)
    first, offered = TESTED[header]
    assert refusal.value.facts == {"first": quote(first), "offered": offered}
    assert read_traits(path, first).names == (first,)


@pytest.mark.parametrize(
    ("header", "signal"),
    [
        ('"","logFC","logCPM","F","PValue","FDR"', "logFC"),
        (",p_val,avg_log2FC,pct.1,pct.2,p_val_adj", "avg_log2FC"),
        ("target_id,pval,qval,b,se_b,mean_obs", "b"),
        ("GENE,CHR,START,STOP,NSNPS,N,ZSTAT,P", "ZSTAT"),
    ],
)
def test_the_one_column_of_test_results_that_has_a_sign_is_the_signal(tmp_path: Path, header: str, signal: str) -> None:
    titles = [title.strip('"') for title in header.split(",")][1:]
    stream = np.random.default_rng(1)
    columns = [stream.normal(size=8) if title in (signal, "logCPM") else stream.uniform(0, 1, 8) for title in titles]
    rows = [(f"G{row}", *(column[row].round(3) for column in columns)) for row in range(8)]
    table = read_traits(write(tmp_path, header, *rows, name="de.csv", sep=","))
    assert table.names == (signal,)
    assert table.values[:, 0].tolist() == columns[titles.index(signal)].round(3).tolist()
    assert table.notes[0] == f"de.csv is a table of test results: {signal} is the signal, the only one with a sign."


def test_a_statistic_without_p_values_is_read(tmp_path: Path) -> None:
    assert read_traits(write(tmp_path, "gene\tstat", *zip(IDS, NUMBERS, strict=True))).names == ("stat",)


@pytest.mark.parametrize("start", [0, 1])
@pytest.mark.parametrize("corner", ["", "Unnamed: 0", "index"])
@pytest.mark.parametrize("title", ["names", "gene", "whatever"])
def test_a_column_that_numbers_the_rows_has_no_ids(tmp_path: Path, start: int, corner: str, title: str) -> None:
    rows = zip(range(start, start + 12), IDS, NUMBERS, strict=True)
    table = read_traits(write(tmp_path, f"{corner},{title},z", *rows, name="z.csv", sep=","))
    check(table, "z")
    assert table.notes == (f"z.csv: its first column numbers the rows; ids are those of the column {title}.",)


def test_row_numbers_of_r_without_a_corner_have_no_ids(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '"gene" "z"',
        *[(f'"{n + 1}"', f'"{g}"', z) for n, (g, z) in enumerate(zip(IDS, NUMBERS, strict=True))],
        sep=" ",
    )
    check(read_traits(path), "z")


@pytest.mark.parametrize("title", ["SampleID", "sample_id", "Gene.Symbol", "ensembl id", "Patient", "α"])
def test_titles_of_ids_are_known_whatever_follows(tmp_path: Path, title: str) -> None:
    if title == "α":  # a name like any other, of a first row of data
        table = read_traits(write(tmp_path, *zip(["α", *IDS[1:]], NUMBERS, strict=True)))
        check(table, "value", ids=["α", *IDS[1:]])
        return
    check(read_traits(write(tmp_path, (title, "1"), *zip(IDS, NUMBERS, strict=True))), "1")


def test_columns_of_text_are_named_and_those_of_numbers_but_for_a_few_are_refused(tmp_path: Path) -> None:
    table = read_traits(write(tmp_path, "id\tz\tkind", *zip(IDS, NUMBERS, ["a"] * 12, strict=True)))
    check(table, "z")
    assert table.notes == ("y.txt: no signal is read from kind.",)
    path = write(tmp_path, "id\tz\tx", *zip(IDS, NUMBERS, ["low", *NUMBERS[1:]], strict=True))
    with pytest.raises(InputError, match="line 2: 'low' in column x is not a number"):
        read_traits(path)
    check(read_traits(path, "z"), "z")


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["id\tz\tz", "a\t1\t2", "b\t1\t3"], "two columns named z"),
        (["id\tz", "a\t1", "a\t2"], "line 3: a occurs already in line 2"),
        (["FID IID y", "1 a 1", "2 a 2"], "line 3: a occurs already in line 2"),
        (["FID IID", "1 a", "2 b"], "has ids and no values"),
        (["id\tz", "a\tinf", "b\t2"], "1 value of inf .* is not finite"),
    ],
)
def test_tables_that_are_none_are_refused(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_traits(write(tmp_path, *rows))


def test_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no column w; it has z"):
        read_traits(write(tmp_path, "id\tz", *zip(IDS, NUMBERS, strict=True)), "w")


def test_a_covariate_that_may_be_numbers_of_groups_stays_a_number_and_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "id\tbatch\tage\tsex", *zip(IDS, [1, 2, 3] * 4, range(12), [0, 1] * 6, strict=True))
    table = read_covariates(path)
    assert table.names == ("batch", "age", "sex")
    assert len(table.notes) == 1
    assert "batch (1, 2, 3) is taken for a number" in table.notes[0]


@pytest.mark.parametrize("title", ["Entrez", "gene_id", "IID", "FID"])
def test_a_second_column_of_ids_is_no_trait_unless_named(tmp_path: Path, title: str) -> None:
    path = write(tmp_path, f"id\t{title}\tz", *zip(IDS, range(100, 112), NUMBERS, strict=True))
    if title == "IID":  # with the title id before it, it is no file of PLINK's
        assert read_traits(path).ids == tuple(IDS)
    check(read_traits(path), "z")
    assert read_traits(path, title).values[0, 0] == 100


@pytest.mark.parametrize(
    "lines",
    [
        [*IDS],
        [f'"{name}"' for name in IDS],
        ["# made by hand", *[f"{name}\tUP" for name in IDS]],
        ["FID\tIID", *[f"F{index}\t{name}" for index, name in enumerate(IDS)]],
        ["#FID IID", *[f"F{index} {name}" for index, name in enumerate(IDS)]],
        [f"0 {name}" for name in IDS],
        [f"{name}\t{name}" for name in IDS],
    ],
)
def test_lists_of_samples_of_plink_go_by_iid(tmp_path: Path, lines: list[str]) -> None:
    assert read_ids(write(tmp_path, *lines)) == tuple(IDS)


@pytest.mark.parametrize(
    "lines",
    [
        ["sample_id", *IDS],
        ["Sample ID\tgroup", *[f"{name}\tUP" for name in IDS]],
        ['"x"', *[f'"{number}" "{name}"' for number, name in enumerate(IDS, 1)]],
        ['"","x"', *[f'"{number}","{name}"' for number, name in enumerate(IDS, 1)]],
        [",sample", *[f"{number},{name}" for number, name in enumerate(IDS)]],
        ["\tgene", *[f"{number}\t{name}" for number, name in enumerate(IDS)]],
        [f"{name}," for name in IDS],
    ],
)
def test_lists_with_a_title_or_with_numbers_of_rows(tmp_path: Path, lines: list[str]) -> None:
    assert read_ids(write(tmp_path, *lines)) == tuple(IDS)


@pytest.mark.parametrize("lines", [["S1,S2,S3"], ["S1,UP", "S2,DN"]])
def test_several_names_in_a_line_are_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(InputError, match="one name per line"):
        read_ids(write(tmp_path, *lines))


def test_names_of_two_words_are_names(tmp_path: Path) -> None:
    assert read_ids(write(tmp_path, "Patient 1", "Patient 2")) == ("Patient 1", "Patient 2")


def test_a_fam_without_phenotypes_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column of numbers: all values of phenotype are missing"):
        read_traits(write(tmp_path, *[f"0 {name} 0 0 1 -9" for name in IDS], name="s.fam"))


PROBES = ("ID\tt\tlogFC\tGene.symbol", "1_at\t-0.5\t-0.25\tCD68", "2_at\t2.5\t-0.25\tCD68", "3_at\t1.5\t0.5\tMYC")


def test_rows_of_one_id_disagree_by_what_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, *PROBES, "4_at\t3\t0.75\tMYC")
    with pytest.raises(InputError, match=r"CD68 occurs .*: t is 2\.5 here, and -0\.5 there\. So do 1 ") as error:
        read_traits(path, "t", id_column="Gene.symbol")
    assert "that of the largest size of t, or write their mean" in error.value.hint
    with pytest.raises(InputError, match=r"t is 2\.5 here, and -0\.5 there"):
        read_traits(path, id_column="Gene.symbol")


def test_rows_of_one_id_with_one_value_of_the_trait_are_read_once(tmp_path: Path) -> None:
    table = read_traits(write(tmp_path, *PROBES), "logFC", id_column="Gene.symbol")
    assert dict(zip(table.ids, table.values[:, 0].tolist(), strict=True)) == {"CD68": -0.25, "MYC": 0.5}
    assert "1 row has the same logFC as another of the id (CD68), and it is read once." in table.notes[0]


@pytest.mark.parametrize("title", ["group", "cluster", "contrast", "Cell type"])
def test_tables_of_several_groups_name_them(tmp_path: Path, title: str) -> None:
    rows = [f"{label}\t{gene}\t{index}.{place}" for index, label in enumerate("AB") for place, gene in enumerate(IDS)]
    path = write(tmp_path, f"{title}\tnames\tscores", *rows)
    with pytest.raises(InputError, match=r"scores is 1\.0 here, and 0\.0 there") as error:
        read_traits(path, "scores", known=lambda: IDS)
    assert (
        f"rows are of several groups, {title}: A, B. Leave in the file the rows of one, such as A." in error.value.hint
    )
