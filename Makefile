SHELL := /bin/bash
PYTHON := .venv/bin/python
.DEFAULT_GOAL := help

help: ## Show the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: ## Install everything the project needs into .venv and .local
	@local/setup.sh

run: setup ## Start the local stack and ring a phone; ONCE=1 ends after the demo call
	@$(PYTHON) -m local run $(if $(ONCE),--once)

down: ## Stop what is left of a local stack
	@if [ -x $(PYTHON) ]; then $(PYTHON) -m local down; fi

test: setup ## Run every test, with a local stack of its own
	@$(PYTHON) -m pytest $(ARGS)

test-fast: setup ## Run the tests that need no stack
	@$(PYTHON) -m pytest -m "not stack" $(ARGS)

faults: setup ## Run the long fault tests: killed, stopped and forgotten dialers
	@$(PYTHON) -m pytest tests/faults $(ARGS)

test-livekit: setup ## Run the call tests against the stand-in and a real livekit-server (needs Go)
	@local/livekit_server.sh
	@.local/livekit/bin/python -m pytest tests/livekit $(ARGS)

lint: setup ## Check style, complexity, import directions and types
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m ruff format --check .
	@PYTHONPATH=. .venv/bin/lint-imports
	@$(PYTHON) -m mypy

format: setup ## Format the code
	@$(PYTHON) -m ruff check --fix-only -q .
	@$(PYTHON) -m ruff format .

bench: setup ## Measure, and print a table with ratios
	@$(PYTHON) -m benchmarks $(ARGS)

openapi: setup ## Write docs/openapi.json anew from the routes' models
	@$(PYTHON) -m local.openapi

lock: setup ## Resolve the dependencies anew
	@requirements/lock.sh

synth: setup ## Synthesize a stage and check it with cdk-nag (STAGE=prod)
	@$(PYTHON) -m local cdk synth -c stage=$(or $(STAGE),prod) --quiet

deploy: setup ## Deploy a stage to your AWS account (STAGE=dev)
	@$(PYTHON) -m local cdk deploy -c stage=$(or $(STAGE),dev)

.PHONY: help setup run down test test-fast test-livekit faults lint format bench openapi lock synth deploy
