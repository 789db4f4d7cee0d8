"""Whatever changes the summary of a repository is announced, with a version that only grows."""

from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_ANNOUNCE = """
create function ops.figures_version(publication bigint, checked_at timestamptz)
returns text language sql stable as $$
    select lpad(publication::text, 12, '0') || '.'
        || coalesce(to_char(checked_at at time zone 'UTC', 'YYYYMMDDHH24MISSUS'), '')
$$;
create function ops.announce_figures() returns trigger language plpgsql as $$
declare
    changed bigint := coalesce(new.repository_id, old.repository_id);
    version text;
begin
    select ops.figures_version(p.publication, r.checked_at) into version
    from ops.repositories r join ops.publications p using (repository_id)
    where r.repository_id = changed;
    perform pg_notify(
        'gitinsight_figures',
        json_build_object('repository_id', changed, 'version', version)::text
    );
    return null;
end
$$;
create trigger announce_figures after insert or update or delete on ops.publications
    for each row execute function ops.announce_figures();
create trigger announce_figures after delete on ops.repositories
    for each row execute function ops.announce_figures();
create trigger announce_changed_figures after update on ops.repositories
    for each row when (
        (old.checked_at, old.is_private) is distinct from (new.checked_at, new.is_private)
    )
    execute function ops.announce_figures();
"""


def upgrade() -> None:
    op.execute(_ANNOUNCE)


def downgrade() -> None:
    op.execute("drop trigger announce_changed_figures on ops.repositories")
    op.execute("drop trigger announce_figures on ops.repositories")
    op.execute("drop trigger announce_figures on ops.publications")
    op.execute("drop function ops.announce_figures(), ops.figures_version(bigint, timestamptz)")
