# A thin front of dev.py, which does the work and runs without make too.
# Arguments travel in ARGS: make demo ARGS="--once --json out.json"
PYTHON ?= python3
.DEFAULT_GOAL := help
.PHONY: help setup demo test check bench docs compile clean

help setup demo test check bench docs compile clean:
	@$(PYTHON) dev.py $@ $(ARGS)
