"""What the line makes of an accepted message: nothing of it reaches the PBX but the number dialled and the SDP.

Afterwards the call goes on as calls do (the PBX answers, the person hangs up, the gateway stops), for what a message
has planted in a dialog shows only in what is sent later.
"""

from signaling.errors import MalformedMessage
from signaling.events import HangUpAsked, LineClosed, NearReceived
from signaling.message import Request, Response
from signaling.parser import parse
from signaling.uri import Uri, escape_user

from . import naive, peer
from .finding import Finding
from .stages import HANDSET, PBX_SDP, Stage
from .words import MARKER

_NEVER = (
    *(
        "authorization",
        "proxy-authorization",
        "p-asserted-identity",
        "p-preferred-identity",
        "remote-party-id",
        "route",
    ),
    *("diversion", "history-info", "identity", "privacy", "record-route", "path"),
)
_SECRET = b"s3nha"
_REMEMBERED = 5000
_good: dict[str, set[bytes]] = {}  # by scene


def check_line(stage: Stage, message: Request | Response) -> int:
    """Brings ``message`` to the line and holds all that the line then sends to the rules; gives how many messages went
    to the PBX.
    """
    play = stage.play
    try:
        play.happens(NearReceived(HANDSET, message))
        _go_on(stage)
    except Exception as error:
        raise Finding("line-raises", repr(error)) from error
    for frame in play.near_frames:
        _read(frame, "to the handset")
        if _SECRET in frame and _SECRET not in b"".join(value.encode() for _, value in message.headers):
            raise Finding("line-leaks", "the secret went to the handset")
    for frame in play.far_frames:
        check_far(stage, message, frame)
    return len(play.far_frames)


def _go_on(stage: Stage) -> None:
    play = stage.play
    for _ in range(3):  # an answer makes the line ask again, at most twice here: INVITE, BYE
        asked, play.to_far[:] = list(play.to_far), []
        for request in asked:
            if isinstance(request, Request) and request.method != "ACK":
                invite = request.method == "INVITE"
                play.reply(request, 200, body=PBX_SDP if invite else b"")
        if play.calls:
            play.happens(HangUpAsked(play.call_views[-1].call))
    play.happens(LineClosed())


def _read(frame: bytes, where: str, *, plain: bool = False) -> naive.Seen:
    try:
        return naive.read(frame, plain=plain)
    except naive.Unreadable as error:
        raise Finding("line-framing", f"{where}: {error}") from error


def check_far(stage: Stage, said: Request | Response, frame: bytes) -> None:
    """``frame`` goes to the PBX because of what the page ``said``.

    The most of them are the same every time: one without a word of the page, in the same scene, is looked at once.
    """
    if frame in _good.get(stage.scene, ()):
        return
    _read(frame, "to the PBX", plain=True)
    try:
        message = parse(frame)
        peer.compare(frame, message)
    except MalformedMessage as error:
        raise Finding("line-framing", f"to the PBX: {error.phrase}") from error
    except peer.Disagreement as error:
        raise Finding("line-sipmessage", str(error)) from error
    for name, _ in message.headers:
        if name.lower() in _NEVER or name.lower().startswith("x-"):
            raise Finding("line-header", f"{name} goes to the PBX")
    if isinstance(message, Request):
        _check_identity(stage, message)
    elif stage.invite is not None and message.headers.get_all("Via") != stage.invite.headers.get_all("Via"):
        raise Finding("line-identity", "a response goes to the PBX with another Via than its request")
    contact = message.contact
    if contact is not None and str(contact) != str(stage.play.line.far.contact):
        raise Finding("line-identity", "a Contact goes to the PBX that is not the line's")
    if MARKER in _rest(said, message):
        raise Finding("line-marker", f"{message.cseq.method}: text of the page goes to the PBX")
    good = _good.setdefault(stage.scene, set())
    if MARKER not in frame and len(good) < _REMEMBERED:
        good.add(frame)


def _check_identity(stage: Stage, request: Request) -> None:
    config, invite = stage.play.config, stage.invite
    own = f"sip:{config.user}@{config.domain}"
    if str(request.from_) not in (f"<{own}>;tag={request.from_tag}", own):
        raise Finding("line-identity", f"{request.method} goes to the PBX from somebody else")
    ours = {request.call_id, request.from_tag or ""} - {invite.call_id if invite is not None else ""}
    if not all(text.startswith("id") and text[2:].isdigit() for text in ours):
        raise Finding("line-identity", f"{request.method} goes to the PBX with a Call-ID or a tag that is not ours")
    if len(request.vias) != 1 or not (request.branch or "").startswith("z9hG4bKid"):
        raise Finding("line-identity", f"{request.method} goes to the PBX with a Via that is not ours")
    if request.max_forwards != 70:
        raise Finding("line-identity", f"{request.method} goes to the PBX with another Max-Forwards")


def _rest(said: Request | Response, sent: Request | Response) -> bytes:
    """What goes to the PBX without what a page may say: the user that it dials or refers to, SDP, a MESSAGE's text."""
    to, uri, refer_to = sent.to, "", sent.headers.get("Refer-To") or ""
    if isinstance(said, Request):
        if isinstance(sent, Request):
            uri = _without_user(sent.uri, said.uri)
            refer_to = _unreferred(refer_to, said)
        to = type(to)(Uri.parse(_without_user(to.uri, said.uri)), to.display_name, to.parameters)
    elif isinstance(sent, Request):
        uri = str(sent.uri)
    values = [value for name, value in sent.headers if name not in ("To", "Refer-To")]
    names = [name for name, _ in sent.headers]
    spoken = sent.content_type is not None and (
        sent.content_type.essence == "application/sdp" or sent.cseq.method == "MESSAGE"
    )
    text = "\n".join([sent.cseq.method, uri, str(to), refer_to, *values, *names])
    return text.encode() + (b"" if spoken else sent.body)


def _without_user(uri: Uri, dialled: Uri) -> str:
    """``uri`` with its user left out, where that is the number dialled, in the form that we give it."""
    if uri.user is not None and uri.user == escape_user(dialled.unescaped_user):
        uri = Uri(uri.scheme, None, uri.host, uri.port, uri.parameters)
    return str(uri)


def _unreferred(refer_to: str, said: Request) -> str:
    """Refer-To of a transfer without the user part, where the page named the same."""
    wanted = (said.headers.get("Refer-To") or "").partition(":")[2].partition("@")[0]
    return refer_to.replace(f"sip:{wanted}@", "sip:@", 1) if wanted else refer_to
