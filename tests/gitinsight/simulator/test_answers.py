"""What is charged, and what costs nothing."""

import httpx2

AURORA = "repos/synthetic-labs/aurora"


def test_only_a_good_answer_that_is_held_already_is_free(caller: httpx2.Client) -> None:
    known = caller.get(AURORA).headers["etag"]
    missing = caller.get(f"{AURORA}/wishes").headers["etag"]

    free = caller.get(AURORA, headers={"if-none-match": known})
    paid = caller.get(f"{AURORA}/wishes", headers={"if-none-match": missing})

    assert (free.status_code, paid.status_code) == (304, 404)
    left = [int(one.headers["x-ratelimit-remaining"]) for one in (free, paid)]
    assert left[0] - left[1] == 1
    assert free.headers["x-ratelimit-used"] == "2"
