"""The scenes that a mutated message comes into: a line with a page and a PBX, at one point of a call.

A frame names what only the line knows by placeholders (`CALL`, `TAG`, `BRANCH`); `fill` puts its values in. The
page's own identifiers are fixed. Each scene is played anew for every message, so no finding depends on the one before.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from signaling.commands import Command, MediaAnswer, MediaOffer, SendFar, SendNear
from signaling.events import Event, MediaDescribed, NearReceived
from signaling.message import Request, Response
from signaling.parser import parse, serialize
from signaling.ports import Description, Dtmf
from tests.signaling.page import Page, ready
from tests.signaling.playbook import CONFIG, Playbook

RECORDED = Path(__file__).parents[1] / "data" / "sip"
HANDSET = "h1"

CALL, TAG, BRANCH = b"line-call-0", b"line-tag-0", b"line-branch-0"
PAGE_CALL, PAGE_TAG, PAGE_BRANCH = b"page-call-0", b"page-tag-0", b"page-branch-0"
PBX_SDP = (
    b"v=0\r\no=- 1 1 IN IP4 192.0.2.2\r\ns=-\r\nc=IN IP4 192.0.2.2\r\nt=0 0\r\nm=audio 10688 UDP/TLS/RTP/SAVPF 0\r\n"
)


@dataclass
class Tapped(Playbook):
    """A playbook that keeps the bytes of what the line sends, and whose media engine takes any body."""

    far_frames: list[bytes] = field(default_factory=list)
    near_frames: list[bytes] = field(default_factory=list)

    def describe(self, command: MediaOffer | MediaAnswer) -> Event | None:
        direction = "sendonly" if b"a=sendonly" in command.sdp else "sendrecv"
        return MediaDescribed(command.call, command.ref, Description(b"anchored: " + command.sdp, direction, True))

    def _do(self, command: Command) -> Event | None:
        """What is sent is checked as bytes, once it is all there: it need not be parsed here."""
        match command:
            case SendFar(message):
                self.far_frames.append(serialize(message))
                self.to_far.append(message)
            case SendNear(handset, message):
                self.near_frames.append(serialize(message))
                self.to_near.append((handset, message))
            case _:
                return super()._do(command)
        return None


@dataclass
class Stage:
    """``invite`` is the PBX's, where it called; ``names`` are the line's identifiers by placeholder."""

    play: Tapped
    page: Page
    invite: Request | None = None
    names: Mapping[bytes, bytes] = field(default_factory=dict)
    scene: str = ""

    def hears(self, frame: bytes) -> None:
        """The page says ``frame``, which must be good."""
        self.play.happens(NearReceived(HANDSET, parse(_filled(frame, self.names))))

    def forget(self) -> None:
        self.play.to_near.clear()
        self.play.to_far.clear()
        self.play.near_frames.clear()
        self.play.far_frames.clear()


def _filled(frame: bytes, names: Mapping[bytes, bytes]) -> bytes:
    for placeholder, value in names.items():
        frame = frame.replace(placeholder, value)
    return frame


def recorded(name: str, start: bytes = b"", **fields: bytes) -> bytes:
    """A recorded frame with another start line and other fields (their names with _ for -)."""
    return refit((RECORDED / f"{name}.sip").read_bytes(), start, **fields)


def refit(frame: bytes, start: bytes = b"", **fields: bytes) -> bytes:
    """``frame`` with another start line, and ``fields`` in the place of those of the same name or before the last."""
    head, _, body = frame.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    for key, value in fields.items():
        name = key.replace("_", "-").encode()
        place = next((i for i, line in enumerate(lines) if line.lower().startswith(name.lower() + b":")), None)
        line = name + b": " + value
        if place is None:
            lines.insert(len(lines) - 1, line)
        else:
            lines[place] = line
    return b"\r\n".join([start or first, *lines]) + b"\r\n\r\n" + body


OWN = b"<sip:1001@ramal.invalid>"
THEIR = b"<sip:600@ramal.invalid>"
_VIA = b"SIP/2.0/WSS h1.invalid;branch=z9hG4bK"
DIALLING = recorded(
    "jssip-invite",
    b"INVITE sip:600@ramal.invalid SIP/2.0",
    Via=_VIA + PAGE_BRANCH,
    From=OWN + b";tag=" + PAGE_TAG,
    To=THEIR,
    Call_ID=PAGE_CALL,
    CSeq=b"10 INVITE",
)


def in_dialog(name: str, method: bytes, *, called: bool = False, cseq: bytes = b"4000", **fields: bytes) -> bytes:
    """A recorded request of the page in the call that it made, or in which it was ``called``."""
    call, other = (CALL, b"<sip:1002@ramal.invalid>") if called else (PAGE_CALL, THEIR)
    return recorded(
        name,
        method + b" sip:line@ramal.invalid SIP/2.0",
        Via=_VIA + PAGE_BRANCH + b"-1",
        From=OWN + b";tag=" + PAGE_TAG,
        To=other + b";tag=" + TAG,
        Call_ID=call,
        CSeq=cseq + b" " + method,
        **fields,
    )


def answer(name: str) -> bytes:
    """A recorded response of the page to the line's INVITE."""
    return recorded(
        name,
        Via=b"SIP/2.0/WSS ramal.invalid;branch=" + BRANCH,
        From=b"<sip:1002@ramal.invalid>;tag=" + TAG,
        To=OWN + b";tag=" + PAGE_TAG,
        Call_ID=CALL,
        CSeq=b"1 INVITE",
    )


def _ready() -> Stage:
    play = Tapped(config=replace(CONFIG, dtmf=Dtmf.INFO))
    return Stage(play, ready(play, HANDSET))


def _dialling() -> Stage:
    stage = _ready()
    stage.hears(DIALLING)
    return stage


def _ringing_out() -> Stage:
    stage = _dialling()
    stage.play.reply(stage.play.far_request("INVITE"), 180)
    return stage


def _talking_out() -> Stage:
    stage = _dialling()
    stage.play.reply(stage.play.far_request("INVITE"), 200, body=PBX_SDP)
    ok = next(message for _, message in stage.play.to_near if isinstance(message, Response) and message.is_success)
    stage.names = {TAG: (ok.to_tag or "").encode()}
    stage.hears(in_dialog("jssip-ack", b"ACK", cseq=b"10"))
    return stage


def _ringing_in() -> Stage:
    stage = _ready()
    stage.invite = stage.play.pbx_invite(PBX_SDP)
    rung = next(message for _, message in stage.play.to_near if isinstance(message, Request))
    stage.names = {
        CALL: rung.call_id.encode(),
        TAG: (rung.from_tag or "").encode(),
        BRANCH: (rung.branch or "").encode(),
    }
    return stage


def _talking_in() -> Stage:
    stage = _ringing_in()
    stage.hears(answer("jssip-200-invite"))
    ok = next(message for message in stage.play.to_far if isinstance(message, Response) and message.is_success)
    stage.play.pbx_asks("ACK", ok, cseq=1)
    return stage


SCENES: Mapping[str, Callable[[], Stage]] = {
    "ready": _ready,
    "ringing-out": _ringing_out,
    "talking-out": _talking_out,
    "ringing-in": _ringing_in,
    "talking-in": _talking_in,
}


def enter(scene: str) -> Stage:
    """What was said on the way there is forgotten."""
    stage = SCENES[scene]()
    stage.scene = scene
    stage.forget()
    return stage


@cache
def _names(scene: str) -> Mapping[bytes, bytes]:
    """A scene is the same each time that it is played, its identifiers too."""
    return enter(scene).names


def fill(frame: bytes, scene: str) -> bytes:
    """``frame`` with the line's own identifiers in the place of their placeholders."""
    return _filled(frame, _names(scene))
