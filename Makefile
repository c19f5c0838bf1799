# `make` lists the targets. All steps share one debug build in .build.
MAKEFLAGS += --no-print-directory
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup certificates build demo run test simulate chaos load scenarios bench contract format lint clean

swift_sources := $(wildcard Package.swift Sources Tests adapters mocks)
# Prints a step's purpose.
say = @printf '\n==> %s\n' "$(1)"

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## install the system packages that are missing (Debian, Ubuntu)
	@deploy/install-debian.sh

certificates: ## make certificates for development in config/certificates
	@config/make-certificates.sh

build: setup ## build drawbridge and mock-gateways
	$(call say,building drawbridge and mock-gateways)
	@swift build --product drawbridge
	@swift build --product mock-gateways

demo: build certificates ## take payments at two mock banks, step by step
	$(call say,demo)
	@deploy/demo.sh

run: build certificates ## run drawbridge and two mock banks until interrupted
	$(call say,drawbridge and two mock banks; Ctrl-C ends all)
	@deploy/run.sh

test: setup ## build everything, lint, unit and integration tests, contract tests, a little load, the release build
	$(call say,building everything)
	@swift build --build-tests
	@$(MAKE) lint
	$(call say,unit and integration tests)
	@# One at a time: the suites start servers and measure time-outs, and two cores are all there is.
	@swift test --skip-build --no-parallel
	@$(MAKE) contract
	@$(MAKE) scenarios
	$(call say,a little load)
	@build=debug RATE=20 DURATION=5 deploy/load.sh
	@# What ships is built too: the compiler has crashed on code that it takes in debug.
	@$(MAKE) bench QUICK=1 ONLY=comparison

simulate: setup ## more worlds of the simulation: SEEDS=20000, or 17,20..30 to see some again
	$(call say,simulation)
	@swift build --build-tests
	@SIMULATION_SEEDS=$(or $(SEEDS),20000) swift test --skip-build --no-parallel --filter SimulationTests

chaos: setup ## real processes, killed and stopped under load: CHAOS_SECONDS=300 CHAOS_SEED=1
	$(call say,chaos)
	@swift build --build-tests
	@CHAOS_SECONDS=$(or $(CHAOS_SECONDS),300) swift test --skip-build --no-parallel --filter ChaosTests

load: setup certificates ## k6 at a constant rate, held to the objectives: RATE=100 DURATION=30 JSON=file
	$(call say,building for release)
	@swift build -c release --product drawbridge
	@swift build -c release --product mock-gateways
	@deploy/load.sh $(if $(JSON),--json $(JSON))

scenarios: build certificates ## payments through toxics: ONLY=pix/timeout; TOXIPROXY_URL=... for a real Toxiproxy
	$(call say,payments through toxics)
	@mocks/scenarios/run.py $(addprefix --only ,$(ONLY))

bench: setup certificates ## what a payment costs beside Envoy, held to the goals: QUICK=1 ONLY=latency HOLD=1 JSON=1
	$(call say,building for release)
	@swift build -c release --product drawbridge
	@swift build -c release --product mock-gateways
	$(call say,benchmarks)
	@Benchmarks/run.py $(if $(QUICK),--quick) $(if $(HOLD),--hold) $(if $(JSON),--json) $(addprefix --only ,$(ONLY))

contract: build certificates ## drive the built program from outside, as its callers and banks do
	$(call say,contract tests)
	@# One of them asks a test of the signatures what it says of another implementation's.
	@swift build --build-tests
	@Tests/contract/run.sh

format: ## lay out the sources
	@swift format -i --configuration .swift-format -r -p $(swift_sources)

lint: ## check the sources' layout
	$(call say,checking the layout of the sources)
	@swift format lint --strict --configuration .swift-format -r -p $(swift_sources)

clean: ## remove what was built and made
	@rm -rf .build config/certificates
