"""Config: the shipped config, its tiers and schema, and the messages about invalid entries."""

import copy
import json
import re
from pathlib import Path

import jsonschema
import pytest
import yaml

import shipped
from builders import EXHIBITS
from reproduction.config import loading, yaml_files
from reproduction.config.errors import ConfigError
from reproduction.runtime import schedule

ROOT = Path(__file__).parent.parent.parent


def merged(base: dict, overlay: dict) -> dict:
    """Merge an overlay into a config as Snakemake does."""
    result = copy.deepcopy(base)
    for key, value in overlay.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def raw(tier: str = "draft") -> dict:
    config: dict = {}
    for path in (*loading.BASE, *schedule.TIERS[tier]):
        config = merged(config, yaml_files.read(ROOT / path))
    return config


def small(**changes) -> dict:
    """Return a config of one experiment with changes."""
    experiment = {"document": "deep_ritz", "task": "ritz", "problem": "k2", "activation": "relu"}
    config = {"tier": "test", "problems": {"k2": {"solution": "sin(2*pi*x)"}}, "experiments": {"one": experiment}}
    return merged(config, changes)


@pytest.mark.parametrize("tier", schedule.TIERS)
def test_every_tier_is_valid_and_has_its_own_results_folder(tier):
    config = shipped.config(tier)
    assert config.tier == tier
    assert config.results == ("results" if tier == "draft" else f"results/{tier}")
    for document, (figures, extensions, tables) in EXHIBITS.items():
        names = {*(f"fig{n}" for n in range(1, figures + 1)), *(f"ext{n}" for n in range(1, extensions + 1))}
        assert set(config.figures[document]) == names
        assert set(config.tables[document]) == {f"table{n}" for n in range(1, tables + 1)}


def test_the_schema_matches_the_models():
    path = ROOT / "workflow/schemas/config.schema.json"
    assert path.read_text() == loading.schema(), "run `make schema`"


@pytest.mark.parametrize("tier", schedule.TIERS)
def test_the_schema_accepts_the_tiers_and_rejects_unknown_keys(tier):
    schema = json.loads(loading.schema())
    config = json.loads(json.dumps(raw(tier)))
    jsonschema.validate(config, schema)
    config["experiments"]["ritz"]["epoch"] = 3
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(config, schema)


def test_yaml_numbers_with_exponents_are_read_as_numbers():
    config = loading.load(small(experiments={"one": yaml.safe_load("{learning_rate: 1e-3, epochs: 1e4}")}))
    settings = config.cases["one"]["default"]
    assert (settings.learning_rate, settings.epochs) == (1e-3, 10_000)


def test_cases_override_experiments_and_experiments_override_defaults():
    config = loading.load(
        small(
            defaults={"ritz": {"width": 7, "seeds": 2, "epochs": 9}},
            experiments={"one": {"seeds": 3, "cases": {"x": {"epochs": 5}, "y": {}}, "sweep": {"width": [4, 8]}}},
        )
    )
    cases = config.cases["one"]
    assert list(cases) == ["x-width4", "x-width8", "y-width4", "y-width8"]
    assert [(c.width, c.seeds, c.epochs) for c in cases.values()] == [(4, 3, 5), (8, 3, 5), (4, 3, 9), (8, 3, 9)]


def test_a_job_depends_only_on_its_own_entries():
    base = small(experiments={"two": {"document": "deep_ritz", "task": "ritz", "problem": "k1", "activation": "tanh"}})
    base["problems"]["k1"] = {"solution": "sin(pi*x)"}
    before = loading.load(base)
    changed = merged(base, {"problems": {"k1": {"coefficient": "1 + x"}}, "experiments": {"two": {"epochs": 3}}})
    after = loading.load(merged(changed, {"custom_activations": {"mish": "x*tanh(softplus(x))"}}))
    assert before.job("one", "default") == after.job("one", "default")
    assert before.job("two", "default") != after.job("two", "default")


def test_a_custom_activation_needs_one_line_of_config():
    config = loading.load(
        small(
            custom_activations={"mish": "x*tanh(log(1 + exp(x)))"},
            experiments={"one": {"activation": "mish"}},
        )
    )
    assert config.job("one", "default").activation.kinks == ()


ONE = "experiments"
KERNELS = {"document": "d", "task": "kernel_ensemble", "activation": "relu2"}
TRAINING = {"document": "d", "task": "ensemble_training", "activation": "tanh", "target": "f"}
REGRESSION = {"document": "d", "task": "regression", "activation": "tanh", "target": "f"}
CUBE = {"f": {"function": "x*y*z", "domain": [[0, 1], [0, 1], [0, 1]], "points": 51}}
LINE = {"f": {"function": "x", "domain": [[0, 1]]}}
AUDIT = {"document": "d", "task": "audit"}
POISSON = {"problems": {"p": {"equation": "poisson"}, "b": {"equation": "buckley_leverett"}}}
VARIANT = {"document": "d", "task": "collocation", "problem": "p"}
GRID = {**VARIANT, "architecture": "convolution", "sampling": "nodes"}
PART = {"what": "w", "measure": "relative_l2", "of": "v/default", "above": 1}
CLAIM = {"statement": "s", "source": "sec. 1", "parts": [PART]}
MISTAKES = [
    (
        {**POISSON, ONE: {"v": {**GRID, "collocation_points": 25}}},
        r"experiments\.v.*: the grid must be at least 7×7, the receptive field of 3 layers of 3×3 kernels; got 5×5",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "architecture": "quantized", "codes": 0}}},
        r"experiments\.v\.codes must be greater than 0; got 0",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "normalization": "batch", "collocation_points": 1}}},
        r"experiments\.v.*boundary_points must be at least 2 with normalization 'batch'; got 1",
    ),
    (
        {"problems": {"p": {"equation": "poisson", "domain": [[-1, 1], [3, 3]]}}},
        r"problems\.p.*domain.*the left end must be below the right end; got \[3\.0, 3\.0\]",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "collocation_points": 200}}},
        r"collocation_points must be a square number with sampling 'cells'; got 200",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "architecture": "convolution"}}},
        r"sampling of a convolution must be 'nodes'; got 'cells'",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "derivatives": "stencil"}}},
        r"derivatives 'stencil' require sampling 'nodes'; got 'cells'",
    ),
    ({**POISSON, ONE: {"v": {**GRID, "normalization": "batch"}}}, r"normalization requires architecture 'dense'; got"),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "first_normalized": 4}}},
        r"first_normalized must be at most hidden_layers, 3; got 4",
    ),
    ({**POISSON, ONE: {"v": {**VARIANT, "sharpness": -1}}}, r"sharpness.* must be greater than 0; got -1"),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "architecture": "experts", "experts": 1}}},
        r"experts must be at least 2; got 1",
    ),
    ({**POISSON, ONE: {"v": {**VARIANT, "powers": [2, 2]}}}, r"powers must be distinct; got \[2, 2\]"),
    ({**POISSON, ONE: {"v": {**VARIANT, "mass_weight": 1}}}, r"mass_weight requires equation 'buckley_leverett'"),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "boundary_points": 10}}},
        r"boundary_points must be a multiple of 4.*; got 10",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "problem": "k2"}}},
        r"problem 'k2' has equation 'elliptic'; task 'collocation' solves 'poisson' or",
    ),
    (
        {"problems": {"p": {"equation": "poisson", "solution": "1/x"}}},
        r"problems\.p: .*1/x.*not finite",
    ),
    (
        {"problems": {"b": {"equation": "buckley_leverett", "final_time": 3}}},
        r"problems\.b: .*final_time must be at most 0\.73.*front",
    ),
    (
        {**POISSON, ONE: {"v": VARIANT, "l": {"document": "d", "task": "latents", "start": "one/default"}}},
        r"experiments\.l.*start must be a dense network of task 'collocation' without normalization; got 'one/default'",
    ),
    (
        {
            **POISSON,
            ONE: {"v": VARIANT, "l": {"document": "d", "task": "latents", "start": "v/default", "points": 300}},
        },
        r"points must be at most 256, the collocation points of the start; got 300",
    ),
    (
        {ONE: {"t": {"document": "d", "task": "theory", "activation": "tanh"}, "a": {**AUDIT, "of": ["t/*"]}}},
        r"experiments\.a.*'t/default' has task 'theory', which cannot be audited; allowed: collocation, pinn",
    ),
    (
        {ONE: {"a": {**AUDIT, "of": ["oen/*"]}}},
        r"experiments\.a.*'oen/\*' matches no case; allowed",
    ),
    (
        {**POISSON, ONE: {"v": VARIANT}, "figures": {"d": {"f": {"family": "profiles", "data": ["v/default"]}}}},
        r"figures\.d\.f: family 'profiles' shows problems of equation 'buckley_leverett'; 'p' has 'poisson'",
    ),
    (
        {**POISSON, ONE: {"v": VARIANT}, "figures": {"d": {"f": {"family": "cells", "data": ["v/default"]}}}},
        r"figures\.d\.f: family 'cells' shows architecture 'quantized'; got 'dense'",
    ),
    (
        {**POISSON, ONE: {"v": VARIANT}, "claims": {"d": {"c": {**CLAIM, "parts": [{**PART, "over": "w/default"}]}}}},
        r"claims\.d\.c: 'w/default' matches no case; did you mean 'v/default'",
    ),
    (
        {
            **POISSON,
            ONE: {"v": VARIANT, "a": {**AUDIT, "of": ["v/*"]}},
            "claims": {"d": {"c": {**CLAIM, "parts": [{**PART, "of": "a/default", "at": {"case": "v/defualt"}}]}}},
        },
        r"claims\.d\.c: case 'v/defualt' is not audited by 'a/default'; did you mean 'v/default'",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "passes": "joint"}}},
        r"passes 'joint' requires normalization 'batch'; got 'none'",
    ),
    (
        {**POISSON, ONE: {"v": {**VARIANT, "architecture": "quantized", "codebook": "encoded", "codes": 300}}},
        r"codes must be at most 256 with codebook 'encoded'; got 300",
    ),
    (
        {**POISSON, ONE: {"v": {**GRID, "problem": "b"}}},
        r"sampling 'nodes' requires equation 'poisson'; problem 'b' has equation 'buckley_leverett'",
    ),
    (
        {**POISSON, ONE: {"v": VARIANT}, "claims": {"d": {"c": {**CLAIM, "figure": "d/fig1"}}}},
        r"claims\.d\.c: unknown figure 'd/fig1'",
    ),
    (
        {**POISSON, ONE: {"v": VARIANT}, "claims": {"d": {"c": {**CLAIM, "parts": [{**PART, "below": 1}]}}}},
        r"claims\.d\.c\.parts\.0.*exactly one of .* is required; got `above` and `below`",
    ),
    (
        {ONE: {"k": {**KERNELS, "activation": "mrepu0"}}},
        r"experiments\.k.*power of activation 'mrepu0' must be an integer from 1 to 11; got 0",
    ),
    (
        {ONE: {"k": {**KERNELS, "activation": "relu-2"}}},
        r"power of activation 'relu-2' must be an integer from 1 to 11; got -2",
    ),
    ({ONE: {"k": {**KERNELS, "activation": "relu1.5"}}}, r"must be an integer from 1 to 11; got 1\.5"),
    (
        {ONE: {"l": {"document": "d", "task": "polynomial_representation", "powers": [0]}}},
        r"powers\.0 must be greater than 0; got 0",
    ),
    ({ONE: {"k": {**KERNELS, "weight_variances": [0]}}}, r"weight_variances\.0 must be greater than 0; got 0"),
    ({ONE: {"k": {**KERNELS, "weight_variances": [-1.5]}}}, r"weight_variances\.0 must be greater than 0; got -1\.5"),
    ({ONE: {"k": {**KERNELS, "widths": [64, 0]}}}, r"widths\.1 must be greater than 0; got 0"),
    ({ONE: {"k": {**KERNELS, "bias_variance": -1}}}, r"bias_variance must be greater than or equal to 0; got -1"),
    (
        {ONE: {"k": {**KERNELS, "activation": "tanh", "in_critical_units": True}}},
        r"experiments\.k .*: in_critical_units requires .*'tanh' has none",
    ),
    (
        {ONE: {"k": {**KERNELS, "networks": "1e6", "data": 100}}},
        r"experiments\.k .*: a job needs about 17 GiB, more than `memory: 16`; lower networks, data or widths",
    ),
    (
        {"memory": 1, "targets": LINE, ONE: {"t": {**TRAINING, "width": 4096, "networks": 99, "shard": 99}}},
        r"a job needs about \d+ GiB, more than `memory: 1`; lower shard, width or samples",
    ),
    (
        {"memory": 2, "targets": CUBE, ONE: {"r": {**REGRESSION, "seeds": 25}}},
        r"experiments\.r .*: a job needs about [3-9] GiB, more than `memory: 2`; lower seeds, width or batch",
    ),
    (
        {"targets": LINE, ONE: {"t": {**TRAINING, "weight_variance": 0}}},
        r"weight_variance must be greater than 0; got 0",
    ),
    ({"targets": LINE, ONE: {"t": {**TRAINING, "width": 0}}}, r"width must be greater than 0; got 0"),
    ({"targets": LINE, ONE: {"t": {**TRAINING, "target": "g"}}}, r"experiments\.t .*: unknown target 'g'; allowed: f"),
    ({"targets": LINE, ONE: {"t": {**TRAINING, "probes": 900}}}, r"probes must be at most test_samples, 500; got 900"),
    (
        {"targets": {"f": {"function": "x*y", "domain": [[0, 1]]}}},
        r"targets\.f: function 'x\*y' depends on y, but its domain has 1 axis: x",
    ),
    (
        {"targets": {"f": {"function": "x*z", "domain": [[0, 1], [0, 1]]}}},
        r"depends on z, but its domain has 2 axes: x, y",
    ),
    ({"targets": {"f": {"function": "w", "domain": [[0, 1]]}}}, r"targets\.f: .*unknown symbol 'w'"),
    (
        {"targets": {"f": {"function": "log(x)", "domain": [[-1, 1]]}}},
        r"targets\.f: function .log\(x\). is not finite everywhere",
    ),
    ({"targets": {"f": {"function": "x", "domain": [[1, -1]]}}}, r"the left end must be below"),
    (
        {ONE: {"l": {"document": "d", "task": "polynomial_representation", "powers": [2, 2]}}},
        r"powers must be distinct; got \[2, 2\]",
    ),
    (
        {ONE: {"k": {**KERNELS, "in_critical_units": True, "bias_variance": 1}}},
        r"bias_variance must be 0 with in_critical_units; got 1",
    ),
    (
        {"targets": LINE, ONE: {"r": REGRESSION}, "figures": {"d": {"f": {"family": "contours", "data": ["r/*"]}}}},
        r"figures\.d\.f: family 'contours' shows targets of 2 or 3 variables; 'f' has 1",
    ),
    (
        {ONE: {"k": KERNELS}, "figures": {"d": {"f": {"family": "explosion", "data": ["k/*"]}}}},
        r"figures\.d\.f: family 'explosion' shows cases with in_critical_units: true",
    ),
    (
        {ONE: {"k": KERNELS}, "figures": {"d": {"f": {"family": "phases", "data": ["k/*"]}}}},
        r"figures\.d\.f: family 'phases' requires an activation with σ\(0\) = 0 and a nonzero slope at 0; got 'relu2'",
    ),
    ({"problems": {"b": {"equation": "burger", "viscosity": 1}}}, r"unknown .*'burger'; did you mean 'burgers'"),
    (
        {"problems": {"b": {"equation": "burgers", "viscosity": 0}}},
        r"problems\.b\.viscosity must be greater than 0; got 0",
    ),
    (
        {ONE: {"p": {"document": "d", "task": "pinn", "activation": "tanh", "problem": "k2"}}},
        r"problem 'k2' has equation 'elliptic'; task 'pinn' solves 'burgers'",
    ),
    ({ONE: {"one": {"activation": "rleu"}}}, r"unknown activation 'rleu'; did you mean 'relu'"),
    ({ONE: {"one": {"epoch": 3}}}, r"experiments\.one\.epoch: unknown key 'epoch'; did you mean 'epochs'"),
    ({ONE: {"one": {"width": -5}}}, r"experiments\.one\.width must be greater than 0; got -5"),
    ({ONE: {"one": {"sweep": {"width": [3, -4]}}}}, r"\(case width-4\)\.width must be greater than 0; got -4"),
    ({ONE: {"one": {"seeds": 1.5}}}, r"seeds must be a valid integer.*; got 1\.5"),
    ({ONE: {"one": {"task": "rits"}}}, r"unknown 'task' 'rits'; did you mean 'ritz'"),
    ({ONE: {"one": {"gradient": "kink"}}}, r"unknown value 'kink'; did you mean 'kink_aware'"),
    ({ONE: {"one": {"problem": "k3"}}}, r"unknown problem 'k3'; did you mean 'k2'"),
    ({ONE: {"one": {"start": "one/other"}}}, r"'one/other' matches no case; did you mean 'one/default'"),
    ({ONE: {"one": {"distance": "x"}}}, r"distance must be zero at both ends of .*; got 'x'"),
    ({ONE: {"one": {"cases": {"a": {"widht": 3}}}}}, r"unknown key 'widht'; did you mean 'width'"),
    (
        {ONE: {"one": {"optimizer": "projected_newton", "gradient": "finite_difference"}}},
        r"gradient must be 'kink_aware' with projected_newton; got 'finite",
    ),
    (
        {ONE: {"one": {"optimizer": "block_newton", "gradient": "kink_aware", "activation": "relu2"}}},
        r"activation must be piecewise linear with one kink for optimizer 'block_newton'; got 'relu2'",
    ),
    ({ONE: {"one": {"hidden_layers": 2, "gradient": "discrete_delta"}}}, r"hidden_layers must be 1"),
    (
        {ONE: {"f": {"document": "d", "task": "single_neuron", "activation": "relu", "slope": 0}}},
        r"slope must be nonzero; got 0",
    ),
    ({ONE: {"../up": {}}}, r"must match the pattern .*; got '\.\./up'"),
    ({"problems": {"k2": {"solution": "cos(x)"}}}, r"problems\.k2: .* boundary condition"),
    ({"problems": {"k2": {"solution": "sin(pi*y)"}}}, r"unknown symbol 'y'"),
    ({"problems": {"k2": {"solution": "x.__class__"}}}, r"Attribute is not allowed"),
    ({"problems": {"k2": {"solution": "__import__('os')"}}}, r"unknown function|not a real number"),
    ({"problems": {"k2": {"coefficient": "x - 1/2"}}}, r"must be positive"),
    ({"custom_activations": {"mine": "foo(x)"}}, r"custom_activations\.mine: .*unknown function 'foo'"),
    ({"custom_activations": {"relu": "x"}}, r"this name is reserved; choose another"),
    ({"custom_activations": {"step": "heaviside(x)"}, ONE: {"one": {"activation": "step"}}}, r"'step' jumps"),
    ({"results": "../elsewhere"}, r"results must match the pattern .*; got '\.\./elsewhere'"),
    ({"results": "/tmp"}, r"results must match the pattern .*; got '/tmp'"),
    ({ONE: {"one": {"width": True}}}, r"width must be an integer; got True"),
    ({ONE: {"one": {"start": "one/default"}}}, r"start must not lead back to the case itself; got 'one/default'"),
    (
        {ONE: {"one": {"sweep": {"distance": ["x*(1 - x)", "sin(pi*x)"]}}}},
        r"sweep yields the invalid name .*; use `cases`",
    ),
    ({ONE: {"two": {"document": "deep_ritz", "activation": "relu"}}}, r"experiments\.two: the key 'task' is required"),
    (
        {ONE: {"f": {"document": "d", "task": "single_neuron", "activation": "relu", "domain": [1, 0]}}},
        r"left end must be",
    ),
    ({ONE: {"one": {"activation": "relu2", "hidden_layers": 2, "gradient": "kink_aware"}}}, r"'relu2' is neither"),
    ({"problems": {"k2": {"coefficient": "1 + heaviside(x - 1/2)"}}}, r"problems\.k2: coefficient .* has a kink"),
    ({"problems": {"k2": {"coefficient": "1 + abs(x - 1/3)"}}}, r"problems\.k2: coefficient .* has a kink"),
    ({"problems": {"k2": {"solution": "0"}}}, r"problems\.k2: solution '0' is zero everywhere"),
    ({"figurs": {}}, r"unknown key 'figurs'; did you mean 'figures'"),
    ({"figures": {"deep_ritz": {"fig1": {"family": "trainin", "data": []}}}}, r"'trainin'; did you mean 'training'"),
    (
        {"figures": {"deep_ritz": {"fig1": {"family": "training", "data": ["on/default"]}}}},
        r"'on/default' matches no case",
    ),
]


@pytest.mark.parametrize(("change", "message"), MISTAKES)
def test_invalid_entries_are_rejected_with_a_one_line_message(change, message):
    with pytest.raises(ConfigError) as error:
        loading.load(small(**change))
    assert re.search(message, str(error.value)), str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "change",
    [
        {"problems": {"k2": {"solution": "1000*sin(10*pi*x)"}}},
        {"problems": {"k2": {"solution": "x*(1 - x)*abs(x + 5)"}}},
        {ONE: {"one": {"activation": "relu2", "hidden_layers": 2}}},
        {ONE: {"one": {"sweep": {"epochs": [1000000, 20]}}}},
        {"custom_activations": None},
    ],
)
def test_unusual_but_valid_entries_are_accepted(change):
    loading.load(small(**change))


def test_plane_indices_range_over_all_parameters_of_deep_networks():
    deep = {"hidden_layers": 2, "width": 10}
    planes = {"document": "deep_ritz", "task": "landscape", "problem": "k2", "activation": "relu", **deep}
    planes |= {"start": "one/default", "planes": [[1, 140]]}
    loading.load(small(experiments={"one": deep, "two": planes}))
    with pytest.raises(ConfigError, match="from 1 to 140"):
        loading.load(small(experiments={"one": deep, "two": {**planes, "planes": [[1, 141]]}}))


@pytest.mark.parametrize("key", ["width", "seeds", "activation"])
def test_a_start_must_have_the_same_settings(key):
    value = {"width": 9, "seeds": 3, "activation": "tanh"}[key]
    second = {"document": "deep_ritz", "task": "ritz", "problem": "k2", "activation": "relu", "start": "one/default"}
    with pytest.raises(ConfigError, match=f"{key} must be .*, as in the start 'one/default'; got"):
        loading.load(small(experiments={"two": {**second, key: value}}))


def test_plane_indices_must_not_exceed_the_number_of_eigenvectors():
    entry = {
        "document": "deep_ritz",
        "task": "landscape",
        "problem": "k2",
        "activation": "relu",
        "start": "one/default",
    }
    with pytest.raises(ConfigError, match=r"a plane must be two different numbers from 1 to 150; got \[1, 151\]"):
        loading.load(small(defaults={"ritz": {"width": 50}}, experiments={"two": {**entry, "planes": [[1, 151]]}}))


def test_environments_pin_the_versions_of_the_requirements():
    pins = dict(re.findall(r"^([a-z0-9_-]+)==(\S+)$", (ROOT / "requirements.txt").read_text(), re.M))
    for path in (ROOT / "envs").glob("*.yaml"):
        *listed, last = yaml.safe_load(path.read_text())["dependencies"]
        from_pypi = [entry.replace("==", " =") for entry in last["pip"]] if isinstance(last, dict) else [last]
        for entry in [*listed, *from_pypi]:
            name, version = entry.split(" =")
            if name not in ("python", "pip"):
                assert pins[{"pytorch": "torch"}.get(name, name)] == version, f"{path.name}: {name}"


def test_a_compiled_step_needs_a_compiler(monkeypatch, tmp_path):
    one = {"document": "d", "task": "pinn", "problem": "burgers", "activation": "tanh", "compile": True}
    config = small(problems={"burgers": {"equation": "burgers", "viscosity": 0.01}}, experiments={"b": one})
    (tmp_path / "clang++").write_text("#!/bin/sh\n")
    (tmp_path / "clang++").chmod(0o755)
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    loading.load(config)
    monkeypatch.setenv("CXX", "/nowhere/c++")
    with pytest.raises(ConfigError, match=r"compile: true needs a C\+\+ compiler; found none of /nowhere/c\+\+; "):
        loading.load(config)
