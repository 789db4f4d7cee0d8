"""A client as steps have it, for a GitHub of a test's own."""

from gitinsight.github.client import GitHubClient
from gitinsight.github.governor import LocalGovernor
from gitinsight.github.pace import Pace
from gitinsight.github.principals import users
from gitinsight.github.turns import Turns


def client_of(url: str, *tokens: str) -> GitHubClient:
    """It is never held back, and does not rest between its attempts."""
    turns = Turns(LocalGovernor(url, Pace()), sleep=lambda _seconds: None)
    return GitHubClient(
        api_url=url, graphql_url=f"{url}/graphql", principals=lambda: users(tokens), turns=turns
    )
