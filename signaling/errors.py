"""What can go wrong with SIP as values; whose fault it is, is a type.

::

    ValueError
      +-- MalformedMessage        what a peer sent is no SIP message that we take: answer `reply`, if there is one
      +-- UnsupportedScheme       a well-formed URI of a scheme other than sip, sips and tel: 416 in a Request-URI
      +-- MalformedChallenge      a WWW-Authenticate, Proxy-Authenticate or (Proxy-)Authorization that cannot be read
    LookupError
      +-- UnknownTransaction      an answer for a transaction that is not in the table (any more)
    RuntimeError
      +-- TooManyTransactions     the peer has more unfinished transactions than its table holds: answer 503
      +-- OutOfOrder              a request in a dialog with a CSeq that is not higher than the last one: answer 500

Parsers of single values (`Uri.parse`, `Via.parse`, ...) raise a plain ``ValueError`` with a full phrase; `parser.parse`
turns each of them into a `MalformedMessage`. No phrase holds text of the peer: it is safe in a reply and in a log.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .message import Response


class MalformedMessage(ValueError):
    """A frame that is not exactly one good SIP message.

    ``phrase`` says what is wrong. ``status`` is the answer it deserves (400, 415, 416, 420, 505, 513). ``close_code``
    is set where the WebSocket must be closed as well: 1008 for several Content-Length, 1009 for a message over the
    limit. ``reply`` is that answer, ready to be sent; None for a response, for an ACK, and where Via, From, To, Call-ID
    or CSeq is missing or unusable (RFC 3261 section 8.2.6). It may repeat malformed text of the peer: serialize it,
    and ask it nothing else.
    """

    def __init__(
        self, phrase: str, *, status: int = 400, close_code: int | None = None, reply: "Response | None" = None
    ) -> None:
        super().__init__(phrase)
        self.phrase = phrase
        self.status = status
        self.close_code = close_code
        self.reply = reply


class UnsupportedScheme(ValueError):
    """A URI whose scheme is none of sip, sips and tel (RFC 3261 section 8.2.2.1: 416)."""


class MalformedChallenge(ValueError):
    """A header of digest authentication that does not follow RFC 3261 section 25.1 or RFC 8760."""


class UnknownTransaction(LookupError):
    """There is no such transaction (any more); an answer for it may not be sent."""


class TooManyTransactions(RuntimeError):
    """The table is full of unfinished transactions; RFC 3261 section 21.5.4: answer 503."""


class OutOfOrder(RuntimeError):
    """A request in a dialog whose CSeq is not higher than the last one; RFC 3261 section 12.2.2: answer 500."""
