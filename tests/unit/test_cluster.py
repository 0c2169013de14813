"""Limits of a SLURM cluster, read from the output of sinfo."""

import pytest

from reproduction.config.errors import ConfigError
from reproduction.runtime import slurm_limits
from reproduction.runtime.slurm_limits import Partition

SINFO = """short|64000|32|(null)|30:00
long|128000+|64|(null)|7-00:00:00
long|512000|64|(null)|7-00:00:00
gpu|256000|48|gpu:h100:4(S:0-1)|1-12:00:00
any|1000|1|shard:2,gpu:a30:1|infinite
"""
KNOWN = slurm_limits.read_partitions(SINFO)
FITS = {"slurm_partition": "gpu", "mem_mb": 200_000, "runtime": 36 * 60, "gpu": 1}


def test_the_largest_node_of_each_partition_is_read_from_sinfo():
    expected = {
        "short": Partition("short", 64000, 32, False, 30),
        "long": Partition("long", 512000, 64, False, 7 * 24 * 60),
        "gpu": Partition("gpu", 256000, 48, True, 36 * 60),
        "any": Partition("any", 1000, 1, True, None),
    }
    assert expected == KNOWN


def test_jobs_within_the_limits_pass():
    slurm_limits.check([("train", 48, FITS), ("audit", 1, {"slurm_partition": "any", "runtime": 10**6})], KNOWN)


@pytest.mark.parametrize(
    ("threads", "change", "sentence"),
    [
        (1, {"slurm_partition": ""}, "slurm_partition is not set; .* short, long, gpu, any"),
        (1, {"slurm_partition": "CHANGE_ME_GPU"}, "slurm_partition is not set"),
        (1, {"slurm_partition": "lnog"}, "unknown slurm_partition 'lnog'; did you mean 'long'"),
        (1, {"slurm_partition": "long"}, "requests a GPU; partition 'long' has none. Partitions with GPUs: gpu, any"),
        (1, {"mem_mb": 300_000}, "300000 MB of memory; partition 'gpu' allows at most 256000"),
        (49, {}, "49 CPUs; partition 'gpu' allows at most 48"),
        (1, {"runtime": 36 * 60 + 1}, "2161 minutes; .* at most 2160"),
        (1, {"gpu": 0, "device": "cuda"}, "runs on cuda .* requests no GPU"),
    ],
)
def test_jobs_beyond_a_limit_are_rejected(threads, change, sentence):
    with pytest.raises(ConfigError, match=f"rule train.*{sentence}"):
        slurm_limits.check([("audit", 1, FITS), ("train", threads, FITS | change)], KNOWN)


def test_a_machine_without_slurm_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="`sinfo` was not found; run Snakemake on a login node"):
        slurm_limits.partitions()


def test_a_controller_that_does_not_answer_is_an_error(monkeypatch, tmp_path):
    fake = tmp_path / "sinfo"
    fake.write_text("#!/bin/sh\necho slurm_load_partitions: no answer >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="`sinfo` failed: slurm_load_partitions: no answer"):
        slurm_limits.partitions()
