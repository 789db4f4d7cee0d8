"""On how few people the files rest: the truck factor by degree of authorship.

Avelino, Passos, Hora and Valente, "A novel approach for estimating truck factors", ICPC 2016. A
degree of authorship rises with who created a file and who changed it, and falls with the changes
of others. An author is whoever comes near the best of a file.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import log

from models.facts import FileChange
from models.source_files import is_source

DEFINITION = "truck-factor@1"
_SHOWN = 10
_BASE, _CREATED, _CHANGED, _BY_OTHERS = 3.293, 1.098, 0.164, 0.321
_NEAR_THE_BEST = 0.75


@dataclass(frozen=True, slots=True)
class Authorship:
    """Of how many files somebody is an author."""

    person: str
    files_count: int


@dataclass(frozen=True, slots=True)
class TruckFactor:
    """``truck_factor_count`` is null where no file has an author."""

    truck_factor_count: int | None
    files_count: int
    authors_count: int
    top_persons: tuple[Authorship, ...]


@dataclass(slots=True)
class _History:
    """What became of one file. The change that creates it is not one of ``changes``."""

    creator: str | None
    changes: Counter[str] = field(default_factory=Counter)


def truck_factor(changes: Iterable[FileChange]) -> TruckFactor:
    """``changes`` come oldest first. Memory grows with files and their authors, not with them."""
    authors = [authors_of(one.creator, one.changes) for one in _files(changes)]
    owned: dict[str, set[int]] = {}
    for number, persons in enumerate(authors):
        for person in persons:
            owned.setdefault(person, set()).add(number)
    ranking = sorted(owned, key=lambda person: (-len(owned[person]), person))
    return TruckFactor(
        truck_factor_count=_greedy(owned, len(authors)) if owned else None,
        files_count=len(authors),
        authors_count=len(owned),
        top_persons=tuple(Authorship(one, len(owned[one])) for one in ranking[:_SHOWN]),
    )


def degree_of_authorship(*, is_creator: bool, own_changes: int, changes_of_others: int) -> float:
    return (
        _BASE
        + _CREATED * is_creator
        + _CHANGED * own_changes
        - _BY_OTHERS * log(1 + changes_of_others)
    )


def authors_of(creator: str | None, changes: Counter[str]) -> list[str]:
    """Whoever has more than three quarters of the best degree, and as much as a stranger has."""
    total = changes.total()
    degrees = {
        person: degree_of_authorship(
            is_creator=person == creator,
            own_changes=changes[person],
            changes_of_others=total - changes[person],
        )
        for person in {creator, *changes}
        if person is not None
    }
    best = max(degrees.values(), default=0.0)
    return sorted(
        person
        for person, degree in degrees.items()
        if degree > _NEAR_THE_BEST * best and (degree >= _BASE or person == creator)
    )


def _files(changes: Iterable[FileChange]) -> list[_History]:
    """Files that are there at the end. git tells lines and no deletions: a file whose lines the
    trunk has taken away again is gone, and one that never had any is not seen. A merge moves lines
    and is nobody's change, and so is what no human did.
    """
    lines: dict[str, int] = {}
    histories: dict[str, _History] = {}
    for change in changes:
        path, source = change.path, change.previous_path or change.path
        history = histories.pop(source, None)
        if change.is_merge:
            # What came with the merge may have moved the history already.
            history = histories.pop(path, history)
        elif history is None:
            history = _History(change.person)
        elif change.person is not None:
            history.changes[change.person] += 1
        if history is not None:
            histories[path] = history
        if change.is_on_trunk:
            left = lines.pop(source, 0) + change.lines_added_count - change.lines_deleted_count
            if left > 0:
                lines[path] = left
            else:
                histories.pop(path, None)
    return [histories.get(path) or _History(None) for path in lines if is_source(path)]


def _greedy(owned: dict[str, set[int]], files_count: int) -> int:
    """Take away whoever is an author of most files until fewer than half have one left."""
    authors_left = Counter(number for files in owned.values() for number in files)
    remaining = dict(owned)
    removed = 0
    while len(authors_left) * 2 >= files_count and remaining:
        leaving = min(remaining, key=lambda person: (-len(remaining[person]), person))
        for number in remaining.pop(leaving):
            authors_left[number] -= 1
            if not authors_left[number]:
                del authors_left[number]
        removed += 1
    return removed
