"""The grammar of RFC 3261 section 25.1 as named regular expressions, and the scanners that need more than one.

Every expression is used with ``fullmatch`` (or ``match`` at a position, where that is said) and takes linear time: the
alternatives of a repetition never begin with the same character, and repetitions are possessive. Text here is what is
left after unfolding, so linear white space is SP and HTAB only.
"""

import re

# Character sets, for use inside [].
_TOKEN = r"A-Za-z0-9\-.!%*_+`'~"
_UNRESERVED = r"A-Za-z0-9\-_.!~*'()"
_CONTROL = r"\x00-\x08\x0a-\x1f\x7f"
_ESCAPED = r"%[0-9A-Fa-f]{2}"

# token = 1*(alphanum / "-" / "." / "!" / "%" / "*" / "_" / "+" / "`" / "'" / "~")
TOKEN = re.compile(rf"[{_TOKEN}]++")
# callid = word [ "@" word ]
CALL_ID = re.compile(rf"[{_TOKEN}()<>:\\\"/\[\]?{{}}]++(?:@[{_TOKEN}()<>:\\\"/\[\]?{{}}]++)?")
# quoted-string: DQUOTE *(qdtext / quoted-pair) DQUOTE
_QUOTED = rf'"(?:[^"\\{_CONTROL}]++|\\[\x00-\x09\x0b\x0c\x0e-\x7f])*+"'
QUOTED_STRING = re.compile(_QUOTED)
# display-name = *(token LWS), here without its quoted-string
DISPLAY_TOKENS = re.compile(rf"[{_TOKEN}]++(?:[ \t]++[{_TOKEN}]++)*+")
# header-value: TEXT-UTF8; a control character only as the second half of a quoted-pair in a quoted-string, and none
# after a quote that is never closed
FIELD_VALUE = re.compile(rf'(?:[^"{_CONTROL}]++|{_QUOTED})*+(?:"[^{_CONTROL}]*+)?')
# message-header: name HCOLON value, the white space before the colon as RFC 3261 section 7.3.1 allows it
FIELD = re.compile(rf"([{_TOKEN}]++)[ \t]*+:[ \t]*+(.*+)", re.DOTALL)

# Request-Line and Status-Line; single spaces, nothing behind (RFC 3261 sections 7.1 and 7.2)
REQUEST_LINE = re.compile(rf"([{_TOKEN}]++) ([!-~]++) SIP/([0-9]{{1,9}})\.([0-9]{{1,9}})", re.IGNORECASE)
STATUS_LINE = re.compile(rf"SIP/2\.0 ([0-9]{{3}})(?: ([^{_CONTROL}]*+))?", re.IGNORECASE)

# scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+\-.]*+")
# user = 1*( unreserved / escaped / user-unreserved ); "#" is not in it, but star codes are sent unescaped everywhere
USER = re.compile(rf"(?:[{_UNRESERVED}&=+$,;?/#]++|{_ESCAPED})++")
PASSWORD = re.compile(rf"(?:[{_UNRESERVED}&=+$,]++|{_ESCAPED})*+")
# host = hostname / IPv4address / IPv6reference; "_" is no letter of a host name, but occurs in container networks;
# IPv6 by its alphabet only (RFC 5118 section 4.10: take three colons)
_HOST = r"\[[0-9A-Fa-f:.]++\]|[A-Za-z0-9_][A-Za-z0-9_.\-]*+"
HOST = re.compile(_HOST)
HOST_PORT = re.compile(rf"({_HOST})(?:[ \t]*+:[ \t]*+([0-9]{{1,5}}))?")
# hname "=" hvalue
URI_HEADER = re.compile(rf"((?:[{_UNRESERVED}\[\]/?:+$]++|{_ESCAPED})++)=((?:[{_UNRESERVED}\[\]/?:+$]++|{_ESCAPED})*+)")
# RFC 3966: global or local number; visual separators stay
TELEPHONE = re.compile(r"\+?[0-9A-Fa-f*#\-.()]++")

# One parameter, matched at a position: SEMI name [ EQUAL value ]. One alphabet serves generic-param (token, host,
# quoted-string) and uri-parameter (paramchar): nothing in it can end a URI, a header field or a list element.
_PARAMETER = rf"[{_TOKEN}()\[\]/:&$]++"
PARAMETER_TEXT = re.compile(_PARAMETER)
PARAMETER = re.compile(rf"[ \t]*+;[ \t]*+({_PARAMETER})(?:[ \t]*+=[ \t]*+({_PARAMETER}|{_QUOTED}))?[ \t]*+")

# sent-protocol LWS sent-by of a Via, matched at 0; the parameters follow
VIA = re.compile(
    rf"([{_TOKEN}]++)[ \t]*+/[ \t]*+([{_TOKEN}]++)[ \t]*+/[ \t]*+([{_TOKEN}]++)[ \t]++"
    rf"({_HOST})[ \t]*+(?::[ \t]*+([0-9]{{1,5}})[ \t]*+)?"
)
CSEQ = re.compile(rf"([0-9]{{1,64}})[ \t]++([{_TOKEN}]++)")
MEDIA_TYPE = re.compile(rf"([{_TOKEN}]++)[ \t]*+/[ \t]*+([{_TOKEN}]++)[ \t]*+")
WARNING = re.compile(rf"([0-9]{{3}}) ([{_TOKEN}\[\]:]++) ({_QUOTED})")
NUMBER = re.compile(r"[0-9]{1,64}")
# rfc1123-date: SIP allows GMT only
DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [0-9]{4} "
    r"[0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)

# auth-param of a challenge or of credentials, matched at a position; a comma or the end follows
AUTH_PARAMETER = re.compile(rf"[ \t]*+([{_TOKEN}]++)[ \t]*+=[ \t]*+([{_TOKEN}/=:]++|{_QUOTED})[ \t]*+(,|\Z)")

# One element of a comma-separated list, matched at a position: commas in quotes and in <> do not end it
_ELEMENT = re.compile(r'(?:[^",<]++|"(?:[^"\\]++|\\.)*+"|<[^>]*+>)*+', re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_MUST_ESCAPE = re.compile(rf'(["\\{_CONTROL}])')


def split_list(text: str) -> list[str]:
    """The elements of a comma-separated header value, trimmed; empty ones are left out.

    Commas inside quoted strings and inside ``<>`` belong to the element. Raises ValueError for an open quote or
    bracket.
    """
    elements, position = [], 0
    while position <= len(text):
        match = _ELEMENT.match(text, position)
        end = match.end() if match else position
        if end < len(text) and text[end] != ",":
            raise ValueError("A quoted string or an angle bracket is not closed")
        if element := text[position:end].strip(" \t"):
            elements.append(element)
        position = end + 1
    return elements


def unquote(text: str) -> str:
    """The content of a quoted-string without its quotes and backslashes; other text unchanged."""
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _QUOTED_PAIR.sub(r"\1", text[1:-1])
    return text


def quote(text: str) -> str:
    """``text`` as a quoted-string. Raises ValueError for CR and LF, which no quoted-string can hold."""
    if "\r" in text or "\n" in text:
        raise ValueError("A quoted string cannot hold a line break")
    return '"' + _MUST_ESCAPE.sub(r"\\\1", text) + '"'


def number(text: str, limit: int) -> int:
    """A decimal number from 0 to ``limit``. Raises ValueError for anything else."""
    if not NUMBER.fullmatch(text) or int(text) > limit:
        raise ValueError(f"A number must be from 0 to {limit}")
    return int(text)
