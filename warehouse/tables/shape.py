"""What the tables of every schema share: names of constraints, times in UTC, whose row it is."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Dialect, MetaData, Uuid
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import TypeEngine, UserDefinedType

from gitinsight.things.thing import Thing

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

AT = DateTime(timezone=True)


class Vector(UserDefinedType[bytes]):
    """384 numbers of 16 bits: pgvector's ``halfvec`` where the server has it, else their bytes."""

    cache_ok = True

    def __init__(self, dimensions: int = 384) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        return f"halfvec({self.dimensions})"

    def compare_against_backend(self, dialect: Dialect, conn_type: TypeEngine[Any]) -> bool:  # noqa: ARG002 - SQLAlchemy names them
        """Whether what is there is as it should be: both are."""
        return isinstance(conn_type, Vector | BYTEA)


ischema_names["halfvec"] = Vector


def repository_id(*, is_key: bool = True) -> Column[int]:
    """First in the key of every table that has rows of one repository."""
    return Column(
        "repository_id", BigInteger, primary_key=is_key, autoincrement=False, nullable=False,
        comment="our own id, see ops.repositories",
    )  # fmt: skip


def number_of(thing: Thing) -> str:
    """SQL: the number of the issue, pull request or discussion that a payload is about."""
    if str(thing.number).endswith("_url"):
        return f"(substring(payload ->> '{thing.number}', '/([0-9]+)$')::int)"
    if "." in thing.number:
        return f"((payload #>> '{{{thing.number.replace('.', ',')}}}')::int)"
    return f"((payload ->> '{thing.number}')::int)"


def written() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("extracted_at", AT, nullable=False, comment="when this version was written"),
        Column("run_id", Uuid, nullable=False, comment="the job that wrote this version"),
    )
