"""Who is not shown, by his own wish: figures count him under another name, what is held stays."""

from collections.abc import Collection
from datetime import datetime

from gitinsight.errors import NotFound
from gitinsight.veil import Ghost, Veil, fold
from warehouse import erasure, forgotten
from warehouse.engine import Connection, driver
from warehouse.erasure import Changes
from warehouse.forgotten import Person

SHOWN = ("candidate", "marts", "insights")
"""What is shown, and what it is made of when it is published."""


def logins(connection: Connection) -> list[str]:
    """Those that are hidden, in the order in which they were."""
    found = driver(connection).execute("select login from ops.hidden_actors order by number")
    return [login for (login,) in found]


def hide(connection: Connection, login: str, *, at: datetime) -> None:
    """At once, and in everything that is published from now on."""
    driver(connection).execute(
        "insert into ops.hidden_actors (login, hidden_at) values (%s, %s) on conflict do nothing",
        (fold(login), at),
    )
    changes = Changes()
    cover(connection, SHOWN, changes)
    erasure.show_change(connection, changes)


def show(connection: Connection, login: str) -> None:
    """From the next analysis of each repository on; NotFound where nobody is hidden so."""
    shown = driver(connection).execute(
        "delete from ops.hidden_actors where login = %s", (fold(login),)
    )
    if not shown.rowcount:
        raise NotFound(f"a hidden account {login}")


def cover(connection: Connection, schemas: Collection[str], changes: Changes) -> None:
    """Write the tables of ``schemas`` anew that name somebody who is hidden."""
    hidden = _hidden(connection)
    if not hidden:
        return
    one_veil = forgotten.preview(hidden)
    for columns in erasure.tables(connection):
        if columns[0].schema in schemas:
            erasure.erase(connection, columns, hidden, changes, veil=one_veil)


def veil(connection: Connection) -> Veil:
    """For what is shown straight from what is held."""
    return forgotten.preview(_hidden(connection))


def _hidden(connection: Connection) -> dict[Person, Ghost]:
    """In the order in which they were: whoever is one person with another has that one's number."""
    found = driver(connection).execute(
        "select login, number from ops.hidden_actors order by number"
    )
    hidden: dict[Person, Ghost] = {}
    for login, number in found.fetchall():
        # A login may be a word of a title, too: an account stands where accounts do.
        person = forgotten.find(connection, login, is_common_word=True)
        hidden.setdefault(person, Ghost(number, is_common_word=True, kind="hidden"))
    return hidden
