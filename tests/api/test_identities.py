"""Who is one person, over HTTP: suggested, tried out, merged, taken back; what is private is not
told.
"""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.conftest import ADMIN_KEY, serving_api
from tests.support.marts import make
from tests.support.people import client_of
from tests.support.permissions import made_keys, settings_of
from tests.support.rows import AT, add_repository, value
from warehouse import previews
from warehouse.engine import Engine

V1 = "/api/v1"
ACTORS = "repository_id bigint, login text, actor_class text"
TWO = {"alias": "ann.lee@home.example", "person": "annlee"}
HIDDEN = {"alias": "secret@home", "person": "hush"}


@pytest.fixture
def served(warehouse: Engine, database_url: str, tmp_path: Path) -> Iterator[str]:
    """In the first repository Ann, twice; the second one is private and has somebody of its own."""
    for number in (1, 2):
        add_repository(warehouse, f"octo/r{number}", github_id=number)
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "update ops.repositories set is_private = true where repository_id = 2"
        )
        make(
            connection, "marts.dim_actor", ACTORS, (1, "annlee", "human"),
            (1, "ann.lee@home.example", "human"), (1, "bea", "human"), (2, "hush", "human"),
            (2, "secret@home", "human"),
        )  # fmt: skip
        for sha, email in (("a", "annlee@work.example"), ("b", "ann.lee@home.example")):
            connection.exec_driver_sql(
                "insert into raw.git_commits (repository_id, sha, parents, author_name,"
                " author_email, authored_at_raw, committer_name, committer_email, committed_at_raw,"
                " message, is_on_default_branch, source, sanitized, extracted_at, run_id) values"
                f" (1, '{sha}', '{{}}', 'Ann Lee', '{email}', '0', 'n', 'e', '0', 'm', true, 'git',"
                " false, now(), gen_random_uuid())"
            )
        connection.exec_driver_sql(
            "insert into raw.git_identities (repository_id, email, login, evidence, looked_up_at,"
            " run_id) values (1, 'annlee@work.example', 'annlee', 'commit', now(),"
            " gen_random_uuid())"
        )
    with serving_api(settings_of(tmp_path, database_url)) as url:
        yield url


@pytest.fixture
def keys(served: str, warehouse: Engine) -> dict[str, str]:
    return made_keys(warehouse)


def test_suggestions_come_with_what_speaks_for_them(served: str) -> None:
    with client_of(served, ADMIN_KEY) as admin:
        found = admin.get(f"{V1}/repositories/1/identity-suggestions").json()["data"]

    assert [(one["alias"], one["person"]) for one in found] == [tuple(TWO.values())]
    assert found[0]["score"] >= 0.8
    assert any(one["value"] for one in found[0]["evidence"])


def test_a_preview_is_asked_for_and_answered_later(served: str, warehouse: Engine) -> None:
    with client_of(served, ADMIN_KEY) as admin:
        asked = admin.post(f"{V1}/identities/previews", json=TWO)
        assert (asked.status_code, asked.json()["moves"]) == (202, None)
        path = f"{V1}/identities/previews/{asked.json()['preview_id']}"
        assert admin.get(path).json() == asked.json()
        move = {"metric": "bus-factor@1", "repository_id": 1, "repository": "octo/r1",
                "before": 2.0, "after": 1.0}  # fmt: skip
        with warehouse.begin() as connection:
            previews.finish(connection, 1, moves=[move], reason=None, at=AT)

        assert admin.get(path).json()["moves"] == [move]


def test_a_merge_is_made_listed_and_taken_back(served: str, warehouse: Engine) -> None:
    with client_of(served, ADMIN_KEY) as admin:
        made = admin.post(f"{V1}/identities/merges", json=TWO | {"reason": "she said so"})
        assert (made.status_code, made.json()) == (201, {"repository_ids": [1]})
        assert value(warehouse, "select count(*) from ops.dirty where thing = 'figures'") == 1
        [held] = admin.get(f"{V1}/identities/merges").json()["data"]
        assert (held["alias"], held["reason"], held["merged_by"]) == (
            TWO["alias"], "she said so", "admin",
        )  # fmt: skip
        again = admin.post(f"{V1}/identities/merges", json=TWO | {"reason": "again"})
        assert (again.status_code, "is merged into annlee" in again.text) == (409, True)

        assert admin.delete(f"{V1}/identities/merges/{TWO['alias']}").status_code == 200
        assert admin.get(f"{V1}/identities/merges").json()["data"] == []
        assert admin.delete(f"{V1}/identities/merges/{TWO['alias']}").status_code == 404


def test_who_is_in_what_is_private_alone_is_nobody_to_others(
    served: str, keys: dict[str, str], warehouse: Engine
) -> None:
    def asked(client: httpx2.Client, pair: dict[str, str]) -> tuple[int, str]:
        answer = client.post(f"{V1}/identities/previews", json=pair)
        return answer.status_code, answer.json().get("detail", "").replace(pair["alias"], "N")

    with client_of(served, keys["admin"]) as other, client_of(served, keys["member"]) as member:
        assert asked(other, HIDDEN) == asked(other, HIDDEN | {"alias": "nobody@home"})
        assert asked(other, HIDDEN)[0] == 404
        assert asked(member, HIDDEN)[0] == 202
        preview = f"{V1}/identities/previews/1"
        assert (other.get(preview).status_code, member.get(preview).status_code) == (404, 200)

        member.post(f"{V1}/identities/merges", json=HIDDEN | {"reason": "r"}).raise_for_status()
        lists = [one.get(f"{V1}/identities/merges").json()["data"] for one in (other, member)]
        assert [len(one) for one in lists] == [0, 1]
        assert other.delete(f"{V1}/identities/merges/secret@home").status_code == 404
        assert member.delete(f"{V1}/identities/merges/secret@home").status_code == 200
