"""Any config either loads or is rejected with a one-line message, never a traceback."""

import copy
import datetime
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_config import raw, small

from reproduction.config import loading
from reproduction.config.errors import ConfigError

BASE = raw("smoke")


def places(value, path: tuple = ()):
    """Yield the paths of all values of a config."""
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


PLACES = list(places(BASE))
WRONG = [
    *[None, True, False, 0, -1, 1, 2.5, math.nan, math.inf, -math.inf, 10**400, 1e300, 5e-324],
    *["", "x", "relu", "1e9999", "nan", "../x", "a\nb", "é", "**", "*/*", "[", "one/[", "9" * 5000, "0x10", "1_000"],
    *[[], [[]], [1, 2], ["a"], [None], {}, {"a": 1}, {1: 2}, {None: None}, [{}], {"x": {"y": {"z": 1}}}, b"x", (1, 2)],
    datetime.date(2020, 1, 1),
]
KEYS = ["", "a b", "../x", "A", 1, 2.5, None, True, "x" * 100, "task"]


def answer(config: dict) -> str:
    try:
        return loading.load(config).tier
    except ConfigError as error:
        return str(error)


@settings(max_examples=40, deadline=None)
@given(
    place=st.sampled_from(PLACES),
    wrong=st.sampled_from(WRONG) | st.text(max_size=20),
    key=st.sampled_from([*KEYS, ...]),
)
def test_a_wrong_value_or_key_is_accepted_or_rejected_in_one_line(place, wrong, key):
    changed = copy.deepcopy(BASE)
    above = changed
    for part in place[:-1]:
        above = above[part]
    if key is not ... and isinstance(above, dict):
        above[key] = above.pop(place[-1])
    else:
        above[place[-1]] = wrong
    said = answer(changed)
    assert said
    assert "\n" not in said
    assert max(map(len, said.split())) < 200


@pytest.mark.parametrize("whole", [{}, {1: 2}, {None: None}, {"tier": "a"}])
def test_incomplete_configs_are_rejected(whole):
    with pytest.raises(ConfigError):
        loading.load(whole)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"problems": {"p": {"solution": "x", "domain": [0, math.inf]}}},
            r"both ends must be finite; got \[0\.0, inf\]",
        ),
        (
            {"problems": {"p": {"solution": "x", "domain": [math.nan, 1]}}},
            r"both ends must be finite; got \[nan, 1\.0\]",
        ),
        ({"tier": "9" * 5000}, r"^tier must have at most 60 characters; got '9{99}…"),
        ({"experiments": {"one": {"sweep": {"distance": ["a\nb"]}}}}, r"sweep yields the invalid name"),
        ({"experiments": [1]}, r"^experiments must be a valid dictionary; got \[1\]$"),
    ],
)
def test_messages_state_the_given_value(change, message):
    with pytest.raises(ConfigError, match=message) as error:
        loading.load(small(**change))
    assert "\n" not in str(error.value)
