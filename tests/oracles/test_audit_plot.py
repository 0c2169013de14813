"""Figures of audits: what they contain follows from functions whose derivatives, jumps and kinks are known."""

import sys

import matplotlib
import numpy as np
import pytest
import torch
from matplotlib import pyplot

from rectified.audit import audit
from rectified.audit.plot import mismatch_by_point
from rectified.errors import InvalidInputError

matplotlib.use("Agg")
DOUBLE = torch.float64


@pytest.fixture(autouse=True)
def closed_figures():
    yield
    pyplot.close("all")


def points(count: int = 40, inputs: int = 1) -> torch.Tensor:
    return 2 * torch.rand(count, inputs, generator=torch.Generator().manual_seed(0), dtype=DOUBLE) - 1


def doubled(x):
    """sin 2x whose derivative in automatic differentiation has the factor 2."""
    u = torch.sin(2 * x[:, 0])
    return 2 * u - u.detach()


def broken(x):
    """A jump at 0.3 and a kink at −0.5."""
    return x[:, 0] + torch.where(x[:, 0] > 0.3, 1.0, 0.0) + (x[:, 0] + 0.5).abs()


def line(panel, label: str):
    """The lines of a panel with a label."""
    return [one for one in panel.get_lines() if one.get_label() == label]


def words(figure) -> list[str]:
    return [text.get_text() for one in figure.legends for text in one.get_texts()]


def test_one_input_shows_derivatives_over_the_points():
    x = points()
    found = audit(doubled, x, order=1)
    figure = found.plot()
    (panel,) = figure.axes
    (used,) = line(panel, "used in training")
    at = np.sort(x[:, 0].numpy())
    assert np.array_equal(used.get_xdata(), at)
    ratio = used.get_ydata() / np.cos(2 * at)
    assert np.allclose(ratio, ratio[0], rtol=1e-10)  # of the derivative used to the closed form: one scale
    (best,) = [bars[0] for bars in panel.containers]
    assert np.allclose(used.get_ydata(), 2 * best.get_ydata(), rtol=1e-6)
    assert panel.get_title(loc="left").startswith("first derivatives: mismatch 0.5 ± ")
    assert panel.get_title(loc="left").endswith(", inconsistent")
    assert panel.get_ylabel() == "∂u/∂x"
    assert figure.get_suptitle() == "inconsistent"


def test_jumps_and_kinks_are_marked_where_they_are():
    figure = audit(broken, points(), order=2).plot()
    assert len(figure.axes) == 2
    for panel in figure.axes:
        assert line(panel, "jumps of the function")[0].get_xdata()[0] == pytest.approx(0.3, abs=1e-8)
        assert line(panel, "kinks of the function")[0].get_xdata()[0] == pytest.approx(-0.5, abs=1e-8)
    assert {"jumps of the function", "kinks of the function"} <= set(words(figure))
    assert "hides 1 jumps per line and 1 kinks per line" in figure.get_suptitle()


def test_unresolved_points_are_hollow():
    """Differences of the second order are not resolved beside a jump that is closer than the shortest step."""
    x = torch.cat([points(), torch.tensor([[0.3 + 1e-9]], dtype=DOUBLE)])
    found = audit(broken, x, order=2)
    unresolved = sum(int((~part.resolved).sum()) for part in found.data.compared)
    hollow = [one for panel in found.plot().axes for one in line(panel, "differences, not resolved")]
    assert unresolved > 0
    assert sum(len(one.get_xdata()) for one in hollow) == unresolved
    assert all(one.get_markerfacecolor() == "white" for one in hollow)


def test_vanishing_derivatives_are_not_magnified():
    figure = audit(lambda x: 3 * x[:, 0], points(), order=2).plot()
    low, high = figure.axes[1].get_ylim()
    assert high - low > 0.01


def test_two_inputs_show_a_scatter_and_a_map_per_kind():
    def network(x):
        return torch.sin(x[:, 0]) * x[:, 1] + torch.where(x[:, 0] > 0.3, 1.0, 0.0)

    x = points(60, 2)
    found = audit(network, x, order=2, mixed=[(0, 1)])
    figure = found.plot()
    scatters, maps = figure.axes[0:6:2], figure.axes[1:6:2]
    assert [panel.get_title(loc="left") for panel in scatters] == [part.name for part in found.data.compared]
    assert [text.get_text() for text in scatters[1].get_legend().get_texts()] == ["∂²u/∂x₀²", "∂²u/∂x₁²"]
    assert [text.get_text() for text in scatters[2].get_legend().get_texts()] == ["∂²u/∂x₀∂x₁"]
    for part, panel in zip(found.data.compared, scatters):
        assert sum(len(one.get_offsets()) for one in panel.collections) == len(part.axes) * len(x)
    for panel in maps:
        jumps = next(one for one in panel.collections if one.get_label() == "jumps of the function")
        assert np.allclose(jumps.get_offsets()[:, 0], 0.3, atol=1e-8)
        assert panel.collections[-1].get_clim() == (0, found.threshold)  # all mismatches are smaller


def test_the_map_shows_the_relative_mismatch_of_each_point():
    """u = sin 2x + y with the factor 2 in u_x: the mismatch is |2 cos 2x| over the rms of |∇u| used."""
    x = points(50, 2)
    found = audit(lambda x: doubled(x) + x[:, 1], x, order=1)
    slope, extent = 2 * torch.cos(2 * x[:, 0]), x.amax(0) - x.amin(0)
    rms = ((2 * slope * extent[0]) ** 2 + extent[1] ** 2).mean().sqrt()
    expected = (slope * extent[0]).abs() / rms
    assert torch.allclose(mismatch_by_point(found.data.compared[0]), expected, rtol=1e-6)
    assert torch.allclose(torch.tensor(found.plot().axes[1].collections[-1].get_array()), expected, rtol=1e-6)


def test_more_inputs_show_scatters_only():
    figure = audit(lambda x: torch.sin(x).prod(1), points(40, 3), order=1).plot()
    assert len(figure.axes) == 1
    assert len(figure.axes[0].get_legend().get_texts()) == 3


def test_several_outputs_and_arguments():
    def network(x, t):
        return {"u": torch.sin(x) * t, "p": 2 * x * t - (x * t).detach()}

    figures = audit(network, (points()[:, 0], points()[:, 0].flip(0)), order=1).plot()
    assert list(figures) == ["u", "p"]
    assert figures["u"].get_suptitle() == "output u: consistent"
    assert figures["p"].get_suptitle().startswith("output p: inconsistent")


def test_the_cause_is_in_the_title():
    torch.manual_seed(0)
    layers = [torch.nn.Linear(1, 8), torch.nn.BatchNorm1d(8), torch.nn.Tanh(), torch.nn.Linear(8, 1)]
    figure = audit(torch.nn.Sequential(*layers), points()).plot()
    assert figure.get_suptitle() == "inconsistent; cause: module 1 (BatchNorm1d)"


def test_derivatives_that_are_not_finite_are_left_out():
    figure = audit(lambda x: x[:, 0] + torch.where(x[:, 0] > 2, torch.sqrt(0 * x[:, 0]), 0), points(), order=1).plot()
    figure.canvas.draw()
    assert np.isfinite(figure.axes[0].get_ylim()).all()


def test_an_audit_without_derivatives_has_no_figure():
    with pytest.raises(InvalidInputError, match=r"^there are no derivatives to draw"):
        audit(doubled, points(), order=0).plot()


def test_without_matplotlib_the_remedy_is_named(monkeypatch):
    found = audit(doubled, points(), order=1)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(InvalidInputError, match=r"^plot needs matplotlib: pip install matplotlib$"):
        found.plot()
