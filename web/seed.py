"""Making accounts, users and lines so that doing it twice changes nothing: for the demo, the command line and tests."""

from typing import Any

from .auth.passwords import Passwords
from .store import Store
from .store.scope import Role
from .store.secrets import SIP


async def ensure_account(store: Store, *, name: str, **values: Any) -> str:
    """The account of that name with these values (those of `web.store.accounts.Accounts.add`); gives its id."""
    row = await store.accounts.by_name(name)
    if row is None:
        row = await store.accounts.add(name=name, **values)
        await store.audit.add(row.id, "account_added", subject=row.id)
    elif any(getattr(row, column) != value for column, value in values.items()):
        await store.accounts.set(row.id, **values)
    return row.id


async def ensure_user(
    store: Store, passwords: Passwords, *, account: str, login: str, name: str, role: Role, password: str
) -> str:
    """The user of that log-in name; gives its id. The password of a user that exists already is left alone."""
    row = await store.users.by_login(login)
    if row is not None:
        if row.account != account:
            raise ValueError(f"the log-in name {login!r} belongs to another account")
        await store.users.set(row.id, name=name, role=role)
        return row.id
    row = await store.users.add(
        account=account, login=login, name=name, role=role, password=await passwords.hash(password)
    )
    await store.audit.add(account, "user_added", subject=row.id, detail=role.value)
    return row.id


async def ensure_line(
    store: Store,
    *,
    account: str,
    user: str | None,
    number: str,
    name: str,
    sip_user: str,
    secret: str,
    auth_user: str | None = None,
    record: bool | None = None,
) -> str:
    """The line of that number with that secret; gives its id. The secret's version grows only where it differs."""
    row = await store.lines.by_number(account, number)
    if row is None:
        line = (
            await store.lines.add(
                account=account,
                user=user,
                number=number,
                name=name,
                sip_user=sip_user,
                auth_user=auth_user,
                record=record,
            )
        ).id
        await store.audit.add(account, "line_added", subject=line, detail=number)
    else:
        line = row.line.id
        await store.lines.set(
            line, user=user, name=name, sip_user=sip_user, auth_user=auth_user or sip_user, record=record
        )
    known = await store.secrets.get(account=account, kind=SIP, owner=line)
    if known is None or known.value != secret:
        await store.secrets.put(account=account, kind=SIP, owner=line, value=secret)
    return line
