"""Why a call ended, from what the far side answered."""

import pytest

from signaling.causes import Cause, cause_of_status

from .page import ready
from .playbook import Playbook


@pytest.mark.parametrize(
    ("status", "q850", "cause"),
    [
        (403, None, Cause.FORBIDDEN),
        (403, 21, Cause.REFUSED),
        (403, 34, Cause.FORBIDDEN),
        (486, 21, Cause.BUSY),
        (599, None, Cause.UNAVAILABLE),
    ],
)
def test_cause_of_a_status(status: int, q850: int | None, cause: Cause) -> None:
    assert cause_of_status(status, q850) is cause


@pytest.mark.parametrize(
    ("reason", "cause"),
    [("Q.850;cause=21", Cause.REFUSED), ("SIP;cause=21", Cause.FORBIDDEN), ("Q.850", Cause.FORBIDDEN)],
)
def test_a_refusal_that_asterisk_tells_by_403(reason: str, cause: Cause) -> None:
    play = Playbook()
    page = ready(play)
    invite = page.dial("1002")
    play.near_response(100)
    play.reply(play.far_request("INVITE"), 403, headers=(("Reason", reason),))
    play.far_request("ACK")
    response = play.near_response(403)
    assert response.headers.get("X-Ramal-Cause") == cause
    page.ack(invite, response)
    assert play.call.cause is cause
    assert play.call.sip_status == 403
