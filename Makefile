# mfad: every target is described by `make help`.

GO      ?= go
PREFIX  ?= $(HOME)/.local
BIN     := bin
# A program that its user may not read is closed to that user from its start.
MODE    := $(shell [ "$$(id -u)" != 0 ] && echo 0755 || echo 0711)
TOOL    := $(GO) tool -modfile=.ci/tools.mod
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w -X github.com/mfad/mfad/agent/wire.Version=$(VERSION)

# The programs are built so that memory is wiped which only the collector frees
# (package internal/forget).
WIPING  := GOEXPERIMENT=runtimesecret

# What runs many goroutines on shared state is tested with the race detector;
# cmd tests built programs, which go's cache of test results does not see
# change, token/qr only computes, and internal/closed runs itself where there are no
# libraries, which the detector needs.
# keystore comes first, for it takes longest.
RACED = ./keystore/... ./agent/... $(filter-out %/internal/closed,$(shell $(GO) list ./internal/...)) ./credproc/... ./token/totp
# What meets virtual tokens waits for pcscd to see them, and what runs programs
# waits for these: WAITING has more of it at once than there are processors.
WAITING := -p 8 -parallel 6
TOKENS := ./token $(addprefix ./token/,fido2 oath pcsc piv serve tokentest/... yubikey)

# Many tests run themselves as another process, whose end the race detector
# would put off by a second each. It does not look into two packages that only
# compute, on memory of their own, and would take ten times as long with it.
COMPUTING := crypto/internal/fips140/edwards25519/field golang.org/x/crypto/scrypt
RACE := GORACE=atexit_sleep_ms=0 $(GO) test -race $(COMPUTING:%=-gcflags=%=-race=false)

.DEFAULT_GOAL := help
.PHONY: help build man install run test bench lint fuzz mutate clean

help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build into ./bin: mfad, mfad-cli and mfad-agent (Go alone), mfad-token (C libraries) where it can be
	@$(WIPING) CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/mfad ./cmd/mfad-cli ./cmd/mfad-agent
	@$(WIPING) GO='$(GO)' LDFLAGS='$(LDFLAGS)' sh .ci/token $(BIN)

man: ## write the manual pages into ./bin/man
	@rm -rf $(BIN)/man
	@CGO_ENABLED=0 $(GO) run -ldflags '$(LDFLAGS)' ./cmd/mfad-cli man $(BIN)/man

install: build man ## install what they made into PREFIX/bin (default ~/.local/bin) and PREFIX/share/man
	@install -d '$(DESTDIR)$(PREFIX)/bin'
	@install -m $(MODE) $(BIN)/mfad $(BIN)/mfad-cli $(BIN)/mfad-agent $$([ ! -e $(BIN)/mfad-token ] || echo $(BIN)/mfad-token) '$(DESTDIR)$(PREFIX)/bin/'
	@[ ! -e $(BIN)/mfad-token ] || ln -sf mfad-token '$(DESTDIR)$(PREFIX)/bin/age-plugin-mfad'
	@install -d '$(DESTDIR)$(PREFIX)/share/man/man1'
	@install -m 0644 $(BIN)/man/*.1 '$(DESTDIR)$(PREFIX)/share/man/man1/'
	@echo 'installed in $(DESTDIR)$(PREFIX)/bin:' mfad mfad-cli mfad-agent $$([ ! -e $(BIN)/mfad-token ] || echo mfad-token age-plugin-mfad)

run: ## show the main job against a stand-in AWS and a virtual token: no account, no questions
	@sh .ci/deps run
	@$(MAKE) --no-print-directory build
	@CGO_ENABLED=0 $(GO) build -trimpath -o $(BIN)/ ./credproc/awstest/standin ./token/tokentest/virtual
	@sh .ci/demo $(BIN)

test: ## install what the tests need, run all of them, fuzz each parser for 10 s
	@sh .ci/deps test
	@$(RACE) $(RACED)
	@$(RACE) $(WAITING) $(TOKENS)
	@$(GO) test -count=1 -timeout 20m $(WAITING) ./cmd/...
	@$(GO) test ./token/qr ./internal/closed
	@$(MAKE) --no-print-directory fuzz

fuzz: ## fuzz each parser for FUZZTIME (10s), one on each processor
	@GO='$(GO)' sh .ci/fuzz $(or $(FUZZTIME),10s)

mutate: ## change one line at a time (N=40 in each package of P): which changes does no test notice? takes an hour
	@$(GO) run ./.ci/mutate -n $(or $(N),40) $(P)

bench: ## measure, as ratios within one run; prints the table that the README quotes
	@GO='$(GO)' sh .ci/bench

lint: ## gofumpt, vet, fix, staticcheck, deadcode: cheap first, versions pinned in .ci/tools.mod
	@sh .ci/deps build
	@GO='$(GO)' sh .ci/lint

clean: ## remove what build made
	@rm -rf $(BIN)
