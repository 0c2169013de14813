"""Configs, formulas and result files can neither run code nor write outside the results folder."""

import ast
import os
import time
from pathlib import Path

import pytest
import sympy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from snakemake.common.configfile import load_configfile
from snakemake.exceptions import WorkflowError
from test_config import small

import shipped
from rectified.errors import InvalidInputError
from rectified.formulas import activations, expressions
from reproduction.config import loading
from reproduction.config.checks import consistency
from reproduction.config.errors import ConfigError
from reproduction.runtime import schedule

ROOT = Path(__file__).parent.parent.parent
SOURCES = [
    path
    for pattern in ("scripts/**/*.py", "tests/**/*.py", "workflow/**/*.smk", "workflow/**/*.py", "Snakefile")
    for path in ROOT.glob(pattern)
]
# Uses of Python's eval and exec in tests; none is applied to external text.
KNOWN = {("tests/unit/test_expressions.py", "eval"), ("tests/unit/test_digest.py", "exec")}

# --- code --------------------------------------------------------------------------------------------


def calls(path: Path) -> list[ast.Call]:
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        text = "\n".join(line for line in text.splitlines() if line.startswith(("import ", "from ")) or "(" in line)
        return [call for line in text.splitlines() for call in _calls_in(line.strip().rstrip(",:"))]
    return [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]


def _calls_in(line: str) -> list[ast.Call]:
    try:
        return [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Call)]
    except SyntaxError:
        return []


def given_as(call: ast.Call, keyword: str):
    """Return the constant value of a keyword of a call; None if it is not given, ... if it is not a constant."""
    for item in call.keywords:
        if item.arg == keyword:
            return item.value.value if isinstance(item.value, ast.Constant) else ...
    return None


def dangers(call: ast.Call) -> list[str]:
    """List the reasons why a call may run code hidden in its input."""
    name = ast.unparse(call.func)
    last = name.split(".")[-1]
    found = []
    if name in ("eval", "exec", "compile", "__import__", "os.system", "os.popen"):
        found.append(name)
    if last in ("sympify", "parse_expr", "read_pickle", "to_pickle", "unsafe_load", "full_load"):
        found.append(name)
    if name.split(".")[0] in ("pickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"):
        found.append(name)
    if name == "torch.load" and given_as(call, "weights_only") is not True:
        found.append(name)
    if name in ("yaml.load", "yaml.load_all") and "Safe" not in ast.unparse(call):
        found.append(name)
    found += [keyword for keyword in ("allow_pickle", "shell") if given_as(call, keyword) not in (None, False)]
    return found


def test_no_call_can_run_code_hidden_in_data():
    found = {
        (str(path.relative_to(ROOT)), danger) for path in SOURCES for call in calls(path) for danger in dangers(call)
    }
    assert found - KNOWN == set()


def test_no_unpickling_module_is_imported():
    modules = {"pickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())) if path.suffix == ".py" else ():
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not modules & {name.split(".")[0] for name in names}, path


@pytest.mark.parametrize(
    "line",
    [
        "pickle.loads(b)",
        "torch.load(f)",
        "torch.load(f, weights_only=False)",
        "np.load(f, allow_pickle=True)",
        "pd.read_pickle(f)",
        "joblib.load(f)",
        "yaml.load(t, Loader=yaml.FullLoader)",
        "eval(t)",
        "subprocess.run(c, shell=True)",
        "sympy.sympify(t)",
        "sympy.parsing.sympy_parser.parse_expr(t)",
    ],
)
def test_dangerous_calls_are_detected(line):
    assert any(dangers(call) for call in _calls_in(line))


# --- formulas ----------------------------------------------------------------------------------------

FUNCTIONS = (sympy.Heaviside, sympy.Max, sympy.Min, sympy.Abs, sympy.sign, expressions.sigmoid, expressions.softplus)
ELEMENTARY = ("atan", "cos", "cosh", "erf", "exp", "log", "sin", "sinh", "tan", "tanh")
FUNCTIONS += tuple(getattr(sympy, name) for name in ELEMENTARY)
HARMLESS = (sympy.Add, sympy.Mul, sympy.Pow, sympy.Symbol, sympy.Number, sympy.NumberSymbol, *FUNCTIONS)


def is_harmless(expression: sympy.Expr) -> bool:
    """Return True if an expression consists only of x, numbers, arithmetic and functions of the grammar."""
    nodes = list(sympy.preorder_traversal(expression))
    return all(isinstance(node, HARMLESS) or node.func in FUNCTIONS for node in nodes) and (
        expression.free_symbols <= {expressions.symbol("x")}
    )


def parsed(text: str) -> str:
    """Parse a text; return "a formula" if it is harmless, or the error message."""
    try:
        expression = expressions.parse(text)
    except InvalidInputError as error:
        return str(error)
    assert is_harmless(expression)
    return "a formula"


def canary(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))


GRAMMAR = ["x", "1", "2", "0.5", "1e3", "pi", "e", "+", "-", "*", "/", "**", "(", ")", ",", *expressions.FUNCTIONS]
FOREIGN = [".", "[", "]", "{", "}", ":", ":=", ";", "=", "==", "<", ">", "!=", "|", "&", "^", "~", "@", "//", "%"]
FOREIGN += ["->", "...", "\\", "'", '"', "'''", "#", "\n", "\t", "!", "?", "$", "`", "lambda", "x:", "if", "else"]
FOREIGN += ["for", "in", "not", "and", "or", "is", "await", "yield", "async", "import", "from", "global", "def"]
FOREIGN += ["class", "return", "del", "assert", "with", "as", "try", "None", "True", "False", "self", "__import__"]
FOREIGN += ["eval", "exec", "open", "compile", "globals", "locals", "vars", "getattr", "setattr", "type", "object"]
FOREIGN += ["os", "sys", "subprocess", "__class__", "__bases__", "__subclasses__", "__builtins__", "__dict__"]
FOREIGN += ["__init__", "__globals__", "__mro__", "format", "f'{x}'", "f\"{open('canary','w')}\"", "b'x'", "r'x'"]
FOREIGN += ["'a'", '"b"', "1j", "0x10", "0b1", "1_0", "open('canary','w')", "__import__('os').mkdir('canary')"]
FOREIGN += ["x.func", "x.evalf(", "x.subs(", "factorial", "gamma", "Integer", "Symbol", "S", "sympify"]
FOREIGN += ["Function", "\uff58", "ｓin", "е", "х", "ₓ", "x²", "∞", "π", "√", "9**9**9**9", "1e999", "ñ", "\u202e"]
FOREIGN += ["\u200b", "\x00", "\x1b"]
SOUP = st.lists(st.sampled_from(GRAMMAR) | st.sampled_from(FOREIGN) | st.text(max_size=3), max_size=14)
PLAIN = st.lists(st.sampled_from(GRAMMAR), max_size=14)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tokens=SOUP | PLAIN, glue=st.sampled_from(["", " "]))
def test_random_tokens_are_parsed_or_rejected_without_side_effects(tokens, glue, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert parsed(glue.join(tokens))
    assert canary(tmp_path) == []


TRICKS = {
    "import": "__import__('os').system('touch canary')",
    "subclasses": "().__class__.__bases__[0].__subclasses__()",
    "attribute": "x.__class__",
    "method": "x.evalf()",
    "open": "open('canary', 'w')",
    "exec": "exec(\"open('canary', 'w')\")",
    "eval": "eval('1')",
    "lambda": "(lambda: open('canary', 'w'))()",
    "walrus": "(y := x)",
    "f-string": "f\"{open('canary', 'w')}\"",
    "format": "'{0.__class__}'.format(x)",
    "generator": "max(open('canary', 'w') for x in (1,))",
    "starred": "max(*[x, x])",
    "keyword": "sin(x, evaluate=False)",
    "subscript": "sin[0](x)",
    "statement": "x; open('canary', 'w')",
    "lines": "x\nopen('canary', 'w')",
    "look-alike x": "х",
    "look-alike e": "еxp(x)",
    "function of sympy": "gamma(x)",
    "name of sympy": "Integer(1)",
    "huge factorial": "factorial(10**9)",
    "tower": "9**9**9**9",
    "tower of brackets": "((((9**9)**9)**9)**9)**9",
    "tower of e": "exp(exp(exp(exp(exp(exp(9))))))",
    "comparison of towers": "max(exp(exp(exp(exp(9)))), exp(exp(exp(exp(8)))))",
    "million digits": "9" * 10**6,
    "very long": "+".join(["x"] * 10**6),
    "deep brackets": "(" * 10**5 + "x" + ")" * 10**5,
    "deep signs": "-" * 10**5 + "x",
    "null": "x\x00",
}
# Accepted because sympy does not evaluate nested exponentials.
TAKEN = {"tower of e"}


@pytest.mark.parametrize("trick", TRICKS)
def test_malicious_formulas_are_handled_within_seconds(trick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    began = time.process_time()
    sentence = parsed(TRICKS[trick])
    assert (sentence == "a formula") == (trick in TAKEN)
    assert len(sentence) < 700
    assert time.process_time() - began < 5
    assert canary(tmp_path) == []


@pytest.mark.parametrize("formula", ["relu(x**64 + x**63 - 1)", "*".join(f"relu(x - {i})" for i in range(16))])
def test_formulas_that_take_too_long_to_analyse_are_rejected(formula, monkeypatch):
    monkeypatch.setattr(consistency, "SECONDS_PER_ENTRY", 1.0)
    began = time.process_time()
    with pytest.raises(ConfigError, match=r"^custom_activations.mine: .* takes more than 1 s; simplify it$"):
        loading.load(small(custom_activations={"mine": formula}))
    assert time.process_time() - began < 5


def test_the_registry_is_analysed_within_the_time_limit():
    began = time.process_time()
    for name in activations.REGISTRY:
        _ = activations.get(name).kinks
    assert time.process_time() - began < consistency.SECONDS_PER_ENTRY


# --- names and paths ---------------------------------------------------------------------------------

ELSEWHERE = [
    "../x",
    "/tmp/x",
    "a/b",
    "a/../b",
    "..",
    ".",
    "~",
    "~root",
    "a\n",
    "\na",
    "a b",
    "a;b",
    "$HOME",
    "a`b`",
    "",
    "a\x00",
]
ELSEWHERE += ["A", "ä", "a*", "a{b}", "-a", "a" * 300]
EXPERIMENT = {"document": "d", "task": "kernel_ensemble", "activation": "relu2"}
NAMED = {
    "tier": lambda name: {"tier": name},
    "document": lambda name: {"experiments": {"e": {**EXPERIMENT, "document": name}}},
    "experiment": lambda name: {"experiments": {name: EXPERIMENT}},
    "case": lambda name: {"experiments": {"e": {**EXPERIMENT, "cases": {name: {}}}}},
    "problem": lambda name: {"problems": {name: {"solution": "sin(pi*x)"}}},
    "target": lambda name: {"targets": {name: {"function": "x", "domain": [[0, 1]]}}},
    "activation": lambda name: {"custom_activations": {name: "x"}},
    "figures": lambda name: {"figures": {name: {"f": {"family": "training", "data": ["one/default"]}}}},
    "figure": lambda name: {"figures": {"d": {name: {"family": "training", "data": ["one/default"]}}}},
    "table": lambda name: {"tables": {"d": {name: {"family": "energies", "data": ["one/default"]}}}},
    "claims": lambda name: {"claims": {name: {}}},
    "results": lambda name: {"results": name},
    "results/": lambda name: {"results": f"results/{name}"},
}


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", ELSEWHERE)
def test_no_name_points_outside_the_results(kind, name):
    if kind == "results/" and name == "":
        name = "/"
    with pytest.raises(ConfigError) as error:
        loading.load(small(**NAMED[kind](name)))
    assert str(error.value)


def test_valid_names_are_accepted():
    for kind, change in NAMED.items():
        if kind != "results":
            loading.load(small(**change("a1_b")))
    loading.load(small(results="results"))


@pytest.mark.parametrize("values", [["../x"], ["a/b"], ["a\n"], ["~"]])
def test_no_swept_value_points_outside_the_results(values):
    with pytest.raises(ConfigError):
        loading.load(small(experiments={"one": {"sweep": {"distance": values}}}))


def test_all_folders_of_all_tiers_are_inside_the_results():
    for tier in schedule.TIERS:
        config = shipped.config(tier)
        root = Path("results").resolve()
        for case in config.all_cases:
            assert (Path(config.results) / case.folder).resolve().is_relative_to(root)


@pytest.mark.parametrize("where", ["", "tier: ", "tier: [1, "])
def test_yaml_tags_that_run_code_are_rejected(where, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("overlay.yaml").write_text(
        f"{where}!!python/object/apply:os.mkdir [canary]{']' if '[' in where else ''}\n", encoding="utf-8"
    )
    with pytest.raises(WorkflowError, match="not valid JSON or YAML"):
        load_configfile("overlay.yaml")
    assert canary(tmp_path) == ["overlay.yaml"]
