"""Digest authentication (RFC 3261 section 22, RFC 7616, RFC 8760) as pure functions, for both sides.

The near side has no digest: a handset is admitted by its ticket. Towards the PBX the line answers a challenge with
`choose` and `answer`; the sandbox's PBX asks with `Challenge` and checks with `verify`.

Which challenges may be answered is a matter of the make of the PBX. A PBX that proxies passes a callee's 401 back, and
would hand our signature on to the callee:

=================================  ==============================  ===========================
profile                            status                          a challenge without qop
=================================  ==============================  ===========================
asterisk                           401                             yes
freeswitch                         401, 407                        yes
kamailio, opensips                 REGISTER 401, others 407        yes (their stock scripts)
unknown                            REGISTER 401, others 407        REGISTER only
=================================  ==============================  ===========================

Without qop the signature has no cnonce: whoever chose the nonce can compare it with signatures computed beforehand.
A REGISTER is never passed on to a callee, so there the PBX itself has chosen it.
"""

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .errors import MalformedChallenge
from .grammar import AUTH_PARAMETER, quote, unquote
from .message import Request, Response
from .ports import Profile

PROXIES = (Profile.KAMAILIO, Profile.OPENSIPS, Profile.UNKNOWN)


class Algorithm(StrEnum):
    """From the weakest to the strongest; ``-sess`` binds the key to nonce and cnonce."""

    MD5 = "MD5"
    MD5_SESS = "MD5-sess"
    SHA_256 = "SHA-256"
    SHA_256_SESS = "SHA-256-sess"


_STRENGTH = {algorithm: rank for rank, algorithm in enumerate(Algorithm)}


@dataclass(frozen=True, slots=True)
class Challenge:
    """A WWW-Authenticate or, with ``proxy``, a Proxy-Authenticate. ``algorithm`` is None where the header names none,
    which means MD5; ``qop`` is empty for the digest of RFC 2069.
    """

    realm: str
    nonce: str
    algorithm: Algorithm | None = None
    qop: tuple[str, ...] = ()
    opaque: str | None = None
    stale: bool = False
    proxy: bool = False

    @classmethod
    def parse(cls, value: str, *, proxy: bool = False) -> "Challenge":
        """Raises `MalformedChallenge`, also for another scheme and for an algorithm that is not known here."""
        found = _parameters(value)
        return cls(
            _need(found, "realm"),
            _need(found, "nonce"),
            _algorithm(found.get("algorithm")),
            tuple(option.strip().lower() for option in found.get("qop", "").split(",") if option.strip()),
            found.get("opaque"),
            found.get("stale", "").lower() == "true",
            proxy,
        )

    def __str__(self) -> str:
        parts = [f"realm={quote(self.realm)}", f"nonce={quote(self.nonce)}"]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        if self.algorithm is not None:
            parts.append(f"algorithm={self.algorithm}")
        if self.qop:
            parts.append(f"qop={quote(','.join(self.qop))}")
        if self.stale:
            parts.append("stale=true")
        return "Digest " + ", ".join(parts)

    @property
    def header(self) -> str:
        """The name of the header that this stands in."""
        return "Proxy-Authenticate" if self.proxy else "WWW-Authenticate"

    @property
    def answer_header(self) -> str:
        """The name of the header that answers it."""
        return "Proxy-Authorization" if self.proxy else "Authorization"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who signs, and with which secret."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Authorization:
    """The value of an Authorization or Proxy-Authorization. ``qop``, ``cnonce`` and ``nc`` are there together or not at
    all; ``nc`` is the nonce count as a number.
    """

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: Algorithm | None = None
    qop: str | None = None
    cnonce: str | None = None
    nc: int | None = None
    opaque: str | None = None

    @classmethod
    def parse(cls, value: str) -> "Authorization":
        """Raises `MalformedChallenge`."""
        found = _parameters(value)
        count = found.get("nc")
        if count is not None and (len(count) != 8 or not set(count) <= set("0123456789abcdefABCDEF")):
            raise MalformedChallenge("nc must be eight hexadecimal digits")
        if len({key in found for key in ("qop", "cnonce", "nc")}) > 1:
            raise MalformedChallenge("qop, cnonce and nc belong together")
        return cls(
            _need(found, "username"),
            _need(found, "realm"),
            _need(found, "nonce"),
            _need(found, "uri"),
            _need(found, "response"),
            algorithm=_algorithm(found.get("algorithm")),
            qop=found["qop"].lower() if "qop" in found else None,
            cnonce=found.get("cnonce"),
            nc=None if count is None else int(count, 16),
            opaque=found.get("opaque"),
        )

    def __str__(self) -> str:
        quoted = ("username", "realm", "nonce", "uri", "response")
        parts = [f"{name}={quote(getattr(self, name))}" for name in quoted]
        if self.algorithm is not None:
            parts.append(f"algorithm={self.algorithm}")
        if self.qop is not None and self.cnonce is not None and self.nc is not None:
            parts += [f"qop={self.qop}", f"cnonce={quote(self.cnonce)}", f"nc={self.nc:08x}"]
        if self.opaque is not None:
            parts.append(f"opaque={quote(self.opaque)}")
        return "Digest " + ", ".join(parts)


def may_answer(profile: Profile, status: int, method: str) -> bool:
    """Whether a challenge with ``status`` to a request of ``method`` is one of the PBX itself (see the table above)."""
    if profile in PROXIES:
        return status == (401 if method == "REGISTER" else 407)
    return status == 401 or (status == 407 and profile is Profile.FREESWITCH)


def may_lack_qop(profile: Profile, method: str) -> bool:
    return profile is not Profile.UNKNOWN or method == "REGISTER"


def choose(response: Response, profile: Profile, *, realm: str | None = None) -> Challenge | None:
    """The strongest challenge of a 401 or 407 that may be answered; None where there is none.

    ``realm`` keeps to the one that the registration was challenged with. Challenges that cannot be read, or ask for
    what is not supported, are passed over (RFC 8760 section 2.4).
    """
    method, proxy = response.cseq.method, response.status == 407
    if not may_answer(profile, response.status, method):
        return None
    allowed = []
    for value in response.headers.get_all("Proxy-Authenticate" if proxy else "WWW-Authenticate"):
        try:
            challenge = Challenge.parse(value, proxy=proxy)
        except MalformedChallenge:
            continue
        with_qop = "auth" in challenge.qop
        without = not challenge.qop and may_lack_qop(profile, method) and not _is_session(challenge.algorithm)
        if (with_qop or without) and realm in (None, challenge.realm):
            allowed.append(challenge)
    return max(allowed, key=lambda it: (_STRENGTH[it.algorithm or Algorithm.MD5], bool(it.qop)), default=None)


def answer(
    challenge: Challenge, credentials: Credentials, method: str, uri: str, *, cnonce: str, nc: int = 1
) -> Authorization:
    """The signature of a request of ``method`` to ``uri`` (the Request-URI as it is sent). ``nc`` counts the requests
    signed with this nonce, from 1; ``cnonce`` is fresh. Raises ValueError for a challenge with qop but without
    ``auth``, and for a ``-sess`` algorithm without qop, which no cnonce can go with.
    """
    if challenge.qop and "auth" not in challenge.qop:
        raise ValueError("Of the qop options only auth can be answered")
    if not challenge.qop and _is_session(challenge.algorithm):
        raise ValueError("A -sess algorithm needs a qop")
    unsigned = Authorization(
        credentials.username,
        challenge.realm,
        challenge.nonce,
        uri,
        "",
        challenge.algorithm,
        "auth" if challenge.qop else None,
        cnonce if challenge.qop else None,
        nc if challenge.qop else None,
        challenge.opaque,
    )
    return _sign(unsigned, credentials.password, method)


def authorize(
    request: Request, challenge: Challenge, credentials: Credentials, *, cnonce: str, nc: int = 1
) -> tuple[str, str]:
    """The header (name and value) that answers ``challenge`` for ``request``; see `Request.again`, `Dialog.again`."""
    value = answer(challenge, credentials, request.method, str(request.uri), cnonce=cnonce, nc=nc)
    return challenge.answer_header, str(value)


def verify(given: Authorization, challenge: Challenge, credentials: Credentials, method: str) -> bool:
    """Whether ``given`` answers this very ``challenge`` with these credentials, in constant time as to the signature.

    The caller has found ``challenge`` by the nonce and sees to its age, to ``nc`` growing, and to ``given.uri``.
    """
    expected = (challenge.realm, challenge.nonce, challenge.opaque, credentials.username)
    if (given.realm, given.nonce, given.opaque, given.username) != expected:
        return False
    if (given.algorithm or Algorithm.MD5) != (challenge.algorithm or Algorithm.MD5):
        return False
    if given.qop != ("auth" if challenge.qop else None):
        return False
    signed = _sign(given, credentials.password, method)
    return hmac.compare_digest(signed.response.encode(), given.response.lower().encode())


def _sign(unsigned: Authorization, password: str, method: str) -> Authorization:
    """RFC 7616 section 3.4.1."""
    algorithm = unsigned.algorithm or Algorithm.MD5

    def hashed(*parts: str) -> str:
        data = ":".join(parts).encode()
        if algorithm in (Algorithm.MD5, Algorithm.MD5_SESS):
            return hashlib.md5(data, usedforsecurity=False).hexdigest()
        return hashlib.sha256(data).hexdigest()

    key = hashed(unsigned.username, unsigned.realm, password)
    if _is_session(algorithm):
        key = hashed(key, unsigned.nonce, unsigned.cnonce or "")
    what = hashed(method, unsigned.uri)
    if unsigned.qop is None:
        response = hashed(key, unsigned.nonce, what)
    else:
        response = hashed(key, unsigned.nonce, f"{unsigned.nc or 0:08x}", unsigned.cnonce or "", unsigned.qop, what)
    return replace(unsigned, response=response)


def _is_session(algorithm: Algorithm | None) -> bool:
    return algorithm in (Algorithm.MD5_SESS, Algorithm.SHA_256_SESS)


def _algorithm(text: str | None) -> Algorithm | None:
    for algorithm in Algorithm:
        if text is not None and text.lower() == algorithm.lower():
            return algorithm
    if text is None:
        return None
    raise MalformedChallenge("The algorithm is not supported")


def _need(found: dict[str, str], name: str) -> str:
    if name not in found:
        raise MalformedChallenge(f"{name} is missing")
    return found[name]


def _parameters(value: str) -> dict[str, str]:
    """The parameters after ``Digest``, names in lower case, values without quotes."""
    scheme, _, text = value.strip(" \t").partition(" ")
    if scheme.lower() != "digest":
        raise MalformedChallenge("The scheme is not Digest")
    found: dict[str, str] = {}
    position, more = 0, True
    while more:
        match = AUTH_PARAMETER.match(text, position)
        if not match or match[1].lower() in found:
            raise MalformedChallenge("The parameters of Digest are malformed")
        found[match[1].lower()] = unquote(match[2])
        position, more = match.end(), bool(match[3])
    return found
