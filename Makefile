# The commands of the project; `make` alone explains them. Nothing here needs root or a system's Node.

PY := .venv/bin/python
NODE = $(PY) hatch_build.py

.DEFAULT_GOAL := help
.PHONY: help run test lint bench fuzz lock clean setup

help: ## explain these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: setup ## set up what is missing, then start the demo: a phone, a gateway and a pretend PBX
	@exec $(PY) -m web demo

test: setup ## run every kind of test that this machine can (Debian as root: all of them)
	@exec $(PY) -m tests $(KINDS)

lint: setup ## check style, types and the import contracts, without running anything
	@exec $(PY) -m tests style format types imports front-types

bench: setup ## print the figures: ready, ringing, CPU of the media, bytes of the page
	@exec $(PY) -m bench

fuzz: setup ## put a million mutated messages through the gateway (half an hour); what it finds goes to tests/data/fuzz
	@exec nice -n 19 $(PY) -m tests.fuzz

lock: setup ## write requirements.lock and package-lock.json anew
	@.ci/step uv 'uv' $(PY) -m pip install -q uv
	@UV_CUSTOM_COMPILE_COMMAND='make lock' .ci/step lock 'Python lock' $(PY) -m uv pip compile --universal --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --group dev --upgrade -o requirements.lock pyproject.toml
	@.ci/step npm-lock 'Node lock' $(NODE) npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

clean: ## remove everything that was made, except the demo's data in .ramal
	@rm -rf .venv .make static/build node_modules build dist tests/screenshots .coverage .hypothesis \
	  .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps live in what they speak of: a deleted .venv takes them along.
setup: .venv/project
	@if $(NODE) --unchanged; then :; else .ci/step front-end 'Front end' $(NODE); fi

.venv/made:
	@python=$$(.ci/python) && .ci/step venv 'Python environment' "$$python" -m venv .venv
	@touch $@

.venv/packages: requirements.lock .venv/made
	@.ci/step packages 'Python packages' $(PY) -m pip install --disable-pip-version-check --require-hashes -r requirements.lock
	@touch $@

.venv/project: pyproject.toml hatch_build.py .venv/packages
	@.ci/step project 'Ramal and its front end' $(PY) -m pip install --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@
