"""What `.mailmap` says of addresses, and what it said before."""

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from warehouse.engine import Connection, driver
from warehouse.git import Run


def replace(connection: Connection, emails: Mapping[str, str], *, run: Run) -> int:
    """Address -> the one that is meant; how many now mean something else."""
    values = {"id": run.repository_id, "at": run.at, "run": run.run_id, "said": Jsonb(dict(emails))}
    raw = driver(connection)
    ended = raw.execute(
        """
        update raw.git_mailmap set replaced_at = %(at)s
        where repository_id = %(id)s and replaced_at is null
            and (%(said)s::jsonb ->> email) is distinct from proper_email
        """,
        values,
    ).rowcount
    begun = raw.execute(
        """
        insert into raw.git_mailmap (repository_id, email, proper_email, extracted_at, run_id)
        select %(id)s, said.key, said.value, %(at)s, %(run)s
        from jsonb_each_text(%(said)s) as said
        where not exists (
            select from raw.git_mailmap as held
            where held.repository_id = %(id)s and held.email = said.key
                and held.replaced_at is null
        )
        on conflict (repository_id, email, extracted_at) do update
        set proper_email = excluded.proper_email, replaced_at = null
        """,
        values,
    ).rowcount
    return max(ended, begun)
