"""What the routes of one server share."""

from collections.abc import Mapping
from pathlib import Path

from starlette.requests import Request

from gitinsight.simulator import git_repository
from gitinsight.simulator.faults import Turmoil
from gitinsight.simulator.graph import Graph
from gitinsight.simulator.limits import Limits
from gitinsight.simulator.organisation import SIZES, Organisation
from gitinsight.simulator.records import ORGANISATION, Repository
from gitinsight.simulator.statistics import Statistics

STATES = frozenset(
    {"open", "private", "blocked", "disabled", "forbidden", "sso", "redirect_loop", "no_issues"}
)
"""``private`` answers 404, ``blocked`` 451, ``disabled``, ``forbidden`` (to this token) and ``sso``
(before its owner has signed on) 403, ``no_issues`` 410 for issues.
"""


class Simulator:
    def __init__(
        self, *, seed: int, git_dir: Path, base_url: str, sizes: Mapping[str, int] = SIZES
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.organisation = Organisation(seed, sizes)
        self._seed, self._git_dir = seed, git_dir
        self.paths = {
            name: git_repository.build(one, git_dir, seed=seed)
            for name, one in self.organisation.repositories.items()
        }
        self.names = {name: name for name in self.organisation.repositories}
        self.states: dict[str, str] = {}
        self.graph = Graph(
            self.visible, self.find, lambda one: self.paths[one.name], self.organisation.users
        )
        self.limits = Limits()
        self.turmoil = Turmoil(seed)
        self.statistics = Statistics()

    def calm(self) -> None:
        self.limits.calm()
        self.turmoil.calm()
        self.states.clear()

    def named(self, owner: str, name: str) -> Repository | None:
        if owner.lower() != ORGANISATION:
            return None
        return self.organisation.repositories.get(self.names.get(name, ""))

    def find(self, owner: str, name: str) -> Repository | None:
        """What can be seen under a name, an old one too."""
        found = self.named(owner, name)
        return found if found is not None and self.is_visible(found) else None

    def visible(self) -> list[Repository]:
        return [one for one in self.organisation.repositories.values() if self.is_visible(one)]

    def is_visible(self, repository: Repository) -> bool:
        return self.state_of(repository) in {"open", "no_issues"} and bool(
            self.names_of(repository)
        )

    def state_of(self, repository: Repository) -> str:
        return self.states.get(repository.name, "open")

    def names_of(self, repository: Repository) -> list[str]:
        """Those that lead to it, the newest last."""
        return [name for name, made in self.names.items() if made == repository.name]

    def name_of(self, repository: Repository) -> str:
        return self.names_of(repository)[-1]

    def rename(self, old: str, new: str) -> None:
        self.names[new] = self.names[old]

    def squat(self, name: str) -> None:
        """Somebody makes a repository of their own under a name that leads to another one."""
        number = self.organisation.next_id()
        held = self.organisation.repositories[self.names[name]]
        made = Repository(number, f"{name}-{number}", held.created_at)
        self.organisation.repositories[made.name] = made
        self.paths[made.name] = git_repository.build(made, self._git_dir, seed=self._seed)
        self.names[name] = made.name


def simulator_of(request: Request) -> Simulator:
    simulator: Simulator = request.app.state.simulator
    return simulator
