"""The public keys, for whoever wants to check a token without us."""

import httpx2
import jwt

from api.tokens import AUDIENCE
from gitinsight.settings import Settings
from tests.conftest import serving_api
from tests.support.github import GitHub
from tests.support.people import PUBLIC_URL, log_in, where_people_log_in


def test_somebody_else_verifies_our_tokens_with_them(settings: Settings, github: GitHub) -> None:
    with serving_api(where_people_log_in(settings, github)) as url:
        token = log_in(url, github, "ada")["access_token"]
        answer = httpx2.get(f"{url}/.well-known/jwks.json")

    kid = jwt.get_unverified_header(token)["kid"]
    key = jwt.PyJWKSet.from_dict(answer.json())[kid]
    claims = jwt.decode(token, key, algorithms=["EdDSA"], audience=AUDIENCE, issuer=PUBLIC_URL)
    assert claims["sub"] == "1"
    assert answer.headers["cache-control"] == "public, max-age=300"
