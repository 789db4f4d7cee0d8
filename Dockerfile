# syntax=docker/dockerfile:1
# One image; what it runs is its command. It runs as nobody in particular and writes to /state and
# /tmp alone. `--target test` has the tests and what they need in it, too.

FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends git make gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
ENV UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m pip install --no-cache-dir "uv>=0.9" \
    && uv venv .venv \
    && uv pip sync --require-hashes requirements.lock
COPY gitinsight gitinsight
COPY models models
COPY warehouse warehouse
COPY flows flows
COPY api api
COPY dbt dbt
RUN uv pip install --no-deps --editable . \
    && .venv/bin/python -m compileall -q gitinsight models warehouse flows api \
    && .venv/bin/python -m api openapi.json

FROM node:24-bookworm-slim AS web
WORKDIR /app/web
COPY web/package.json web/package-lock.json web/.npmrc ./
RUN npm ci --no-audit --no-fund
COPY web ./
COPY --from=build /app/openapi.json ./
RUN npm run build

FROM build AS test
RUN apt-get update && apt-get install --yes --no-install-recommends nginx-light prometheus \
    && rm -rf /var/lib/apt/lists/*
COPY Makefile Dockerfile docker-compose.yml .env.example CHANGELOG.md ./
COPY tests tests
COPY benchmarks benchmarks
COPY docs docs
COPY ops ops
COPY k8s k8s
COPY --from=web /app/api/web api/web
ENV PATH=/app/.venv/bin:$PATH DO_NOT_TRACK=1
CMD ["python", "-m", "pytest", "-n", "auto", "--dist", "loadfile"]

FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends git ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /state gitinsight \
    && install -d -o gitinsight -g gitinsight /state
COPY --from=build /app /app
COPY --from=web /app/api/web /app/api/web
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH HOME=/state GITINSIGHT_STATE_DIR=/state \
    PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 DO_NOT_TRACK=1
USER 10001:10001
VOLUME /state
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 \
    CMD ["python", "-m", "gitinsight.runtime.healthy", "http://127.0.0.1:8000/health/ready"]
CMD ["gitinsight", "run", "api", "--host", "0.0.0.0"]
