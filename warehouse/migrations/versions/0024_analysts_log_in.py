"""Analysts log in by themselves: a role that is only put on can be taken off in a statement."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_LOGIN = """
do $$
declare
    analyst text;
begin
    foreach analyst in array array['gitinsight_analyst', 'gitinsight_past_analyst'] loop
        execute format('alter role %I login connection limit 16', analyst);
        execute format('alter role %I set default_transaction_read_only = on', analyst);
        execute format('alter role %I set work_mem = ''16MB''', analyst);
        execute format('alter role %I set max_parallel_workers_per_gather = 0', analyst);
        execute format('alter role %I set idle_in_transaction_session_timeout = ''30s''', analyst);
        begin
            execute format('alter role %I set temp_file_limit = ''1GB''', analyst);
        exception when insufficient_privilege then
            raise notice 'files of analysts are not bounded: this user may not say so';
        end;
    end loop;
exception when insufficient_privilege or undefined_object then
    raise notice 'analysts may not log in: this user may not say so';
end
$$;
"""


def upgrade() -> None:
    op.execute(_LOGIN)


def downgrade() -> None:
    """The roles are of the whole server and may serve another database."""
