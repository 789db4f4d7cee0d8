"""GraphQL's nodes as rows."""

from datetime import UTC, datetime

from gitinsight.github.nodes import actors, identifier, node_row
from gitinsight.things.pull_request_files import PULL_REQUEST_FILES
from gitinsight.things.reviews import REVIEWS

AT = datetime(2026, 1, 1, tzinfo=UTC)


def test_githubs_own_number_is_the_id_and_a_text_of_64_bits_is_a_number() -> None:
    node = {"__typename": "PullRequestReview", "fullDatabaseId": "4503599627370497"}

    row = node_row(REVIEWS, node, updated_at=AT)

    assert row.id == 4503599627370497
    assert row.source_updated_at == AT
    assert b"__typename" not in row.payload


def test_what_has_no_number_is_told_by_its_text_within_its_parent() -> None:
    node = {"path": "README.md", "additions": 1}

    first, again, other = (
        node_row(PULL_REQUEST_FILES, node, parent=parent).id for parent in (1, 1, 2)
    )

    assert first == again != other
    assert 0 < first < 2**63


def test_two_texts_have_two_numbers() -> None:
    assert len({identifier(f"src/{number}.py", 7) for number in range(10_000)}) == 10_000


def test_the_later_of_two_times_counts() -> None:
    node = {"fullDatabaseId": "1", "updatedAt": "2026-03-01T00:00:00Z"}

    assert node_row(REVIEWS, node, updated_at=AT).source_updated_at == datetime(
        2026, 3, 1, tzinfo=UTC
    )


def test_accounts_are_found_at_any_depth_and_bots_are_left_out() -> None:
    node = {
        "author": {"__typename": "User", "login": "ada", "databaseId": 1},
        "mergedBy": {"__typename": "Bot", "login": "robot", "databaseId": 2},
        "commits": {
            "nodes": [{"commit": {"author": {"user": {
                "__typename": "User", "login": "eve", "databaseId": 3,
            }}}}]
        },
        "ghost": None,
        "unsaid": {"login": "kim", "databaseId": 4},
    }  # fmt: skip

    assert [(one.id, one.login) for one in actors(node)] == [(1, "ada"), (3, "eve")]
