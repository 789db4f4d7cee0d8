"""Every migration, from the revision before it, with what an analysis has left in the tables."""

from importlib.resources import files
from itertools import pairwise

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from gitinsight.settings import Settings
from tests.support.rows import fetch
from warehouse.engine import Connection, make_engine
from warehouse.migrate import current, differences, head, migrate

_TABLES = """
select table_schema || '.' || table_name from information_schema.tables
where table_schema in ('raw', 'insights', 'ops', 'auth') and table_type = 'BASE TABLE'
"""


def test_every_migration_keeps_what_is_there(analysed: Settings) -> None:
    """Down by one, up by one, and down again: all that its forerunner had is there each time."""
    engine = make_engine(analysed.warehouse_url, process="test")
    config = Config()
    config.set_main_option("script_location", str(files("warehouse") / "migrations"))
    revisions = [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]
    lost: dict[str, list[str]] = {}
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        # Views of dbt's stand on our tables; it makes them anew, and no table is dropped before.
        connection.exec_driver_sql("drop schema staging, intermediate cascade")
        connection.exec_driver_sql("create schema staging; create schema intermediate")
        for newer, older in pairwise(revisions):
            command.downgrade(config, older)
            before = counts(connection)
            command.upgrade(config, newer)
            after = counts(connection)
            gone = [table for table, count in before.items() if after.get(table, 0) < count]
            if gone:
                lost[newer] = gone
            command.downgrade(config, older)
            connection.commit()
        assert current(connection) == revisions[-1]
        assert sum(counts(connection).values()) > 500
        connection.commit()
    migrate(engine)

    assert lost == {}
    assert differences(engine) == []
    with engine.connect() as connection:
        assert current(connection) == head() == revisions[0]
    engine.dispose()


def counts(connection: Connection) -> dict[str, int]:
    return {
        table: value(connection, f"select count(*) from {table}")
        for (table,) in fetch(connection, _TABLES)
    }


def value(connection: Connection, query: str) -> int:
    ((found,),) = fetch(connection, query)
    return int(found)
