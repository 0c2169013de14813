"""Tables: labels of settings."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from builders import job_of
from reproduction.exhibits.tables import energies, gradients, pinns
from reproduction.exhibits.tables.table_page import cells
from reproduction.storage import store
from reproduction.storage.results import Result

NUMBERS = ("energy", "minimum_energy", "relative_l2")
FIELDS = xr.Dataset({name: ("seed", [1.0, 2.0]) for name in NUMBERS} | {"diverged_at": ("seed", [-1, -1])})
HISTORY = pd.DataFrame({"epoch": [0, 0], "seed": [0, 1], "objective": [1.0, 2.0]})
ERRORS = pd.DataFrame({"rule": ["kink_aware"], "points": np.nan, "step": np.nan, "block": "b", "relative_error": 1.0})


@pytest.mark.parametrize(
    ("module", "task", "settings", "labels"),
    [
        (energies, "ritz", {"gradient": "kink_aware"}, {"relu2": "ReLU²", "kink_aware": "kink-aware"}),
        (gradients, "ritz", {}, {"relu2": "ReLU²", "kink_aware": "kink-aware"}),
        (pinns, "pinn", {}, {"relu2": "ReLU²", "adam": "Adam"}),
    ],
)
def test_tables_show_labels_of_settings_and_keep_their_names(tmp_path, module, task, settings, labels):
    attributes = {"spec": job_of(task, activation="relu2", **settings).model_dump_json()}
    files = {name: tmp_path / name for name in ("fields.nc", "history.parquet", "gradient_errors.parquet")}
    store.write_arrays(files["fields.nc"], FIELDS, attributes)
    store.write_table(files["history.parquet"], HISTORY, attributes)
    store.write_table(files["gradient_errors.parquet"], ERRORS, attributes)
    table = module.rows([Result(files)])
    shown = {cell for column in module.HEADINGS for cell in cells(table, column, str, str)}
    assert shown >= {*labels.values()}
    assert not shown & {*labels}
    assert {*table.iloc[0]} >= {*labels}
