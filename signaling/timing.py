"""The durations of a line as one value, so that tests and benches can shorten them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    """All in seconds."""

    idle: float = 20.0  # the far side stays up this long after the last handset
    idle_in_call: float = 90.0  # ... while a call is live
    detached: float = 90.0  # a live call waits this long for a page to take it back
    detached_ringing: float = 10.0  # ... and one that still rings
    elsewhere: float = 5.0  # after this long another page that is opened is offered the call, too
    offered: float = 10.0  # a page that is offered a call has this long to answer
    ringing: float = 180.0  # an INVITE without a final answer
    transaction: float = 32.0  # any other request without one: 64*T1, RFC 3261 section 17.1
    media: float = 10.0  # both legs must be connected after the answer
    lost: float = 8.0  # a live call waits this long for the line to be registered again
    probe: float = 4.0  # ... and for the answer to the OPTIONS that asks whether the PBX still knows the call
    expires: int = 300  # asked for in REGISTER; refreshed at half the life that the registrar grants
    register: float = 10.0  # the first REGISTER of a connection must be answered within this
    ping: float = 10.0  # between two pings to the PBX
    retry_first: float = 1.0  # the shortest wait for the next try of the PBX; the longest doubles at each try up to
    retry_most: float = 30.0
    retry_in_call: float = 2.0  # the longest wait while a call waits for the line
    drain: float = 1800.0  # live calls may go on this long while the gateway drains
    spread: float = 30.0  # ... and its idle handsets are told to reconnect within this
    stop: float = 3.0  # un-REGISTER, BYE and CANCEL have this long when the gateway stops
