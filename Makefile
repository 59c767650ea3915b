# Needs only make and Python 3.11 or newer; everything else is fetched into .venv by what is written in the lock.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= $(shell for p in python3.14 python3.13 python3.12 python3.11 python3; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
BIN := .venv/bin
READY := .venv/.ready
TESTS ?= tests

.PHONY: help run test test-unit faults bench lint lock containers contracts k8s k8s-check k8s-secrets clean bootstrap test-needs

help: ## Say what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

run: bootstrap ## Run everything on this machine until Ctrl-C; ARGS="--port 9000"
	@exec $(BIN)/python -m kaimen.host up $(ARGS)

test: bootstrap test-needs lint ## Run the whole suite; TESTS=tests/faults for a part
	$(BIN)/python -m pytest $(TESTS)

test-unit: bootstrap ## Run the tests that need no server
	$(BIN)/python -m pytest tests/unit tests/architecture

faults: bootstrap ## Kill everything and see that nothing is lost
	$(BIN)/python -m pytest tests/faults

image-test: bootstrap ## Build the image and run it; as root, a few minutes
	@deploy/image-test

bench: bootstrap ## Measure, beside pgbench and a plain file
	@PYTHONPATH=tests $(BIN)/python -m bench

lint: bootstrap ## Style, types, import law
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports
	$(BIN)/caddy validate --config deploy/Caddyfile --adapter caddyfile 2>/dev/null

lock: bootstrap ## Choose versions anew for pyproject.toml
	$(BIN)/uv pip compile -q --universal --upgrade --generate-hashes --no-emit-index-url --no-header \
		--all-extras pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
		-c requirements.lock pyproject.toml -o deploy/requirements.lock

containers: bootstrap ## Regenerate deploy/compose.yaml
	$(BIN)/python -m kaimen.host.containers

contracts: bootstrap ## Regenerate the committed contracts
	$(BIN)/python -m kaimen.host.contracts

k8s: bootstrap ## Regenerate what k8s/ has from the manifests of the services
	$(BIN)/python -m kaimen.host.kubernetes

k8s-check: bootstrap ## Render what runs in Kubernetes; hold it against schemas and our laws
	$(BIN)/python -m pytest tests/k8s

k8s-secrets: bootstrap ## Write random secrets for k8s/overlays/dev, once
	@$(BIN)/python -m kaimen.host.kubernetes --secrets

clean: ## Remove what was fetched and generated; the data in var stays
	rm -rf .venv .pytest_cache .ruff_cache .import_linter_cache .hypothesis
	find contracts shared services deploy tests -name __pycache__ -type d -prune -exec rm -rf {} +

bootstrap: $(READY)

$(READY): requirements.lock pyproject.toml
	@if [ -z "$(PYTHON)" ]; then \
		echo "需要 Python 3.11 或更新版本 / Python 3.11 or newer is needed (make PYTHON=/path/to/python3)" >&2; exit 1; fi
	@if ! [ -x $(BIN)/python ]; then \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "缺少 venv 模块 / Python's venv module is missing: on Debian and Ubuntu, apt-get install python3-venv" >&2; \
			exit 1; }; \
		echo "· 准备 Python 环境 / making .venv with $$($(PYTHON) --version)"; \
		$(PYTHON) -m venv .venv; fi
	@if ! [ -x $(BIN)/uv ]; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv; fi
	@echo "· 安装锁定的依赖（首次需下载约 300 MB）/ installing what is locked (about 300 MB the first time)"
	@$(BIN)/uv pip sync --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --python $(BIN)/python --quiet --no-deps --editable .
	@touch $(READY)

# What the browser and feed tests need from the system. Elsewhere than Debian, or without root, it is only named.
test-needs:
	@absent=""; \
	command -v chromium >/dev/null || command -v google-chrome >/dev/null || absent="$$absent chromium"; \
	compgen -G '/usr/share/fonts/opentype/noto/NotoSansCJK*' >/dev/null || absent="$$absent fonts-noto-cjk"; \
	compgen -G '/usr/lib/*/libical.so.3*' >/dev/null || absent="$$absent libical3"; \
	if [ -z "$$absent" ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		echo "· 安装测试所需 / installing for the tests:$$absent"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$absent >/dev/null; \
	else \
		echo "测试需要以下系统软件，而此处无权安装 / the tests need these from the system, and may not install them here:$$absent" >&2; \
		echo "  sudo apt-get install$$absent" >&2; exit 1; fi
