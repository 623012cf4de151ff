"""Why a call ended: the closed list that the history, the API and the page share.

The words for each cause are in the catalogues (``cause.<value>``); the SIP code that was seen, if any, is kept beside
the cause in `signaling.views.CallView`.
"""

from enum import StrEnum


class Cause(StrEnum):
    """One of these ends every call. Source: design of the product; codes of RFC 3261 section 21."""

    ENDED = "ended"
    CANCELLED = "cancelled"
    BUSY = "busy"
    REFUSED = "refused"
    NO_ANSWER = "no_answer"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    FORBIDDEN = "forbidden"
    NO_MICROPHONE = "no_microphone"
    MEDIA_FAILED = "media_failed"
    PBX_LOST = "pbx_lost"
    PBX_REFUSED = "pbx_refused"
    INTERRUPTED = "interrupted"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    TOO_MANY = "too_many"  # calls at once, or in a minute


_BY_STATUS = {
    401: Cause.PBX_REFUSED,
    403: Cause.FORBIDDEN,
    404: Cause.NOT_FOUND,
    407: Cause.PBX_REFUSED,
    408: Cause.NO_ANSWER,
    410: Cause.NOT_FOUND,
    480: Cause.UNAVAILABLE,
    484: Cause.NOT_FOUND,
    486: Cause.BUSY,
    487: Cause.CANCELLED,
    488: Cause.MEDIA_FAILED,
    600: Cause.BUSY,
    603: Cause.REFUSED,
    604: Cause.NOT_FOUND,
    606: Cause.MEDIA_FAILED,
}


_CALL_REJECTED = 21  # ITU-T Q.850


def cause_of_status(status: int, q850: int | None = None) -> Cause:
    """The cause for a final SIP failure ``status`` (300 to 699) of the far side; `UNAVAILABLE` for codes without their
    own. ``q850`` is the code of its Reason field (RFC 3326), if any: Asterisk tells a caller that the callee has
    refused by 403 with "Q.850;cause=21", which is no matter of permission.
    """
    if status == 403 and q850 == _CALL_REJECTED:
        return Cause.REFUSED
    return _BY_STATUS.get(status, Cause.UNAVAILABLE)
