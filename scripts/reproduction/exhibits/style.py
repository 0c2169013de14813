"""Style of all figures: sizes, fonts, colours, line styles, panel letters, and the stamp of the tier.

Each activation has one colour in all figures; for ReLU, shade and dashes depend on how its gradient is computed.
"""

import hashlib
import textwrap
from colorsys import hls_to_rgb
from string import ascii_lowercase

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from reproduction.storage.store import write_atomically

COLUMN, MIDDLE, PAGE = 3.5, 5.5, 7.0  # figure widths in inches: one, one and a half, and two columns of a journal
LIGHTEST = 0.85  # upper end of the colour map of shades; lighter shades are hard to see on white
SMALLEST = 6.0  # smallest font size, in points
STAMP_LETTER, STAMP_LINE = 0.047, 0.098  # width and height of a letter of the stamp, in inches
MARKERS = "osv^D"

# Distinguishable from each other and from the shades below with all three kinds of colour blindness (tested).
ACTIVATION_COLOURS = {
    "perceptron": "#c3b4c3",
    "relu": "#d55e00",
    "relu2": "#009e73",
    "relu3": "#78c378",
    "leaky_relu": "#964b00",
    "abs": "#785a5a",
    "tanh": "#0072b2",
    "sigmoid": "#00d2ff",
    "softplus": "#5a3c5a",
    "swish": "#c30f96",
    "gelu": "#cc79a7",
    "sin": "#0000e1",
    "mrepu1": "#a587f0",
    "mrepu2": "#332288",
    "mrepu3": "#964bff",
}
RELU_SHADES = {
    "autodiff": "#d55e00",
    "finite_difference": "#e69f00",
    "discrete_delta": "#4b0f4b",
    "kink_aware": "#7f0000",
}
DASHES = {
    "autodiff": "-",
    "finite_difference": (0, (5, 1.5)),
    "discrete_delta": (0, (1, 1)),
    "kink_aware": "-",
}


def use() -> None:
    """Set fonts and lines of all figures drawn from now on."""
    plt.rcdefaults()
    plt.rcParams.update(
        {
            "font.family": "DejaVu Sans",
            "font.size": 8,
            "axes.labelsize": 8,
            "axes.titlesize": 8,
            "legend.fontsize": 7,
            "xtick.labelsize": 7,
            "ytick.labelsize": 7,
            "axes.linewidth": 0.6,
            "lines.linewidth": 1.2,
            "xtick.major.width": 0.6,
            "ytick.major.width": 0.6,
            "xtick.minor.width": 0.4,
            "ytick.minor.width": 0.4,
            "legend.frameon": False,
            "figure.constrained_layout.use": True,
            "figure.dpi": 100,
            "savefig.dpi": 200,
            "pdf.fonttype": 42,
        }
    )


def colour(activation: str, gradient: str = "autodiff") -> str:
    """The colour of an activation: from the registry, for ReLU by gradient rule, for others from a hash of the name."""
    if activation == "relu":
        return RELU_SHADES[gradient]
    if activation in ACTIVATION_COLOURS:
        return ACTIVATION_COLOURS[activation]
    hue, lightness = hashlib.sha256(activation.encode()).digest()[:2]
    return to_hex(hls_to_rgb(hue / 256, 0.25 + 0.2 * lightness / 256, 0.45))


def shades(count: int) -> list[str]:
    """Colours from dark to light for series other than activations: C_W, widths, epochs, layers, variants."""
    return [to_hex(matplotlib.colormaps["viridis"](place)) for place in np.linspace(0, LIGHTEST, count)]


def letters(axes: list[Axes], inside: bool = False) -> None:
    """Put panel letters at the upper left of axes, in their order; inside the axes if titles need the space above."""
    for axis, letter in zip(axes, ascii_lowercase):
        if inside:
            box = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.2}
            look = {"fontsize": 7, "fontweight": "bold", "ha": "left", "va": "top", "bbox": box}
            axis.text(0.03, 0.96, f"({letter})", transform=axis.transAxes, **look)
        else:
            axis.set_title(f"({letter})", loc="left", fontweight="bold")


def stamp(figure: Figure, *notes: str) -> None:
    """Write notes into a strip below the figure, right-aligned, broken into lines that fit the width."""
    lines = textwrap.wrap(" · ".join(filter(None, notes)), int(figure.get_figwidth() / STAMP_LETTER))
    text = "\n".join(lines)
    strip = (0.03 + STAMP_LINE * len(lines)) / figure.get_figheight()
    figure.get_layout_engine().set(rect=(0, strip, 1, 1 - strip))
    figure.text(0.995, 0.02 / figure.get_figheight(), text, ha="right", va="bottom", fontsize=SMALLEST, color="0.35")


def save(figure: Figure, pdf: str, png: str) -> None:
    """Write a figure as PDF and PNG with reproducible bytes."""
    _settle(figure)
    undated = {"CreationDate": None, "ModDate": None, "Producer": None, "Creator": None}
    write_atomically(pdf, lambda file: figure.savefig(file, metadata=undated))
    write_atomically(png, lambda file: figure.savefig(file, metadata={"Software": None}))
    plt.close(figure)


def _settle(figure: Figure) -> None:
    """Fix the layout of a figure at rounded positions: the last digits of the layout solver differ between runs."""
    figure.canvas.draw()
    figure.set_layout_engine("none")
    for axis in figure.axes:
        axis.set_position([round(value, 5) for value in axis.get_position().bounds])
    if figure.get_suptitle():
        title = figure._suptitle
        title.set_position([round(value, 5) for value in title.get_position()])
