"""SIP, SIPS and tel URIs, and the name-addr that carries one (RFC 3261 sections 19.1 and 25.1, RFC 3966)."""

from dataclasses import dataclass, replace
from urllib.parse import quote as percent_encode
from urllib.parse import unquote as percent_decode

from .errors import UnsupportedScheme
from .grammar import (
    DISPLAY_TOKENS,
    HOST,
    HOST_PORT,
    PASSWORD,
    QUOTED_STRING,
    SCHEME,
    TELEPHONE,
    URI_HEADER,
    USER,
    quote,
    unquote,
)
from .parameters import Parameters

_SCHEMES = ("sip", "sips", "tel")
_USER_SAFE = "-_.!~*'()&=+$,;?/"
_PORTS = {"sip": 5060, "sips": 5061}


def escape_user(text: str) -> str:
    """``text`` as the user part of a URI: what RFC 3261 does not allow there becomes ``%XX`` of its UTF-8."""
    return percent_encode(text, safe=_USER_SAFE)


@dataclass(frozen=True, slots=True)
class Uri:
    """A URI as it is written: user, parameters and headers keep their escapes (`unescaped_user` is without).

    ``scheme`` is lower case; ``host`` is empty and ``user`` the number for a tel URI; ``port`` is None where none is
    written. Raises ValueError where a part has a character that is not allowed, so no value can break a message.
    """

    scheme: str
    user: str | None
    host: str
    port: int | None = None
    parameters: Parameters = Parameters()
    headers: tuple[tuple[str, str], ...] = ()
    password: str | None = None

    def __post_init__(self) -> None:
        if self.scheme not in _SCHEMES:
            raise UnsupportedScheme("The scheme of the URI is not supported")
        if any(value is not None and value.startswith('"') for _, value in self.parameters.items):
            raise ValueError("A parameter of a URI cannot be quoted")
        if self.scheme == "tel":
            if self.user is None or not TELEPHONE.fullmatch(self.user) or self.host or self.headers:
                raise ValueError("The tel URI is malformed")
            return
        if self.user is not None and not USER.fullmatch(self.user):
            raise ValueError("The user part of the URI is malformed")
        if self.password is not None and (self.user is None or not PASSWORD.fullmatch(self.password)):
            raise ValueError("The password part of the URI is malformed")
        if not HOST.fullmatch(self.host):
            raise ValueError("The host of the URI is malformed")
        if self.port is not None and not 0 < self.port < 65536:
            raise ValueError("The port of the URI must be from 1 to 65535")
        if any(not URI_HEADER.fullmatch(f"{name}={value}") for name, value in self.headers):
            raise ValueError("The headers of the URI are malformed")

    @classmethod
    def parse(cls, text: str) -> "Uri":
        """Raises `UnsupportedScheme` for a URI of another scheme, ValueError for what is no URI."""
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if not colon or not SCHEME.fullmatch(scheme):
            raise ValueError("The URI has no scheme")
        if scheme not in _SCHEMES:
            raise UnsupportedScheme("The scheme of the URI is not supported")
        if " " in rest or "\t" in rest:
            raise ValueError("The URI has white space in it")
        if scheme == "tel":
            number, semicolon, parameters = rest.partition(";")
            return cls(scheme, number, "", parameters=Parameters.parse(semicolon + parameters))
        userinfo, at, place = rest.rpartition("@")
        user, colon, password = userinfo.partition(":")
        place, question, headers = place.partition("?")
        place, semicolon, parameters = place.partition(";")
        match = HOST_PORT.fullmatch(place)
        if not match:
            raise ValueError("The host of the URI is malformed")
        return cls(
            scheme,
            user if at else None,
            match[1],
            int(match[2]) if match[2] else None,
            Parameters.parse(semicolon + parameters),
            _parse_headers(headers) if question else (),
            password if colon else None,
        )

    def __str__(self) -> str:
        user = "" if self.user is None else self.user + ("" if self.password is None else f":{self.password}")
        at = "" if self.user is None or self.scheme == "tel" else "@"
        port = "" if self.port is None else f":{self.port}"
        headers = "?" + "&".join(f"{name}={value}" for name, value in self.headers) if self.headers else ""
        return f"{self.scheme}:{user}{at}{self.host}{port}{self.parameters}{headers}"

    @property
    def unescaped_user(self) -> str:
        """The user as text, escapes resolved; empty where the URI has none."""
        return percent_decode(self.user or "")

    @property
    def aor(self) -> tuple[str, str, str, int | None]:
        """What two URIs of one address of record have in common: scheme, user, host, port (RFC 3261 section 10.3: no
        parameters; section 19.1.4: escapes resolved, the host without regard to case, the default port left out).
        """
        port = None if self.port == _PORTS.get(self.scheme) else self.port
        user = percent_decode(self.user or "", encoding="latin-1")  # one to one, unlike UTF-8 with replacements
        return self.scheme, user, self.host.lower(), port

    def same_aor(self, other: "Uri") -> bool:
        return self.aor == other.aor

    def bare(self) -> "Uri":
        """This URI without its headers: the only form that may stand in a Request-URI or be kept as a contact."""
        return replace(self, headers=())


def _parse_headers(text: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for part in text.split("&"):
        match = URI_HEADER.fullmatch(part)
        if not match:
            raise ValueError("The headers of the URI are malformed")
        pairs.append((match[1], match[2]))
    return tuple(pairs)


@dataclass(frozen=True, slots=True)
class NameAddr:
    """A URI with the display name before and the parameters after it: From, To, Contact, Route, Refer-To ...

    ``display_name`` is plain text without quotes, None where there is none.
    """

    uri: Uri
    display_name: str | None = None
    parameters: Parameters = Parameters()

    def __post_init__(self) -> None:
        if self.display_name is not None:
            quote(self.display_name)
            if not self.display_name:
                object.__setattr__(self, "display_name", None)

    @classmethod
    def parse(cls, text: str) -> "NameAddr":
        """Takes name-addr and addr-spec; with the latter every parameter is the header's, and ``?`` is refused (RFC
        3261 section 20.10). Raises ValueError.
        """
        text = text.strip(" \t")
        if text.startswith('"'):
            match = QUOTED_STRING.match(text)
            if not match:
                raise ValueError("The quoted display name is not closed")
            name, text = unquote(match[0]), text[match.end() :].lstrip(" \t")
            if not text.startswith("<"):
                raise ValueError("A quoted display name must be followed by <")
        else:
            before, bracket, after = text.partition("<")
            if not bracket:
                return cls._parse_addr_spec(text)
            name, text = before.strip(" \t"), bracket + after
            if name and not DISPLAY_TOKENS.fullmatch(name):
                raise ValueError("The display name needs quotes")
            name = " ".join(name.split())
        uri, bracket, rest = text[1:].partition(">")
        if not bracket:
            raise ValueError("The angle bracket before the URI is not closed")
        return cls(Uri.parse(uri), name or None, Parameters.parse(rest))

    @classmethod
    def _parse_addr_spec(cls, text: str) -> "NameAddr":
        uri, semicolon, rest = text.partition(";")
        if "?" in text or "," in text:
            raise ValueError("A URI with a question mark or a comma must stand in angle brackets")
        return cls(Uri.parse(uri.rstrip(" \t")), None, Parameters.parse(semicolon + rest))

    def __str__(self) -> str:
        name = "" if self.display_name is None else quote(self.display_name) + " "
        return f"{name}<{self.uri}>{self.parameters}"

    @property
    def tag(self) -> str | None:
        return self.parameters.get("tag")

    def with_tag(self, tag: str) -> "NameAddr":
        return replace(self, parameters=self.parameters.set("tag", tag))

    def without_tag(self) -> "NameAddr":
        return replace(self, parameters=self.parameters.remove("tag"))
