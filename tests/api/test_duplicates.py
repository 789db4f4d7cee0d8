"""What a draft of an issue may be; what is found for it is in `fast/test_meaning.py`."""

import pytest
from pydantic import ValidationError

from api.duplicates import LETTERS, Draft


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""}, {"title": "x" * 1_025}, {"body": "x" * (LETTERS + 1)},
        {"repository_id": 0}, {"close": True},
    ],
    ids=["none", "long", "body", "repository", "other"],
)  # fmt: skip
def test_what_is_no_draft_is_not_valid(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Draft.model_validate({"repository_id": 1, "title": "It crashes"} | wrong)
