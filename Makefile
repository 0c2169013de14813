# Everything a person types. `make` sets up .venv and runs the draft tier; `make test` runs the tests.
PYTHON ?= python3
CORES ?= $(shell nproc)
SNAKEMAKE := .venv/bin/snakemake --cores $(CORES)
# TIER=smoke, draft or paper: its config on top of config.yaml, and its folder of results.
LAYERS = $(if $(filter-out draft,$(TIER)),--configfile workflow/tiers/$(TIER).yaml)
RESULTS = $(if $(filter-out draft,$(TIER)),results/$(TIER),results)

.DEFAULT_GOAL := all
.PHONY: setup all smoke paper report archive verify test test-environments test-library test-workflow test-slurm test-container plan explain costs gallery schema bench bench-gpu clean
setup: .venv/installed ## only .venv, with everything that a run needs

all: .venv/installed ## every figure and table, draft tier
	$(SNAKEMAKE) all

smoke: .venv/installed ## the same in little, two and a half minutes
	$(SNAKEMAKE) all --configfile workflow/tiers/smoke.yaml

paper: .venv/installed ## the published sizes
	$(SNAKEMAKE) all --configfile workflow/tiers/paper.yaml

report: TIER ?= draft
report: .venv/installed ## everything that is not there yet, then report.html and report.pdf: make report TIER=smoke
	$(SNAKEMAKE) all captions report $(LAYERS)
	$(SNAKEMAKE) --report $(RESULTS)/report.html $(LAYERS)

archive: TIER ?= draft
archive: .venv/installed ## results, config, code, versions and checksums in one zip; FULL=1 adds trained weights and fields
	$(SNAKEMAKE) all captions $(LAYERS)
	PYTHONPATH=scripts .venv/bin/python -m reproduction.archive make $(if $(FULL),--full) $(LAYERS)

verify: .venv/installed ## check an archive and recompute a figure of it: make verify ARCHIVE=results/archive.zip
	PYTHONPATH=scripts .venv/bin/python -m reproduction.archive verify $(or $(ARCHIVE),results/archive.zip) $(if $(RUN),--run)

test: .venv/installed-test ## all tests
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile workflow/rules
	PYTHONPATH=scripts .venv/bin/lint-imports
	.venv/bin/snakemake --lint
	$(MAKE) --jobs 2 --output-sync=target test-environments test-workflow test-library

test-environments: .venv/installed-test ## only build the isolated environments that other tests run rules in
	PYTHONPATH=scripts:tests .venv/bin/python -m environments.build

test-library: .venv/installed-test ## only the tests of the library
	.venv/bin/pytest tests/unit tests/oracles

test-workflow: .venv/installed-test ## only those that run Snakemake; in one process, as they share a finished run
	.venv/bin/pytest tests/workflow

test-slurm: .venv/installed-test ## the smoke tier on a SLURM of two nodes, and what can happen to it; installs SLURM (Debian, root)
	.venv/bin/pytest tests/slurm

plan: TIER ?= paper
plan: .venv/installed ## how long a tier takes on 1, 8 and 64 workers: make plan TIER=paper
	PYTHONPATH=scripts .venv/bin/python -m reproduction.runtime.schedule $(TIER)

explain: .venv/installed ## a figure traced to its equation, why it is stale, what it costs: make explain FIGURE=deep_ritz/fig3
	PYTHONPATH=scripts .venv/bin/python -m reproduction.runtime.explain $(FIGURE) $(if $(filter command line,$(origin TIER)),$(TIER))

costs: .venv/installed ## update workflow/costs.tsv, which predictions come from, with the benchmarks in results
	PYTHONPATH=scripts .venv/bin/python -m reproduction.runtime.cost_model

gallery: .venv/installed ## small copies of all figures of results/, verdicts and speed, for README.md; after `make report` and `make bench`
	PYTHONPATH=scripts .venv/bin/python -m reproduction.report.gallery

schema: .venv/installed ## rewrite the JSON schema of config.yaml from the models
	PYTHONPATH=scripts .venv/bin/python -c "from reproduction.config import config; print(config.schema(), end='')" > workflow/schemas/config.schema.json

bench: .venv/installed .venv-peers/installed ## our speed beside that of the peers, in one run; results/benchmarks.md
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
