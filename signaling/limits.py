"""What a handset may ask of the gateway, as one value. Defaults are those of the project's SIP notes."""

from dataclasses import dataclass

from .parser import Limits
from .rates import MethodRates


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Frames, lines and sections in bytes, ``rate`` and ``burst`` in messages a second of all handsets of a line, the
    rest are counts for one line. ``transactions`` are the unfinished ones of one handset.
    """

    frame: int = 61_440  # Asterisk and Kamailio stop at 65,535
    headers: int = 100
    line: int = 8_192
    header_section: int = 32_768
    rate: float = 30.0
    burst: int = 60
    methods: MethodRates = MethodRates()
    transactions: int = 32
    handsets: int = 4
    calls: int = 6
    queue: int = 64  # frames that wait for a slow handset or a slow PBX before it is disconnected
    media: int = 32  # commands of one call that wait for the media engine
    secrets_per_account: int = 1  # refused by the PBX in a minute
    secrets: int = 5  # the same for all accounts together
    registers: int = 20  # REGISTER a second of all lines together to one PBX

    @property
    def message(self) -> Limits:
        """For the parser."""
        return Limits(self.frame, self.headers, self.line, self.header_section)
