# Every step that there is. `make help` lists them; `.ci/run` and the documents name targets and no steps of their own.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c

CARGO ?= cargo
PYTHON ?= python3
TARGET := $(abspath $(or $(CARGO_TARGET_DIR),target))
TOOLS := $(PYTHON) e2e/tools/tools.py
CHART := charts/keyferry

# One choice of packages and targets for every build of a profile: another one would have other features, and Cargo
# would build the dependencies once more for each.
LOCKED := $(if $(CI),--locked)
ALL := --workspace --all-targets $(LOCKED)
RELEASE := $(CARGO) build --release --workspace $(LOCKED) --bin keyferry
TEST := $(CARGO) test --workspace $(LOCKED)
UNIT := --lib --bins $(foreach test,$(wildcard tests/*.rs crates/*/tests/*.rs helper/tests/*.rs),--test $(basename $(notdir $(test))))

# The binaries that a target starts, unless somebody names another.
DEBUG_BIN = KEYFERRY_BIN="$${KEYFERRY_BIN:-$(TARGET)/debug/keyferry}"
RELEASE_BIN = KEYFERRY_BIN="$${KEYFERRY_BIN:-$(TARGET)/release/keyferry}"

# One scenario and its size for `make bench`, and part of a test's name for `make e2e`; empty means all.
export SCENARIO ?=
export N ?=
ONLY ?=

.PHONY: help
help: ## Shows the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: tools
tools: ## Gets the control plane, Helm, kubectl and the AWS emulator (12 minutes on 2 cores, once)
	@$(TOOLS) get

.PHONY: build
build: rust ## Builds everything for development, tests included
	$(CARGO) build $(ALL)

.PHONY: release
release: rust ## Builds the operator as it is shipped
	$(RELEASE)

.PHONY: test
test: build tools ## Runs all tests that need no root: unit, documentation, tools, then end to end on a real control plane
	@$(DEBUG_BIN) $(PYTHON) e2e/tools/run_tests.py \
	  "$(PYTHON) e2e/tools/test_tools.py" \
	  "$(PYTHON) e2e/tools/test_run_tests.py" \
	  "$(TEST) --no-fail-fast --doc" \
	  "$(TEST) --no-fail-fast $(UNIT)" \
	  "$(TEST) --test main"

.PHONY: e2e
e2e: build tools ## Runs the end-to-end tests alone; ONLY=words selects some by name
	$(DEBUG_BIN) $(TEST) --test main -- $(ONLY)

# What a node needs beside the default tools. The tests run by node.py, which has a shell of its own for process 1.
NODE := kube-scheduler kubelet kube-proxy
STATIC := RUSTFLAGS="-C target-feature=+crt-static" $(CARGO) build $(LOCKED) --profile helper --target x86_64-unknown-linux-gnu
FIGURES := $(TARGET)/e2e-node/figures.json

.PHONY: e2e-node
e2e-node: rust ## Runs the tests on a real node, as root (containerd, kubelet, the images of `make images`); ONLY=words selects some
	@$(PYTHON) e2e/tools/node.py check
	@$(TOOLS) get && $(TOOLS) get $(NODE)
	$(STATIC) -p keyferry-stand-in
	@rm -f $(FIGURES)
	$(TEST) --config "target.'cfg(unix)'.runner = ['$(PYTHON)', '$(CURDIR)/e2e/tools/node.py', 'run']" --test node -- $(ONLY)
	@$(PYTHON) e2e/tools/node.py show $(FIGURES)

.PHONY: demo
demo: tools rust ## Shows it at work, without a cluster; KUBECONFIG=file uses one
	$(RELEASE) --bin demo
	@$(RELEASE_BIN) KEYFERRY_E2E_REMOTE=true $(TARGET)/release/demo

.PHONY: bench
bench: tools rust ## Measures it; SCENARIO=settle N=1000 runs one scenario alone
	$(RELEASE) --bin bench
	@$(RELEASE_BIN) $(TARGET)/release/bench

.PHONY: generate
generate: build ## Writes crds/ and the generated pages of docs/
	$(TARGET)/debug/crdgen
	$(TARGET)/debug/docgen

.PHONY: generated
generated: build ## Fails where crds/ or a generated page is not what `make generate` writes
	$(TARGET)/debug/crdgen --check
	$(TARGET)/debug/docgen --check

.PHONY: fmt
fmt: rust ## Formats the Rust code
	$(CARGO) fmt --all

.PHONY: lint
lint: rust ## Checks the format, and Clippy with its warnings denied
	$(CARGO) fmt --all --check
	$(CARGO) clippy $(ALL) -- -D warnings

.PHONY: deny
deny: rust ## Checks licences, banned and double crates, and where crates come from
	@$(TOOLS) get cargo-deny
	$$($(TOOLS) path cargo-deny) --locked --workspace check licenses bans sources

.PHONY: chart
chart: ## Lints and renders the chart with Helm 3 and 4 and each of its values files
	@$(TOOLS) get helm helm3
	@for helm in helm helm3; do \
	  for values in $(CHART)/ci/*-values.yaml; do \
	    echo "$$helm: $$values"; \
	    program=$$($(TOOLS) path $$helm); \
	    "$$program" lint --quiet --strict --values "$$values" $(CHART) 2> >(grep -v 'found symbolic link' >&2); \
	    "$$program" template keyferry $(CHART) --include-crds --values "$$values" 2> >(grep -v 'found symbolic link' >&2) > /dev/null; \
	  done; \
	done

.PHONY: ci
ci: lint generated chart deny test ## Runs every gate in the order of CI, the tests last

.PHONY: clean
clean: ## Removes what was built; the tools stay in their cache
	$(CARGO) clean

# No `##`: it is part of other targets. It says what is missing before Cargo's own words would.
.PHONY: rust
rust:
	@command -v $(CARGO) > /dev/null || { echo "cargo is missing: install Rust from rustup.rs" >&2; exit 1; }
	@command -v cc > /dev/null || { echo "a C compiler is missing (aws-lc-rs and the linker need one): install gcc or clang" >&2; exit 1; }
