"""``account add|list|set``."""

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer
from sqlalchemy.exc import IntegrityError

from signaling.ports import Profile

from ..dial_rules import BadDialRules, read, stored
from ..store.scope import Role
from .context import Refused, check_engine, complete, find_account, opened

app = typer.Typer(no_args_is_help=True, help="Companies and their PBX.")

_Url = Annotated[str | None, typer.Option(help="the PBX's WebSocket, such as wss://pbx.example.com:8089/ws")]
_Domain = Annotated[str | None, typer.Option(help="the SIP domain at the PBX; default: the host of the URL")]
_ProfileOption = Annotated[Profile | None, typer.Option(help="the make of the PBX")]
_Ca = Annotated[Path | None, typer.Option(help="a PEM file of the PBX's own authority", exists=True, dir_okay=False)]
_Engine = Annotated[str | None, typer.Option(callback=check_engine, help="hub: audio passes here; none: it does not")]
_Record = Annotated[bool | None, typer.Option("--record/--no-record", help="whether calls are recorded")]
_Zone = Annotated[str | None, typer.Option(help="the time zone, such as America/Sao_Paulo")]
_DialRules = Annotated[
    Path | None,
    typer.Option(help="a JSON file with what may be dialled: see docs/settings.md", exists=True, dir_okay=False),
]
_Country = Annotated[str | None, typer.Option(help="two letters, such as BR")]


@app.command("add")
def add(
    name: str,
    pbx_url: Annotated[str, typer.Option(help="such as wss://pbx.example.com:8089/ws")],
    pbx_domain: _Domain = None,
    pbx_profile: _ProfileOption = None,
    pbx_ca: _Ca = None,
    engine: _Engine = None,
    record: _Record = None,
    time_zone: _Zone = None,
    country: _Country = None,
    dial_rules: _DialRules = None,
) -> None:
    """Add a company."""
    values = _values(pbx_url, pbx_domain, pbx_profile, pbx_ca, engine, record, time_zone, country, dial_rules)
    values.setdefault("pbx_domain", _host(pbx_url))

    async def work() -> str:
        async with opened() as store:
            try:
                row = await store.accounts.add(name=name, **values)
            except IntegrityError:
                raise Refused(f"there is an account {name!r} already") from None
            await store.audit.add(row.id, "account_added", subject=row.id)
            return row.id

    typer.echo(complete(work()))


@app.command("set")
def change(
    name: str,
    pbx_url: _Url = None,
    pbx_domain: _Domain = None,
    pbx_profile: _ProfileOption = None,
    pbx_ca: _Ca = None,
    engine: _Engine = None,
    record: _Record = None,
    time_zone: _Zone = None,
    country: _Country = None,
    dial_rules: _DialRules = None,
) -> None:
    """Change what is given; lines take it when their next page attaches."""
    values = _values(pbx_url, pbx_domain, pbx_profile, pbx_ca, engine, record, time_zone, country, dial_rules)
    if not values:
        raise typer.BadParameter("nothing to change")

    async def work() -> None:
        async with opened() as store:
            row = await find_account(store, name)
            await store.accounts.set(row.id, **values)
            await store.audit.add(row.id, "account_changed", subject=row.id, detail=", ".join(sorted(values)))

    complete(work())


@app.command("list")
def show() -> None:
    """List the companies with their PBX and how many people each has."""

    async def work() -> None:
        async with opened() as store:
            for row in await store.accounts.all():
                users = await store.users.all(row.id)
                agents = sum(user.role == Role.AGENT for user in users)
                typer.echo(
                    f"{row.id}  {row.name}  {row.pbx_url}  {row.pbx_profile}  engine {row.engine}  "
                    f"{'records' if row.record else 'does not record'}  {len(users)} users, {agents} agents"
                )
                typer.echo(f"    dials: {stored(row.dial_rules).in_words}")

    complete(work())


def _values(
    pbx_url: str | None,
    pbx_domain: str | None,
    pbx_profile: Profile | None,
    pbx_ca: Path | None,
    engine: str | None,
    record: bool | None,
    time_zone: str | None,
    country: str | None,
    dial_rules: Path | None,
) -> dict[str, Any]:
    given = {
        "pbx_url": pbx_url,
        "pbx_domain": pbx_domain,
        "pbx_profile": pbx_profile and pbx_profile.value,
        "pbx_ca": pbx_ca and pbx_ca.read_text(encoding="ascii"),
        "engine": engine,
        "record": record,
        "time_zone": time_zone,
        "country": country and country.upper(),
        "dial_rules": dial_rules and _rules(dial_rules),
    }
    if time_zone is not None:
        try:
            ZoneInfo(time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise typer.BadParameter(f"there is no time zone {time_zone!r}") from None
    if country is not None and len(country) != 2:
        raise typer.BadParameter("a country has two letters")
    if pbx_url is not None:
        _host(pbx_url)
    return {name: value for name, value in given.items() if value is not None}


def _rules(path: Path) -> dict[str, Any]:
    try:
        return read(path).model_dump(mode="json", exclude_defaults=True)
    except BadDialRules as error:
        raise typer.BadParameter(f"{path}: {error}") from None


def _host(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("wss", "ws") or not parts.hostname:
        raise typer.BadParameter(f"{url!r} is no WebSocket address such as wss://pbx.example.com:8089/ws")
    return parts.hostname
