"""The public keys of our access tokens, for whoever wants to check one."""

from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict

from api.auth import Public
from api.tokens import Tokens

router = APIRouter(tags=["auth"])
_SECONDS = 300


class KeySet(BaseModel):
    """RFC 7517."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "keys": [
                        {
                            "kty": "OKP", "crv": "Ed25519", "kid": "5b0cf2a1e6d94c77",
                            "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "use": "sig",
                            "alg": "EdDSA",
                        }
                    ]
                }
            ]
        }
    )  # fmt: skip

    keys: list[dict[str, Any]]


@router.get("/.well-known/jwks.json", response_model=KeySet)
def jwks(request: Request, response: Response, _: Public) -> dict[str, Any]:
    """The keys that a good access token may be signed with."""
    tokens: Tokens = request.app.state.tokens
    response.headers["Cache-Control"] = f"public, max-age={_SECONDS}"
    return {"keys": tokens.published()}
