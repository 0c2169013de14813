"""Config files: one value has one name, no key is given twice, and null removes an entry."""

import json
import math
import re

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from test_config import CLAIM, merged, small

from reproduction.config import loading, yaml_files
from reproduction.config.errors import ConfigError

SPELLINGS = {"0.001": 0.001, "1e-3": 0.001, "1.0e-03": 0.001, "1E-3": 0.001, "10e-4": 0.001, "0.005": 0.005}


@pytest.fixture(scope="module")
def schema() -> dict:
    return json.loads(loading.schema())


def swept(text: str, **changes) -> dict:
    """Return the cases of an experiment with a sweep in YAML, by name."""
    return loading.load(small(experiments={"one": {"sweep": yaml.safe_load(text)}}, **changes)).cases["one"]


def rejected(config: dict) -> str:
    with pytest.raises(ConfigError) as error:
        loading.load(config)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(("text", "value"), SPELLINGS.items())
def test_a_case_has_one_name_in_every_spelling_of_its_value(text, value):
    (name,) = cases = swept(f"{{learning_rate: [{text}]}}")
    assert name == f"learning_rate{value}"
    assert cases[name].learning_rate == value


@pytest.mark.parametrize(
    ("sweep", "name"),
    [
        ("{epochs: [1e4]}", "epochs10000"),
        ("{epochs: [1.0]}", "epochs1"),
        ("{learning_rate: [1]}", "learning_rate1"),
        ("{learning_rate: [1.0]}", "learning_rate1"),
        ("{learning_rate: [1000000.0]}", "learning_rate1e06"),
        ("{final_learning_rate: [~]}", "final_learning_ratenone"),
        ("{problem: [k2]}", "k2"),
    ],
)
def test_names_are_those_of_validated_values(sweep, name):
    assert list(swept(sweep)) == [name]


@given(st.floats(1e-300, 1e300), st.integers(-3, 3))
def test_different_numbers_have_different_names(value, steps):
    other = value
    for _ in range(abs(steps)):
        other = math.nextafter(other, math.inf if steps > 0 else 0.0)
    names = [next(iter(swept(f"{{learning_rate: [{number!r}]}}"))) for number in (value, other)]
    assert (names[0] == names[1]) == (value == other)


@pytest.mark.parametrize(
    ("sweep", "values"),
    [
        ("{learning_rate: [1e-3, 0.001]}", ["'1e-3'", "0.001", "'learning_rate0.001'"]),
        ("{epochs: [1e4, 10000]}", ["'1e4'", "10000"]),
        ("{width: [8, 9], learning_rate: [0.1, '0.10']}", ["0.1", "'0.10'", "width 8"]),
        ("{learning_rate: [0.1, 0.1]}", ["must be distinct", "[0.1, 0.1]"]),
        ("{width: [1, 1.0]}", ["must be distinct", "[1, 1.0]"]),
        ("{activation: [relu, relu]}", ["must be distinct", "['relu', 'relu']"]),
        ("{activation: [relu2, relu02]}", ["without leading zeros, as relu2; got 'relu02'"]),
        ("{activation: []}", ["must have at least 1 item"]),
    ],
)
def test_one_value_given_twice_is_rejected_with_both_spellings(sweep, values):
    message = rejected(small(experiments={"one": {"sweep": yaml.safe_load(sweep)}}))
    assert message.startswith("experiments.one")
    assert all(value in message for value in values), message


def test_a_custom_activation_may_also_be_in_the_sweep_by_name():
    mine = {"custom_activations": {"mine": "x"}}
    assert list(swept("{activation: [tanh, mine, custom]}", **mine)) == ["tanh", "mine"]


KERNELS = {"document": "d", "task": "kernel_ensemble", "activation": "relu2"}


def swept_booleans(text: str) -> dict:
    sweep = yaml.safe_load(f"{{in_critical_units: {text}}}")
    return small(experiments={"kernels": KERNELS | {"sweep": sweep}})


@pytest.mark.parametrize("text", ["[yes]", "['on']", "[true]"])
def test_a_boolean_has_one_name_in_every_spelling(text):
    assert list(loading.load(swept_booleans(text)).cases["kernels"]) == ["in_critical_unitstrue"]


def test_a_boolean_given_twice_is_rejected_with_both_spellings():
    message = rejected(swept_booleans("['yes', true]"))
    assert message.startswith("experiments.kernels")
    assert all(value in message for value in ("'yes'", "True")), message


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"experiments": {"k": {**KERNELS, "weight_variances": [1, "1e0"]}}},
            r"^experiments\.k\.weight_variances must be distinct; got \[1\.0, 1\.0\]",
        ),
        ({"experiments": {"k": {**KERNELS, "widths": [8, "8"]}}}, r"widths must be distinct; got \[8, 8\]"),
        (
            {"figures": {"d": {"f": {"family": "training", "data": ["one/default", "one/default"]}}}},
            r"^figures\.d\.f\.data must be distinct",
        ),
        ({"scorecards": {"activations": ["relu", "relu"]}}, r"^scorecards\.activations must be distinct"),
        (
            {"claims": {"d": {"c": {**CLAIM, "parts": [{**CLAIM["parts"][0], "at": {"step": ["1E-3", 0.001]}}]}}}},
            r"two or more different coordinates; got \[0\.001, 0\.001\]",
        ),
        ({"experiments": {"one": {"learning_rate": True}}}, r"learning_rate must be a number; got True"),
        ({"problems": {"k2": {"domain": [False, True]}}}, r"problems\.k2\.domain.* must be a number; got False"),
        (
            {"claims": {"d": {"c": {**CLAIM, "parts": [{**CLAIM["parts"][0], "above": True}]}}}},
            r"above must be a number; got True",
        ),
        ({"experiments": {"one": {"cases": {1: {}}}}}, r"^experiments\.one\.cases: a key must be text; .* int 1;"),
        ({"experiments": {2.5: {}}}, r"^experiments: a key must be text; .* float 2\.5; write it in quotes"),
        ({"custom_activations": {True: "x"}}, r"^custom_activations: a key must be text; .* bool True;"),
    ],
)
def test_repeated_elements_booleans_and_keys_that_are_no_text_are_rejected(change, message):
    assert re.search(message, rejected(small(**change)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3\n", r"the key a is given twice, on lines 1 and 3; keep one"),
        ("a: {b: 1, c: 2, b: 3}", r"the key a\.b is given twice, on lines 1 and 1"),
        ("a:\n  - {x: 1}\n  - x: 1\n    'x': 2\n", r"the key a\.x is given twice, on lines 3 and 4"),
        ('{"a": {"b": 1,\n "b": 2}}', r"the key a\.b is given twice, on lines 1 and 2"),
        ("a: 1\nb: 1\na: 2\na: 3", r"on lines 1 and 3"),
        ("a: {width: 010}", r"a\.width: 010 on line 1 is read as an octal number"),
        ("a:\n- 1:30", r"a: 1:30 on line 2 is read as a number of base 60"),
        ("a: 1:30.5", r"base 60"),
        ("- 1", r"must be a mapping of keys to values; got seq"),
        ("text", r"must be a mapping of keys to values; got str"),
        ("a: [1", r"is not valid YAML: .*line 1"),
        (b"a: \xff", r"must be encoded as UTF-8"),
        (None, r"cannot be read: No such file"),
    ],
)
def test_config_files_that_say_something_else_than_they_show_are_rejected(tmp_path, text, message):
    path = tmp_path / "overlay.yaml"
    if text is not None:
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for read in (yaml_files.read, lambda path: yaml_files.check([path]), lambda path: loading.read([path])):
        with pytest.raises(ConfigError, match=message) as error:
            read(path)
        assert str(path) in str(error.value)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("", {}),
        ("# nothing\n", {}),
        ("~", {}),
        ("a: &x {b: 1}\nc: *x\nd: {<<: *x, e: 2}", {"a": {"b": 1}, "c": {"b": 1}, "d": {"b": 1, "e": 2}}),
        ("a: {b: 1}\nc: {b: 2}", {"a": {"b": 1}, "c": {"b": 2}}),
        ("a: [0, -0, 0.5, 00.5, '010', '1:30', 1_000, 0x10]", {"a": [0, 0, 0.5, 0.5, "010", "1:30", 1000, 16]}),
        ("a: é\n", {"a": "é"}),
    ],
)
def test_other_config_files_are_read_as_they_are(tmp_path, text, content):
    path = tmp_path / "overlay.yaml"
    path.write_text(text, encoding="utf-8")
    assert yaml_files.read(path) == content


WHOLE = small(
    targets={"f": {"function": "x", "domain": [[0, 1]]}},
    custom_activations={"mine": "x"},
    experiments={"two": {"document": "d", "task": "regression", "activation": "mine", "target": "f"}},
    figures={"d": {"f": {"family": "training", "data": ["one/default"]}}},
    tables={"d": {"t": {"family": "energies", "data": ["one/default"]}}},
    claims={"d": {"c": {**CLAIM, "figure": "d/f", "parts": [{**CLAIM["parts"][0], "of": "one/default"}]}}},
)


@pytest.mark.parametrize(
    ("removed", "message"),
    [
        ({"problems": {"k2": None}}, r"^experiments\.one .*: unknown problem 'k2'"),
        ({"targets": {"f": None}}, r"^experiments\.two .*: unknown target 'f'"),
        ({"custom_activations": {"mine": None}}, r"^experiments\.two .*: unknown activation 'mine'"),
        ({"experiments": {"one": None}}, r"^figures\.d\.f: 'one/default' matches no case"),
        ({"figures": {"d": {"f": None}}}, r"^claims\.d\.c: unknown figure 'd/f'"),
        ({"figures": {"d": None}}, r"^claims\.d\.c: unknown figure 'd/f'"),
        ({"figures": None}, r"^claims\.d\.c: unknown figure 'd/f'"),
        ({"tables": {"d": {"t": None}}}, None),
        ({"tables": {"d": None}}, None),
        ({"tables": None}, None),
        ({"claims": {"d": {"c": None}}}, None),
        ({"claims": {"d": None}}, None),
        ({"claims": None}, None),
        ({"figures": {"d": {"f": None}}, "claims": {"d": {"c": None}}}, None),
        ({"experiments": {"two": None}, "targets": None, "custom_activations": None}, None),
    ],
)
def test_null_removes_an_entry_unless_another_depends_on_it(removed, message, schema):
    loading.load(WHOLE)
    jsonschema.validate(merged(WHOLE, removed), schema)
    if message:
        assert re.search(message, rejected(merged(WHOLE, removed)))
        return
    config = loading.load(merged(WHOLE, removed))
    for kind, entries in removed.items():
        left = getattr(config, kind)
        for name, entry in (entries or {"": None}).items():
            assert name not in left or set(entry or ()).isdisjoint(left[name]), kind
        assert None not in left.values()
        assert {} not in left.values(), "a document without entries is left out"
    assert loading.load(config.model_dump(exclude_unset=True)) == config


def test_null_removes_a_key_of_a_sweep():
    base = small(experiments={"one": {"sweep": {"width": [3, 4], "epochs": [5, 6]}}})
    assert len(loading.load(base).cases["one"]) == 4
    assert list(loading.load(merged(base, {"experiments": {"one": {"sweep": {"epochs": None}}}})).cases["one"]) == [
        "width3",
        "width4",
    ]
    assert list(loading.load(merged(base, {"experiments": {"one": {"sweep": None}}})).cases["one"]) == ["default"]


@pytest.mark.parametrize(
    ("change", "own", "foreign"),
    [
        ({"qqqq": 1}, {"figures", "tier", "results"}, {"width", "family", "parts"}),
        ({"experiments": {"one": {"qqqq": 1}}}, {"width", "sweep", "document"}, {"tier", "shard", "family"}),
        ({"experiments": {"one": {"cases": {"a": {"qqqq": 1}}}}}, {"width"}, {"sweep", "document", "tier"}),
        ({"defaults": {"ritz": {"qqqq": 1}}}, {"width"}, {"document", "ritz"}),
        ({"defaults": {"qqqq": 1}}, {"ritz", "theory"}, {"width"}),
        ({"problems": {"k2": {"qqqq": 1}}}, {"solution", "coefficient"}, {"mobility", "tier"}),
        ({"problems": {"p": {"equation": "poisson", "qqqq": 1}}}, {"solution"}, {"coefficient", "mobility"}),
        ({"figures": {"d": {"f": {"family": "training", "data": ["one/*"], "qqqq": 1}}}}, {"panels"}, {"parts"}),
        ({"claims": {"d": {"c": {**CLAIM, "qqqq": 1}}}}, {"statement", "parts"}, {"what", "tier"}),
        (
            {"claims": {"d": {"c": {**CLAIM, "parts": [{**CLAIM["parts"][0], "qqqq": 1}]}}}},
            {"what", "of"},
            {"statement"},
        ),
    ],
)
def test_an_unknown_key_is_answered_with_the_keys_of_its_level(change, own, foreign):
    _, _, listed = rejected(small(**change)).partition("unknown key 'qqqq'; allowed: ")
    allowed = set(listed.split(", "))
    assert own <= allowed
    assert not foreign & allowed
