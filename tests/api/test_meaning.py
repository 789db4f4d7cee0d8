"""Searches by meaning, over HTTP; the encoder is a small one with made-up weights."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from gitinsight.cards.catalogue import card
from gitinsight.runtime import state, weights
from gitinsight.settings import Settings
from models.embeddings_weights import encoder
from models.meaning import readable
from tests.conftest import ADMIN_KEY, serving_api
from tests.support.encoders import hold_small_encoder
from tests.support.marts import publish_two
from tests.support.rows import AT
from tests.support.vectors import put_issue
from tests.support.waiting import wait_for
from warehouse import vectors
from warehouse.engine import Engine

SEARCH = "/api/v1/search"
DUPLICATES = "/api/v1/ai/duplicates"
PROBLEM = "urn:gitinsight:problem:"
ISSUES = {
    (1, 11): "crashes when the wallet is opened",
    (1, 12): "typo in the docs",
    (1, 13): "a dark theme",
    (2, 21): "the wallet crashes",
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A state directory that holds the weights."""
    home = tmp_path_factory.mktemp("meaning")
    state.prepare(home)
    with pytest.MonkeyPatch.context() as patch:
        hold_small_encoder(patch, tmp_path_factory.mktemp("index"))
        weights.fetch(home)
        yield home


@pytest.fixture(scope="module")
def filled(library: Engine, home: Path) -> Engine:
    """Two repositories, the second one private, and what their issues mean."""
    publish_two(library)
    with library.begin() as connection:
        for (repository_id, number), title in ISSUES.items():
            put_issue(
                connection, repository_id, number, title, body="it is new",
                state="open" if number == 11 else "closed", is_pull_request=number == 12,
            )  # fmt: skip
        put_issue(connection, 1, 14, "not read so far")
        for repository_id in (1, 2):
            waits = vectors.waiting(connection, repository_id, model="embeddings@1", limit=9)
            read = [one for one in waits if one.id != 14]
            said = encoder(home).encode([readable(one.title, one.body) for one in read])
            vectors.store(
                connection, repository_id, read, said.tolist(), model="embeddings@1", at=AT
            )
    return library


@pytest.fixture(scope="module")
def api(filled: Engine, home: Path) -> Iterator[httpx2.Client]:
    url = filled.url.render_as_string(hide_password=False)
    settings = Settings.model_validate({"state_dir": home, "warehouse": {"url": url}})
    headers = {"authorization": f"Bearer {ADMIN_KEY}"}
    with (
        serving_api(settings) as address,
        httpx2.Client(base_url=address, headers=headers, timeout=30) as client,
    ):
        wait_for(lambda: bool(hits(client, q="wallet")), seconds=30)
        yield client


def hits(api: httpx2.Client, **asked: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = api.get(SEARCH, params=asked).raise_for_status().json()["data"]
    return found


def test_what_means_the_same_comes_first_as_searches_show_it(api: httpx2.Client) -> None:
    asked = readable(ISSUES[1, 11], "it is new")
    answer = api.get(SEARCH, params={"q": asked, "mode": "meaning", "limit": 2}).json()

    first = answer["data"][0]
    assert len(answer["data"]) == 2
    assert first.pop("similarity") == pytest.approx(1, abs=2e-3)
    (by_words,) = [one for one in hits(api, q="wallet opened", type="issue") if one["number"] == 11]
    assert first | {"highlights": None} == by_words | {"highlights": None}
    assert answer["meta"] == {"model": "embeddings@1", "texts_count": 5, "known_count": 4}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({}, {11, 12, 13, 21}), ({"repository_id": 1}, {11, 12, 13}),
        ({"type": "issue"}, {11, 13, 21}), ({"type": "pull_request"}, {12}),
        ({"state": "open"}, {11}), ({"author": "BOB", "repository_id": 2}, {21}),
        ({"author": "ann"}, set()), ({"repository_id": 9}, set()),
    ],
    ids=lambda one: str(sorted(one)) if isinstance(one, set) else str(one),
)  # fmt: skip
@pytest.mark.parametrize("mode", ["meaning", "hybrid"])
def test_filters_hold_in_every_mode(
    api: httpx2.Client, mode: str, filters: dict[str, Any], expected: set[int]
) -> None:
    found = hits(api, q="window", mode=mode, **filters)

    assert {one["number"] for one in found} == expected


def test_a_hybrid_search_finds_what_either_finds_and_says_all_of_it(api: httpx2.Client) -> None:
    found = {one["number"]: one for one in hits(api, q="not read so far", mode="hybrid")}

    assert set(found) == {11, 12, 13, 14, 21}
    assert "similarity" not in found[14]
    assert "<mark>" in found[14]["highlights"]["title"]
    assert hits(api, q="wallet crashes", mode="hybrid")[0]["number"] in {11, 21}
    first = hits(api, q="dark theme", mode="hybrid", limit=1)[0]
    assert first["number"] == 13
    assert {"similarity", "highlights"} <= first.keys()


@pytest.mark.parametrize("wrong", [{"type": "person"}, {"language": "C"}, {"type": "repository"}])
def test_what_has_no_meaning_is_not_looked_for_by_it(
    api: httpx2.Client, wrong: dict[str, str]
) -> None:
    answer = api.get(SEARCH, params={"q": "x", "mode": "meaning"} | wrong)

    assert (answer.status_code, answer.json()["type"]) == (422, f"{PROBLEM}not-by-meaning")
    assert api.get(SEARCH, params={"q": "x", "mode": "sense"}).status_code == 422


def test_searches_by_words_are_what_they_were(api: httpx2.Client) -> None:
    plain = api.get(SEARCH, params={"q": "wallet"})
    named = api.get(SEARCH, params={"q": "wallet", "mode": "words"})

    assert plain.content == named.content
    assert all("similarity" not in one for one in plain.json()["data"])
    assert "meta" not in plain.json()


def test_a_new_issue_is_told_of_those_like_it(api: httpx2.Client) -> None:
    draft = {"repository_id": 1, "title": ISSUES[1, 11], "body": "it is new"}
    answer = api.post(DUPLICATES, json=draft)

    told = answer.json()
    assert told["data"][0]["number"] == 11
    assert told["data"][0]["similarity"] == pytest.approx(1, abs=2e-3)
    assert len(told["data"]) <= 3
    assert {one["kind"] for one in told["data"]} == {"issue"}
    assert {one["repository_id"] for one in told["data"]} == {1}
    assert told["meta"] == {"model": "embeddings@1", "texts_count": 4, "known_count": 3}
    missing = api.post(DUPLICATES, json=draft | {"repository_id": 9})
    assert (missing.status_code, missing.json()["type"]) == (404, f"{PROBLEM}not-found")
    assert api.post(DUPLICATES, json=draft | {"title": ""}).status_code == 422


def test_without_the_weights_it_says_what_to_do(filled: Engine, home: Path, tmp_path: Path) -> None:
    assert home.is_dir()
    url = filled.url.render_as_string(hide_password=False)
    settings = Settings.model_validate({"state_dir": tmp_path, "warehouse": {"url": url}})
    with serving_api(settings) as address, httpx2.Client(base_url=address) as client:
        found = client.get(SEARCH, params={"q": "x", "mode": "meaning"})
        offered = client.get(f"{SEARCH}/modes").json()["data"]

    assert offered == ["words"]
    assert (found.status_code, found.json()["type"]) == (503, f"{PROBLEM}weights-missing")
    assert "gitinsight models fetch" in found.json()["detail"]


def test_what_is_offered_is_answered(api: httpx2.Client) -> None:
    offered = api.get(f"{SEARCH}/modes").json()["data"]

    assert offered == ["words", "meaning", "hybrid"]
    for mode in offered:
        assert api.get(SEARCH, params={"q": "wallet", "mode": mode}).status_code == 200


def test_the_model_is_the_one_of_the_card() -> None:
    assert card("embeddings").definition == "embeddings@1"
