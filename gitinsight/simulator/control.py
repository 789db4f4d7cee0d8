"""The control panel of the simulated GitHub: faults, limits, names, states, and the data itself."""

from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gitinsight.simulator import mutations
from gitinsight.simulator.hostile import make_hostile
from gitinsight.simulator.login import logins_of
from gitinsight.simulator.state import STATES, Simulator, simulator_of

_CHANGES = frozenset(
    {
        "calm",
        "limits",
        "rename",
        "squat",
        "state",
        "mutate",
        "hostile",
        "repo",
        "number",
        "to",
        "login",
        "members",
    }
)


async def control(request: Request) -> Response:
    """Do whatever is named in the body: any of ``Faults``, and others.

    These are ``calm`` (no faults, limits and states any more), ``limits`` by caller,
    ``rename`` by old name, ``squat`` (a name), ``state`` by name, ``login`` (who logs in next),
    ``members`` (logins that see a private repository, by its name), and ``mutate`` or ``hostile``
    with ``repo`` and, where it matters, ``number`` and ``to``. 400 for what it does not know.
    """
    simulator, wanted = simulator_of(request), await request.json()
    if wanted.get("calm"):
        simulator.calm()
    known = simulator.turmoil.faults.set(wanted)
    if strange := wanted.keys() - known - _CHANGES:
        return JSONResponse({"message": f"unknown: {sorted(strange)}"}, status_code=400)
    simulator.limits.of |= wanted.get("limits", {})
    _repositories(simulator, wanted)
    logins = logins_of(request)
    logins.login = wanted.get("login", logins.login)
    logins.members |= {_name(name): who for name, who in wanted.get("members", {}).items()}
    if "mutate" in wanted:
        if wanted["mutate"] not in mutations.OPERATIONS:
            return JSONResponse({"message": f"unknown: {wanted['mutate']}"}, status_code=400)
        mutations.apply(
            simulator, wanted["mutate"], _name(wanted["repo"]), number=wanted.get("number"),
            to=wanted.get("to"),
        )  # fmt: skip
    if "hostile" in wanted:
        repository = simulator.organisation.repositories[_name(wanted["repo"])]
        make_hostile(repository, wanted["number"], wanted["hostile"], datetime.now(UTC))
    return JSONResponse({"ok": True})


async def statistics(request: Request) -> Response:
    """What was asked since the last POST."""
    found = simulator_of(request).statistics
    if request.method == "POST":
        found.start()
    return JSONResponse(found.shown())


def _repositories(simulator: Simulator, wanted: dict[str, Any]) -> None:
    for old, new in wanted.get("rename", {}).items():
        simulator.rename(_name(old), _name(new))
    if "squat" in wanted:
        simulator.squat(_name(wanted["squat"]))
    for name, state in wanted.get("state", {}).items():
        if state not in STATES:
            raise ValueError(state)
        simulator.states[simulator.names[_name(name)]] = state


def _name(full_name: str) -> str:
    return full_name.rpartition("/")[2]
