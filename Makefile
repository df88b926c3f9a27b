# Every recipe sets up what it needs; only Python 3.11+ with venv, and make, must be there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
DEMO := .demo/kafija
DEMO_ENDS := 2026-04-05T08:00
FUZZ_SECONDS ?= 3600

.PHONY: help setup demo test test-slow check bench fuzz findings vscode lock clean

help:
	@echo "make setup      install Virta and what it needs into $(VENV); every other target does so too"
	@echo "make demo       replay ninety days of a shop, then serve the pages (SERVE=0: do not serve)"
	@echo "make test       style, types, layers and every test that is done within minutes"
	@echo "make test-slow  the crash harness and other suites that take longer"
	@echo "make bench      all measures, into docs/performance.md (12 minutes when nothing else runs; page.py --help says more)"
	@echo "make fuzz       look for input that the compiler cannot bear (FUZZ_SECONDS=3600)"
	@echo "make findings   docs/findings.md and docs/reasons.md anew, from the code"
	@echo "make vscode     the extension for VS Code, editors/vscode/dist/virta.vsix"

$(READY): requirements.lock pyproject.toml
	@echo "Installing Virta and what it needs into $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@

setup: $(READY)
	@echo "Virta is in $(BIN): export PATH=$(abspath $(BIN)):\$$PATH"

demo: $(READY)
	@mkdir -p $(dir $(DEMO))
	@if test -e $(DEMO); then rm -rf $(DEMO).before && mv $(DEMO) $(DEMO).before && \
		echo "A fresh demo is made; the one that was there is $(DEMO).before now."; fi
	@cp -r examples/kafija $(DEMO)
	@cd $(DEMO) && $(abspath $(BIN))/python -m visitors visitors.jsonl
	@$(BIN)/virta simulate $(DEMO) --visitors $(DEMO)/visitors.jsonl --days-after 0 --keep
	@echo
	@echo "Its stores stay in $(DEMO). Some things to try there (cd $(DEMO); virta is $(abspath $(BIN))/virta):"
	@echo "  virta why customer-0006@example.com"
	@echo "  virta mailbox --to customer-0006@example.com --show text"
	@echo "  virta consent export --out proof.zip"
	@echo '  virta consent verify proof.zip --key "$$(virta consent keys)"'
ifneq ($(SERVE),0)
	@echo
	@echo "Now the shop goes on from there, until Ctrl-C; mails go to a mailbox on this machine."
	@echo "  http://127.0.0.1:8025/studio/   what was sent, flows with their people, stories, the log"
	@echo "  http://127.0.0.1:8025/signup    what people see; sign up, and find the mail in the studio"
	@echo "  Again later: virta serve $(DEMO) --mailbox --now $(DEMO_ENDS)"
	@$(BIN)/virta serve $(DEMO) --mailbox --now $(DEMO_ENDS)
endif

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(BIN)/pytest -n 2

test-slow: $(READY)
	$(BIN)/pytest -m slow -s

bench: $(READY)
	$(BIN)/python bench/page.py measure

fuzz: $(READY)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --editable ".[fuzz]"
	cd tests/fuzz && $(abspath $(BIN))/python run.py --seconds $(FUZZ_SECONDS)

findings: $(READY)
	$(BIN)/virta explain --format markdown > docs/findings.md
	$(BIN)/python -m engine.insight.reasons > docs/reasons.md

vscode:
	cd editors/vscode && npm ci --ignore-scripts && npm test && npm run package

lock: $(READY)
	$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --quiet \
		--no-header --no-annotate --no-emit-index-url --output-file requirements.lock

clean:
	rm -rf $(VENV) .demo
