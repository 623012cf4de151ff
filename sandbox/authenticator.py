"""Who may register and call: the server's side of digest authentication (RFC 3261 section 22, RFC 8760). Pure: time and
nonces are given. A REGISTER is challenged by 401 as by a registrar, all else by 407 as by a proxy.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from signaling import digest
from signaling.digest import Algorithm, Authorization, Challenge, Credentials
from signaling.errors import MalformedChallenge
from signaling.message import Request, Response

REALM = "sandbox"
ALGORITHMS = (Algorithm.SHA_256, Algorithm.MD5)  # best first, RFC 8760 section 2.3
MAX_NONCES = 1000


@dataclass(frozen=True, slots=True)
class Extension:
    """A line of the sandbox; the user name of its digest is its number. ``name`` is shown to those it calls."""

    secret: str = field(repr=False)
    name: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The 401 or 407 to send. ``wrong``: the request was signed, and wrongly, not just unsigned or too late."""

    response: Response
    wrong: bool


@dataclass(slots=True)
class _Issued:
    until: float
    count: int = 0  # the highest nonce count seen


class Authenticator:
    """``life`` is how many seconds a nonce is good for."""

    def __init__(
        self,
        extensions: Mapping[str, Extension],
        algorithms: tuple[Algorithm, ...],
        token: Callable[[], str],
        life: float,
    ) -> None:
        self._extensions = extensions
        self._algorithms = algorithms
        self._token = token
        self._life = life
        self._issued: dict[str, _Issued] = {}

    def refusal(self, request: Request, extension: str, now: float) -> Refusal | None:
        """None where ``request`` is signed with the secret of ``extension``. An extension that does not exist is asked
        to sign like any other, as Asterisk does, so that nobody can find out which ones there are.
        """
        given = _authorization(request)
        if given is None:
            return self._refusal(request, now, stale=False, wrong=False)
        if not self._signed(request, given, extension):
            return self._refusal(request, now, stale=False, wrong=True)
        issued = self._issued.get(given.nonce)
        count = given.nc or 0
        if issued is None or issued.until <= now or count <= issued.count:
            return self._refusal(request, now, stale=True, wrong=False)
        issued.count = count
        return None

    def _signed(self, request: Request, given: Authorization, extension: str) -> bool:
        known = self._extensions.get(extension)
        algorithm = given.algorithm or Algorithm.MD5
        if known is None or given.uri != str(request.uri) or algorithm not in self._algorithms:
            return False
        challenge = _challenge(request, algorithm, given.nonce)
        return digest.verify(given, challenge, Credentials(extension, known.secret), request.method)

    def _refusal(self, request: Request, now: float, *, stale: bool, wrong: bool) -> Refusal:
        nonce = self._token()
        self._issued[nonce] = _Issued(now + self._life)
        while len(self._issued) > MAX_NONCES:
            del self._issued[next(iter(self._issued))]
        challenges = [replace(_challenge(request, algorithm, nonce), stale=stale) for algorithm in self._algorithms]
        headers = [(challenge.header, str(challenge)) for challenge in challenges]
        status = 401 if request.method == "REGISTER" else 407
        return Refusal(request.reply(status, to_tag=self._token(), headers=headers), wrong)


def _challenge(request: Request, algorithm: Algorithm, nonce: str) -> Challenge:
    return Challenge(REALM, nonce, algorithm, qop=("auth",), proxy=request.method != "REGISTER")


def _authorization(request: Request) -> Authorization | None:
    """The first one that can be read."""
    name = "Authorization" if request.method == "REGISTER" else "Proxy-Authorization"
    for value in request.headers.get_all(name):
        try:
            return Authorization.parse(value)
        except MalformedChallenge:
            continue
    return None
