"""The far agent: our user agent towards the PBX. It registers, makes requests of its own, and signs what may be signed.

A signature is given only for a request of ours that the PBX challenged in that very transaction (branch and CSeq),
once, and once more where the PBX says that the nonce was stale. After the registration, only its realm is signed for.
Each signature and each refusal to sign is audited; neither the secret nor the signature is.
"""

from .agent import ALLOW, Agent, Receiver, Sent, Then
from .commands import Audit, SendFar
from .context import Context
from .digest import PROXIES, Credentials, authorize, choose
from .early import RELIABLE
from .fields import Via
from .message import Request, Response
from .session_timer import OPTION, SUPPORTED
from .transaction import Answered
from .uri import NameAddr, Uri, escape_user

_NONCES = 16  # whose count is remembered
_SIGNATURES = 2  # of one request: the second for a stale nonce only


class FarAgent(Agent):
    """``user_agent`` is what the PBX sees of us as User-Agent."""

    allow = ("Allow", f"{ALLOW}, UPDATE, PRACK, NOTIFY")
    extensions = (RELIABLE, OPTION)

    def __init__(self, context: Context, receiver: Receiver, *, user_agent: str) -> None:
        host = f"{context.ids.token()[:12].lower()}.invalid"
        contact = NameAddr(Uri.parse(f"sip:{context.ids.token()}@{host};transport=ws"))
        super().__init__(context, "far", receiver, transport="WSS", host=host, contact=contact)
        self.user_agent = ("User-Agent", user_agent)
        self._register_call_id = ""
        self._register_seq = 0
        self._realm: str | None = None
        self._nonces: dict[str, int] = {}  # requests signed with each, the latest last
        self.renew()

    def renew(self) -> None:
        """A new binding for a new identity: nothing of the old one counts any more."""
        self._register_call_id = self._context.ids.token()
        self._register_tag = self._context.ids.token()
        self._register_seq = 0
        self._realm = None

    @property
    def identity(self) -> NameAddr:
        """The address of record of the line at the PBX."""
        config = self._context.config
        return NameAddr(Uri("sip", escape_user(config.user), config.domain))

    def send(self, message: Request | Response) -> None:
        self._context.do(SendFar(message))

    def register(self, expires: int, then: Then) -> None:
        """One REGISTER of our contact; zero takes it back. ``then`` gets the outcome, signed if need be."""
        self._register_seq += 1
        request = Request.build(
            "REGISTER",
            Uri("sip", None, self._context.config.domain),
            via=self.via(),
            from_=self.identity.with_tag(self._register_tag),
            to=self.identity,
            call_id=self._register_call_id,
            cseq=self._register_seq,
            contact=self.contact,
            headers=[("Expires", str(expires)), self.user_agent],
        )

        def again(request: Request, via: Via, header: tuple[str, str]) -> Request:
            self._register_seq += 1
            return request.again(via, header)

        self.request(request, then, again)

    def granted(self, response: Response, asked: int) -> int:
        """The seconds that the registrar gave to our contact (RFC 3261 section 10.2.4)."""
        for contact in response.contacts:
            if contact.uri.user == self.contact.uri.user:
                text = contact.parameters.get("expires") or ""
                if text.isascii() and text.isdigit() and len(text) < 9:
                    return int(text)
        return asked if response.expires is None else response.expires

    def invite(self, user: str, body: bytes, tag: str, then: Then, *, reliable: bool = False) -> Sent:
        """An INVITE to ``user`` at the line's domain, made of nothing but that and the SDP. ``reliable`` offers 100rel,
        for a PBX that insists (421).
        """
        target = Uri("sip", escape_user(user), self._context.config.domain)
        request = Request.build(
            "INVITE",
            target,
            via=self.via(),
            from_=self.identity.with_tag(tag),
            to=NameAddr(target),
            call_id=self._context.ids.token(),
            cseq=1,
            contact=self.contact,
            headers=[self.allow, ("Supported", f"{OPTION}, {RELIABLE}") if reliable else SUPPORTED, self.user_agent],
            body=body,
            content_type="application/sdp",
        )
        return self.request(request, then)

    def _tell(self, sent: Sent, answered: Answered) -> None:
        if answered.response.status in (401, 407) and self._sign(sent, answered.response):
            return
        sent.progressed |= not answered.response.is_final
        super()._tell(sent, answered)

    def _sign(self, sent: Sent, response: Response) -> bool:
        """True where the request was sent again with a signature."""
        method, config = response.cseq.method, self._context.config
        challenge = choose(response, config.profile, realm=None if method == "REGISTER" else self._realm)
        refused = None
        if challenge is None:
            refused = "the challenge may not be answered"
        elif sent.signatures >= _SIGNATURES or (
            sent.signatures and not (challenge.stale and challenge.nonce != sent.nonce)
        ):
            refused = "the signature was refused"
        elif sent.signatures and sent.progressed and config.profile in PROXIES:
            refused = "it may be the callee's: the proxy took the signature before"
        elif sent.cancelled:
            refused = "the request was cancelled"
        if challenge is None or refused is not None:
            self._context.do(Audit("sign_refused", f"{method} {response.status}: {refused}"))
            return False
        if method == "REGISTER":
            self._realm = challenge.realm
        credentials = Credentials(config.auth_user, config.secret.value)
        sent.nonce, sent.progressed = challenge.nonce, False
        cnonce, count = self._context.ids.token(), self._count(challenge.nonce)
        header = authorize(sent.request, challenge, credentials, cnonce=cnonce, nc=count)
        algorithm = challenge.algorithm or "MD5"
        detail = f"{method} realm={challenge.realm} algorithm={algorithm} version={config.secret.version}"
        self._context.do(Audit("signed", detail))
        self.resend(sent, header)
        return True

    def _count(self, nonce: str) -> int:
        """How many requests are signed with ``nonce``, this one included: a PBX may give one more than once."""
        count = self._nonces.pop(nonce, 0) + 1
        self._nonces[nonce] = count
        while len(self._nonces) > _NONCES:
            del self._nonces[next(iter(self._nonces))]
        return count
