"""``check``: says in words whether this configuration can work. Every look is a real one."""

import asyncio
import os
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.exc import SQLAlchemyError

from media.probe import default_address, reachable
from signaling.upstream import Authorities, Upstream, UpstreamLost

from ..dial_rules import BadDialRules, stored
from ..pages.assets import BUILD
from ..settings import LOCALHOST, Settings, SettingsError
from ..store import Store, migrate
from ..store.accounts import ENGINES
from ..store.database import connect
from ..store.secrets import SIP
from ..store.tables import Account
from ..store.vault import Vault, VaultError, open_vault

_TIMEOUT = 10.0  # seconds for one connection
_SOON = 14  # days


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILURE = "FAILURE"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    words: str

    def __str__(self) -> str:
        return f"{self.level.value:8} {self.words}"


def _ok(words: str) -> Finding:
    return Finding(Level.OK, words)


def _warning(words: str) -> Finding:
    return Finding(Level.WARNING, words)


def _failure(words: str) -> Finding:
    return Finding(Level.FAILURE, words)


async def findings(settings: Settings, *, build: Path = BUILD) -> AsyncIterator[Finding]:
    """One after the other, as they are found."""
    yield _data(settings)
    vault: Vault | None = None
    try:
        vault = open_vault(settings)
        yield _ok("The master key can be read.")
    except SettingsError as error:
        yield _failure(f"The master key cannot be used. {error}")
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(connect(settings.database))
        try:
            await migrate.check(database)
            yield _ok("The database answers and is up to date.")
        except migrate.DatabaseBehind as error:
            yield _failure(f"The database answers, but {error}.")
            vault = None
        except (SQLAlchemyError, OSError) as error:
            yield _failure(f"The database does not answer: {_first_line(error)}.")
            vault = None
        if vault is not None:
            store = Store.over(database, vault)
            yield await _secrets(store)
            async for finding in _accounts(store):
                yield finding
    async for finding in _public(settings):
        yield finding
    for finding in _media(settings):
        yield finding
    yield _front_end(build)


def _data(settings: Settings) -> Finding:
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(settings.data).free
    except OSError as error:
        return _failure(f"The data directory {settings.data} cannot be made: {error.strerror}.")
    if not os.access(settings.data, os.W_OK | os.X_OK):
        return _failure(f"The data directory {settings.data} cannot be written to.")
    words = f"The data directory {settings.data} can be written to; {free >> 20} MiB are free"
    if free < settings.recording_min_free:
        return _warning(f"{words}, less than RAMAL_RECORDING_MIN_FREE: calls will not be recorded.")
    return _ok(f"{words}.")


async def _secrets(store: Store) -> Finding:
    shut, missing, lines = [], [], await store.lines.all()
    for row in lines:
        try:
            opened = await store.secrets.get(account=row.account.id, kind=SIP, owner=row.line.id)
        except VaultError:
            shut.append(row.line.number)
            continue
        if opened is None:
            missing.append(row.line.number)
    if shut:
        return _failure(f"The SIP secrets of these lines do not open with the master key: {', '.join(shut)}.")
    if missing:
        return _warning(f"These lines have no SIP secret: {', '.join(missing)}.")
    return _ok(f"The SIP secrets of all {len(lines)} lines open.")


async def _accounts(store: Store) -> AsyncIterator[Finding]:
    accounts = await store.accounts.all()
    if not accounts:
        yield _warning("There is no account yet: add one with `python -m web account add`.")
    authorities = Authorities()
    for account in accounts:
        if account.engine not in ENGINES:
            yield _failure(f"The account {account.name} has an unknown engine {account.engine!r}.")
        yield _dialling(account)
        yield await _pbx(account, authorities)
        days = await _certificate_days(account.pbx_url, account.pbx_ca)
        if days is not None and days < _SOON:
            yield _warning(f"The certificate of the PBX of {account.name} ends in {days} days.")


def _dialling(account: Account) -> Finding:
    try:
        return _ok(f"What {account.name} may dial: {stored(account.dial_rules).in_words}.")
    except BadDialRules as error:
        return _failure(f"The dial rules of {account.name} cannot be read, so that nothing can be dialled: {error}.")


async def _pbx(account: Account, authorities: Authorities) -> Finding:
    try:
        upstream = await Upstream.open(account.pbx_url, account.pbx_ca, authorities)
    except UpstreamLost as error:
        return _failure(f"The PBX of {account.name} ({account.pbx_url}) cannot be used: {error.detail}.")
    await upstream.close()
    return _ok(f"The PBX of {account.name} ({account.pbx_url}) takes SIP over WebSocket; its certificate is trusted.")


async def _certificate_days(url: str, ca: str | None) -> int | None:
    """How long the certificate of a TLS address still lasts; None where that cannot be told."""
    parts = urlsplit(url)
    if parts.scheme not in ("wss", "https"):
        return None
    try:
        async with asyncio.timeout(_TIMEOUT):
            context = ssl.create_default_context(cadata=ca)
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    except (OSError, TimeoutError, ssl.SSLError, ValueError):
        return None
    try:
        found = writer.get_extra_info("ssl_object").getpeercert()
        until = datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), UTC)
        return (until - datetime.now(UTC)).days
    finally:
        writer.close()


async def _public(settings: Settings) -> AsyncIterator[Finding]:
    url = settings.public_url
    if not settings.secure:
        yield _warning(f"{url} is plain http: only a browser on this machine can use the phone.")
        return
    days = await _certificate_days(url, None)
    if days is None:
        yield _warning(
            f"{url} does not answer with a certificate that this machine trusts: start the proxy in front, "
            "or give browsers its authority."
        )
    elif days < _SOON:
        yield _warning(f"The certificate of {url} ends in {days} days.")
    else:
        yield _ok(f"The certificate of {url} is trusted and lasts {days} days.")


def _media(settings: Settings) -> list[Finding]:
    if settings.media_workers == 0:
        return [_warning("There are no media workers: only accounts with engine none can call.")]
    address = settings.media_address or default_address()
    found = reachable(address)
    if not found.bindable:
        return [_failure(f"The media address {address} cannot be used: no UDP socket can be bound for it.")]
    local_only = urlsplit(settings.public_url).hostname in LOCALHOST
    if found.loopback:
        words = f"The media address {address} is loopback: no browser on another machine can reach it."
        return [_warning(words) if local_only else _failure(f"{words} Set RAMAL_MEDIA_ADDRESS.")]
    if not found.local:
        words = f"The media address {address} is not this machine's: the hub binds {found.bound} and expects 1:1 NAT."
        return [_warning(words)]
    return [_ok(f"The media address {address} is this machine's.")]


def _front_end(build: Path) -> Finding:
    if (build / ".vite" / "manifest.json").is_file():
        return _ok("The front end is built.")
    return _failure("The front end is not built: pages stay empty. Run `make build`.")


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
