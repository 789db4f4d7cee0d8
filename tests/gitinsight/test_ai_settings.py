"""What models are told."""

import pytest

from gitinsight.ai_settings import EmbeddingsSettings, LlmSettings


def test_nothing_is_asked_of_a_language_model_that_nobody_has_named() -> None:
    assert LlmSettings().base_url is None
    assert EmbeddingsSettings() == EmbeddingsSettings(fetch=False, seconds=60)


def test_an_address_has_no_last_slash() -> None:
    told = LlmSettings(base_url="https://llm.test/v1/", model="m")

    assert told.base_url == "https://llm.test/v1"


@pytest.mark.parametrize(
    "wrong", [{"base_url": "http://h"}, {"model": "m"}, {"base_url": "file:///x", "model": "m"}]
)
def test_settings_that_name_half_of_one_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"belong together|begins with"):
        LlmSettings.model_validate(wrong)
