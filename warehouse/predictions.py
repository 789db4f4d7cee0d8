"""Which repositories hold what a model has said whose version in use is another one."""

from datetime import datetime

from psycopg.sql import SQL, Identifier

from warehouse import dirty, registry
from warehouse.engine import Connection, driver

TABLES = (("ops", "actor_scores"), ("insights", "text_tone"))
"""Each row carries its repository and the version of the model that said it."""

# What stands of texts that are gone is not judged again: who holds anything of a version in use has
# been read since it is. That one is found with the first row, where nothing is outdated.
_OUTDATED = """
select repository_id from ops.repositories
where exists (select from {table} as held where held.repository_id = repositories.repository_id)
    and not exists (
        select from {table} as held
        where held.repository_id = repositories.repository_id and held.model = any(%s)
    )
"""


def mark_outdated(connection: Connection, *, at: datetime) -> list[int]:
    """Let their figures be made anew, by the versions that are in use; which they are."""
    in_use = [one.definition for one in registry.cards_in_use(connection)]
    found = {
        repository_id
        for name in TABLES
        for (repository_id,) in driver(connection).execute(
            SQL(_OUTDATED).format(table=Identifier(*name)), (in_use,)
        )
    }
    dirty.mark_figures(connection, sorted(found), reason="a model has a new version", at=at)
    return sorted(found)
