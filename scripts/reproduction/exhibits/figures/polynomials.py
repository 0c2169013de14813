"""Polynomials built from one layer of MRePU_p: errors against p, and one example (ext4).

Source: Lemma 7 of Kim and Kang, arXiv:2408.02697.
"""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rectified.statistics.summaries import summarize
from reproduction.exhibits import style
from reproduction.exhibits.figures.figure_page import PlottedData
from reproduction.storage.results import Result

SHOWN = 3


def draw(results: list[Result], entry: dict, data: PlottedData) -> Figure:
    """Left the errors of all polynomials by p, right the first polynomials of the smallest p and their networks."""
    (result,) = results
    arrays = result.arrays("polynomial_representation")
    figure, (left, right) = plt.subplots(1, 2, figsize=(style.PAGE, 2.6))
    median, low, high, _ = summarize(arrays.error.T)
    left.plot(arrays.power, median, "o-", markersize=3.5, color=style.colour("mrepu2"))
    left.fill_between(arrays.power, low, high, color=style.colour("mrepu2"), alpha=0.2, linewidth=0)
    left.set_yscale("log")
    left.set_xticks(arrays.power.values)
    left.set_xlabel("$p$ (polynomials of degree $p+1$, layers of $p+1$ units)")
    left.set_ylabel("largest relative error")
    data.add("error", "lemma", power=arrays.power, median=median, low=low, high=high)
    for power in arrays.power.values[:SHOWN]:
        exact, network = arrays.exact.sel(power=power), arrays.network.sel(power=power)
        (line,) = right.plot(arrays.x, network, color=style.colour(f"mrepu{min(power, 3)}"), label=f"$p={power}$")
        right.plot(arrays.x[::20], exact[::20], "o", markersize=2.5, color=line.get_color())
        data.add("example", f"p = {power}", x=arrays.x, exact=exact, network=network)
    right.set_xlabel("$x$")
    right.set_ylabel("polynomial (dots), network (lines)")
    right.legend()
    style.letters([left, right])
    data.notes.append(f"line: median, band: range of {arrays.sizes['polynomial']} polynomials per p, float64")
    return figure
