"""`quarterhour token`: who may see and command a server that others can reach."""

from typing import Annotated

import typer

from quarterhour.cli.support import HERE, AsJson, Home, load, print_json, told_plainly
from quarterhour.tokens import Role, TokenStore

app = typer.Typer(help="Access tokens: create, list, revoke.", no_args_is_help=True)


def _store(home: Home) -> TokenStore:
    _, workspace = load(home)
    workspace.create()
    return TokenStore(workspace.tokens_file)


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="Whose it is: events of what is done with it tell this name.")],
    role: Annotated[
        Role, typer.Option(help="A viewer reads; an operator also starts, stops and changes.")
    ] = Role.VIEWER,
    home: Home = HERE,
    as_json: AsJson = False,
) -> None:
    """Make a token. It is shown this once: only its hash is kept."""
    with told_plainly():
        token, secret = _store(home).create(name, role)
    if as_json:
        print_json({"id": token.id, "name": token.name, "role": token.role, "token": secret})
        return
    typer.echo(secret)
    typer.echo(f"{token.name} ({token.role.value}, {token.id}): keep it, it is not shown again", err=True)


@app.command("list")
def list_(home: Home = HERE, as_json: AsJson = False) -> None:
    """The tokens that open this home's server."""
    with told_plainly():
        tokens = _store(home).all()
    for token in tokens:
        if as_json:
            print_json({"id": token.id, "name": token.name, "role": token.role, "created_at": token.created_at})
        else:
            typer.echo(f"{token.id}  {token.role.value:<8}  {token.created_at}  {token.name}")


@app.command()
def revoke(
    name: Annotated[str, typer.Argument(help="A token's name, or its id.")], home: Home = HERE, as_json: AsJson = False
) -> None:
    """Have a token open nothing any more, nor the logins made with it; a running server knows at once."""
    with told_plainly():
        token = _store(home).revoke(name)
    if as_json:
        print_json({"id": token.id, "name": token.name})
    else:
        typer.echo(f"{token.name} ({token.id}) opens nothing any more")
