"""A page on a handset's socket, as JsSIP speaks: its own Contact, no digest. And the ways to where calls begin."""

from dataclasses import dataclass

from signaling.causes import Cause
from signaling.commands import MediaRelease
from signaling.events import HandsetAttached, NearReceived, UpstreamOpened
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.ports import FAR
from signaling.transaction import build_ack, build_cancel
from signaling.uri import NameAddr, Uri
from signaling.views import CallState, LineState

from .playbook import SDP, Playbook, sdp, wired

OWN = NameAddr(Uri("sip", "1001", "ramal.invalid"))


@dataclass
class Page:
    play: Playbook
    handset: str
    contact: str = ""

    def __post_init__(self) -> None:
        self.contact = self.contact or f"<sip:user-{self.handset}@{self.handset}.invalid;transport=ws>"

    def says(self, message: Request | Response) -> None:
        self.play.happens(NearReceived(self.handset, wired(message)))

    def request(
        self,
        method: str,
        uri: str = "sip:line@ramal.invalid",
        *,
        to: NameAddr | None = None,
        from_: NameAddr | None = None,
        call_id: str | None = None,
        cseq: int = 1,
        contact: str | None = None,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        content_type: str = SDP,
    ) -> Request:
        """Says it, and gives it back. ``contact`` is the page's own if it is None, and left out if it is empty."""
        contact = self.contact if contact is None else contact
        request = Request.build(
            method,
            Uri.parse(uri),
            via=Via.build("WSS", f"{self.handset}.invalid", self.play.branches.token()),
            from_=from_ or OWN.with_tag("page"),
            to=to or NameAddr(Uri.parse(uri)),
            call_id=call_id or f"near-{self.play.branches.token()}",
            cseq=cseq,
            headers=[*([("Contact", contact)] if contact else []), *headers],
            body=body,
            content_type=content_type if body else None,
        )
        self.says(request)
        return request

    def register(self, expires: int = 600, *, to: NameAddr = OWN, contact: str | None = None) -> Request:
        headers = (("Expires", str(expires)),)
        return self.request("REGISTER", "sip:ramal.invalid", to=to, contact=contact, headers=headers)

    def dial(self, number: str, body: bytes | None = None) -> Request:
        return self.request("INVITE", f"sip:{number}@ramal.invalid", body=sdp("page") if body is None else body)

    def cancel(self, invite: Request) -> None:
        self.says(build_cancel(invite))

    def ack(self, invite: Request, response: Response) -> None:
        if response.status >= 300:
            self.says(build_ack(invite, response))
        else:
            self.asks("ACK", response, cseq=invite.cseq.number)

    def asks(
        self, method: str, line: Request | Response, *, cseq: int = 50, body: bytes = b"", content_type: str = SDP
    ) -> Request:
        """Something in a dialog: of the line's INVITE, or of its response to the page's."""
        if isinstance(line, Response):
            from_, to = line.from_, line.to
        else:
            from_, to = line.to.with_tag("page"), line.from_
        return self.request(
            method, from_=from_, to=to, call_id=line.call_id, cseq=cseq, body=body, content_type=content_type
        )

    def answers(
        self, request: Request, status: int, *, headers: tuple[tuple[str, str], ...] = (), body: bytes = b""
    ) -> None:
        self.play.reply(
            request, status, tag="page", headers=headers, body=body, contact=self.contact, handset=self.handset
        )

    def picks_up(self, invite: Request) -> None:
        self.answers(invite, 200, body=sdp(self.handset))


def request_of(method: str, *, to: NameAddr | None = None) -> Request:
    """A request out of any dialog, or to ``to``."""
    target = Uri("sip", "600", "ramal.invalid")
    via = Via.build("WSS", "h1.invalid", "branch")
    return Request.build(
        method, target, via=via, from_=OWN.with_tag("page"), to=to or NameAddr(target), call_id="c", cseq=1
    )


def attach(play: Playbook, handset: str = "h1") -> Page:
    play.happens(HandsetAttached(handset))
    return Page(play, handset)


def ready(play: Playbook, handset: str = "h1") -> Page:
    """A handset is attached and registered, the line is registered; what was said for that is forgotten."""
    page = attach(play, handset)
    page.register()
    if play.state is not LineState.READY:
        play.happens(UpstreamOpened())
        play.reply(play.far_request("REGISTER"), 200)
    assert play.state is LineState.READY
    play.to_near.clear()
    play.to_far.clear()
    return page


@dataclass
class Talk:
    """A conversation that stands. ``near`` and ``far`` are what `Page.asks` and `Playbook.pbx_asks` go by."""

    call: str
    near: Request | Response
    far: Request | Response


def call_out(play: Playbook, page: Page, *, allow: str = "INVITE, BYE", heard: bool = True) -> Talk:
    """The page called 600, the PBX answered, everything is acknowledged."""
    dialled = page.dial("600")
    play.near_response(100, page.handset)
    invite = play.far_request("INVITE")
    play.reply(invite, 200, body=sdp("pbx"), headers=(("Allow", allow),))
    play.far_request("ACK")
    answer = play.near_response(200, page.handset)
    page.ack(dialled, answer)
    if heard:
        play.hears(FAR, page.handset)
    play.silence()
    return Talk(play.call.call, answer, invite)


def call_in(play: Playbook, page: Page) -> Talk:
    """The PBX called, the page picked up, everything is acknowledged."""
    invite = play.pbx_invite()
    play.far_response(100)
    rung = play.near_request("INVITE", page.handset)
    page.picks_up(rung)
    play.near_request("ACK", page.handset)
    answer = play.far_response(200)
    play.pbx_asks("ACK", answer, cseq=invite.cseq.number)
    play.hears(FAR, page.handset)
    play.silence()
    return Talk(play.call.call, rung, answer)


def dialled(number: str = "600") -> tuple[Playbook, Page, Request, Request]:
    """Dialled, and the INVITE is at the PBX."""
    play = Playbook()
    page = ready(play)
    invite = page.dial(number)
    play.near_response(100)
    return play, page, invite, play.far_request("INVITE")


def ringing(*others: str) -> tuple[Playbook, Page, Request, Request]:
    """The PBX calls, the INVITE is at ``h1`` (and at ``others``, whose messages wait)."""
    play = Playbook()
    page = ready(play)
    for handset in others:
        ready(play, handset)
    invite = play.pbx_invite()
    play.far_response(100)
    return play, page, invite, play.near_request("INVITE")


def talking(direction: str = "out") -> tuple[Playbook, Page, Talk]:
    """A conversation stands, called by either side."""
    play = Playbook()
    page = ready(play)
    return play, page, (call_out if direction == "out" else call_in)(play, page)


def ended(play: Playbook) -> tuple[Cause | None, str | None]:
    """Why the call ended, and by whom; nothing of it is left."""
    assert play.call.state is CallState.ENDED
    assert isinstance(play.media_commands[-1], MediaRelease)
    assert not [name for name in play.timers if name.startswith("call.")]
    return play.call.cause, play.call.ended_by
