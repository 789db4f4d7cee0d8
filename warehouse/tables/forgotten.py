"""Who was forgotten, as digests: what keeps such a person out, and what proves that he is gone."""

from sqlalchemy import BigInteger, Boolean, Column, Identity, LargeBinary, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import JSONB

from warehouse.tables.shape import AT, metadata

_GHOST = "whose; see ops.ghosts"
_DIGEST = "blake2b-128 of it under the salt; the text itself is nowhere"

ghosts = Table(
    "ghosts",
    metadata,
    Column("ghost", BigInteger, Identity(), primary_key=True, comment="ours: it is ghost.1, ..."),
    Column(
        "is_common_word",
        Boolean,
        nullable=False,
        comment="the login is a word of the language, too",
    ),
    Column("salt", LargeBinary, nullable=False, comment="random, the same in every row"),
    Column("forgotten_at", AT, nullable=False, comment="when it took the person's place"),
    schema="ops",
    comment="who stands in the place of each person that was forgotten",
)

ghost_terms = Table(
    "ghost_terms",
    metadata,
    Column("kind", Text, primary_key=True, comment="login, id, email or name"),
    Column("digest", LargeBinary, primary_key=True, comment=_DIGEST),
    Column("ghost", BigInteger, nullable=False, comment=_GHOST),
    Column("ordinal", SmallInteger, nullable=False, comment="counts the addresses of one person"),
    Column("words", SmallInteger, nullable=False, comment="of how many words a name is"),
    Column("start", LargeBinary, nullable=False, comment="digest of the first word of a name"),
    schema="ops",
    comment="what named the persons that were forgotten, and is kept out of the warehouse",
)

erasures = Table(
    "erasures",
    metadata,
    Column("ghost", BigInteger, primary_key=True, autoincrement=False, comment=_GHOST),
    Column("at", AT, primary_key=True, comment="when it was begun"),
    Column("changed", JSONB, nullable=False, comment="rows that were changed, column by column"),
    Column("remains", JSONB, comment="where something was found afterwards; null until looked"),
    Column("mirrors", JSONB, nullable=False, comment="repositories whose git mirror was dropped"),
    Column("ended_at", AT, comment="null where it was ended in the middle: forget again"),
    schema="ops",
    comment="the proof of each erasure; nothing in it says who it was",
)
