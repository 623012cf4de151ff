"""What every command needs: the settings, an open store, and errors in words instead of tracebacks."""

import asyncio
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, NoReturn, TypeVar

import typer
from sqlalchemy.exc import SQLAlchemyError

from ..settings import SettingsError, load
from ..store import Store, migrate, open_store
from ..store.accounts import ENGINES
from ..store.tables import Account, User
from ..store.vault import VaultError

Result = TypeVar("Result")


class Refused(Exception):
    """The command cannot do that; the message says why."""


@asynccontextmanager
async def opened() -> AsyncIterator[Store]:
    """The store of the configured install, at the right revision."""
    async with open_store(load()) as store:
        await migrate.check(store.database)
        yield store


def complete(work: Coroutine[Any, Any, Result]) -> Result:
    """Runs ``work``; what can go wrong is said on stderr, with exit status 1."""
    try:
        return asyncio.run(work)
    except (Refused, SettingsError, migrate.DatabaseBehind, VaultError) as error:
        fail(str(error))
    except SQLAlchemyError as error:
        fail(f"the database failed: {error.args[0] if error.args else type(error).__name__}")


def fail(words: str) -> NoReturn:
    typer.echo(words, err=True)
    raise typer.Exit(1)


def read_secret(prompt: str) -> str:
    """From the terminal without echo, asked twice; or one line of standard input when that is no terminal.

    Never from an argument: those are in the list of processes and in the shell's history.
    """
    if sys.stdin.isatty():
        return str(typer.prompt(prompt, hide_input=True, confirmation_prompt=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        fail(f"{prompt}: standard input is empty")
    return line


async def find_account(store: Store, name: str) -> Account:
    """By name or id. Raises `Refused`."""
    found = await store.accounts.by_name(name) or await store.accounts.get(name)
    if found is None:
        raise Refused(f"there is no account {name!r}")
    return found


async def find_user(store: Store, login: str) -> User:
    found = await store.users.by_login(login)
    if found is None:
        raise Refused(f"there is no user {login!r}")
    return found


def check_engine(value: str | None) -> str | None:
    if value is not None and value not in ENGINES:
        raise typer.BadParameter(f"one of {', '.join(ENGINES)}")
    return value
