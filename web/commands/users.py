"""``user add|passwd|list``."""

from typing import Annotated

import typer
from sqlalchemy.exc import IntegrityError

from ..auth.passwords import Passwords, WeakPassword, check_strength
from ..store.scope import Role, now
from .context import Refused, complete, find_account, find_user, opened, read_secret

app = typer.Typer(no_args_is_help=True, help="The people who log in.")


@app.command("add")
def add(
    login: str,
    account: Annotated[str, typer.Option(help="the name of the company")],
    role: Annotated[Role, typer.Option(help="what the person may do")] = Role.AGENT,
    name: Annotated[str | None, typer.Option(help="the name people see; default: the log-in name")] = None,
) -> None:
    """Add a person; the password is asked for, or read from standard input."""
    password = read_secret("Password")

    async def work() -> str:
        async with opened() as store:
            owner = await find_account(store, account)
            hashed = await _hashed(password, login)
            try:
                row = await store.users.add(
                    account=owner.id, login=login, name=name or login, role=role, password=hashed
                )
            except IntegrityError:
                raise Refused(f"the log-in name {login!r} is taken") from None
            await store.audit.add(owner.id, "user_added", subject=row.id, detail=role.value)
            return row.id

    typer.echo(complete(work()))


@app.command("passwd")
def passwd(login: str) -> None:
    """Set a password; it is asked for, or read from standard input. Ends the person's sessions within a minute."""
    password = read_secret("Password")

    async def work() -> None:
        async with opened() as store:
            user = await find_user(store, login)
            await store.users.set_password(user.id, await _hashed(password, login))
            await store.sessions.end_all_of(user.id, now())
            await store.audit.add(user.account, "password_set", subject=user.id)

    complete(work())


@app.command("list")
def show(account: Annotated[str | None, typer.Option(help="only this company's")] = None) -> None:
    """List the people."""

    async def work() -> None:
        async with opened() as store:
            owner = None if account is None else (await find_account(store, account)).id
            names = {row.id: row.name for row in await store.accounts.all()}
            for user in await store.users.all(owner):
                typer.echo(f"{user.login}  {user.role}  {user.name}  {names[user.account]}")

    complete(work())


async def _hashed(password: str, login: str) -> str:
    try:
        check_strength(password, login=login)
    except WeakPassword as error:
        raise Refused(str(error)) from None
    return await Passwords().hash(password)
