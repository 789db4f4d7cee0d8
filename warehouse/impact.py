"""What another definition changes: two formulas beside each other, repository by repository."""

from dataclasses import dataclass
from typing import Literal, get_args

from gitinsight.metrics.catalogue import Version
from warehouse import analyst
from warehouse.engine import Connection

_BESIDE = """
select repository.repository_id, repository.full_name,
       old.value::double precision as old_value, new.value::double precision as new_value
from marts.repository_summary as repository
left join ({old}) as old on old.repository_id = repository.repository_id
left join ({new}) as new on new.repository_id = repository.repository_id
order by repository.repository_id
"""

Kind = Literal["moved", "now known", "no longer known", "same", "unknown"]
KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True, slots=True)
class Move:
    """``change`` is null where one of the two values is not known."""

    repository_id: int
    full_name: str
    old_value: float | None
    new_value: float | None

    @property
    def change(self) -> float | None:
        if self.old_value is None or self.new_value is None:
            return None
        return self.new_value - self.old_value

    @property
    def kind(self) -> Kind:
        if self.old_value is None:
            return "unknown" if self.new_value is None else "now known"
        if self.new_value is None:
            return "no longer known"
        return "same" if self.new_value == self.old_value else "moved"


def moves(connection: Connection, old: Version, new: Version) -> list[Move]:
    """All repositories, as an analyst may see them: those that become known or unknown first, then
    the largest change first. QueryFailed where a formula cannot be computed.
    """
    formulas = {"old": f"\n{old.formula}\n", "new": f"\n{new.formula}\n"}
    found = [Move(**row) for row in analyst.select(connection, _BESIDE.format_map(formulas))]
    return sorted(found, key=_size)


def _size(move: Move) -> tuple[bool, float, int]:
    return move.change is not None, -abs(move.change or 0), move.repository_id
