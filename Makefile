# `make run` opens the window, `make test` runs the tests; each does its own set-up.
PYTHON ?= python3
EXTRAS ?= test
VENV := .venv
BIN := $(VENV)/bin
# A process for each processor, and the tests of one file in one of them.
SIDE_BY_SIDE := -n auto --dist loadfile

# What is compiled once need not be by each process that a window or a test starts.
COMPILE := $(BIN)/python -m compileall -q core stepper resources

.PHONY: setup run test check bench fuzz pictures clean

setup: $(VENV)/.app
	@sh .ci/system-libraries run
	@$(COMPILE)

run: setup
	@$(BIN)/stepper

test: $(VENV)/.$(EXTRAS)
	@sh .ci/system-libraries test
	@$(COMPILE)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

check: $(VENV)/.$(EXTRAS) $(VENV)/.check
	@sh .ci/system-libraries test
	@$(COMPILE)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(SIDE_BY_SIDE)

bench: $(VENV)/.test
	@for bench in tests/bench/bench_*.py; do echo "== $$bench"; $(BIN)/python $$bench || exit 1; done

# The property tests with many more examples, new ones every time; STEPPER_FUZZ says how many times as many.
fuzz: $(VENV)/.test
	STEPPER_FUZZ=$${STEPPER_FUZZ:-30} $(BIN)/python -m pytest tests/core -o timeout=0 -k "not torch and not onnx and not vjp" -q
	$(BIN)/python tests/fuzz/fuzz_files.py --count 10000
	@if $(BIN)/python -c 'import torch, keras, sklearn, onnx' 2>/dev/null; \
	then $(BIN)/python tests/fuzz/fuzz_networks.py --count 200; \
	else echo "networks of the real libraries are not drawn: the oracle extra is not installed"; fi

# The README's pictures, and in build/pictures all views with contact sheets, to be looked at.
pictures: setup
	@$(BIN)/python tests/pictures/make_pictures.py

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it, as in: make run PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv is needed; on Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }
	@touch $@

$(VENV)/.%: pyproject.toml requirements.txt $(VENV)/.python
	@echo "Setting up Python packages ($*) in $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements.txt -e '.$(if $(filter app,$*),,[$*])'
	@touch $@

clean:
	rm -rf $(VENV) build *.egg-info
