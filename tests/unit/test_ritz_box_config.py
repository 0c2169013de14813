"""Entries of config for Ritz networks on boxes and finite elements that are rejected."""

import re

import pytest
from test_config import small

from reproduction.config import loading
from reproduction.config.errors import ConfigError

BOX = {"document": "d", "task": "ritz_box", "problem": "box", "activation": "relu"}
ENTRY = {"equation": "diffusion", "solution": "sin(pi*x1)*sin(pi*x2)"}
CUBE = {"equation": "diffusion", "solution": "sin(pi*x1)*cos(pi*x4)", "domain": [[0, 1]] * 4}


@pytest.mark.parametrize(
    ("entry", "settings", "message"),
    [
        ({**ENTRY, "solution": "sin(pi*y)"}, {}, r"problems\.box: .*unknown symbol 'y'"),
        ({**ENTRY, "coefficient": "x1 - 1/2"}, {}, r"problems\.box: coefficient must be positive"),
        ({**ENTRY, "domain": []}, {}, r"problems\.box\.domain"),
        ({**ENTRY, "domain": [[1, 0], [0, 1]]}, {}, r"the left end must be below"),
        ({**ENTRY, "solution": "cos(pi*x1)"}, {}, r"at x1 = 0, distance and solution must be zero"),
        (ENTRY, {"distance": "x1*(1 - x1)"}, r"at x2 = 0, distance and solution must be zero"),
        (
            ENTRY,
            {"points": 100, "quadrature": "grid", "problem": "cube", "distance": "x1"},
            r"must be n\^4 for 4 inputs",
        ),
        (ENTRY, {"points": 200}, r"points of a grid must be n\^2 for 2 inputs; got 200"),
        (ENTRY, {"quadrature": "lines", "lines": 20}, r"lines must be a multiple of panels, which is 8; got 20"),
        (CUBE, {"quadrature": "lines", "distance": "x1*(1 - x1)"}, r"'lines' is for at most 3 inputs; .* has 4"),
        (ENTRY, {"quadrature": "line"}, r"unknown value 'line'; did you mean 'lines'"),
        (
            ENTRY,
            {"quadrature": "lines", "activation": "tanh"},
            r"activation 'tanh' is smooth: there are no kinks to follow",
        ),
        (ENTRY, {"quadrature": "random_lines", "activation": "relu5"}, r"polynomials of degree at most 4"),
        (ENTRY, {"quadrature": "random_lines", "hidden_layers": 2}, r"hidden_layers must be 1 with quadrature"),
        (ENTRY, {"quadrature": "cells", "hidden_layers": 2}, r"hidden_layers must be 1 with quadrature 'cells'; got 2"),
        (CUBE, {"quadrature": "cells", "distance": "x1*(1 - x1)"}, r"'cells' is for 2 inputs; problem 'box' has 4"),
        (ENTRY, {"quadrature": "cells", "activation": "tanh"}, r"activation 'tanh' is smooth: there are no kinks"),
        (ENTRY, {"quadrature": "cells", "smoothing": 0.1}, r"smoothing must be null unless"),
        (ENTRY, {"smoothing": 0.1, "activation": "tanh"}, r"smoothing must be null unless activation is 'relu'"),
        (ENTRY, {"smoothing": 0.1, "quadrature": "lines"}, r"smoothing must be null unless"),
        (ENTRY, {"problem": "k2"}, r"problem 'k2' has equation 'elliptic'; task 'ritz_box' solves 'diffusion'"),
        (CUBE, {"task": "finite_elements"}, r"problem must have at most 3 inputs; 'box' has 4"),
    ],
)
def test_invalid_settings_are_rejected_with_a_one_line_message(entry, settings, message):
    experiment = BOX | settings
    if experiment["task"] == "finite_elements":
        experiment = {key: experiment[key] for key in ("document", "task", "problem")}
    change = {"problems": {"box": entry, "cube": CUBE}, "experiments": {"two": experiment}}
    with pytest.raises(ConfigError) as error:
        loading.load(small(**change))
    assert re.search(message, str(error.value)), str(error.value)
    assert "\n" not in str(error.value)
