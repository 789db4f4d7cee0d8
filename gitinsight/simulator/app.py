"""The simulated GitHub as a web application: REST, GraphQL, git, limits, and a control panel."""

from collections.abc import Mapping
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route

from gitinsight.simulator import control, git_route, login, rest
from gitinsight.simulator.answers import WRONG_TOKEN, missing
from gitinsight.simulator.faults import FaultyApp
from gitinsight.simulator.graphql_route import graphql
from gitinsight.simulator.organisation import SIZES
from gitinsight.simulator.state import Simulator

__all__ = ["WRONG_TOKEN", "create_app"]


def create_app(
    *, seed: int = 1, git_dir: Path, base_url: str, sizes: Mapping[str, int] = SIZES
) -> Starlette:
    """``base_url`` is where it will be reached; ``git_dir`` keeps the bare repositories."""
    simulator = Simulator(seed=seed, git_dir=git_dir, base_url=base_url, sizes=sizes)
    app = Starlette(
        routes=[
            Route("/graphql", graphql, methods=["POST"]),
            Route("/rate_limit", rest.rate_limit),
            Route("/login/oauth/authorize", login.authorize),
            Route("/login/oauth/access_token", login.access_token, methods=["POST"]),
            Route("/user", login.user),
            Route("/user/repos", login.repositories),
            Route("/orgs/{login}", rest.organisation),
            Route("/orgs/{login}/repos", rest.repositories_of),
            Route("/users/{login}", rest.user),
            Route("/users/{login}/repos", rest.repositories_of),
            Route("/repos/{owner}/{name}", rest.by_name),
            Route("/repos/{owner}/{name}/{rest:path}", rest.by_name),
            Route("/repositories/{id:int}", rest.by_id),
            Route("/repositories/{id:int}/{rest:path}", rest.by_id),
            Route("/_control", control.control, methods=["POST"]),
            Route("/_stats", control.statistics, methods=["GET", "POST"]),
            Route("/{owner}/{name}.git/info/refs", git_route.refs),
            Route("/{owner}/{name}.git/git-upload-pack", git_route.pack, methods=["POST"]),
            Route("/{rest:path}", missing),
        ],
        middleware=[
            Middleware(FaultyApp, turmoil=simulator.turmoil, statistics=simulator.statistics)
        ],
    )
    app.state.simulator = simulator
    app.state.logins = login.Logins()
    return app
