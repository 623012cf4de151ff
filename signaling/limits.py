"""What a handset may ask of the gateway, as one value. Defaults are those of the project's SIP notes."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """Frames in bytes, rates in messages per second for one handset, the rest are counts for one line."""

    frame: int = 61_440  # Asterisk and Kamailio stop at 65,535
    rate: float = 30.0
    burst: int = 60
    handsets: int = 4
    calls: int = 6
    queue: int = 64  # frames that wait for a slow handset or a slow PBX before it is disconnected
    media: int = 32  # commands of one call that wait for the media engine
    registers: int = 20  # REGISTER a second of all lines together to one PBX
