# One word a job; each does its own set-up. Only Python 3.11 or newer is needed. `make help` lists them.

VENV    := .venv
PYTHON  ?= $(shell for p in python3.13 python3.12 python3.11 python3 python; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
BIN     := $(VENV)/bin
READY   := $(VENV)/.ready
# Two processes, each with servers of its own; a file's tests stay together.
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
# A copy of the package with an extension that was compiled for it: INSTRUMENT "OPTIONS" FOLDER [SOURCE ...]
INSTRUMENT := instrument() { options="$$1 -g -O1 -fno-omit-frame-pointer -UNDEBUG"; folder="$$2"; shift 2; \
	rm -rf "$$folder" && mkdir -p "$$folder" && cp -r contracts/kontrakt "$$folder/" && rm -f "$$folder"/kontrakt/codec/_native.*.so && \
	CFLAGS="$$options" LDFLAGS="$$options" $(BIN)/python hatch_build.py "$$folder/kontrakt/codec" "$$@"; }; instrument
SANITIZED := LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 PYTHONMALLOC=malloc
PYTEST  := $(BIN)/python -m pytest --numprocesses 2 --dist loadfile

.DEFAULT_GOAL := help
.PHONY: help venv native sanitize fuzz demo dev test check format generate docs bench constraints clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

venv: $(READY) ## the virtual environment, in .venv

$(READY): pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "kontrakt needs Python 3.11 or newer; none was found. Name one with: make PYTHON=/path/to/python3"; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) --version) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade --constraint constraints.txt pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --build-constraint constraints.txt --editable '.[codegen]' --group dev
	@touch $(READY)

native: $(READY) ## compile the codec in C anew, in place
	$(BIN)/python hatch_build.py

sanitize: $(READY) ## the tests of the codec in C under AddressSanitizer and UndefinedBehaviorSanitizer
	$(INSTRUMENT) "$(SANITIZE)" build/sanitize
	$(SANITIZED) $(PYTEST) tests/codec -o pythonpath="build/sanitize codegen generated ." -n 0 -q -p no:cacheprovider -k "$(or $(TESTS),native)"

fuzz: $(READY) ## a million mutated frames for the codec in C, under the same sanitizers; COUNT=20000 for fewer
	$(INSTRUMENT) "$(SANITIZE) -fsanitize-coverage=trace-pc" build/fuzz native/fuzz/coverage.c
	$(SANITIZED) PYTHONPATH=build/fuzz:codegen:generated $(BIN)/python -m tests.codec.fuzz --count $(or $(COUNT),1000000) $(if $(SEED),--seed $(SEED))

demo: $(READY) ## see all three kinds of topic work (embedded broker and registry, no Java)
	@$(BIN)/kontrakt demo

dev: $(READY) ## hold an embedded broker and registry open for the example contracts
	@$(BIN)/kontrakt dev

test: $(READY) ## all tests; those on real servers run where there is Java, and say so where there is not
	$(PYTEST)

check: $(READY) ## ruff, mypy --strict, pyright strict, generated code up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/kontrakt generate --check

format: $(READY) ## let ruff repair what it can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(READY) ## write generated/ anew from schemas/
	$(BIN)/kontrakt generate

docs: $(READY) ## build the documentation, strictly
	$(BIN)/sphinx-build --fail-on-warning --keep-going --nitpicky --builder html docs build/docs
	@echo "Open build/docs/index.html"

bench: $(READY) ## measure what benchmarks/ measures
	@for benchmark in benchmarks/*.py; do echo "== $$benchmark"; $(BIN)/python $$benchmark || exit 1; done

constraints: ## renew constraints.txt with the newest versions that pyproject.toml accepts
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip install --quiet --upgrade pip
	build/constraints/bin/python -m pip install --quiet '.[codegen]' --group dev editables
	{ head -n 2 constraints.txt; build/constraints/bin/python -m pip freeze --all --exclude kontrakt; } > build/constraints.txt
	mv build/constraints.txt constraints.txt

clean: ## remove what the targets above made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .kontrakt
