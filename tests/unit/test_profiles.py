"""Profiles: valid options of Snakemake, and GPUs requested for the rules that can use them."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser
from snakemake_executor_plugin_slurm import ExecutorSettings

from reproduction.config import tasks

ROOT = Path(__file__).parent.parent.parent
PROFILES = {path.parent.name: yaml.safe_load(path.read_text()) for path in ROOT.glob("workflow/profiles/*/config.yaml")}
RULES = "".join(path.read_text() for path in [ROOT / "Snakefile", *sorted(ROOT.glob("workflow/rules/*.smk"))])


TASK_RULES = [rule for model in tasks.models().values() for rule in model.rules]


def rules_with(text: str) -> set[str]:
    """Return the rules whose definition contains a text."""
    blocks = re.split(r"^rule (\w+):\n", RULES, flags=re.M)[1:]
    return {name for name, body in zip(blocks[::2], blocks[1::2]) if text in body.split("\n\n\n")[0]}


def test_there_are_three_profiles():
    assert set(PROFILES) == {"slurm", "slurm-gpu", "gpu"}


@pytest.mark.parametrize("name", PROFILES)
def test_every_key_is_an_option_of_snakemake(name):
    options = {option for action in get_argument_parser()._actions for option in action.option_strings}
    options |= {f"--slurm-{field.name.replace('_', '-')}" for field in fields(ExecutorSettings)}
    assert {f"--{key}" for key in PROFILES[name]} <= options


@pytest.mark.parametrize("name", ["gpu", "slurm-gpu"])
def test_every_rule_that_can_use_a_gpu_requests_one(name):
    asking = {rule for rule, resources in PROFILES[name]["set-resources"].items() if resources["gpu"] == 1}
    assert asking == rules_with("device=CONFIG.device") | {rule.name for rule in TASK_RULES if rule.device}
    assert PROFILES[name]["config"] == ["device=cuda"]


def test_the_slurm_profiles_differ_only_in_gpus():
    plain, gpu = PROFILES["slurm"], dict(PROFILES["slurm-gpu"])
    del gpu["set-resources"], gpu["config"]
    assert gpu == plain


def test_submitted_rules_request_more_resources_when_retried():
    local = set(re.search(r"^localrules:\n((?:    \w+,\n)+)", RULES, re.M)[1].replace(",", "").split())
    submitted = set(re.findall(r"^rule (\w+):", RULES, re.M)) - local
    assert submitted == {"train", "train_seeds", "train_shard"}
    assert submitted <= rules_with("mem_mb=megabytes(")
    assert submitted <= rules_with("runtime=minutes(")
    assert {rule.name for rule in TASK_RULES if not rule.local} == {"kernel_ensemble", "latents", "audit"}
