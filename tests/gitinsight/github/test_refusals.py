"""What GitHub's refusals mean."""

import httpx2
import pytest

from gitinsight.errors import GitInsightError, NotVisible, UnexpectedPayload, UpstreamUnavailable
from gitinsight.github.refusals import is_passing, message, refusal


@pytest.mark.parametrize(
    ("types", "error"),
    [
        ([], UpstreamUnavailable), (["NOT_FOUND"], NotVisible), (["FORBIDDEN"], NotVisible),
        (["NOT_FOUND", "FORBIDDEN"], NotVisible), (["undefinedField"], UnexpectedPayload),
        (["MAX_NODE_LIMIT_EXCEEDED"], UpstreamUnavailable), (["timedout"], UpstreamUnavailable),
    ],
)  # fmt: skip
def test_errors_of_graphql_are_typed(types: list[str], error: type[GitInsightError]) -> None:
    assert isinstance(refusal("totals", [{"type": one} for one in types]), error)


def test_what_is_forbidden_has_the_status_of_rest() -> None:
    found = refusal("totals", [{"type": "FORBIDDEN", "message": "Not for you"}])

    assert isinstance(found, NotVisible)
    assert (found.status, found.reason) == (403, "Not for you")


def test_what_passes_is_told_by_type_or_words() -> None:
    assert is_passing({"type": "RESOURCE_LIMITS_EXCEEDED"})
    assert is_passing({"message": "Something went wrong while executing your query"})
    assert not is_passing({"type": "FORBIDDEN"})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"message": "So."}', "So."),
        (b'{"message": "So.", "block": {"reason": "tos"}}', "So. (tos)"),
        (b"<html>", "Forbidden"),
        (b"[]", "Forbidden"),
    ],
)
def test_a_refusal_of_rest_is_told_in_words(body: bytes, told: str) -> None:
    assert message(httpx2.Response(403, content=body)) == told
