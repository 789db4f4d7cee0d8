"""Which schemas are read and written: what is held, and what the models make of it."""

import re
from dataclasses import dataclass

from psycopg.sql import Identifier

MADE = ("staging", "intermediate", "candidate")
"""The models' own: nothing else is in them."""
_NAMES = re.compile(r"\b(raw|ops|insights|staging|intermediate|candidate)(?=\.)")


@dataclass(frozen=True, slots=True)
class Schemas:
    """What stands before the names of schemas: of those that hold what models read, and of those
    that models make.
    """

    held: str = ""
    made: str = ""

    def named(self, schema: str) -> str:
        return (self.made if schema in MADE else self.held) + schema

    def table(self, schema: str, name: str) -> Identifier:
        return Identifier(self.named(schema), name)

    def of(self, text: str) -> bytes:
        """The statement over these schemas; it names them as they are called today."""
        return _NAMES.sub(lambda found: self.named(found[1]), text).encode()


NOW = Schemas()
