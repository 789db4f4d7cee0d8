"""The commands about keys for programs: made with the right of whoever owns the machine."""

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, cast

import typer

from flows.command import JSON, warehouse
from flows.tables import ERR, OUT, show
from gitinsight import clock
from gitinsight.principal import KEY_SCOPES, KeyScope, Role, RoleName
from warehouse import api_keys

app = typer.Typer(help="Keys for programs that ask the API.", no_args_is_help=True)
_LONGEST_DAYS = 366
_MANY = 10_000


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    *,
    scopes: Annotated[
        str, typer.Option(help=f"What it may do, with commas between: {', '.join(KEY_SCOPES)}.")
    ] = "read",
    role: Annotated[RoleName, typer.Option(help="As whom.")] = "viewer",
    days: Annotated[int, typer.Option(min=1, max=_LONGEST_DAYS, help="How long.")] = 90,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Make a key. Its text is shown now and never again; private repositories it does not see."""
    wanted = [one.strip() for one in scopes.split(",")]
    if unknown := set(wanted).difference(KEY_SCOPES):
        raise typer.BadParameter(f"--scopes has no {', '.join(sorted(unknown))}")
    at = clock.now()
    with warehouse() as (_, engine), engine.begin() as connection:
        made, text = api_keys.create(
            connection, user_id=None, name=name, role=Role.of(role),
            scopes=cast("list[KeyScope]", wanted),
            at=at, expires_at=at + timedelta(days=days),
        )  # fmt: skip
    if as_json:
        show([{**asdict(made), "key": text}], as_json=True)
        return
    ERR.print(f"key {made.key_id}, good until {made.expires_at:%Y-%m-%d}; it is shown this once:")
    OUT.print(text, soft_wrap=True, highlight=False)


@app.command("list")
def list_keys(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Every key and whose it is; no text of any."""
    with warehouse() as (_, engine), engine.begin() as connection:
        found = api_keys.several(connection, user_id=None, of_all=True, limit=_MANY)
    show([asdict(one) for one in found], as_json=as_json)


@app.command()
def revoke(key_id: int) -> None:
    """Take a key back; every process knows within a second."""
    with warehouse() as (_, engine), engine.begin() as connection:
        api_keys.revoke(connection, key_id, user_id=None, of_all=True, at=clock.now())
    OUT.print(f"key {key_id} is worth nothing any more", highlight=False)
