"""What a warehouse holds, told so shortly that two of them can be compared."""

from tests.support.analyses import rows
from warehouse.engine import Engine

Fingerprint = dict[str, tuple[int, str]]
_ABOUT_THE_RUN = {
    "extracted_at", "run_id", "job_id", "looked_up_at", "valid_from", "valid_to",
    "default_branch_at", "looked_at", "taken_at", "counted_since", "scored_at", "measured_at",
}  # fmt: skip
"""When and by whom a row was written: no two runs agree about that, killed or not."""


def fingerprint(warehouse: Engine, *schemas: str) -> Fingerprint:
    """Table -> number of rows, and a hash of everything in them that is not about the run."""
    found = {}
    named = "(" + ", ".join(f"'{schema}'" for schema in schemas) + ")"
    tables = rows(
        warehouse,
        "select table_schema || '.' || table_name from information_schema.tables"
        f" where table_schema in {named} and table_type = 'BASE TABLE'",
    )
    for (table,) in tables:
        schema, name = table.split(".")
        columns = [
            column
            for (column,) in rows(
                warehouse,
                "select column_name from information_schema.columns"
                f" where table_schema = '{schema}' and table_name = '{name}' order by 1",
            )
            if column not in _ABOUT_THE_RUN
        ]
        [(number, digest)] = rows(
            warehouse,
            f"select count(*), md5(string_agg(line, ',' order by line)) from"
            f" (select md5(({', '.join(columns)})::text) as line from {table}) as lines",
        )
        found[table] = (number, digest)
    return found
