"""The GraphQL queries: one file each, in the folder of the same name."""

import json
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files

_REPEATED = re.compile(r"^ *\w+_0: .*\n", re.MULTILINE)
_TEXT = re.compile(r'"[^"]*"')


def query_text(name: str) -> str:
    return (files("gitinsight.github") / "queries" / f"{name}.graphql").read_text("utf-8")


def repeated(name: str, values: Iterable[Sequence[str]]) -> str:
    """The query with its field ``…_0`` repeated as ``…_0``, ``…_1``, once for each of ``values``:
    the texts that take the place of those in the field, in their order.
    """
    text = query_text(name)
    found = _REPEATED.search(text)
    if found is None:
        raise ValueError(f"{name} has no field to be repeated")
    *pieces, last = _TEXT.split(found[0])
    fields = []
    for index, one in enumerate(values):
        told = [piece + json.dumps(value) for piece, value in zip(pieces, one, strict=True)]
        fields.append(("".join(told) + last).replace("_0: ", f"_{index}: ", 1))
    return text.replace(found[0], "".join(fields))
