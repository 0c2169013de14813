# Everything a person types. `make` sets up .venv and runs the draft tier; `make test` runs the tests.
PYTHON ?= python3
CORES ?= $(shell nproc)
TIER ?= paper
SNAKEMAKE := .venv/bin/snakemake --cores $(CORES)

.PHONY: all smoke paper report test test-slurm test-container plan costs schema bench bench-gpu clean
all: .venv/installed ## every figure and table, draft tier
	$(SNAKEMAKE) all

smoke: .venv/installed ## the same in little, about three minutes
	$(SNAKEMAKE) all --configfile workflow/tiers/smoke.yaml

paper: .venv/installed ## the published sizes
	$(SNAKEMAKE) all --configfile workflow/tiers/paper.yaml

report: .venv/installed ## results/report.pdf: every figure, table and claim of the draft tier on paper
	$(SNAKEMAKE) report

test: .venv/installed-test ## all tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile workflow/rules
	PYTHONPATH=scripts .venv/bin/lint-imports
	.venv/bin/snakemake --lint
	.venv/bin/pytest --numprocesses 2 --dist loadgroup

test-slurm: .venv/installed-test ## the smoke tier on a SLURM of two nodes, and what can happen to it; installs SLURM (Debian, root)
	.venv/bin/pytest tests/slurm

plan: .venv/installed ## how long a tier takes on 1, 8 and 64 workers: make plan TIER=paper
	PYTHONPATH=scripts .venv/bin/python -m rectified.plan $(TIER)

costs: .venv/installed ## update workflow/costs.tsv, which predictions come from, with the benchmarks in results
	PYTHONPATH=scripts .venv/bin/python -m rectified.costs

schema: .venv/installed ## rewrite the JSON schema of config.yaml from the models
	PYTHONPATH=scripts .venv/bin/python -c "from rectified import config; print(config.schema(), end='')" > workflow/schemas/config.schema.json

bench: .venv/installed .venv-peers/installed ## our speed beside that of the peers, in one run
	.venv-peers/bin/python tests/benchmarks/run.py

bench-gpu: .venv/installed ## three hot paths on a GPU beside two cores
	.venv/bin/python tests/benchmarks/run.py --gpu

test-container: .venv/installed ## the container, built from Debian's packages only; needs root, buildah, mmdebstrap
	tests/container/check.sh

clean: ## remove what the tests and tools leave; keeps results
	rm -rf .pytest_cache .ruff_cache .hypothesis .import_linter_cache

.venv/installed: requirements.txt
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet -r requirements.txt
	touch $@

.venv/installed-test: requirements-test.txt .venv/installed
	.venv/bin/pip install --quiet -r requirements-test.txt
	touch $@

.venv-peers/installed: requirements-peers.txt requirements.txt
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/pip install --quiet -r requirements.txt
	.venv-peers/bin/pip install --quiet --no-deps -r requirements-peers.txt
	touch $@
