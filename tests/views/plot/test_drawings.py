"""What figures draw is what their values say: cells, texts, bars, steps and lines, read back from the axes."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import matplotlib as mpl
import numpy as np
import pytest
from grnledger import plot
from grnledger.analysis.pictures.distributions import Eigenvalues, RhoHistogram
from grnledger.analysis.pictures.matrices import NamedMatrix
from grnledger.analysis.pictures.memberships import MembershipHistogram, dirichlet_draws
from grnledger.analysis.pictures.timings import Timings
from grnledger.engine.errors import NotFound
from grnledger.engine.network.eigenvalues.spectrum import Spectrum
from grnledger.views.plot.labels import MOST_CHARACTERS, label
from grnledger.views.plot.write import figure_of, render
from hypothesis import given, settings, strategies as st
from matplotlib import pyplot as plt
from matplotlib.font_manager import findfont, get_font
from picture_store import GENES, HOSTILE, STRONGER, make_store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grnledger.storage.repository import Repository
    from matplotlib.axes import Axes


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return make_store(tmp_path_factory.mktemp("drawings") / "s.grn")


@pytest.fixture(autouse=True)
def without_a_screen() -> Iterator[None]:
    with contextlib.ExitStack() as after:
        after.callback(plt.close, "all")
        plt.switch_backend("agg")
        yield


def axes_of(figure: Any) -> list[Axes]:
    """The axes of a figure that show something."""
    return [ax for ax in figure.axes if ax.axison]


def texts_of(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def remark_of(ax: Axes) -> str:
    """The remark below the title, whose last line is written first."""
    return " ".join(reversed(texts_of(ax)))


def test_few_cells_have_their_numbers_and_names() -> None:
    values = np.array([[0.68, -0.56, 0.0], [-0.56, 0.52, 0.074], [0.0, 0.074, 0.87]])
    names = ("TP53", "$A_1$", "IL6")
    ax = plot.partial_correlation(NamedMatrix(values, names, names, "covariance", "v0: Σ", "all 3 genes"))
    np.testing.assert_array_equal(ax.images[0].get_array(), values)
    assert [text for text in texts_of(ax) if text != "all 3 genes"] == [
        "0.68", "−0.56", "0.00", "−0.56", "0.52", "0.07", "0.00", "0.07", "0.87",
    ]  # fmt: skip
    assert ax.get_title(loc="left") == "v0: Σ"
    for axis in (ax.xaxis, ax.yaxis):
        assert [text.get_text() for text in axis.get_ticklabels()] == list(names)
        assert not any(text.get_parse_math() for text in axis.get_ticklabels())
    assert ax.images[0].norm.vmax == -ax.images[0].norm.vmin == 0.87
    assert not ax.lines


def test_of_many_cells_those_clearly_negative_have_a_dash() -> None:
    stream = np.random.default_rng(1)
    values = stream.uniform(-1, 1, (30, 30))
    values = 0.5 * (values + values.T)
    np.fill_diagonal(values, 9.0)
    names = tuple(f"G{number}" for number in range(30))
    ax = plot.correlation(NamedMatrix(values, names, names))
    image = ax.images[0].get_array()
    assert np.ma.getmaskarray(image).tolist() == np.eye(30, dtype=bool).tolist()  # far larger than all others
    limit = ax.images[0].norm.vmax
    assert limit == np.abs(values[~np.eye(30, dtype=bool)]).max()
    dashes = {(int(y), int(x)) for line in ax.lines for x, y in line.get_xydata()}
    assert dashes == set(zip(*map(np.ndarray.tolist, np.nonzero(values < -0.1 * limit)), strict=True))
    assert "the diagonal is grey, since it is far larger; a dash marks what is negative" in remark_of(ax)


@pytest.mark.parametrize("count", [13, 20, 40])
def test_headings_of_several_lines_lie_within_the_figure(count: int) -> None:
    names = tuple(f"G{number:02}" for number in range(count))
    values = np.random.default_rng(1).uniform(-1, 1, (count, count)) + 9 * np.eye(count)
    rule = f"{count} of 500 genes: those of the strongest edges; clustered"
    matrix = NamedMatrix(values, names, names, "partial correlation ρ", "v1: partial correlations ρ", rule)
    figure = figure_of("partial-correlation", matrix, source="five.grn v1")
    figure.draw_without_rendering()
    (title,) = [ax.title if ax.get_title() else ax._left_title for ax in figure.axes if ax.images and ax.axison]
    box = title.get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.width
    assert 0 <= box.y0 < box.y1 <= figure.bbox.height


def test_a_few_large_numbers_do_not_pale_the_others() -> None:
    values = np.random.default_rng(1).uniform(-1, 1, (40, 30))
    values[3, 5] = 50.0
    rows, columns = (tuple(f"{letter}{number}" for number in range(count)) for letter, count in (("G", 40), ("F", 30)))
    ax = plot.loadings(NamedMatrix(values, rows, columns))
    assert ax.images[0].norm.vmax == pytest.approx(np.quantile(np.abs(values), 0.99))
    assert ", which 1 % exceed" in remark_of(ax)


def test_names_that_could_not_be_read_are_left_out() -> None:
    names = tuple(f"G{number:03}" for number in range(200))
    matrix = NamedMatrix(np.eye(200), names, names)
    _, ax = plt.subplots(figsize=(4, 4))
    assert len(plot.correlation(matrix, ax=ax).get_yticklabels()) == 0
    assert len(plot.correlation(matrix).get_yticklabels()) == 200  # on a page of its own there is room


def test_a_decomposition_is_drawn_as_a_sum_in_the_place_of_the_axes(repo: Repository) -> None:
    parts = plot.values("decomposition", repo, "HEAD")
    figure = figure_of("decomposition", parts)
    panels = [ax for ax in axes_of(figure) if ax.images]
    assert [panel.get_title() for panel in panels] == ["B F Bᵀ", "X J Xᵀ", "D", "Σ"]
    drawn = [np.asarray(panel.images[0].get_array()) for panel in panels]
    np.testing.assert_allclose(sum(drawn[:-1]), drawn[-1], rtol=1e-10)
    assert [[text for text in texts_of(panel) if text in "+="] for panel in panels] == [[], ["+"], ["+"], ["="]]
    assert len({panel.images[0].norm.vmax for panel in panels}) == 1
    by_hand = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))  # of no grid
    assert plot.decomposition(parts, ax=by_hand) is by_hand
    assert sum(bool(panel.images) for panel in by_hand.child_axes) == 4


def test_bars_are_as_long_as_the_changes_and_say_their_direction_twice(repo: Repository) -> None:
    difference = plot.values("changes", repo, "v0", "HEAD", top=8)
    ax = plot.changes(difference)
    change = np.diff(np.abs(difference.rho), axis=1).ravel()
    bars = sorted(ax.patches, key=lambda bar: bar.get_y())
    np.testing.assert_allclose([bar.get_width() for bar in bars], change)
    assert [bool(bar.get_hatch()) for bar in bars] == [bool(value < 0) for value in change]
    pairs = [f"{label(a, 18)} – {label(b, 18)}" for a, b, *_ in difference]
    assert [text.get_text() for text in ax.get_yticklabels()] == [label(pair, 40) for pair in pairs]
    assert sum(" → " in text for text in texts_of(ax)) == 8 + 1  # and the remark
    assert ax.get_title(loc="left") == "v0 → v2: the 8 largest changes of |ρ| among 20 genes"
    assert ax.yaxis_inverted()


def test_nothing_changed_is_an_empty_figure_that_says_so(repo: Repository) -> None:
    difference = plot.values("changes", repo, "v1", "v1")
    ax = plot.changes(difference)
    assert not ax.patches
    assert ax.get_title(loc="left") == "v1 → v1: no pair of 20 genes changed"


def test_fifty_bars_have_fifty_names_that_can_be_read(repo: Repository) -> None:
    difference = plot.values("changes", repo, "v0", "HEAD", top=50)
    figure = figure_of("changes", difference)
    labels = figure.axes[0].get_yticklabels()
    assert len(labels) == 50
    assert min(text.get_fontsize() for text in labels) >= 6.0


def test_eigenvalues_are_drawn_with_the_line_at_zero() -> None:
    values = np.array([1.5789, 1.1112, 0.0556, 0.0343])
    ax = plot.spectrum(Eigenvalues(values, "covariance", Spectrum(0.0343, 1.5789), 4, "v0: four"))
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), values)
    assert list(ax.lines[1].get_ydata()) == [0.0, 0.0]
    assert ax.get_yscale() == "linear"
    assert texts_of(ax) == ["1.579", "1.111", "0.0556", "0.0343"]
    wide = Eigenvalues(np.geomspace(100, 1e-3, 50), "covariance", Spectrum(1e-3, 100.0), 50)
    ax = plot.spectrum(wide)
    assert ax.get_yscale() == "symlog"
    assert ax.get_ylim()[0] < 0.0 < ax.get_ylim()[1]
    none = Eigenvalues(np.zeros(3), "factors", Spectrum(1.0, 1.0), 3)
    assert plot.spectrum(none).get_yscale() == "linear"


def test_steps_are_as_high_as_the_counts_and_the_cut_stands_on_both_sides() -> None:
    bins = np.linspace(-0.5, 0.5, 6)
    counts = np.array([[0, 3, 900, 7, 1], [1, 5, 890, 9, 6]])
    ax = plot.rho_histogram(RhoHistogram(bins, counts, ("v0", "v3"), 0.25, (8, 21), 43, "|ρ| ≥ 0.25"))
    for steps, side in zip(ax.patches, counts, strict=True):
        np.testing.assert_array_equal(steps.get_data().values, side)
        np.testing.assert_array_equal(steps.get_data().edges, bins)
    assert sorted(line.get_xdata()[0] for line in ax.lines) == [-0.25, 0.25]
    assert ax.get_yscale() == "log"
    assert texts_of(ax) == ["pairs with |ρ| ≥ 0.25: 8 in v0, 21 in v3"]
    figure = ax.figure
    figure.canvas.draw()
    assert {"1", "10", "1,000"} <= {text.get_text() for text in ax.get_yticklabels()}


def test_shares_are_drawn_as_they_are_counted() -> None:
    bins = np.linspace(0, 1, 5)
    main, others = np.array([0, 2, 3, 90]), np.array([180, 9, 1, 0])
    ax = plot.memberships(MembershipHistogram(bins, main, others, 85, 10, 3, "v0"))
    assert [steps.get_data().values.tolist() for steps in ax.patches] == [main.tolist(), others.tolist()]
    assert texts_of(ax)[0].startswith("85 genes pure; 10 shared")


def test_each_concentration_has_a_panel() -> None:
    draws = dirichlet_draws(alpha=(0.1, 1.0, 10.0), modules=4, seed=1)
    panels = axes_of(figure_of("dirichlet", draws))
    assert [panel.get_title().split(":")[0] for panel in panels] == ["α = 0.1", "α = 1", "α = 10"]
    for panel, counts in zip(panels, draws.counts, strict=True):
        np.testing.assert_allclose(panel.patches[0].get_data().values, counts / 40_000)


def test_times_and_speed_ups_are_drawn_beside_each_other() -> None:
    seconds = np.array([[1e-4, 1e-4], [2e-4, 2e-4], [1e-4, 1e-3], [1e-3, 0.1]])
    times = Timings(np.array([100, 1000]), seconds, ("commit", "question", "woodbury", "inv"), "a machine")
    left, right = axes_of(figure_of("woodbury", times))
    np.testing.assert_array_equal([line.get_ydata() for line in left.lines], seconds)
    assert len({line.get_marker() for line in left.lines}) == len({line.get_linestyle() for line in left.lines}) == 4
    heights = np.array([bar.get_height() for bar in right.patches]).reshape(3, 2)
    np.testing.assert_allclose(heights, seconds[-1] / seconds[:-1])
    assert len({bar.get_hatch() for bar in right.patches}) == 3
    assert "1,000×" in texts_of(right)


@pytest.mark.parametrize("kind", ["loadings", "partial-correlation", "decomposition", "changes"])
def test_names_are_data(repo: Repository, kind: str) -> None:
    """Warnings are errors here: no glyph may be missing, and no formula be parsed."""
    subject = ("v0", "HEAD") if kind == "changes" else ("HEAD",)
    options = {"top": 50} if kind == "changes" else {}
    value = plot.values(kind, repo, *subject, **options)
    figure = figure_of(kind, value)
    svg = render(figure, "svg")
    whole = " ".join(part.text or "" for part in ET.fromstring(svg).iter() if part.tag.endswith("text"))
    assert ET.fromstring(svg).findall(".//{http://www.w3.org/2000/svg}script") == []
    names = {gene for pair in value for gene in pair[:2]} if kind == "changes" else set(HOSTILE)
    assert names >= {"$A_1$", "X" * 60}
    for name in names:
        assert label(name, 18 if kind == "changes" else MOST_CHARACTERS) in whole
    if kind == "loadings":
        assert label(STRONGER) in whole
    for form in ("png", "pdf"):
        assert len(render(figure, form)) > 1_000


def test_in_the_axes_of_a_user_names_are_data_too_and_settings_stay(repo: Repository) -> None:
    before = dict(mpl.rcParams)
    figure, ax = plt.subplots()
    assert plot.loadings(plot.values("loadings", repo, "HEAD"), ax=ax) is ax
    figure.canvas.draw()
    assert {text.get_text() for text in ax.get_yticklabels()} == {label(gene) for gene in GENES}
    assert dict(mpl.rcParams) == before


DRAWN = set(get_font(findfont("DejaVu Sans")).get_charmap())


@settings(max_examples=50)
@given(st.text(max_size=100), st.integers(5, 40))
def test_a_label_is_short_and_has_only_what_can_be_drawn(name: str, most: int) -> None:
    shown = label(name, most)
    assert len(shown) <= most
    assert shown.isprintable()
    assert {ord(sign) for sign in shown} <= DRAWN


def test_long_names_that_differ_at_either_end_stay_apart() -> None:
    names = [f"{start}{'_' * 60}{end}" for start in "AB" for end in "XY"]
    assert len({label(name) for name in names}) == 4


def test_a_kind_stays_a_function_when_the_file_of_its_name_is_imported(repo: Repository) -> None:
    plot.changes(plot.values("changes", repo, "v0", "HEAD"))
    assert all(callable(getattr(plot, name)) for name in dir(plot))


def test_a_kind_that_is_not_there_is_named() -> None:
    with pytest.raises(NotFound, match="There is no figure 'pie'"):
        plot.values("pie")
    with pytest.raises(AttributeError):
        plot.pie  # noqa: B018  the attribute is asked for
    assert {"values", "partial_correlation"} <= set(dir(plot))
