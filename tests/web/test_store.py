"""The store on SQLite and on PostgreSQL: revisions, tenants and roles, the audit's chain."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from web.store import Store, migrate
from web.store.calls import BadCursor, CallFilter, Cursor
from web.store.database import Database
from web.store.scope import Role, Scope
from web.store.secrets import SIP
from web.store.tables import Account, Audit, Base, Secret
from web.store.vault import MasterKey, Vault, VaultError

from .house import KEY, Company, seed

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def call_values(company: Company, call: str, *, at: datetime = NOON, user: str = "ana", **more: Any) -> dict[str, Any]:
    return {
        "id": call,
        "account": company.account,
        "line": company.lines[user],
        "user": company.users[user],
        "agent": user.capitalize(),
        "direction": "out",
        "state": "ended",
        "number": "600",
        "name": None,
        "early_media": False,
        "held": False,
        "held_by_other": False,
        "muted": False,
        "recording_state": "off",
        "started_at": at,
        "changed_at": at,
        **more,
    }


async def test_the_revisions_make_the_tables(database: Database) -> None:
    assert await migrate.current(database) is None
    with pytest.raises(migrate.DatabaseBehind, match="revision none"):
        await migrate.check(database)
    await migrate.upgrade(database)
    await migrate.check(database)
    async with database.engine.connect() as connection:
        await connection.run_sync(migrate.difference)
        found = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    assert {*Base.metadata.tables, "alembic_version"} == set(found)


async def test_several_processes_may_upgrade_at_once(database: Database) -> None:
    if database.engine.dialect.name == "sqlite":
        pytest.skip("one process serves a SQLite file")
    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(migrate.upgrade(database))
    await migrate.check(database)


async def test_a_database_of_a_later_version_is_left_alone(database: Database) -> None:
    await migrate.upgrade(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(migrate.DatabaseBehind, match="later version"):
        await migrate.upgrade(database)


async def test_seeding_twice_changes_nothing(both: Store) -> None:
    first = await seed(both, "Aqui")
    assert await seed(both, "Aqui") == first
    opened = await both.secrets.get(account=first.account, kind=SIP, owner=first.lines["ana"])
    assert opened is not None and (opened.value, opened.version) == ("s3cret-1001", 1)


async def test_log_in_names_are_unique_in_the_install(both: Store) -> None:
    await seed(both, "Aqui")
    there = await seed(both, "Ali", suffix="2")
    with pytest.raises(IntegrityError):
        await both.users.add(account=there.account, login=" ANA ", name="x", role=Role.AGENT, password="x")
    found = await both.users.by_login("ANA")
    assert found is not None and found.name == "Ana"


async def test_times_keep_their_moment_and_need_a_zone(both: Store) -> None:
    here = await seed(both, "Aqui")
    local = datetime(2026, 1, 2, 9, 30, tzinfo=timezone(timedelta(hours=-3)))
    await both.calls.save(call_values(here, "c1", at=local), [])
    row = await both.calls.by_id("c1")
    assert row is not None and row.call.started_at == local and row.call.started_at.tzinfo is UTC
    with pytest.raises(StatementError, match="without a zone"):
        await both.calls.save(call_values(here, "c2", at=datetime(2026, 1, 2)), [])


async def test_a_secret_gets_a_new_version_each_time(both: Store) -> None:
    here = await seed(both, "Aqui")
    where: dict[str, Any] = {"account": here.account, "kind": SIP, "owner": here.lines["ana"]}
    assert await both.secrets.put(**where, value="next") == 2
    opened = await both.secrets.get(**where)
    assert opened is not None and (opened.value, opened.version) == ("next", 2)
    assert "next" not in repr(opened)
    assert await both.secrets.get(**{**where, "account": "another"}) is None


async def test_a_secret_that_was_put_in_anothers_place_does_not_open(both: Store) -> None:
    here = await seed(both, "Aqui")
    async with both.database.transaction() as session:
        stolen = await session.scalar(select(Secret.sealed).where(Secret.owner == here.lines["bruno"]))
        await session.execute(update(Secret).where(Secret.owner == here.lines["ana"]).values(sealed=stolen))
    with pytest.raises(VaultError):
        await both.secrets.get(account=here.account, kind=SIP, owner=here.lines["ana"])


async def test_resealing_lets_the_old_key_go(both: Store) -> None:
    here = await seed(both, "Aqui")
    new = MasterKey.generate("k2")
    turning = Store.over(both.database, Vault((new, MasterKey.parse(KEY))))
    assert await turning.secrets.reseal() == 2
    assert await turning.secrets.reseal() == 0
    after = Store.over(both.database, Vault((new,)))
    opened = await after.secrets.get(account=here.account, kind=SIP, owner=here.lines["ana"])
    assert opened is not None and opened.value == "s3cret-1001"


async def test_calls_are_seen_by_their_own_people_only(both: Store) -> None:
    here, there = await seed(both, "Aqui"), await seed(both, "Ali", suffix="2")
    await both.calls.save(call_values(here, "mine"), [])
    await both.calls.save(call_values(here, "colleague", user="bruno"), [])
    await both.calls.save(call_values(there, "stranger"), [])

    async def seen(company: Company, who: str, role: Role) -> set[str]:
        scope = Scope(company.account, company.users[who], role)
        rows, _ = await both.calls.page(scope, CallFilter(), after=None, limit=10)
        for call in ("mine", "colleague", "stranger"):
            alone = await both.calls.get(scope, call)
            assert (alone is not None) == (call in {row.call.id for row in rows})
        return {row.call.id for row in rows}

    assert await seen(here, "ana", Role.AGENT) == {"mine"}
    assert await seen(here, "sofia", Role.SUPERVISOR) == {"mine", "colleague"}
    assert await seen(here, "adm", Role.ADMIN) == {"mine", "colleague"}
    assert await seen(there, "adm", Role.ADMIN) == {"stranger"}


async def test_pages_of_calls_miss_none_and_repeat_none(both: Store) -> None:
    here = await seed(both, "Aqui")
    scope = Scope(here.account, here.users["ana"], Role.AGENT)
    for number in range(7):  # three of them at the same moment
        await both.calls.save(call_values(here, f"c{number}", at=NOON + timedelta(seconds=min(number, 4))), [])
    found, after = [], None
    while True:
        rows, after = await both.calls.page(scope, CallFilter(), after=after, limit=2)
        found += [row.call.id for row in rows]
        if after is None:
            break
        assert Cursor.parse(str(after)) == after
    assert found == ["c6", "c5", "c4", "c3", "c2", "c1", "c0"]


@pytest.mark.parametrize("text", ["", "x", "====", "MjAyNi0wMS0wMg", "2026", "ÿ", "MjAyNi0wMS0wMlQwMDowMDowMCBj"])
def test_a_foreign_cursor_is_refused(text: str) -> None:
    with pytest.raises(BadCursor):
        Cursor.parse(text)


async def test_calls_are_filtered(both: Store) -> None:
    here = await seed(both, "Aqui")
    scope = Scope(here.account, here.users["ana"], Role.AGENT)
    await both.calls.save(call_values(here, "out", number="+551140041000", answered_at=NOON), [])
    await both.calls.save(call_values(here, "missed", direction="in", name="Dona_Flor"), [])
    await both.calls.save(call_values(here, "ringing", direction="in", state="ringing"), [])

    async def found(**which: str) -> set[str]:
        rows, _ = await both.calls.page(scope, CallFilter(**which), after=None, limit=10)
        return {row.call.id for row in rows}

    assert await found(text="4004") == {"out"}
    assert await found(text="dona_") == {"missed"}
    assert await found(text="%") == set()
    assert await found(direction="in") == {"missed", "ringing"}
    assert await found(outcome="answered") == {"out"}
    assert await found(outcome="missed") == {"missed"}


async def test_saving_a_call_again_changes_it_and_repeats_no_event(both: Store) -> None:
    here = await seed(both, "Aqui")
    scope = Scope(here.account, here.users["ana"], Role.AGENT)
    event = {"call": "c", "number": 1, "account": here.account, "at": NOON, "view": {"state": "dialing"}}
    await both.calls.save(call_values(here, "c", state="dialing"), [event])
    await both.calls.save(call_values(here, "c"), [event, {**event, "number": 2}])
    assert [row.number for row in await both.calls.events(scope, "c")] == [1, 2]
    assert await both.calls.last_number("c") == 2
    assert await both.calls.events(Scope(here.account, here.users["bruno"], Role.AGENT), "c") == []


async def test_recordings_are_seen_like_their_calls(both: Store) -> None:
    here, there = await seed(both, "Aqui"), await seed(both, "Ali", suffix="2")
    await both.calls.save(call_values(here, "c"), [])
    row = await both.recordings.add(account=here.account, call="c", capture="c.rrec")
    assert (await both.recordings.add(account=here.account, call="c", capture="c.rrec")).id == row.id

    async def sees(company: Company, who: str, role: Role) -> bool:
        return await both.recordings.get(Scope(company.account, company.users[who], role), row.id) is not None

    assert await sees(here, "ana", Role.AGENT)
    assert not await sees(here, "bruno", Role.AGENT)
    assert await sees(here, "sofia", Role.SUPERVISOR)
    assert not await sees(there, "adm", Role.ADMIN)


async def test_the_audit_is_a_chain(both: Store) -> None:
    here = await seed(both, "Aqui")
    before = len(await both.audit.all(here.account))
    async with asyncio.TaskGroup() as tasks:
        for number in range(5):
            tasks.create_task(both.audit.add(here.account, "tested", detail=str(number)))
    assert len(await both.audit.all(here.account)) == before + 5
    assert await both.audit.broken_at(here.account) is None
    async with both.database.transaction() as session:
        await session.execute(update(Audit).where(Audit.number == 2).values(detail="forged"))
    assert await both.audit.broken_at(here.account) == 2


async def test_a_missing_audit_entry_is_noticed(both: Store) -> None:
    here = await seed(both, "Aqui")
    async with both.database.transaction() as session:
        await session.execute(text("DELETE FROM audit WHERE number = 3"))
    assert await both.audit.broken_at(here.account) == 3


async def test_the_audits_of_two_processes_are_one_chain(both: Store) -> None:
    here = await seed(both, "Aqui")
    other = Store.over(both.database, Vault((MasterKey.parse(KEY),)))
    async with asyncio.TaskGroup() as tasks:
        for store in (both, other, both, other):
            tasks.create_task(store.audit.add(here.account, "tested"))
    assert await both.audit.broken_at(here.account) is None


async def test_sessions_of_a_user_end_together_but_one(both: Store) -> None:
    await seed(both, "Aqui")
    user = await both.users.by_login("ana")
    assert user is not None
    made = [
        await both.sessions.add(user=user, token=f"t{number}", at=NOON, address="::1", agent="x" * 999)
        for number in range(3)
    ]
    assert set(await both.sessions.end_all_of(user.id, NOON, but=made[0].id)) == {made[1].id, made[2].id}
    assert await both.sessions.end_all_of(user.id, NOON, but=made[0].id) == []
    row = await both.sessions.by_token("t1")
    assert row is not None and row.session.ended_at == NOON and row.user.login == "ana"
    assert await both.sessions.by_token("none") is None


async def test_an_account_goes_with_everything_of_it(both: Store) -> None:
    here = await seed(both, "Aqui")
    await both.calls.save(call_values(here, "c"), [])
    async with both.database.transaction() as session:
        await session.delete(await session.get_one(Account, here.account))
    assert await both.lines.all() == [] and await both.calls.by_id("c") is None
