"""The GraphQL queries: one file each, in the folder of the same name."""

from importlib.resources import files


def query_text(name: str) -> str:
    return (files("gitinsight.github") / "queries" / f"{name}.graphql").read_text("utf-8")
