"""TeX tables: escaped, complete, stamped."""

import numpy as np
import pandas as pd

from rectified.tables.page import latex

TABLE = pd.DataFrame(
    {
        "rule": ["kink_aware", "plain"],
        "points": [np.nan, 1000],
        "error_median": [1.5e-3, 2.0],
        "error_low": [1e-3, 1.25],
        "error_high": [np.nan, 3.5],
    }
)


def test_cells_of_a_tex_table():
    lines = latex(TABLE, {"rule": "rule", "points": "$M$", "error": "error"}, "smoke_tier").splitlines()
    assert lines[2] == r"rule & $M$ & error \\"
    assert lines[4] == r"kink\_aware & -- & $1.50\cdot10^{-3}$ [$1.00\cdot10^{-3}$, --] \\"
    assert lines[5] == r"plain & 1000 & 2 [$1.25$, $3.5$] \\"
    assert r"smoke\_tier" in lines[-2]
