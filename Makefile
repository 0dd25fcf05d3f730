# mfad: every target is described by `make help`.

GO      ?= go
PREFIX  ?= $(HOME)/.local
BIN     := bin
TOOL    := $(GO) tool -modfile=.ci/tools.mod
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/mfad/mfad/agent/wire.Version=$(VERSION)

# What runs many goroutines on shared state is tested with the race detector;
# cmd tests built programs, which go's cache of test results does not see
# change, and token/qr only computes.
RACED := ./agent/... ./credproc/... ./keystore/... ./token/totp

.DEFAULT_GOAL := help
.PHONY: help build install run test bench lint fuzz clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build mfad and mfad-agent into ./bin (needs Go alone)
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/mfad ./cmd/mfad-agent

install: build ## install both into PREFIX/bin (default ~/.local/bin)
	@install -d '$(DESTDIR)$(PREFIX)/bin'
	@install -m 0755 $(BIN)/mfad $(BIN)/mfad-agent '$(DESTDIR)$(PREFIX)/bin/'
	@echo 'installed mfad and mfad-agent in $(DESTDIR)$(PREFIX)/bin'

run: build ## show the main job against a stand-in AWS: no account, no questions
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/ ./credproc/awstest/standin
	@sh .ci/demo $(BIN)

test: ## install what the tests need, run all of them, fuzz each parser for 10 s
	@sh .ci/deps
	@$(GO) test -race $(RACED)
	@$(GO) test -count=1 ./cmd/...
	@$(GO) test ./token/qr
	@$(MAKE) --no-print-directory fuzz

fuzz: ## fuzz each parser for FUZZTIME (10s)
	@GO='$(GO)' sh .ci/fuzz $(or $(FUZZTIME),10s)

bench: ## measure, as ratios within one run; prints the table that the README quotes
	@GO='$(GO)' sh .ci/bench

lint: ## gofumpt, vet, fix, staticcheck, deadcode: cheap first, versions pinned in .ci/tools.mod
	@GO='$(GO)' sh .ci/lint

clean: ## remove what build made
	@rm -rf $(BIN)
