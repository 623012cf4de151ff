"""Whatever happens in whatever order: the line never raises, every call that was told ends once, and nothing leaks."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from signaling.commands import MediaDrop, MediaRelease, MediaSelect
from signaling.events import (
    Event,
    HandsetAttached,
    HandsetDetached,
    HangUpAsked,
    LineClosed,
    MediaChanged,
    MediaHappening,
    MediaRefused,
    MuteAsked,
    Reconfigured,
    RetryAsked,
    SessionEnded,
    TakeAsked,
    UpstreamClosed,
    UpstreamOpened,
)
from signaling.message import Request, Response
from signaling.parser import serialize
from signaling.ports import FAR, Secret
from signaling.views import CallState

from .page import Page, ready
from .playbook import CONFIG, Playbook, sdp

STATUSES = (100, 180, 183, *(200,) * 9, 302, 401, 404, 407, 408, 423, 480, 481, 486, 487, 488, 491, 500, 503, 600, 603)
DIRECTIONS = ("sendrecv", "sendonly", "recvonly", "inactive")
HANDSETS = ("h1", "h2", "h3")


class Chaos:
    """Two peers, a media engine and people that do at random what they may do, and some of what they may not."""

    def __init__(self, data: st.DataObject) -> None:
        self.draw: Callable[[st.SearchStrategy[int]], int] = data.draw
        self.play = Playbook()
        self.play.media = self.media
        self.pages = {name: Page(self.play, name) for name in HANDSETS}
        ready(self.play)
        self.from_near: list[tuple[str, Request | Response]] = []  # everything that was said, for late replies
        self.from_far: list[Request | Response] = []
        self.near_invites: list[tuple[Page, Request]] = []
        self.far_invites: list[Request] = []
        self.late: list[Event] = []
        self.loads = 0

    def pick(self, count: int) -> int:
        return self.draw(st.integers(0, count - 1))

    def media(self, command: object) -> Event | None:
        fate = self.pick(8)
        if fate == 0:
            return MediaRefused(command.call, command.ref, "peer", "no")  # type: ignore[attr-defined]
        described = self.play.describe(command)  # type: ignore[arg-type]
        if fate == 1 and described is not None:
            self.late.append(described)
            return None
        return described

    def collect(self) -> None:
        for handset, message in self.play.to_near:
            data = serialize(message)
            assert not any(secret in data for secret in (b"192.0.2", b"pbx.example", b"s3nha", b"Digest", b"asterisk"))
            self.from_near.append((handset, message))
        self.from_far += self.play.to_far
        self.play.to_near.clear()
        self.play.to_far.clear()
        self.check()

    def check(self) -> None:
        """Who has the call is who was selected, and nobody else was."""
        for view in self.play.calls.values():
            assert view.grace is None or view.detached
            if view.state is not CallState.ACTIVE:
                continue
            selected: list[str] = []
            for command in self.play.media_commands:
                if isinstance(command, MediaSelect) and command.call == view.call:
                    assert command.leg not in selected
                    selected.append(command.leg)
                elif isinstance(command, MediaDrop) and command.call == view.call and command.leg in selected:
                    selected.remove(command.leg)
            assert len(selected) == 1 and selected[0].split(".")[0] == view.handset

    def step(self) -> None:
        actions = (
            self.handset_comes_or_goes,
            self.page_takes,
            self.reload_in_a_call,
            self.reload_in_a_call,
            self.page_dials,
            self.conversation,
            self.hold,
            self.hold,
            self.page_answers,
            self.page_answers,
            self.page_asks,
            self.pbx_calls,
            self.pbx_answers,
            self.pbx_answers,
            self.pbx_asks,
            self.pbx_cancels,
            self.connection,
            self.person,
            self.engine,
            self.time,
        )
        actions[self.pick(len(actions))]()
        self.collect()

    def handset_comes_or_goes(self) -> None:
        name = HANDSETS[self.pick(3)]
        match self.pick(5):
            case 0:
                self.play.happens(HandsetDetached(name))
            case 4:
                self.page_is_another(name)
            case 1:
                self.pages[name].register(0)
            case _:
                self.play.happens(HandsetAttached(name))
                self.pages[name].register()

    def page_is_another(self, name: str) -> None:
        """A reload, or another browser: it may take at once what it is offered."""
        self.loads += 1
        self.play.happens(HandsetDetached(name), HandsetAttached(name))
        self.pages[name] = Page(self.play, name, contact=f"<sip:load-{self.loads}@{name}.invalid;transport=ws>")
        self.pages[name].register()
        self.take_what_is_offered(self.pick(3) > 0)

    def reload_in_a_call(self) -> None:
        talking = [view for view in self.play.calls.values() if view.state is CallState.ACTIVE and view.handset]
        if talking and talking[-1].handset is not None:
            self.page_is_another(talking[-1].handset)

    def take_what_is_offered(self, willing: bool = True) -> None:
        for to, message in tuple(self.play.to_near):
            offered = isinstance(message, Request) and message.headers.get("X-Ramal-Resume") is not None
            if offered and isinstance(message, Request) and willing:
                self.pages[to].picks_up(message)

    def page_takes(self) -> None:
        calls = [*self.play.calls, "unknown"]
        self.play.happens(TakeAsked(calls[-1 - self.pick(min(3, len(calls)))], HANDSETS[self.pick(3)]))
        self.take_what_is_offered()

    def page_dials(self) -> None:
        page = self.pages[HANDSETS[self.pick(3)]]
        self.near_invites.append((page, page.dial(("600", "604", "%00")[self.pick(3)])))

    def last_far(self, method: str) -> Request | None:
        asked = [it for it in (*self.from_far, *self.play.to_far) if isinstance(it, Request) and it.method == method]
        return asked[-1] if asked else None

    def conversation(self) -> None:
        """The straight way, so that what may happen in a call does happen."""
        page = self.pages["h1"]
        if self.pick(2):
            invite = page.dial("600")
            if (far := self.last_far("INVITE")) is not None:
                self.play.reply(far, 200, body=sdp("pbx"), headers=(("Allow", ("BYE", "UPDATE")[self.pick(2)]),))
            for to, message in tuple(self.play.to_near):
                if to == "h1" and isinstance(message, Response) and message.call_id == invite.call_id:
                    page.ack(invite, message)
        else:
            self.far_invites.append(self.play.pbx_invite())
            for to, message in tuple(self.play.to_near):
                if isinstance(message, Request) and message.method == "INVITE":
                    self.pages[to].picks_up(message)
        self.collect()

    def hold(self) -> None:
        near = [it for to, it in self.from_near if to == "h1" and it.to_tag and it.cseq.method == "INVITE"]
        if near:
            body = sdp("page", DIRECTIONS[self.pick(4)])
            self.pages["h1"].asks("INVITE", near[-1], cseq=1 + self.pick(100), body=body)
            if (far := self.last_far("INVITE")) is not None and self.pick(4):
                self.play.reply(far, 200, body=sdp("pbx"))

    def page_answers(self) -> None:
        asked = [(to, message) for to, message in self.from_near if isinstance(message, Request)]
        if asked:
            to, request = asked[-1 - self.pick(min(4, len(asked)))]
            body = sdp("page") if self.pick(8) else b""
            self.pages[to].answers(request, STATUSES[self.pick(len(STATUSES))], body=body)

    def page_asks(self) -> None:
        if self.near_invites and not self.pick(4):
            page, invite = self.near_invites[self.pick(len(self.near_invites))]
            page.cancel(invite)
        elif self.from_near:
            to, message = self.from_near[-1 - self.pick(min(6, len(self.from_near)))]
            method = ("ACK", "ACK", "BYE", "INVITE", "INFO", "OPTIONS")[self.pick(6)]
            body = sdp("page", DIRECTIONS[self.pick(4)]) if method == "INVITE" and self.pick(5) else b""
            self.pages[to].asks(method, message, cseq=1 + self.pick(100), body=body)

    def pbx_calls(self) -> None:
        self.far_invites.append(self.play.pbx_invite(sdp("pbx") if self.pick(5) else b""))

    def pbx_answers(self) -> None:
        asked = [message for message in self.from_far if isinstance(message, Request)]
        if not asked:
            return
        request, status = asked[-1 - self.pick(min(5, len(asked)))], STATUSES[self.pick(len(STATUSES))]
        if status in (401, 407):
            self.play.challenge(request, status, stale=not self.pick(3))
        else:
            tag = ("fork", *("pbx",) * 7)[self.pick(8)]
            self.play.reply(request, status, tag=tag, body=sdp("pbx") if self.pick(8) else b"")

    def pbx_asks(self) -> None:
        if self.from_far:
            message = self.from_far[-1 - self.pick(min(6, len(self.from_far)))]
            method = ("ACK", "ACK", "BYE", "INVITE", "UPDATE", "NOTIFY")[self.pick(6)]
            body = sdp("pbx", DIRECTIONS[self.pick(4)]) if method == "INVITE" and self.pick(5) else b""
            self.play.pbx_asks(method, message, cseq=1 + self.pick(300), body=body)

    def pbx_cancels(self) -> None:
        if self.far_invites:
            self.play.pbx_cancel(self.far_invites[self.pick(len(self.far_invites))])

    def connection(self) -> None:
        self.play.happens(UpstreamOpened() if self.pick(3) else UpstreamClosed("closed", "x"))
        if (register := self.last_far("REGISTER")) is not None and self.pick(5):
            self.play.reply(register, 200)

    def person(self) -> None:
        calls = [*self.play.calls, "unknown"]
        call = calls[-1 - self.pick(min(3, len(calls)))]
        config = replace(CONFIG, secret=Secret("s3nha", 1 + self.pick(3)), url=f"wss://pbx{self.pick(2)}/ws")
        events: tuple[Event, ...] = (
            MuteAsked(call, bool(self.pick(2))),
            HangUpAsked(call),
            RetryAsked(),
            Reconfigured(config),
            SessionEnded(HANDSETS[: 1 + self.pick(2)]),
        )
        self.play.happens(events[self.pick(len(events))])

    def engine(self) -> None:
        if self.late and self.pick(2):
            self.play.happens(self.late.pop(self.pick(len(self.late))))
            return
        whats, legs = tuple(MediaHappening), (FAR, *HANDSETS, *self.legs(), None)
        calls = [*self.play.calls, "unknown"]
        call = calls[-1 - self.pick(min(3, len(calls)))]
        what = MediaHappening.LEG_CONNECTED if self.pick(3) else whats[self.pick(len(whats))]
        self.play.happens(MediaChanged(call, what, legs[self.pick(len(legs))]))

    def legs(self) -> list[str]:
        """The near legs that were selected last."""
        return [command.leg for command in self.play.media_done(MediaSelect) if isinstance(command, MediaSelect)][-3:]

    def time(self) -> None:
        self.play.wait((*(0.01,) * 9, 1, 1, 3, 8, 33, 200)[self.pick(15)])


@settings(max_examples=150)
@given(st.data())
def test_every_call_ends_once_and_nothing_leaks(data: st.DataObject) -> None:
    chaos = Chaos(data)
    play = chaos.play
    for _ in range(data.draw(st.integers(1, 60))):
        chaos.step()
    play.happens(LineClosed(), *(HandsetDetached(name) for name in HANDSETS))
    chaos.collect()
    play.wait(4)
    assert play.line.is_down
    ends = Counter(view.call for view in play.call_views if view.state is CallState.ENDED)
    assert ends == Counter(list(play.calls))
    assert all(view.state is CallState.ENDED and view.cause and view.ended_by for view in play.calls.values())
    order = list(CallState)
    for call in play.calls:
        path = [order.index(view.state) for view in play.call_views if view.call == call]
        assert path == sorted(path)
    released = Counter(command.call for command in play.media_done(MediaRelease))
    assert released == ends
    assert not any(view.detached for view in play.calls.values())
    play.wait(400)
    assert play.timers == {}
