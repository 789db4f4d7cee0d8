"""The commands about accounts: which class they were given by hand."""

from dataclasses import asdict
from typing import Annotated

import typer

from flows.command import JSON, warehouse
from flows.tables import OUT, show
from gitinsight import clock
from warehouse import actors, hidden, publish
from warehouse.actors import ActorClass
from warehouse.engine import session_lock

app = typer.Typer(help="What accounts are, by hand, and which are hidden.", no_args_is_help=True)


@app.command("list")
def list_overrides(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The classes that hold, each with its reason. Every account is in the mart dim_actor."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [asdict(one) for one in actors.overrides(connection)]
    show(rows, as_json=as_json)


@app.command("show")
def show_account(login: str, *, as_json: Annotated[bool, JSON] = False) -> None:
    """What an account is, repository by repository, what decided it, and all that speaks."""
    with warehouse() as (_, engine), engine.begin() as connection:
        found = [asdict(one) for one in actors.judged(connection, login)]
    rows = found if as_json else [one | {"evidence": "; ".join(one["evidence"])} for one in found]
    show(rows, as_json=as_json)


@app.command("set")
def set_class(
    login: str,
    *,
    class_: Annotated[ActorClass, typer.Option("--class", help="human, bot or ai_agent.")],
    reason: Annotated[str, typer.Option(help="Why, for whoever asks later.")],
) -> None:
    """Say what an account is, whatever the rules say; figures follow with the next analysis."""
    with warehouse() as (_, engine), engine.begin() as connection:
        actors.override(connection, login, class_, reason=reason, at=clock.now())
    OUT.print(f"{login} is {class_}, from the next analysis of each repository on", highlight=False)


@app.command("unset")
def unset_class(login: str) -> None:
    """Let the rules decide again."""
    with warehouse() as (_, engine), engine.begin() as connection:
        actors.let_rules_decide(connection, login, at=clock.now())
    OUT.print(f"the rules decide what {login} is, from the next analysis on", highlight=False)


@app.command()
def hide(login: str) -> None:
    """Show an account by no name, in marts, API, queries and exports; what is held stays."""
    with (
        warehouse() as (_, engine), session_lock(engine, publish.LOCK_KEY),
        engine.begin() as connection,
    ):  # fmt: skip
        hidden.hide(connection, login, at=clock.now())
    OUT.print(f"{login} is hidden", highlight=False)


@app.command()
def unhide(login: str) -> None:
    """Show an account by its name again."""
    with warehouse() as (_, engine), engine.begin() as connection:
        hidden.show(connection, login)
    OUT.print(f"{login} is shown, from the next analysis with news (or --full) on", highlight=False)


@app.command("hidden")
def list_hidden(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The accounts that are hidden."""
    with warehouse() as (_, engine), engine.begin() as connection:
        rows = [{"login": login} for login in hidden.logins(connection)]
    show(rows, as_json=as_json)
