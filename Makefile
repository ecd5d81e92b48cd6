# sersync: `make run` shows it at work, `make test` is everything that a change must pass.
# As root, or without: what then cannot be done is said.

GOLANGCI_VERSION := 2.15.0
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s
BENCH    ?= .
PKG      ?= ./...

TOOLS := $(CURDIR)/.cache/bin
GO     = .ci/go && go

.DEFAULT_GOAL := help
.PHONY: help build run test test-unit test-root lint fuzz bench tools need-build need-test

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/sersync, one static file, and bin/sersync2, its name for sersync2's scripts
	@$(GO) version >/dev/null
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w -X main.version=$(VERSION)' -o bin/sersync ./cmd/sersync
	@ln -sf sersync bin/sersync2

run: need-run build ## a live demo; with SRC=/data DST=host::module the real thing
ifeq ($(strip $(SRC)$(DST)),)
	@bin/sersync demo $(if $(FOR),--for $(FOR))
else
	@test -n '$(strip $(SRC))' && test -n '$(strip $(DST))' || \
		{ echo 'make: give both: make run SRC=/data DST=host::module' >&2; exit 1; }
	bin/sersync mirror $(FLAGS) '$(SRC)' $(DST)
endif

test: need-test lint test-unit ## lint, then all tests with the race detector; as root the root tests too

# Root tests are ordinary tests behind a gate, so as root this is all of them. Without root each
# test that is left out is printed with its reason.
test-unit: need-test
	@[ "$$(id -u)" = 0 ] || echo 'make: not root: tests that need it are left out, each is named below; `make test-root` runs them through sudo'
	@old=$$(.ci/old-rsync) && SERSYNC_OLD_RSYNC=$$old .ci/gotest -race -timeout 10m $(PKG)

test-root: need-test ## the same tests as root, through sudo where needed
	@old=$$(.ci/old-rsync); if [ "$$(id -u)" = 0 ]; then \
		SERSYNC_OLD_RSYNC=$$old .ci/gotest -race -timeout 10m $(PKG); \
	else \
		SERSYNC_OLD_RSYNC=$$old .ci/gotest -race -timeout 10m -exec 'sudo -E' $(PKG); \
	fi

lint: tools ## gofmt, go vet, golangci-lint (pinned)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')) && [ -z "$$unformatted" ] || \
		{ echo "make: not formatted (gofmt -w): $$unformatted" >&2; exit 1; }
	go vet ./...
	@PATH="$(TOOLS):$$(go env GOPATH)/bin:$$PATH" golangci-lint run --allow-parallel-runners ./...

fuzz: ## every fuzz target for FUZZTIME (10s)
	@$(GO) version >/dev/null
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep '^Fuzz'); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) $$package || exit 1; \
		done; \
	done

# What is chosen on the command line is all that runs.
bench: need-test build ## Go's benchmarks and the scenarios (docs/benchmarks.md); BENCH=… PKG=… or SCENARIO=… alone
	CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o bin/sersync-bench ./cmd/sersync-bench
ifeq ($(strip $(SCENARIO)),)
	go test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 60m $(PKG)
endif
ifneq ($(strip $(SCENARIO))$(filter filefile,$(origin BENCH)$(origin PKG)),)
	bin/sersync-bench run $(FLAGS) $(SCENARIO)
endif

tools: ## golangci-lint at the pinned version, into .cache/bin unless it is on this machine
	@$(GO) version >/dev/null
	@PATH="$(TOOLS):$$(go env GOPATH)/bin:$$PATH"; \
	golangci-lint version 2>/dev/null | grep -q 'version v\{0,1\}$(GOLANGCI_VERSION) ' || { \
		echo 'make: installing golangci-lint $(GOLANGCI_VERSION) into .cache/bin (some minutes, once)'; \
		GOBIN='$(TOOLS)' go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v$(GOLANGCI_VERSION); }

.PHONY: need-run
need-run:
	@.ci/go
	@.ci/need rsync

need-test:
	@.ci/go
	@.ci/need rsync gcc libc-dev
	@.ci/need --optional ssh sshd mkfs.ext4 mkfs.xfs mkfs.btrfs mount unshare losetup
