"""A service that answers as OpenAI's does: one question, one answer, and nothing that it may do.

Where it is, only whoever runs this service says. It is led nowhere else, for redirects are not
followed, and what it answers is text of a stranger.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import anyio
import httpx2
import msgspec

from gitinsight.ai_settings import LlmSettings
from gitinsight.errors import UnexpectedPayload, UpstreamUnavailable

_NAME = "the language model"
_MAX_BYTES = 256 * 1024


class Message(msgspec.Struct, frozen=True):
    role: Literal["system", "user", "assistant"]
    content: str


class _Choice(msgspec.Struct):
    message: Message


class _Answer(msgspec.Struct):
    choices: list[_Choice]


@dataclass(frozen=True, slots=True)
class Llm:
    settings: LlmSettings
    """With an address and a model."""

    async def answer(self, messages: Sequence[Message]) -> str:
        """UpstreamUnavailable where it is away, busy or too slow, UnexpectedPayload where it says
        what is no answer, or refuses.
        """
        asked = {"model": self.settings.model, "messages": messages, "stream": False}
        key = self.settings.api_key
        headers = {"content-type": "application/json"}
        if key is not None:
            headers["authorization"] = f"Bearer {key.get_secret_value()}"
        try:
            with anyio.fail_after(self.settings.timeout_seconds):
                status, body = await self._ask(msgspec.json.encode(asked), headers)
        except TimeoutError as error:
            reason = f"no answer within {self.settings.timeout_seconds:g} seconds"
            raise UpstreamUnavailable(_NAME, reason) from error
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise UpstreamUnavailable(_NAME, type(error).__name__) from error
        return _text(status, body)

    async def _ask(self, content: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        async with (
            httpx2.AsyncClient(timeout=self.settings.timeout_seconds) as client,
            client.stream(
                "POST", f"{self.settings.base_url}/chat/completions", content=content,
                headers=headers,
            ) as answer,
        ):  # fmt: skip
            body = b""
            async for part in answer.aiter_bytes():
                body += part
                if len(body) > _MAX_BYTES:
                    raise UnexpectedPayload(_NAME, f"more than {_MAX_BYTES} bytes")
            return answer.status_code, body


def _text(status: int, body: bytes) -> str:
    """What it says beside an error may hold the key, and is told to nobody."""
    if status == httpx2.codes.TOO_MANY_REQUESTS or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
        raise UpstreamUnavailable(_NAME, f"HTTP {status}")
    if status != httpx2.codes.OK:
        raise UnexpectedPayload(_NAME, f"HTTP {status}", status)
    try:
        return msgspec.json.decode(body, type=_Answer).choices[0].message.content
    except (msgspec.MsgspecError, UnicodeDecodeError, IndexError) as error:
        raise UnexpectedPayload(_NAME, "no answer in the form of OpenAI's") from error
