"""What is left of GitHub's limits."""

import httpx2

from warehouse.engine import Engine


def test_what_is_left_is_told_of_each_limit(api: httpx2.Client, warehouse: Engine) -> None:
    with warehouse.begin() as connection:
        connection.exec_driver_sql(
            "insert into ops.principals (host, principal, kind) values ('h', 'p', 'user')"
        )
        connection.exec_driver_sql(
            "insert into ops.buckets (host, principal, bucket, quota, remaining, renewed_at)"
            " values ('h', 'p', 'core', 5000, 17, now() + interval '1 hour'),"
            " ('h', 'p', 'graphql', 5000, 3, now() - interval '1 hour'),"
            " ('h', 'p', 'search', null, null, null)"
        )
    found = api.get("/api/v1/budgets").json()["data"]

    assert [(one["bucket"], one["quota"], one["remaining"]) for one in found] == [
        ("core", 5000, 17), ("graphql", 5000, 5000), ("search", None, None),
    ]  # fmt: skip
    assert found[0]["renewed_at"] is not None
    assert found[1]["renewed_at"] is None
