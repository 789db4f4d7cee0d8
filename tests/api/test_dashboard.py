"""The dashboard as files: which addresses are pages, what may be kept, what may run."""

import gzip
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from api.app import create_app
from api.dashboard import PAGES, Dashboard
from api.headers import SECURITY
from gitinsight.errors import NotFound
from gitinsight.settings import Settings
from tests.conftest import serving_app
from tests.support.checkout import ROOT

INLINE = b"let a = 1"
DOCUMENT = b"<!doctype html><title>x</title><script>" + INLINE + b"</script><p>The page</p>"
SCRIPT = b"export {};" * 50
NAME = "_app/immutable/entry/a.js"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("built")
    (built / NAME).parent.mkdir(parents=True)
    (built / "index.html").write_bytes(DOCUMENT)
    (built / NAME).write_bytes(SCRIPT)
    (built / f"{NAME}.gz").write_bytes(gzip.compress(SCRIPT))
    return built


@pytest.fixture(scope="module")
def api(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx2.Client]:
    """Pages need no warehouse."""
    settings = Settings.model_validate({"state_dir": tmp_path_factory.mktemp("state")})
    app = create_app(settings, warehouse_url="postgresql://nobody@127.0.0.1:1/none", admin_key=None)
    app.state.dashboard = Dashboard(built)
    with serving_app(app) as url, httpx2.Client(base_url=url) as client:
        yield client


@pytest.mark.parametrize("path", ["/", *(f"/{one}" for one in PAGES), "/repositories/3/x"])
def test_every_page_is_the_document(api: httpx2.Client, path: str) -> None:
    answer = api.get(path)

    assert answer.content == DOCUMENT
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/nothing", "/api", "/api/v1/nothing", "/badge", "/_app/nothing.js", "/_app/../x"]
)
def test_what_is_no_page_is_not_found(api: httpx2.Client, path: str) -> None:
    answer = api.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_who_looks_for_a_page_that_is_none_is_shown_the_document(api: httpx2.Client) -> None:
    wanted = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    for path in ("/nothing", "/repository/3?x=1"):
        answer = api.get(path, headers={**wanted, "if-none-match": "*"})

        assert (answer.status_code, answer.content) == (404, DOCUMENT)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    for answer in (
        api.get("/api/v1/nothing", headers=wanted), api.get("/_app/nothing.js", headers=wanted),
        api.post("/nothing", headers=wanted), api.get("/api/v1/jobs/x", headers=wanted),
    ):  # fmt: skip
        assert answer.headers["content-type"] == "application/problem+json"


def test_addresses_of_the_service_are_its_own(api: httpx2.Client) -> None:
    assert api.get("/health/live").json() == {"status": "ok"}
    assert b"swagger" in api.get("/docs").content


def test_pages_are_those_of_the_sources() -> None:
    routes = {path.name for path in (ROOT / "web" / "src" / "routes").iterdir() if path.is_dir()}

    assert routes <= set(PAGES)


def test_a_file_with_a_hash_is_kept_for_good(api: httpx2.Client) -> None:
    answer = api.get(f"/{NAME}")

    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.content == SCRIPT


@pytest.mark.parametrize(
    ("taken", "coding"),
    [
        ("gzip, br", "gzip"),
        ("gzip;q=0", None),
        ("identity", None),
        ("GZIP;q=0.5", "gzip"),
        ("*", "gzip"),
    ],
)
def test_a_file_comes_in_a_coding_that_is_there_and_taken(
    api: httpx2.Client, taken: str, coding: str | None
) -> None:
    answer = api.get(f"/{NAME}", headers={"accept-encoding": taken})

    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == SCRIPT


def test_what_is_held_is_not_sent_again(api: httpx2.Client) -> None:
    etag = api.get("/").headers["etag"]

    assert api.get("/", headers={"if-none-match": etag}).status_code == 304
    assert api.get("/", headers={"if-none-match": '"other"'}).status_code == 200


def test_nothing_but_our_scripts_may_run(api: httpx2.Client) -> None:
    headers = api.get("/").headers
    digest = b64encode(sha256(INLINE).digest()).decode()
    told = headers["content-security-policy"]

    assert f"script-src 'self' 'sha256-{digest}';" in told
    assert "unsafe-inline" not in told
    assert "unsafe-eval" not in told
    assert "frame-ancestors 'none'" in told
    assert {name: headers[name] for name in SECURITY if name != "content-security-policy"} == {
        name: value for name, value in SECURITY.items() if name != "content-security-policy"
    }


def test_where_nothing_is_built_a_page_says_how_to_get_it(tmp_path: Path) -> None:
    dashboard = Dashboard(tmp_path / "none")

    assert b"make web" in dashboard.file("index.html").bodies[""]
    assert "style-src 'self' 'sha256-" in dashboard.file("index.html").headers[
        "Content-Security-Policy"
    ]  # fmt: skip
    with pytest.raises(NotFound):
        dashboard.file(NAME)
