# One image; what it runs is its command. It writes only to /state.
FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends git make gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE ./
RUN python -m pip install --no-cache-dir "uv>=0.9" \
    && uv venv .venv \
    && uv pip sync --require-hashes --compile-bytecode requirements.lock
COPY gitinsight gitinsight
COPY models models
COPY warehouse warehouse
COPY flows flows
COPY api api
COPY dbt dbt
RUN uv pip install --no-deps --editable .

FROM python:3.11-slim-bookworm
RUN apt-get update && apt-get install --yes --no-install-recommends git ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home gitinsight \
    && install -d -o gitinsight -g gitinsight /state
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 DO_NOT_TRACK=1 GITINSIGHT_STATE_DIR=/state
USER gitinsight
VOLUME /state
CMD ["gitinsight", "--help"]
