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
TEST := $(CARGO) test --workspace $(LOCKED)
UNIT_FILES := $(wildcard tests/*.rs crates/*/tests/*.rs helper/tests/*.rs) $(patsubst %/main.rs,%,$(wildcard helper/tests/*/main.rs))
UNIT := --lib --bins $(foreach test,$(UNIT_FILES),--test $(basename $(notdir $(test))))

# What is shipped, measured and shown is one build: static, and the same bytes in whatever folder it is made. Panics name
# source files, so the folders of Cargo and Rust are mapped away (Cargo's `trim-paths` is not stable yet). Every registry
# has a folder of its own there; fetching first makes them known.
TRIPLE ?= $(shell rustc -vV | sed -n 's/^host: //p')
SHIPPED = $(TARGET)/$(TRIPLE)
CARGO_FILES = $(or $(CARGO_HOME),$(HOME)/.cargo)
RUST_SOURCE = $(shell rustc --print sysroot)/lib/rustlib/src/rust=/rustc/$(shell rustc -vV | sed -n 's/^commit-hash: //p')
SHIP = $(CARGO) fetch --quiet --locked && RUSTFLAGS="-C target-feature=+crt-static --remap-path-prefix=$(TARGET)=/target \
  $$(printf -- '--remap-path-prefix=%s=/crates ' "$(CARGO_FILES)"/registry/src/*) --remap-path-prefix=$(RUST_SOURCE)" \
  $(CARGO) build --locked --target $(TRIPLE)
RELEASE = $(SHIP) --release --workspace --bin keyferry
HELPER = $(SHIP) --profile helper --package keyferry-helper --bin keyferry-helper

# The binaries that a target starts, unless somebody names another.
DEBUG_BIN = KEYFERRY_BIN="$${KEYFERRY_BIN:-$(TARGET)/debug/keyferry}"
RELEASE_BIN = KEYFERRY_BIN="$${KEYFERRY_BIN:-$(SHIPPED)/release/keyferry}"

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
release: rust ## Builds the operator and the helper as they are shipped
	$(RELEASE)
	$(HELPER)

.PHONY: helper
helper: rust ## Builds the helper alone, as it is shipped
	$(HELPER)

.PHONY: test
test: build tools ## Runs all tests that need no root: unit, documentation, tools, then end to end on a real control plane
	@$(DEBUG_BIN) $(PYTHON) e2e/tools/run_tests.py \
	  "$(PYTHON) e2e/tools/test_tools.py" \
	  "$(PYTHON) e2e/tools/test_run_tests.py" \
	  "$(PYTHON) e2e/tools/test_node.py" \
	  "$(PYTHON) e2e/tools/test_image_archive.py" \
	  "$(PYTHON) e2e/tools/test_fuzz.py" \
	  "$(TEST) --no-fail-fast --doc" \
	  "$(TEST) --no-fail-fast $(UNIT)" \
	  "$(TEST) --test main"

.PHONY: e2e
e2e: build tools ## Runs the end-to-end tests alone; ONLY=words selects some by name
	$(DEBUG_BIN) $(TEST) --test main -- $(ONLY)

.PHONY: conformance
conformance: build tools ## Puts every provider through every case and shows one table; a part of `make e2e`
	@$(DEBUG_BIN) $(TEST) --test main -- provider::matrix --nocapture

.PHONY: trials
trials: build tools ## Runs the fault trials at full size: 200 objects of every provider, a minute a fault, twenty in all
	@$(DEBUG_BIN) KEYFERRY_TRIALS=true $(TEST) --test main -- trials --nocapture --test-threads=1

# What a node needs beside the default tools. Cargo has node.py start the test binary, on ground of its own; most tests
# wait for others, so there are more of them than cores.
NODE := kube-scheduler kubelet kube-proxy
FIGURES := $(TARGET)/e2e-node/figures.json

.PHONY: e2e-node
e2e-node: rust agentclient ## Runs the tests on a real node, as root (containerd, kubelet, the images of `make images`); ONLY=words selects some
	@$(PYTHON) e2e/tools/node.py check
	@$(TOOLS) get && $(TOOLS) get $(NODE)
	$(SHIP) --profile helper --package keyferry-stand-in
	@rm -f $(FIGURES)
	@status=0; \
	$(TEST) --config "target.'cfg(unix)'.runner = ['$(PYTHON)', '$(CURDIR)/e2e/tools/node.py', 'run']" \
	  --test node -- --test-threads=6 $(ONLY) || status=$$?; \
	if [ -f $(FIGURES) ]; then $(PYTHON) e2e/tools/node.py show $(FIGURES); fi; \
	exit $$status

# Go's tests of the helper, and the agent that the tests on a node run in a pod.
DATADOG := $(TOOLS) go -C e2e/datadog
DATADOG_TEST = KEYFERRY_HELPER=$(SHIPPED)/helper/keyferry-helper $(DATADOG) test -count=1 -timeout=5m -v ./...
AGENTCLIENT := $(TARGET)/agentclient

.PHONY: datadog
datadog: helper agentclient ## Calls the helper as Datadog's programs do, in both modes of their rights check (as root: for every user)
	@$(PYTHON) e2e/tools/run_tests.py "$(DATADOG) vet ./..." "$(DATADOG_TEST)"

.PHONY: agentclient
agentclient: ## Builds the Datadog Agent that stands in a pod of the node
	@$(DATADOG) build -buildvcs=false -trimpath -ldflags "-s -w" -o $(AGENTCLIENT) ./agentclient

.PHONY: demo
demo: tools rust ## Shows it at work, without a cluster; KUBECONFIG=file uses one
	$(RELEASE) --bin demo
	@$(RELEASE_BIN) KEYFERRY_E2E_REMOTE=true $(SHIPPED)/release/demo

.PHONY: bench
bench: tools rust ## Measures it; SCENARIO=settle N=1000 runs one scenario alone
	$(RELEASE) --bin bench
	$(HELPER)
	@$(RELEASE_BIN) $(SHIPPED)/release/bench

# What the crates for Go's dialects cost: hostile input, then each side by turns with Go's own modules.
DIALECTS = $(SHIPPED)/release/dialects
GO_BENCH := $(TARGET)/bench/go-dialects

.PHONY: bench-dialects
bench-dialects: rust ## Measures templates, paths and expressions against Go, and under bombs; ONLY="gjson dates"
	$(SHIP) --release --package keyferry-dialects
	@mkdir -p $(TARGET)/bench && $(TOOLS) go -C e2e/oracle/bench build -buildvcs=false -o $(GO_BENCH) .
	@$(if $(ONLY),,$(DIALECTS) bombs)
	@$(DIALECTS) compare $(GO_BENCH) $(ONLY)

# Comparisons for each crate with Go's own module, and the seed that they grow from. `make test` makes 20,000.
COUNT ?= 1000000
SEED ?= 1

.PHONY: oracle
oracle: rust ## Compares a million templates, paths and expressions each with Go itself; COUNT=20000 SEED=2
	@command -v go > /dev/null || { echo "Go is missing: the comparison is with it" >&2; exit 1; }
	@COUNT=$(COUNT) SEED=$(SEED) $(PYTHON) e2e/tools/run_tests.py "$(TEST) --no-fail-fast --test oracle -- from_a_seed"

# Seconds for each target; TARGETS names some of them.
SECONDS ?= 60
TARGETS ?=

.PHONY: fuzz
fuzz: rust ## Fuzzes all that reads other people's bytes, a minute each; SECONDS=600 TARGETS="regex gjson_path"
	@$(TOOLS) get cargo-fuzz
	@$(PYTHON) e2e/tools/fuzz.py $(SECONDS) $(TARGETS)

# Where the Dockerfile's stage `build` puts what goes into the images, and where a folder stands for that stage.
IMAGES := $(TARGET)/images
STAGE ?= $(IMAGES)/stage

.PHONY: image-files
image-files: release ## Writes the files of the images, as the Dockerfile does
	@$(PYTHON) e2e/tools/images.py files --operator $(SHIPPED)/release/keyferry --helper $(SHIPPED)/helper/keyferry-helper \
	  --target $(TRIPLE) --stage $(STAGE)

.PHONY: images
images: image-files ## Builds both images with buildah, no registry needed, and checks every byte of them
	@$(PYTHON) e2e/tools/images.py build --stage $(STAGE) --to $(IMAGES)
	@KEYFERRY_IMAGES=$(IMAGES) $(PYTHON) e2e/tools/test_images.py

# The operator takes minutes, so only its image is made again, from the binary that is there; OPERATOR=again builds it too.
.PHONY: images-again
images-again: images ## Builds helper and images once more in another folder and compares every byte; OPERATOR=again all of it
	@elsewhere=$$(mktemp -d); trap 'rm -rf "$$elsewhere"' EXIT; unset CARGO_TARGET_DIR; \
	git clone --quiet . "$$elsewhere/checkout"; cd "$$elsewhere/checkout"; umask 077; \
	$(MAKE) --no-print-directory TARGET="$$PWD/target" $(if $(OPERATOR),release,helper); \
	$(PYTHON) e2e/tools/images.py files --operator $(if $(OPERATOR),target/$(TRIPLE),$(SHIPPED))/release/keyferry \
	  --helper target/$(TRIPLE)/helper/keyferry-helper --target $(TRIPLE) --stage target/stage; \
	$(PYTHON) e2e/tools/images.py build --stage target/stage --to target/images; \
	for file in operator.tar helper.tar keyferry.cdx.json keyferry-helper.cdx.json; do \
	  cmp $(IMAGES)/$$file target/images/$$file && echo "$$file: the same"; \
	done

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
ci: lint generated chart deny ## Runs every gate in the order of CI, the tests last (root: the last of them are on a node)
	@$(PYTHON) e2e/tools/run_tests.py "$(MAKE) test" "$(MAKE) images" "$(MAKE) datadog" "$(MAKE) fuzz" "$(MAKE) e2e-node"

.PHONY: clean
clean: ## Removes what was built; the tools stay in their cache
	$(CARGO) clean

# No `##`: it is part of other targets. It says what is missing before Cargo's own words would.
.PHONY: rust
rust:
	@command -v $(CARGO) > /dev/null || { echo "cargo is missing: install Rust from rustup.rs" >&2; exit 1; }
	@command -v cc > /dev/null || { echo "a C compiler is missing (aws-lc-rs and the linker need one): install gcc or clang" >&2; exit 1; }
