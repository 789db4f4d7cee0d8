"""POST /graphql: the price, the limit, the answer, and what becomes of a large one."""

import json
from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from gitinsight.simulator import graph_faults
from gitinsight.simulator.answers import WRONG_TOKEN, charge, principal_of
from gitinsight.simulator.faults import bad_credentials
from gitinsight.simulator.hostile import encoded
from gitinsight.simulator.state import simulator_of


async def graphql(request: Request) -> Response:
    body = json.loads(await request.body())
    simulator = simulator_of(request)
    faults, chance = simulator.turmoil.faults, simulator.turmoil.chance
    if principal_of(request) == WRONG_TOKEN:
        return bad_credentials()
    variables = body.get("variables") or {}
    planned = simulator.graph.plan(body["query"], variables)
    cost = 0 if planned.is_dry else planned.cost
    remaining, stamped = charge(request, "graphql", cost)
    if remaining < 0:
        simulator.statistics.refused += 1
        if faults.graphql_limit_as_errors and principal_of(request):
            error = {"type": "RATE_LIMITED", "message": "API rate limit exceeded"}
            return JSONResponse({"errors": [error]}, headers=stamped)
        message = {"message": "API rate limit exceeded"}
        return JSONResponse(message, status_code=403, headers=stamped)
    is_heavy = bool(faults.graphql_heavy_nodes) and planned.nodes > faults.graphql_heavy_nodes
    if is_heavy and faults.graphql_heavy_type:
        error = {"type": faults.graphql_heavy_type, "message": "This query asks for too much."}
        return JSONResponse({"data": None, "errors": [error]}, headers=stamped)
    named = (*variables.get("ids", ()), body["query"])
    if is_heavy or (faults.graphql_poison and any(faults.graphql_poison in one for one in named)):
        return JSONResponse(
            {"message": "We couldn't respond to your request in time."},
            status_code=faults.graphql_heavy_status, headers=stamped,
        )  # fmt: skip
    answer = simulator.graph.execute(
        body["query"], variables, remaining=remaining, limit=int(stamped["x-ratelimit-limit"]),
        reset_at=datetime.fromtimestamp(simulator.limits.window_ends, UTC),
    )  # fmt: skip
    if chance.meets("graphql null", faults.graphql_null_rate):
        answer = {"data": None}
    if faults.graphql_refuse:
        graph_faults.refuse(answer, faults.graphql_refuse, faults.graphql_refuse_type)
    if faults.graphql_partial_nodes:
        graph_faults.lose(answer, faults.graphql_partial_nodes)
    if faults.graphql_truncate_nodes:
        graph_faults.truncate(answer, faults.graphql_truncate_nodes)
    return Response(encoded(answer), headers=stamped, media_type="application/json; charset=utf-8")
