"""The 49 messages of RFC 4475 with what the near side does with each: one table for the parser's and the line's tests.

`Verdict.status` is the parser's refusal, None where it takes the message. `Verdict.line` is then what the line does
with it: a status, ``"accept"`` (it goes its way) or ``"drop"`` (a response that nobody waits for).
"""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "data" / "rfc4475"


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    status: int | None = None
    line: int | str | None = None
    phrase: str = ""  # part of what a refusal says
    replied: bool = True  # whether a refusal has a reply
    close_code: int | None = None

    @property
    def frame(self) -> bytes:
        return (FOLDER / f"{self.name}.dat").read_bytes()


VERDICTS = (
    Verdict("wsinv", line="accept"),
    Verdict("intmeth", line=405),
    Verdict("esc01", line="accept"),
    Verdict("escnull", line=403),
    Verdict("esc02", line=405),
    Verdict("lwsdisp", line="accept"),
    Verdict("longreq", line="accept"),
    Verdict("dblreq", 400, phrase="Content-Length is not the length"),
    Verdict("semiuri", line="accept"),
    Verdict("transports", line="accept"),
    Verdict("mpart01", line="accept"),
    Verdict("unreason", line="drop"),
    Verdict("noreason", line="drop"),
    Verdict("badinv01", 400, phrase="Via cannot be read"),
    Verdict("clerr", 400, phrase="Content-Length is not the length"),
    Verdict("ncl", 400, phrase="number"),
    Verdict("scalar02", 400, phrase="CSeq cannot be read"),
    Verdict("scalarlg", 400, phrase="CSeq cannot be read", replied=False),
    Verdict("quotbal", 400, phrase="To cannot be read: The quoted display name"),
    Verdict("ltgtruri", 400, phrase="URI has no scheme"),
    Verdict("lwsruri", 400, phrase="request line"),
    Verdict("lwsstart", 400, phrase="request line"),
    Verdict("trws", 400, phrase="request line"),
    Verdict("escruri", 400, phrase="A Request-URI cannot have headers"),
    Verdict("baddate", line="accept"),
    Verdict("regbadct", 400, phrase="Contact cannot be read"),
    Verdict("badaspec", 400, phrase="To cannot be read"),
    Verdict("baddn", 400, phrase="header section does not end", replied=False),  # the file ends before the empty line
    Verdict("badvers", 505, phrase="version"),
    Verdict("mismatch01", 400, phrase="method of CSeq"),
    Verdict("mismatch02", 400, phrase="method of CSeq"),
    Verdict("bigcode", 400, phrase="status line", replied=False),
    Verdict("badbranch", 400, phrase="magic cookie"),
    Verdict("insuf", 400, phrase="From is missing", replied=False),
    Verdict("unkscm", 416, phrase="scheme"),
    Verdict("novelsc", 416, phrase="scheme"),
    Verdict("unksm2", 400, phrase="scheme"),
    Verdict("bext01", 420, phrase="Proxy-Require"),
    Verdict("invut", 415, phrase="type"),
    Verdict("regaut01", line="accept"),
    Verdict("multi01", 400, phrase="more than once"),
    Verdict("mcl01", 400, phrase="Content-Length is there more than once", close_code=1008),
    Verdict("bcast", line="drop"),
    Verdict("zeromf", line=483),
    Verdict("cparam01", line="accept"),
    Verdict("cparam02", line="accept"),
    Verdict("regescrt", line="accept"),
    Verdict("sdp01", line="accept"),
    Verdict("inv2543", 400, phrase="Content-Length is missing"),
)
