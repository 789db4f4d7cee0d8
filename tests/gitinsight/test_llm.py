"""What a language model says, and what becomes of an answer that is none."""

from collections.abc import Iterator

import anyio
import pytest

from gitinsight.ai_settings import LlmSettings
from gitinsight.errors import UnexpectedPayload, UpstreamUnavailable
from gitinsight.llm import Llm, Message
from gitinsight.runtime.process import free_port
from tests.support.llm import Scripted, completion, scripted


@pytest.fixture
def script() -> Iterator[Scripted]:
    with scripted() as found:
        yield found


def said(url: str, *, seconds: float = 10, key: str | None = None) -> str:
    settings = LlmSettings.model_validate(
        {"base_url": url, "model": "m", "timeout_seconds": seconds, "api_key": key}
    )

    async def ask() -> str:
        return await Llm(settings).answer([Message("user", "How many?")])

    return anyio.run(ask)


def test_a_question_goes_out_with_model_and_key_and_its_answer_comes_back(
    script: Scripted,
) -> None:
    script.script("Ten.", "Ten.")

    assert said(script.url, key="secret") == said(f"{script.url}/") == "Ten."
    assert script.asked[0] == {
        "path": "/v1/chat/completions", "model": "m", "stream": False,
        "messages": [{"role": "user", "content": "How many?"}],
    }  # fmt: skip
    assert script.keys == ["Bearer secret", None]


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        ((500, b"x"), UpstreamUnavailable, "HTTP 500"),
        ((429, b"{}"), UpstreamUnavailable, "HTTP 429"),
        ((401, b"your key sk-123 is wrong"), UnexpectedPayload, "something unexpected: HTTP 401"),
        ((302, b"http://127.0.0.1:1/"), UnexpectedPayload, "HTTP 302"),
        ((200, b"<html>"), UnexpectedPayload, "no answer in the form"),
        ((200, b'{"choices": []}'), UnexpectedPayload, "no answer in the form"),
        ((200, b'{"choices": [{"message": {"role": "assistant", "content": null}}]}'),
         UnexpectedPayload, "no answer in the form"),
        ((200, b"\xff\xfe"), UnexpectedPayload, "no answer in the form"),
        ((200, completion("x" * 300_000)), UnexpectedPayload, "more than 262144 bytes"),
    ],
    ids=["500", "429", "401", "redirect", "page", "empty", "null", "bytes", "endless"],
)  # fmt: skip
def test_what_is_no_answer_is_an_error_that_tells_no_secrets(
    script: Scripted, answer: tuple[int, bytes], error: type[Exception], told: str
) -> None:
    script.script(answer)

    with pytest.raises(error, match=told) as raised:
        said(script.url)

    assert "sk-123" not in str(raised.value)


def test_one_that_is_away_or_slow_can_be_asked_later(script: Scripted) -> None:
    with pytest.raises(UpstreamUnavailable, match="the language model does not answer"):
        said(f"http://127.0.0.1:{free_port(0)}/v1")
    script.script("late")
    script.waits_seconds = 2
    with pytest.raises(UpstreamUnavailable, match=r"no answer within 0\.3 seconds"):
        said(script.url, seconds=0.3)
