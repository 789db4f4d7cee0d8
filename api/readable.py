"""Which private repositories a user may see: those that GitHub shows the user, asked now and then.

This is the one place that answers it; whoever is resolved to a principal carries the answer.
"""

import logging
from collections.abc import Callable
from datetime import timedelta

from gitinsight.clock import now
from gitinsight.errors import (
    BrokenEnvironment,
    TokenRejected,
    UnexpectedPayload,
    UpstreamUnavailable,
)
from gitinsight.github.login import Client
from gitinsight.principal import Principal
from gitinsight.vault import Vault
from warehouse import users, visibility
from warehouse.engine import Engine
from warehouse.users import User

_LOG = logging.getLogger(__name__)
_BELIEVED = timedelta(minutes=5)
_AGAIN = timedelta(seconds=30)
"""Where GitHub did not answer; nothing private is shown until then."""
_NOTHING: frozenset[int] = frozenset()


class ReadableRepositories:
    """``client`` is None where nobody can log in."""

    def __init__(self, engine: Engine, vault: Callable[[], Vault], client: Client | None) -> None:
        self._engine = engine
        self._vault = vault
        self._client = client

    def of(self, user_id: int) -> frozenset[int]:
        """By our own ids, as of five minutes ago at most."""
        with self._engine.begin() as connection:
            user = users.by_id(connection, user_id)
            if not visibility.has_private(connection, user.host):
                return _NOTHING
            if user.readable_until is not None and user.readable_until > now():
                return users.readable(connection, user_id)
        self._ask(user)
        with self._engine.begin() as connection:
            return users.readable(connection, user_id)

    def shows(self, principal: Principal, github_id: int | None) -> bool:
        """Whether GitHub shows somebody, now, a private repository that need not be known here."""
        if principal.readable is None:
            return True
        if principal.user_id is None:
            return False
        with self._engine.begin() as connection:
            user = users.by_id(connection, principal.user_id)
        return github_id in self._ask(user)

    def _ask(self, user: User) -> set[int]:
        found: set[int] = set()
        until = now() + _BELIEVED
        try:
            if self._client is not None and user.sealed_token is not None:
                token = self._vault().open(user.sealed_token).decode()
                found = self._client.private_repositories(token)
        except (TokenRejected, BrokenEnvironment):
            with self._engine.begin() as connection:
                users.drop_token(connection, user.user_id)
        except (UpstreamUnavailable, UnexpectedPayload) as error:
            _LOG.warning("what user %s may read is not known: %s", user.user_id, error)
            until = now() + _AGAIN
        with self._engine.begin() as connection:
            users.record_readable(connection, user.user_id, found, until=until)
        return found
