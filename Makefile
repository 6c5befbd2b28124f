# report: the week's three reviews · test: everything · lab: JupyterLab on the notebooks · bench: what it costs · fmt: tidy
EXPORTS ?= data_samples
WEEK ?=
OUT ?= reports
CONFIG ?=
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
UV := $(BIN)/python -m uv

.PHONY: report test lab bench fmt lock clean

# Exit code 1 is a week that was run and says what is n/a or set aside: no error of make's.
report: $(READY)
	@$(BIN)/opsreview run --exports "$(EXPORTS)" --out "$(OUT)" $(if $(WEEK),--week "$(WEEK)") $(if $(CONFIG),--config "$(CONFIG)") || { code=$$?; [ $$code -eq 1 ] || exit $$code; }

test: $(READY)
	@$(BIN)/python tests/run.py

lab: $(READY)
	@$(BIN)/jupyter lab notebooks

bench: $(READY)
	@$(BIN)/python benchmarks/run.py
	@$(BIN)/python benchmarks/vendor.py
	@$(BIN)/python benchmarks/order_margin.py --results --lines 1000000
	@$(BIN)/python benchmarks/order_margin.py --results --lines 10000000

fmt: $(READY)
	@$(BIN)/ruff format lib tests benchmarks && $(BIN)/ruff check --fix lib tests benchmarks

# The lock holds every exact version, for every platform and Python the project supports.
lock: $(READY)
	@$(UV) pip compile pyproject.toml --extra dev --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url --upgrade -o requirements.lock

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "opsreview needs Python 3.11 or newer; set PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Setting up $(VENV) (once) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "$$(grep '^uv==' requirements.lock)"
	@$(UV) pip install --quiet --compile-bytecode --python $(BIN)/python -r requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $(READY)

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache
