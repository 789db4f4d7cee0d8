"""Reads a repository with tap-github: into PostgreSQL through target-postgres where a database is
named, else into a file of Singer messages.

Its token check asks a fixed address whatever ``api_url_base`` says; that call goes to the server
that is measured.
"""

import contextlib
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psycopg
import requests
from tap_github.tap import TapGitHub

STREAMS = (
    "issues", "issue_comments", "pull_requests", "pull_request_commits", "reviews",
    "review_comments",
)  # fmt: skip


def main(url: str, repository: str, database: str) -> None:
    tap = _tap(url, repository)
    if not database:
        path = Path("records.jsonl")
        with path.open("w", encoding="utf-8") as sink, contextlib.redirect_stdout(sink):
            tap.sync_all()
        print(json.dumps(_counted_lines(path)))
        return
    settings = {"sqlalchemy_url": database.replace("postgresql:", "postgresql+psycopg:", 1)}
    Path("target.json").write_text(json.dumps(settings), "utf-8")
    target = Path(sys.executable).with_name("target-postgres")
    with subprocess.Popen(
        [target, "--config", "target.json"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        text=True, encoding="utf-8",
    ) as loader:  # fmt: skip
        with contextlib.redirect_stdout(loader.stdin):
            tap.sync_all()
        loader.communicate()
    if loader.returncode != 0:
        sys.exit(f"target-postgres ended with {loader.returncode}")
    print(json.dumps(_counted_rows(database)))


def _tap(url: str, repository: str) -> Any:
    send = requests.Session.send

    def send_here(session: Any, request: Any, **options: Any) -> Any:
        request.url = request.url.replace("https://api.github.com", url)
        return send(session, request, **options)

    setattr(requests.Session, "send", send_here)  # noqa: B010 - whoever types it forbids it
    config = {
        "auth_token": "a-token", "repositories": [repository], "api_url_base": url,
        "start_date": "2000-01-01T00:00:00Z", "rate_limit_buffer": 10,
    }  # fmt: skip
    catalog = TapGitHub(config=config, parse_env_config=False).catalog_dict
    for stream in catalog["streams"]:
        for one in stream["metadata"]:
            if not one["breadcrumb"]:
                one["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    Path("catalog.json").write_text(json.dumps(catalog), "utf-8")
    return TapGitHub(config=config, catalog="catalog.json", parse_env_config=False)


def _counted_lines(path: Path) -> dict[str, int]:
    counts: Counter[str] = Counter()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if '"RECORD"' in line[:40]:
                counts[json.loads(line)["stream"]] += 1
    return {stream: counts[stream] for stream in STREAMS}


def _counted_rows(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        schemas = connection.execute(
            "select schemaname, tablename from pg_tables where tablename = any(%s)",
            (list(STREAMS),),
        ).fetchall()
        return {table: _count(connection, schema, table) for schema, table in schemas}


def _count(connection: "psycopg.Connection[tuple[int]]", schema: str, table: str) -> int:
    found = connection.execute(f'select count(*) from "{schema}"."{table}"').fetchone()  # noqa: S608
    return found[0] if found else 0


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3])
