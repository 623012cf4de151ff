"""``make run``: a gateway with a pretend phone company, its people and a key of its own, on this machine only.

Everything it makes lies in the data folder, for the owner's eyes alone, and is found there at the next start: the key
of the vault, the database, the captures, the recordings, and the passwords that it prints. Never for real calls. The
only importer of `sandbox`.
"""

import asyncio
import errno
import fcntl
import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.authenticator import Extension
from sandbox.leg import DOMAIN
from sandbox.server import Sandbox

from . import log
from .app import serve
from .auth.passwords import Passwords
from .pages.assets import Assets
from .seed import ensure_account, ensure_line, ensure_user
from .settings import Settings, SettingsError, load
from .store import Store, migrate, open_store
from .store.scope import Role
from .store.secrets import SIP
from .store.vault import VaultError, make_key_file

COMPANY = "Empresa Exemplo"
PORT = 8080
# What of the environment holds for the demo too; addresses, database and keys are its own.
_KEPT = ("RAMAL_DATA", "RAMAL_MEDIA_", "RAMAL_RECORDING_", "RAMAL_LIMITS__", "RAMAL_TIMING__", "RAMAL_LOG_LEVEL")
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # without those that are taken for one another
_NUMBERS = (
    "600 echo, 601 announcement, 602 tone, 603 early media, 604 busy, 605 congestion, 606 never answers,",
    "607 reads four keys, 608 hangs up after 3 s, 609 music; 1001 to 1003 are the agents.",
)


class DemoError(Exception):
    """The demo cannot run; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Person:
    login: str
    name: str
    role: Role
    extension: str | None = None


PEOPLE = (
    Person("ana", "Ana Souza", Role.AGENT, "1001"),
    Person("bruno", "Bruno Lima", Role.AGENT, "1002"),
    Person("carla", "Carla Dias", Role.AGENT, "1003"),
    Person("supervisor", "Sofia Ramos", Role.SUPERVISOR),
    Person("admin", "Davi Rocha", Role.ADMIN),
)


class Progress:
    """One line of the terminal for each of ``steps``: its name when it begins, how long it took when it is done."""

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._step = 0
        self._started = 0.0

    def begin(self, what: str) -> None:
        self._step += 1
        self._started = time.monotonic()
        _write(f"[{self._step}/{self._steps}] {what} ... ")

    def done(self, result: str = "") -> None:
        _write(f"{result}{' ' if result else ''}({time.monotonic() - self._started:.1f} s)\n")


def main() -> None:
    """Runs until Ctrl-C or SIGTERM; ends the process with status 1 and a sentence where that cannot be."""
    try:
        asyncio.run(_run(Progress(5)))
    except KeyboardInterrupt:
        _write("\nInterrupted.\n")
    except (DemoError, SettingsError, VaultError, migrate.DatabaseBehind) as error:
        sys.exit(f"\nThe demo cannot run: {error}")
    except OSError as error:
        sys.exit(f"\nThe demo cannot run: {error.strerror or error}")


async def _run(progress: Progress) -> None:
    async with AsyncExitStack() as stack:
        progress.begin("Data folder and key of the vault")
        settings = _settings(os.environ)
        _make_private(settings.data)
        stack.enter_context(_alone(settings.data / "lock"))
        assert settings.master_key_file is not None
        make_key_file(settings.master_key_file)
        log.configure(settings)
        progress.done(str(settings.data.absolute()))

        progress.begin("Database")
        store = await stack.enter_async_context(open_store(settings))
        await migrate.upgrade(store.database)
        progress.done("up to date")

        progress.begin("Pretend phone company")
        sip_secrets = await _sip_secrets(store)
        extensions = {number: Extension(secret, _name(number)) for number, secret in sip_secrets.items()}
        pbx = await stack.enter_async_context(Sandbox(extensions))
        progress.done(pbx.url)

        progress.begin("Company, people and lines")
        known = await asyncio.to_thread(_known_passwords, settings.data / "passwords")
        await _make_people(store, pbx, sip_secrets, known)
        shown = await _still_right(store, known)
        progress.done(COMPANY)

        progress.begin("Gateway and media worker")
        if not Assets().is_built:
            raise DemoError("the front end is not built; `make run` builds it")

        def ready() -> None:
            progress.done("ready")
            _write(_welcome(settings.public_url, shown))

        await serve(settings, on_ready=ready)
        _write("\nStopping ... ")
    _write("stopped.\n")


# The machine


def _settings(environment: Mapping[str, str]) -> Settings:
    """Those of the demo: its own key and database, loopback, a port that is free."""
    kept = {name: value for name, value in environment.items() if name.startswith(_KEPT)}
    data = Path(kept.get("RAMAL_DATA", ".ramal"))
    port = _port(environment.get("RAMAL_PORT", environment.get("PORT")))
    return load(
        {"RAMAL_LOG_LEVEL": "warning", "RAMAL_LOG_FORMAT": "console", "RAMAL_TIMING__DRAIN": "0", **kept},
        public_url=f"http://localhost:{port}",
        host="127.0.0.1",
        port=port,
        master_key_file=data / "key",
    )


def _port(wanted: str | None) -> int:
    """``wanted``, or the usual one, or any where that is taken. Raises `DemoError` where ``wanted`` cannot be had."""
    if wanted is not None:
        if not wanted.isascii() or not wanted.isdigit() or not 0 < int(wanted) < 65536:
            raise DemoError(f"PORT must be from 1 to 65535, not {wanted!r}")
        if not _is_free(int(wanted)):
            raise DemoError(f"port {wanted} is taken; choose another by PORT, or leave it out")
        return int(wanted)
    if _is_free(PORT):
        return PORT
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    _write(f"port {PORT} is taken, using {port} ... ")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keeps a second demo out of the folder: it would move the phone company under the first one's feet."""
    with open(path, "w", opener=_private) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DemoError(f"another demo runs with {path.parent.absolute()}") from None
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _known_passwords(path: Path) -> dict[str, str]:
    """The demo's passwords by log-in name, as ``path`` keeps them; those that it lacks are made and added."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    known = dict(line.split(" ", 1) for line in lines if " " in line)
    missing = [person.login for person in PEOPLE if person.login not in known]
    known |= {login: "-".join(_letters(4) for _ in range(3)) for login in missing}
    if missing:
        with open(path, "w", encoding="utf-8", opener=_private) as file:
            file.writelines(f"{login} {password}\n" for login, password in known.items())
    return known


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


# The people


def _name(number: str) -> str:
    return next(person.name for person in PEOPLE if person.extension == number)


async def _sip_secrets(store: Store) -> dict[str, str]:
    """Extension to secret: those of the vault, new ones for lines that are not there yet."""
    account = await store.accounts.by_name(COMPANY)
    found: dict[str, str] = {}
    for number in (person.extension for person in PEOPLE if person.extension is not None):
        row = None if account is None else await store.lines.by_number(account.id, number)
        kept = None if row is None else await store.secrets.get(account=row.account.id, kind=SIP, owner=row.line.id)
        found[number] = secrets.token_urlsafe(24) if kept is None else kept.value
    return found


async def _make_people(store: Store, pbx: Sandbox, sip_secrets: dict[str, str], known: dict[str, str]) -> None:
    account = await ensure_account(
        store,
        name=COMPANY,
        pbx_url=pbx.url,
        pbx_domain=DOMAIN,
        pbx_profile="unknown",
        pbx_ca=pbx.ca_pem,
        engine="hub",
        record=True,
    )
    hasher = Passwords()
    for person in PEOPLE:
        user = await ensure_user(
            store,
            hasher,
            account=account,
            login=person.login,
            name=person.name,
            role=person.role,
            password=known[person.login],
        )
        if person.extension is not None:
            await ensure_line(
                store,
                account=account,
                user=user,
                number=person.extension,
                name=person.name,
                sip_user=person.extension,
                secret=sip_secrets[person.extension],
            )


async def _still_right(store: Store, known: dict[str, str]) -> dict[str, str]:
    """What to print as each one's password: people may have changed theirs."""
    hasher, shown = Passwords(), dict[str, str]()
    for login, password in known.items():
        row = await store.users.by_login(login)
        right = row is not None and await hasher.verify(row.password, password)
        shown[login] = password if right else "(changed since)"
    return shown


def _welcome(address: str, shown: dict[str, str]) -> str:
    rows = [("Log in as", "password", "name", "role", "extension")]
    rows += [(it.login, shown[it.login], it.name, it.role.value, it.extension or "") for it in PEOPLE]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    table = ["  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    lines = ["", f"Ramal is ready: {address}", "", *(line.rstrip() for line in table), "", *_NUMBERS]
    return "\n".join([*lines, "", "Ctrl-C ends it.", ""])


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()
