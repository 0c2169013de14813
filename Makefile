# The commands of this project. `make` installs .venv and runs the draft tier; `make test` runs the tests.
PYTHON ?= python3
CORES ?= $(shell nproc)
SNAKEMAKE := .venv/bin/snakemake --cores $(CORES)
# TIER=smoke, draft or paper: the overlay of config.yaml and the folder of results.
LAYERS = $(if $(filter-out draft,$(TIER)),--configfile workflow/tiers/$(TIER).yaml)
RESULTS = $(if $(filter-out draft,$(TIER)),results/$(TIER),results)

# Files and pipes are UTF-8 under every locale.
export PYTHONUTF8 := 1

.DEFAULT_GOAL := all
.PHONY: setup all smoke paper report archive verify test lint test-environments test-library test-workflow test-slurm test-container plan power explain costs gallery schema bench bench-gpu audit-study audit-networks docs clean
setup: .venv/installed ## install the packages of a run into .venv

all: .venv/installed ## compute all figures, tables and verdicts, draft tier
	$(SNAKEMAKE) all

smoke: .venv/installed ## compute all at reduced size, four minutes
	$(SNAKEMAKE) all --configfile workflow/tiers/smoke.yaml

paper: .venv/installed ## compute all at the published sizes
	$(SNAKEMAKE) all --configfile workflow/tiers/paper.yaml

report: TIER ?= draft
report: .venv/installed ## compute missing results, then write report.html and report.pdf; FIGURE=deep_ritz/fig3: report.html with this figure and all results that are there
	$(SNAKEMAKE) $(if $(FIGURE),$(RESULTS)/figures/$(FIGURE).pdf,all report) $(LAYERS)
	$(SNAKEMAKE) --report $(RESULTS)/report.html $(LAYERS)

archive: TIER ?= draft
archive: .venv/installed ## write results, config, code, versions and checksums as a zip; FULL=1 adds trained weights and fields
	$(SNAKEMAKE) all captions $(LAYERS)
	PYTHONPATH=scripts .venv/bin/python -m reproduction.archive make $(if $(FULL),--full) $(LAYERS)

verify: .venv/installed ## check an archive and recompute a figure of it: make verify ARCHIVE=results/archive.zip
	PYTHONPATH=scripts .venv/bin/python -m reproduction.archive verify $(or $(ARCHIVE),results/archive.zip) $(if $(RUN),--run)

test: lint ## run linters and all tests
	$(MAKE) --jobs 2 --output-sync=target test-environments test-workflow test-library

lint: .venv/installed-test ## check style, import contracts and rules
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/snakefmt --check Snakefile workflow/rules
	PYTHONPATH=scripts .venv/bin/lint-imports
	.venv/bin/snakemake --lint

test-environments: .venv/installed-test ## build the isolated environments in which tests run rules
	PYTHONPATH=scripts:tests .venv/bin/python -m environments.build

test-library: .venv/installed-test ## run unit tests and numerical oracles
	.venv/bin/pytest tests/unit tests/oracles

test-workflow: .venv/installed-test ## run the tests of Snakemake runs; one process, because they share a finished run
	.venv/bin/pytest tests/workflow

test-slurm: .venv/installed-test ## test the smoke tier and its failures on a SLURM cluster of two nodes; installs SLURM (Debian, root)
	.venv/bin/pytest tests/slurm

plan: TIER ?= paper
plan: .venv/installed ## predict the time of a tier on 1, 8 and 64 workers: make plan TIER=paper
	PYTHONPATH=scripts .venv/bin/python -m reproduction.runtime.schedule $(TIER)

power: TIER ?= draft
power: .venv/installed ## print how many replicates would decide the undecided claims, and their cost: make power TIER=draft
	PYTHONPATH=scripts .venv/bin/python -m reproduction.claims.power_report $(TIER)

explain: .venv/installed ## trace a figure to its equation, with its state and cost: make explain FIGURE=deep_ritz/fig3
	PYTHONPATH=scripts .venv/bin/python -m reproduction.runtime.explain $(FIGURE) $(if $(filter command line,$(origin TIER)),$(TIER))

costs: .venv/installed ## update workflow/costs.tsv, the basis of predictions, from the benchmarks in results
	PYTHONPATH=scripts .venv/bin/python -m reproduction.runtime.cost_model

gallery: .venv/installed ## copy small figures, verdicts and speed into results/gallery and workflow/docs; after `make report` and `make bench`
	PYTHONPATH=scripts .venv/bin/python -m reproduction.report.gallery

schema: .venv/installed ## write the JSON schema of config.yaml from the models
	PYTHONPATH=scripts .venv/bin/python -c "from reproduction.config import loading; print(loading.schema(), end='')" > workflow/schemas/config.schema.json

bench: .venv/installed .venv-peers/installed ## compare the speed with that of other packages in one run; writes results/benchmarks.md
	.venv-peers/bin/python tests/benchmarks/run.py

bench-gpu: .venv/installed ## compare the speed of three computations on a GPU and on two cores
	.venv/bin/python tests/benchmarks/run.py --gpu

audit-study: .venv/installed ## audit 450 networks whose derivatives are known to be right or wrong; writes workflow/docs/audit_study.*, five minutes
	PYTHONPATH=scripts:tests OMP_NUM_THREADS=1 .venv/bin/python -m audit_study.study results/audit_study
	PYTHONPATH=scripts:tests .venv/bin/python -m audit_study.page results/audit_study

audit-networks: .venv-audited/installed ## audit networks of other packages; writes workflow/docs/audited_networks.md
	.venv-audited/bin/python tests/audited_networks/run.py

test-container: .venv/installed ## build and run the container on Debian packages; needs root, buildah, mmdebstrap
	tests/container/check.sh

docs: .venv/installed-test ## write API pages of the library to results/api from its docstrings; needs no network
	PYTHONPATH=scripts .venv/bin/pdoc --docformat google --output-directory results/api rectified

clean: ## remove caches of tests and tools; keeps results
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

.venv-audited/installed: requirements-audited.txt requirements.txt
	$(PYTHON) -m venv .venv-audited
	.venv-audited/bin/pip install --quiet -r requirements.txt
	.venv-audited/bin/pip install --quiet --no-deps -r requirements-audited.txt
	touch $@
