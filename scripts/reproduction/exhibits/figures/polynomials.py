"""Polynomials built from one layer of MRePU_p: errors against p, and one example (ext4).

Source: Lemma 7 of Kim and Kang, arXiv:2408.02697.
"""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.exhibits.panels import median_and_range
from reproduction.storage.results import Result

EXAMPLES = 3  # powers in the right panel
EVERY = 20  # points between two dots


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left the errors of all polynomials by p, right the first polynomial and its network for the smallest p."""
    (result,) = results
    arrays = result.arrays("polynomial_representation")
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.PAGE, 2.6))
    summary = summarize(arrays.error.T)
    look = {"marker": "o", "markersize": 3.5, "color": style.colour("mrepu2")}
    median_and_range(left, arrays.power, summary, alpha=0.2, **look)
    left.set_yscale("log")
    left.set_xticks(arrays.power.values)
    left.set_xlabel("$p$ (polynomials of degree $p+1$, layers of $p+1$ units)")
    left.set_ylabel("largest relative error")
    data.add("error", "lemma", power=arrays.power, median=summary.median, low=summary.low, high=summary.high)
    for power in arrays.power.values[:EXAMPLES]:
        exact, network = arrays.exact.sel(power=power), arrays.network.sel(power=power)
        (line,) = right.plot(arrays.x, network, color=style.colour(f"mrepu{min(power, 3)}"), label=f"$p={power}$")
        right.plot(arrays.x[::EVERY], exact[::EVERY], "o", markersize=2.5, color=line.get_color())
        data.add("example", f"p = {power}", x=arrays.x, exact=exact, network=network)
    right.set_xlabel("$x$")
    right.set_ylabel("polynomial (dots), network (lines)")
    right.legend()
    style.letters([left, right])
    data.notes.append(f"line: median, band: range of {arrays.sizes['polynomial']} polynomials per p, float64")
    return figure
