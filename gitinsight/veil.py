"""Keeps out whoever was forgotten: what names such a person is replaced by a ghost's name.

Of what it looks for it knows digests alone, so that it asks word by word. Where nobody was
forgotten everything comes back as it was given.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec

_FIRST_ID = 2**52
"""No account of GitHub's has such a number, and JavaScript still counts so far."""

# Possessive, and from the start of a run alone: a line of a megabyte is read once.
_MAIL = r"(?<![\w.+-])[\w.+-]++(?:\[bot\])?@[\w-]+(?:\.[\w-]+)*"
_EMAIL = re.compile(_MAIL)
_SIGNED = re.compile(rf"<({_MAIL})>")
_SIGNER = re.compile(r"[^\s<>:,;][^<>\n:,;]*$")
"""What stands before an address, as commits and trailers have it."""
_NOREPLY = re.compile(r"(?:(\d{1,18})\+)?([a-z0-9_-]+(?:\[bot\])?)@users\.noreply\.github\.com")
_AVATAR = re.compile(r"(?<=/u/)\d{1,18}")
_WORD = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9][A-Za-z0-9_-]*(?:\[bot\])?")
_PATCH = re.compile(r"(.+)(-patch-\d+)")
"""How GitHub names the branch of a change that is made on its pages."""
_ADDRESSED = re.compile(r"(?:@|://[^/\s]+/(?:api/v3/)?(?:users/|repos/|orgs/)?)$")
_OWNED = re.compile(r"([A-Za-z0-9][A-Za-z0-9_-]*)([:/].*)", re.DOTALL)
_OWNING = re.compile(r"(?:label|full_?name|nameWithOwner|repository_name)$", re.IGNORECASE)
"""Where a login, or an owner's name, comes first: ann:branch, ann/repository."""
_LONGEST = 120
"""Characters of a word that may name somebody, or of an address before one."""
_NAME_WORD = re.compile(r"\w(?:[\w'\u2019.-]*\w)?")

_NAMING = re.compile(
    r"(?:login|person|author|actor|(?<!type)name|ref|branch|branches|tag|title|path|label|slug|body"
    r"|message|text|description|reason|environment)s?$",
    re.IGNORECASE,
)
"""Where a word that stands alone may name a person; elsewhere it is one of GitHub's own: open."""
_PERSONAL = re.compile(r"(?:author_name|committer_name|login|persons?)$", re.IGNORECASE)
"""Where a name of one word names a person, too."""
_ID = re.compile(
    r"(?:user|actor|author|committer|owner|sender|assignee|creator|reviewer)_?id$", re.IGNORECASE
)
_KEPT = frozenset({"type", "__typename", "site_admin", "user_view_type"})
"""What an account is, not who."""
_ANYTHING = msgspec.json.Decoder()

Json = Any


class Kind(StrEnum):
    """What names a person."""

    LOGIN = "login"
    ID = "id"
    EMAIL = "email"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Ghost:
    """Who stands in the place of one person, so that figures count as many people as before. No
    login of GitHub's has a dot. Of ``is_common_word`` the login is a word of the language, too.
    """

    number: int
    is_common_word: bool = False
    kind: str = "ghost"

    @property
    def login(self) -> str:
        return f"{self.kind}.{self.number}"

    @property
    def id(self) -> int:
        return _FIRST_ID + self.number

    def email(self, ordinal: int = 0) -> str:
        """One for each address, so that addresses are as many as before."""
        return f"{self.login}+{ordinal}@ghost.invalid"

    @classmethod
    def named(cls, login: str | None) -> "Ghost | None":
        """Whose login it is; none of GitHub's reads so."""
        found = re.fullmatch(r"ghost\.(\d+)", login or "")
        return cls(int(found[1])) if found else None

    @staticmethod
    def has(email: str) -> bool:
        """Whether it is an address of one."""
        return email.endswith("@ghost.invalid")


@dataclass(frozen=True, slots=True)
class Term:
    """One thing that named a person: ``ordinal`` counts his addresses, ``words`` those of a name,
    which begins with the word of the digest ``start``.
    """

    kind: Kind
    digest: bytes
    ghost: int
    ordinal: int = 0
    words: int = 1
    start: bytes = b""


def fold(text: str) -> str:
    """As texts are compared: without case, and with one space where there is any."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def term(salt: bytes, kind: Kind, text: str, *, ghost: int, ordinal: int = 0) -> Term:
    """A name counts from its first word to its last."""
    if kind is not Kind.NAME:
        return Term(kind, _digest(salt, kind, fold(text)), ghost, ordinal)
    words = list(_NAME_WORD.finditer(text))
    core = text[words[0].start() : words[-1].end()] if words else text
    start = _digest(salt, Kind.NAME, fold(words[0][0] if words else text))
    return Term(kind, _digest(salt, kind, fold(core)), ghost, ordinal, len(words) or 1, start)


class Veil:
    def __init__(
        self, salt: bytes = b"", ghosts: Iterable[Ghost] = (), terms: Iterable[Term] = ()
    ) -> None:
        self._salt = salt
        self._ghosts = {one.number: one for one in ghosts}
        self._terms = {(one.kind, one.digest): one for one in terms}
        counts: dict[bytes, set[int]] = {}
        for one in self._terms.values():
            if one.kind == Kind.NAME and one.words > 1:
                counts.setdefault(one.start, set()).add(one.words)
        self._counts = {start: sorted(found, reverse=True) for start, found in counts.items()}
        self._look: Callable[[Kind, str], Term | None] = lru_cache(2**16)(self._look_up)
        self._lengths: Callable[[str], list[int]] = lru_cache(2**16)(self._names_from)

    def __bool__(self) -> bool:
        return bool(self._terms)

    def json(self, body: bytes) -> bytes:
        """JSON, or what should have been; the same bytes where nobody is named."""
        if not self:
            return body
        try:
            held = _ANYTHING.decode(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            text = body.decode("utf-8", "surrogateescape")
            veiled = self.text(text)
            return body if veiled == text else veiled.encode("utf-8", "surrogateescape")
        found = self.value(held)
        return body if found == held else msgspec.json.encode(found)

    def value(self, value: Json, key: str = "") -> Json:
        """Any JSON; ``key`` says what it is the value of."""
        if not self:
            return value
        if isinstance(value, str):
            return self.text(value, key)
        if isinstance(value, list):
            return [self.value(one, key) for one in value]
        if isinstance(value, dict):
            return self._mapping(value, key)
        if type(value) is int and _ID.search(key) and (ghost := self._ghost(Kind.ID, str(value))):
            return ghost.id
        return value

    def text(self, text: str, key: str = "") -> str:
        if not self or not text:
            return text
        if (whole := self._whole(text, key)) is not None:
            return whole
        if "@" in text:
            text = _EMAIL.sub(self._address, self._signatures(text))
        if "/u/" in text:
            text = _AVATAR.sub(self._number, text)
        return _WORD.sub(self._word, self._names(text))

    def account(self, identifier: int | None, login: str | None) -> tuple[int | None, str | None]:
        """(id, login) as they are to be kept."""
        ghost = self._account(identifier, login)
        if ghost is None:
            return identifier, login
        return ghost.id if identifier is not None else None, ghost.login

    def person(self, name: str, email: str) -> tuple[str, str]:
        """(name, e-mail) as they are to be kept."""
        ghost, address = self._owner(email.strip())
        if ghost is None:
            return self.text(name, "author_name"), self.text(email, "email")
        return ghost.login, address

    def _mapping(self, value: Mapping[str, Json], key: str) -> dict[str, Json]:
        login = value.get("login")
        if isinstance(login, str):
            numbers = (value.get("id"), value.get("databaseId"))
            number = next((one for one in numbers if isinstance(one, int)), None)
            if ghost := self._account(number, login):
                return _disguised(value, ghost)
        named = {
            (self.text(name, key) if _NAMING.search(key) else name): self.value(one, name)
            for name, one in value.items()
        }
        if isinstance(value.get("email"), str) and isinstance(value.get("name"), str):
            named["name"], named["email"] = self._signer(value)
        return named

    def _signer(self, value: Mapping[str, Json]) -> tuple[str, str]:
        """Who made a commit; the account beside the address tells of one that is not known yet."""
        user = value.get("user")
        if isinstance(user, dict) and self._owner(value["email"])[0] is None:
            ghost = self._account(user.get("databaseId"), user.get("login"))
            if ghost is not None:
                return ghost.login, ghost.email()
        return self.person(value["name"], value["email"])

    def _whole(self, text: str, key: str) -> str | None:
        """Where the text is nothing but a name, or one word that is none."""
        if _PERSONAL.search(key) and (ghost := self._ghost(Kind.NAME, text)):
            return ghost.login
        if key.endswith("email"):
            return self._owner(text.strip())[1] if self._owner(text.strip())[0] else None
        if _OWNING.search(key) and (owned := _OWNED.fullmatch(text)):
            owner = self._ghost(Kind.LOGIN, owned[1])
            return f"{owner.login}{self.text(owned[2])}" if owner else None
        if _WORD.fullmatch(text) is None or "-patch-" in text:
            return None
        ghost = self._ghost(Kind.LOGIN, text)
        if ghost is None or not _NAMING.search(key):
            return text
        return text if ghost.is_common_word and not _PERSONAL.search(key) else ghost.login

    def _word(self, found: re.Match[str]) -> str:
        word, rest = found[0], ""
        if len(word) > _LONGEST:
            return word
        if "-patch-" in word and (patch := _PATCH.fullmatch(word)):
            word, rest = patch.groups()
        ghost = self._ghost(Kind.LOGIN, word)
        if ghost is None:
            return found[0]
        if ghost.is_common_word and not rest:
            before = found.string[max(0, found.start() - _LONGEST) : found.start()]
            if not _ADDRESSED.search(before):
                return found[0]
        return ghost.login + rest

    def _signatures(self, text: str) -> str:
        """A name before an address of somebody who was forgotten goes, whatever it is."""
        pieces: list[str] = []
        at = 0
        for found in _SIGNED.finditer(text):
            ghost, address = self._owner(found[1])
            if ghost is not None:
                before = text[at : found.start()]
                signer = before[-_LONGEST:].rstrip()
                name = _SIGNER.search(signer)
                if name is not None:
                    before = f"{before[: len(before.rstrip()) - len(name[0])]}{ghost.login} "
                pieces += before, f"<{address}>"
                at = found.end()
        return "".join([*pieces, text[at:]])

    def _address(self, found: re.Match[str]) -> str:
        return self._owner(found[0])[1]

    def _number(self, found: re.Match[str]) -> str:
        ghost = self._ghost(Kind.ID, found[0])
        return str(ghost.id) if ghost else found[0]

    def _names(self, text: str) -> str:
        if not self._counts:
            return text
        words = list(_NAME_WORD.finditer(text))
        pieces: list[str] = []
        at = place = 0
        while place < len(words):
            start, length = words[place].start(), 1
            first = words[place][0]
            for count in self._lengths(first) if len(first) <= _LONGEST else ():
                if place + count > len(words):
                    continue
                end = words[place + count - 1].end()
                if ghost := self._ghost(Kind.NAME, text[start:end]):
                    pieces += text[at:start], ghost.login
                    at, length = end, count
                    break
            place += length
        return "".join([*pieces, text[at:]]) if pieces else text

    def _owner(self, email: str) -> tuple[Ghost | None, str]:
        """Whose address it is, and what it becomes."""
        if held := self._look(Kind.EMAIL, email):
            ghost = self._ghosts[held.ghost]
            return ghost, ghost.email(held.ordinal)
        if (known := _NOREPLY.fullmatch(email.lower())) is not None:
            number, login = known.groups()
            other = self._account(int(number) if number else None, login)
            if other is not None:
                return other, other.email()
        return None, email

    def _account(self, identifier: int | None, login: str | None) -> Ghost | None:
        ghost = self._ghost(Kind.ID, str(identifier)) if identifier is not None else None
        return ghost or (self._ghost(Kind.LOGIN, login) if login else None)

    def _ghost(self, kind: Kind, text: str) -> Ghost | None:
        held = self._look(kind, text)
        return self._ghosts[held.ghost] if held else None

    def _look_up(self, kind: Kind, text: str) -> Term | None:
        return self._terms.get((kind, _digest(self._salt, kind, fold(text))))

    def _names_from(self, word: str) -> list[int]:
        """Of how many words names are that begin with this one."""
        return self._counts.get(_digest(self._salt, Kind.NAME, fold(word)), [])


NOTHING = Veil()
"""Nobody was forgotten."""


def _digest(salt: bytes, kind: Kind, text: str) -> bytes:
    told = f"{kind}\0{text}".encode("utf-8", "surrogateescape")
    return blake2b(told, digest_size=16, key=salt).digest()


def _disguised(account: Mapping[str, Json], ghost: Ghost) -> dict[str, Json]:
    """What an account is stays; whatever says who it is goes."""
    return dict(_facts(account, ghost))


def _facts(account: Mapping[str, Json], ghost: Ghost) -> Iterator[tuple[str, Json]]:
    for key, value in account.items():
        if key in _KEPT:
            yield key, value
        elif key in {"login", "display_login"}:
            yield key, ghost.login
        elif key in {"id", "databaseId"}:
            yield key, ghost.id if isinstance(value, int) else ghost.login
