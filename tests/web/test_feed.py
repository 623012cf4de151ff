"""The bus: who hears what, and what becomes of a page that does not listen."""

import pytest

from signaling.views import LineState, LineView
from web.feed import CallChanged, Change, Feed, LineChanged, LiveLine, TooSlow
from web.lines import LineFacts
from web.store.calls import CallRow
from web.store.scope import Role, Scope
from web.store.tables import Call


def line_of(user: str, account: str = "a") -> Change:
    facts = LineFacts(f"line-{user}", account, "1", "n", user, user, record=False, anchored=True)
    return LineChanged(LiveLine(facts, LineView(facts.id, LineState.READY), None))


def call_of(user: str, account: str = "a") -> Change:
    return CallChanged(CallRow(Call(id="c", account=account, user=user), None))


@pytest.mark.parametrize(
    ("role", "change", "hears"),
    [
        (Role.AGENT, line_of("me"), True),
        (Role.AGENT, line_of("other"), False),
        (Role.AGENT, line_of("me", "b"), False),
        (Role.SUPERVISOR, line_of("other"), True),
        (Role.ADMIN, line_of("other"), True),
        (Role.ADMIN, line_of("other", "b"), False),
        (Role.AGENT, call_of("me"), True),
        (Role.ADMIN, call_of("other"), False),
        (Role.ADMIN, call_of("me", "b"), False),
    ],
)
async def test_everybody_hears_only_what_concerns_them(role: Role, change: Change, hears: bool) -> None:
    feed, own = Feed(), line_of("me")
    with feed.listen(Scope("a", "me", role)) as listener:
        feed.publish(change)
        feed.publish(own)
        assert await listener.next() is (change if hears else own)


async def test_a_slow_page_is_given_up_and_the_others_are_not() -> None:
    feed, scope = Feed(queue=2), Scope("a", "me", Role.AGENT)
    with feed.listen(scope) as slow:
        for _ in range(2):
            feed.publish(line_of("me"))
        with feed.listen(scope) as quick:
            feed.publish(line_of("me"))
            assert await quick.next()
        with pytest.raises(TooSlow):
            await slow.next()


async def test_who_has_left_hears_nothing_more() -> None:
    feed = Feed(queue=1)
    with feed.listen(Scope("a", "me", Role.AGENT)) as listener:
        pass
    feed.publish(line_of("me"))
    feed.publish(line_of("me"))
    assert listener._queue.empty()
