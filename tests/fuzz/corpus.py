"""What is mutated: messages that JsSIP 3.13.8 and Asterisk 22 really sent, RFC 4475, and what no recording has yet.

Each seed comes with the scene (`stages.SCENES`) in which the line would take it seriously.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.signaling.frames import frame
from tests.signaling.verdicts import VERDICTS

from .stages import DIALLING, OWN, PAGE_BRANCH, PAGE_CALL, PAGE_TAG, RECORDED, THEIR, answer, in_dialog, recorded, refit

FOUND = Path(__file__).parents[1] / "data" / "fuzz"


@dataclass(frozen=True, slots=True)
class Seed:
    name: str
    scene: str
    data: bytes


def _page() -> list[Seed]:
    """Frames of the page, each where it belongs."""
    cancel = recorded(
        "jssip-cancel",
        b"CANCEL sip:600@ramal.invalid SIP/2.0",
        Via=b"SIP/2.0/WSS h1.invalid;branch=z9hG4bK" + PAGE_BRANCH,
        From=OWN + b";tag=" + PAGE_TAG,
        To=THEIR,
        Call_ID=PAGE_CALL,
        CSeq=b"10 CANCEL",
    )
    compact = DIALLING
    for long, short in (
        ("Via", "v"),
        ("From", "f"),
        ("To", "t"),
        ("Call-ID", "i"),
        ("Contact", "m"),
        ("Content-Length", "l"),
    ):
        compact = compact.replace(f"\r\n{long}:".encode(), f"\r\n{short}:".encode())
    found = [
        Seed("register", "ready", recorded("jssip-register", From=OWN + b";tag=a", To=OWN)),
        Seed("unregister", "ready", recorded("jssip-unregister", From=OWN + b";tag=a", To=OWN)),
        Seed("options", "ready", frame("From: <sip:1001@ramal.invalid>;tag=f")),
        Seed("invite", "ready", DIALLING),
        Seed("invite-compact", "ready", compact),
        Seed("invite-replaces", "ready", refit(DIALLING, Replaces=b"a;to-tag=b;from-tag=c", Referred_By=OWN)),
        Seed("message", "ready", _out_of_dialog(b"MESSAGE", b"text/plain", b"hello")),
        Seed("subscribe", "ready", refit(_out_of_dialog(b"SUBSCRIBE"), Event=b"dialog", Expires=b"600")),
        Seed("cancel", "ringing-out", cancel),
    ]
    found += [
        Seed(f"answer-{status}", "ringing-in", answer(f"jssip-{status}-invite")) for status in (100, 180, 200, 603)
    ]
    for scene, called in (("talking-out", False), ("talking-in", True)):
        found += [Seed(f"{name}-{scene}", scene, data) for name, data in _conversation(called).items()]
    return found


def _out_of_dialog(method: bytes, content_type: bytes = b"", body: bytes = b"") -> bytes:
    start = method + b" sip:600@ramal.invalid SIP/2.0"
    bare = refit(DIALLING, start, CSeq=b"10 " + method, Content_Length=b"%d" % len(body))
    bare = bare.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    kind = b"\r\nContent-Type: application/sdp"
    return bare.replace(kind, b"\r\nContent-Type: " + content_type if content_type else b"")


def _conversation(called: bool) -> dict[str, bytes]:
    def bodied(method: bytes, content_type: bytes, body: bytes) -> bytes:
        length = b"%d" % len(body)
        bare = in_dialog("jssip-bye", method, called=called, Content_Type=content_type, Content_Length=length)
        return bare + body

    return {
        "ack": in_dialog("jssip-ack", b"ACK", called=called, cseq=b"10"),
        "bye": in_dialog("jssip-bye", b"BYE", called=called),
        "hold": in_dialog("jssip-re-invite-hold", b"INVITE", called=called),
        "resume": in_dialog("jssip-re-invite-resume", b"INVITE", called=called),
        "refer": in_dialog("jssip-bye", b"REFER", called=called, Refer_To=b"<sip:1003@ramal.invalid>", Contact=OWN),
        "attended": in_dialog(
            "jssip-bye",
            b"REFER",
            called=called,
            Refer_To=b"<sip:1003@ramal.invalid?Replaces=a%3Bto-tag%3Db%3Bfrom-tag%3Dc>",
            Contact=OWN,
        ),
        "dtmf": bodied(b"INFO", b"application/dtmf-relay", b"Signal=5\r\nDuration=160\r\n"),
        "update": in_dialog("jssip-re-invite-hold", b"UPDATE", called=called),
        "text": bodied(b"MESSAGE", b"text/plain", b"hello"),
    }


def _strangers() -> list[Seed]:
    """Frames that a page does not send: what a PBX says, and the torture tests."""
    found = [Seed(verdict.name, "ready", verdict.frame) for verdict in VERDICTS]
    found += [Seed(path.stem, "ready", path.read_bytes()) for path in sorted(RECORDED.glob("asterisk-*.sip"))]
    return found


@cache
def seeds() -> tuple[tuple[Seed, ...], tuple[Seed, ...]]:
    """Frames of the page, and those of strangers."""
    return tuple(_page()), tuple(_strangers())
