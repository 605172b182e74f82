# make study    everything from raw files to the report (sets itself up first)
# make test     the tests
# make help     the rest
SHELL := /bin/sh
.DEFAULT_GOAL := help

# All caches lie inside the checkout: an unwritable home does not matter.
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export XDG_CACHE_HOME := $(CURDIR)/.cache/xdg
export MPLCONFIGDIR := $(CURDIR)/.cache/matplotlib
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export UV_PYTHON_DOWNLOADS := never
export UV_NO_PROGRESS := 1
# One thread per job: two cores shared by threads are slower, and move the last bits.
export OPENBLAS_NUM_THREADS := 1
export OMP_NUM_THREADS := 1
# What a calling shell may hold that would slow or misdirect the environment.
unexport PYTHONDONTWRITEBYTECODE PYTHONPATH PYTHONHOME VIRTUAL_ENV CONDA_PREFIX
unexport UV_PROJECT_ENVIRONMENT UV_PYTHON UV_PROJECT UV_WORKING_DIRECTORY

# Of the calling shell's own settings: CORES=4 make study
CORES ?= 2
PY := .venv/bin/python

.PHONY: help setup study test coverage benchmark lint format docs clean

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1\t\2/p' Makefile

setup:  ## make .venv with the locked packages
	@sh tools/setup.sh

study: setup  ## run the study of config.yaml, from raw files to reports/study.html
	@$(PY) -m reintegration study --cores $(CORES)

test: setup  ## run the tests
	@$(PY) -m pytest -n $(CORES) --no-loadscope-reorder -m "not coverage"

coverage: setup  ## long studies of coverage over many simulated worlds
	@$(PY) -m pytest -m coverage

benchmark: setup  ## time the study, the ingest of a million rows and the regression kernel beside others
	@$(PY) benchmarks/benchmark.py --cores $(CORES)
	@$(PY) benchmarks/ingest.py
	@$(PY) benchmarks/kernel.py

lint: setup  ## formatting, style, types and the workflow's own checks
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@$(PY) -m mypy
	@.venv/bin/snakefmt --check Snakefile workflow
	@$(PY) -m snakemake --lint

format: setup  ## put code and rules into the standard format
	@$(PY) -m ruff check --fix .
	@$(PY) -m ruff format .
	@.venv/bin/snakefmt Snakefile workflow

docs: setup  ## write the generated files: references of config.yaml and codebook, environment.yml
	@$(PY) -m reintegration docs
	@$(PY) tools/write_environment.py

clean:  ## remove what was made from data (not the environment)
	rm -rf results reports data/demo .snakemake
