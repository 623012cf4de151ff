"""``line add|set-secret|list``, and sealing the secrets anew."""

from typing import Annotated

import typer
from sqlalchemy.exc import IntegrityError

from ..store.secrets import SIP
from .context import Refused, complete, find_account, find_user, opened, read_secret

app = typer.Typer(no_args_is_help=True, help="The extensions at the PBX.")

_Account = Annotated[str, typer.Option(help="the name of the company")]


@app.command("add")
def add(
    number: str,
    account: _Account,
    user: Annotated[str | None, typer.Option(help="the log-in name of the person it belongs to")] = None,
    name: Annotated[str | None, typer.Option(help="the name that others see; default: the person's")] = None,
    sip_user: Annotated[str | None, typer.Option(help="the SIP user; default: the number")] = None,
    auth_user: Annotated[str | None, typer.Option(help="the name in the digest; default: the SIP user")] = None,
    record: Annotated[bool | None, typer.Option("--record/--no-record", help="default: the company's")] = None,
) -> None:
    """Add an extension; its SIP secret is asked for, or read from standard input."""
    secret = read_secret("SIP secret")

    async def work() -> str:
        async with opened() as store:
            owner = await find_account(store, account)
            person = None if user is None else await find_user(store, user)
            if person is not None and person.account != owner.id:
                raise Refused(f"{user!r} belongs to another company")
            try:
                row = await store.lines.add(
                    account=owner.id,
                    user=None if person is None else person.id,
                    number=number,
                    name=name or (person.name if person else number),
                    sip_user=sip_user or number,
                    auth_user=auth_user,
                    record=record,
                )
            except IntegrityError:
                raise Refused(f"the number {number} is taken, or the person has a line already") from None
            await store.secrets.put(account=owner.id, kind=SIP, owner=row.id, value=secret)
            await store.audit.add(owner.id, "line_added", subject=row.id, detail=number)
            return row.id

    typer.echo(complete(work()))


@app.command("set-secret")
def set_secret(number: str, account: _Account) -> None:
    """Set a line's SIP secret, asked for or read from standard input; used when the line is tried the next time."""
    secret = read_secret("SIP secret")

    async def work() -> None:
        async with opened() as store:
            owner = await find_account(store, account)
            row = await store.lines.by_number(owner.id, number)
            if row is None:
                raise Refused(f"there is no line {number} in {account!r}")
            version = await store.secrets.put(account=owner.id, kind=SIP, owner=row.line.id, value=secret)
            await store.audit.add(owner.id, "secret_set", subject=row.line.id, detail=f"version {version}")

    complete(work())


@app.command("list")
def show(account: Annotated[str | None, typer.Option(help="only this company's")] = None) -> None:
    """List the extensions."""

    async def work() -> None:
        async with opened() as store:
            owner = None if account is None else (await find_account(store, account)).id
            for row in await store.lines.all(owner):
                person = "nobody" if row.user is None else row.user.login
                typer.echo(
                    f"{row.line.number}  {row.line.name}  {person}  {row.account.name}  "
                    f"{'records' if row.record else 'does not record'}"
                )

    complete(work())


@app.command("reseal")
def reseal() -> None:
    """After a new master key was put first: seal every secret with it, so that the old key can go."""

    async def work() -> int:
        async with opened() as store:
            return await store.secrets.reseal()

    typer.echo(f"{complete(work())} secrets sealed anew")
