"""Secrets are found by their mark or their randomness; their value goes nowhere."""

import pytest

from models.code_secrets import secrets_in

RANDOM = "q7Zk2Vx9" + "Lw4Tn8Rb3Hd6"
"""Put together here, so that nobody's scanner takes this file for a leak."""


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("-----BEGIN OPENSSH " + "PRIVATE KEY-----", "private_key"),
        ("aws = AKIA" + "Q3EGRIJZL7M5T2WX", "aws_access_key"),
        ("ghp_" + RANDOM + "a1B2c3D4e5F6g7H8", "github_token"),
        ("url = 'https://ann:" + RANDOM + "@db.internal/x'", "url_password"),
        (f'api_key = "{RANDOM}"', "high_entropy"),
        (f"'Token': '{RANDOM}'", "high_entropy"),
        ("sk_" + "live_" + RANDOM, "stripe_key"),
    ],
)
def test_what_looks_like_a_secret_is_one(text: str, kind: str) -> None:
    (found,) = secrets_in(f"first\n\n{text}\n")

    assert (found.kind, found.line) == (kind, 3)
    assert RANDOM not in repr(found)
    assert len(found.digest) == 12


@pytest.mark.parametrize(
    "text",
    [
        "aws = AKIAIOSFODNN7" + "EXAMPLE",
        'password = "correct horse battery staple"',
        'password = "your-password-goes-here1"',
        'token = "aaaaaaaaaaaaaaaaaaa1"',
        'secret = "documentation/secrets1"',
        "postgresql://postgres:password@localhost/x",
        "https://{user}:{token}@host",
        'secret = os.environ["SECRET_KEY_OF_2026"]',
        f"checksum = '{RANDOM}'",
    ],
)
def test_placeholders_and_words_are_none(text: str) -> None:
    assert list(secrets_in(text)) == []


def test_the_same_secret_has_the_same_digest() -> None:
    one, other, third = secrets_in(
        f'token = "{RANDOM}"\nb = 1\ntoken: "{RANDOM}"\ntoken = "{RANDOM[::-1]}"'
    )

    assert one.digest == other.digest != third.digest
    assert (one.line, other.line, third.line) == (1, 3, 4)


@pytest.mark.parametrize(
    "name", ["API_KEY", "ap\u0131key", "AP\u0130-KEY", "\u017fecret", "to\u212aen", "accesskey"]
)
def test_what_is_looked_for_first_is_in_all_that_can_be_found(name: str) -> None:
    """Patterns without case take more letters for an i, an s or a k than there are in ASCII."""
    (found,) = secrets_in(f'x = 1\n{name}="{RANDOM}"\n')

    assert (found.kind, found.line) == ("high_entropy", 2)
