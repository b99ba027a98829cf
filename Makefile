# A second run of a target is quick: stamps in .venv say what is installed. `make -B TARGET` does all again.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LIGHT := $(VENV)/stamp-light
DEV := $(VENV)/stamp-dev
CODE := src tests benchmarks

.PHONY: demo test check lint fix bench wheel clean
.DEFAULT_GOAL := demo

demo: $(LIGHT)  ## register free pictures, disguise them, find them, write a report
	$(BIN)/lynkeus demo $(ARGS)

test: lint check  ## everything that CI asks of a checkout

check: export OMP_NUM_THREADS ?= 1  # a worker a core, so one thread a worker
check: $(DEV)  ## tests alone: make check ARGS="-k voting"
	$(BIN)/python -m pytest -n auto --dist loadfile $(ARGS)

lint: $(DEV)  ## style, types, layers
	$(BIN)/ruff check $(CODE)
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/pyright
	$(BIN)/lint-imports --no-logo

fix: $(DEV)  ## put style right where a tool can
	$(BIN)/ruff check --fix $(CODE)
	$(BIN)/ruff format $(CODE)

bench: $(DEV)  ## accuracy and speed: make bench ARGS="--data DIR"; needs the pictures, see docs/howto/evaluate.md
	$(BIN)/python -m pip install --quiet -c constraints-cpu.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.copies $(ARGS)

wheel: $(DEV)  ## dist/lynkeus-*.whl
	$(BIN)/python -m build --wheel

clean:  ## remove what was built; .venv stays
	rm -rf dist build lynkeus-demo .pytest_cache .ruff_cache .import_linter_cache .hypothesis

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(LIGHT): pyproject.toml | $(BIN)/python
	@echo "installing lynkeus into $(VENV)"
	@test -e $(DEV) || $(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

# --group came with pip 25.1; the constraint takes torch's CPU build.
$(DEV): pyproject.toml constraints-cpu.txt | $(BIN)/python
	@echo "installing lynkeus and what its tests need into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints-cpu.txt -e '.[train,postgresql]' --group dev
	@touch $@ $(LIGHT)
