"""The GraphQL queries: one file each, in the folder of the same name; so are the fragments that
several of them share.
"""

import json
import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files

_REPEATED = re.compile(r"^ *\w+_0: .*\n", re.MULTILINE)
_TEXT = re.compile(r'"[^"]*"')
_SPREAD = re.compile(r"\.\.\.(\w+)")
_DEFINED = re.compile(r"^fragment (\w+) on ", re.MULTILINE)


@cache
def query_text(name: str) -> str:
    """The query with every fragment that it spreads."""
    folder = files("gitinsight.github") / "queries"
    text = (folder / f"{name}.graphql").read_text("utf-8")
    while missing := set(_SPREAD.findall(text)) - set(_DEFINED.findall(text)):
        for fragment in sorted(missing):
            text += "\n" + (folder / "fragments" / f"{fragment}.graphql").read_text("utf-8")
    return text


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
