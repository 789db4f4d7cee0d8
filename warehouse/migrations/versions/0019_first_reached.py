"""Which commits a deployment is the first to reach: a walk that SQL alone makes quadratic."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_FIRST_REACHED = """
create function ops.first_reached(
    children integer[], parents integer[], starts integer[], instants timestamptz[]
) returns table (number integer, reached_at timestamptz) language plpgsql immutable as $$
declare
    first_edges integer[];
    is_reached boolean[];
    waiting integer[];
    waiting_count integer;
    edge integer;
begin
    for edge in 1 .. coalesce(cardinality(children), 0) loop
        first_edges[children[edge]] := coalesce(first_edges[children[edge]], edge);
    end loop;
    for start in 1 .. cardinality(starts) loop
        reached_at := instants[start];
        waiting[1] := starts[start];
        waiting_count := 1;
        while waiting_count > 0 loop
            number := waiting[waiting_count];
            waiting_count := waiting_count - 1;
            continue when is_reached[number];
            is_reached[number] := true;
            return next;
            edge := first_edges[number];
            while children[edge] = number loop
                waiting_count := waiting_count + 1;
                waiting[waiting_count] := parents[edge];
                edge := edge + 1;
            end loop;
        end loop;
    end loop;
end
$$;
comment on function ops.first_reached is
    'every number that a start reaches from child to parent, with the instant of the first start;'
    ' edges are ordered by child, starts by instant, and each number is visited once';
"""


def upgrade() -> None:
    op.execute(_FIRST_REACHED)


def downgrade() -> None:
    op.execute("drop function ops.first_reached")
