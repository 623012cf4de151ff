"""The rules of an account, as the line holds to them."""

from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.commands import Audit
from signaling.dial_rules import ALWAYS, DialRules
from signaling.events import Reconfigured

from .page import Page, call_in, call_out, ended, ready
from .playbook import CONFIG, Playbook


def ruled(rules: DialRules, *, max_calls: int = 6) -> tuple[Playbook, Page]:
    play = Playbook(config=replace(CONFIG, dial=rules), max_calls=max_calls)
    return play, ready(play)


@pytest.mark.parametrize(
    ("rules", "number", "why"),
    [
        (DialRules(), "09001234567", "premium"),
        (DialRules(forbidden=("00*",)), "0044123", "forbidden"),
        (DialRules(allowed=("1???",)), "600", "not_allowed"),
    ],
)
def test_a_number_that_may_not_be_dialled(rules: DialRules, number: str, why: str) -> None:
    play, page = ruled(rules)
    invite = page.dial(number)
    play.near_response(100)
    response = play.near_response(403)
    assert response.headers.get("X-Ramal-Cause") == "forbidden"
    page.ack(invite, response)
    play.silence()
    assert ended(play) == (Cause.FORBIDDEN, "gateway")
    assert play.call.number == number
    assert play.audits[-1] == Audit("dial_refused", f"{why} call={play.call.call}")


def test_nothing_is_audited_of_a_number_that_may_be_dialled() -> None:
    play, page = ruled(DialRules(allowed=("6??",)))
    call_out(play, page)
    assert [audit.what for audit in play.audits] == []


@pytest.mark.parametrize("number", [*ALWAYS, "199"])
def test_an_emergency_number_passes_every_rule(number: str) -> None:
    rules = DialRules(allowed=("1???",), forbidden=("*",), emergency=("199",), calls=0, per_minute=1)
    play, page = ruled(rules, max_calls=0)
    page.dial(number)
    play.near_response(100)
    assert play.far_request("INVITE").uri.user == number


def test_emergency_calls_are_bounded_too() -> None:
    play, page = ruled(DialRules(), max_calls=0)
    for _ in range(2):
        page.dial("190")
        play.near_response(100)
    page.dial("190")
    play.near_response(503)


@pytest.mark.parametrize("calls", [1, 2, 3])
def test_calls_at_once(calls: int) -> None:
    """At one below the limit, at it, and above it; calls of either direction count, and one that ends does not."""
    play, page = ruled(DialRules(calls=2))
    talks = [(call_out if index == 0 else call_in)(play, page) for index in range(calls)]
    page.dial("600")
    if calls < 2:
        play.near_response(100)
        return
    refused = play.near_response(503)
    assert (refused.reason, refused.headers.get("X-Ramal-Cause")) == ("Too Many Calls", "too_many")
    for talk in talks[1:]:
        play.pbx_asks("BYE", talk.far)
    play.to_near.clear()
    page.dial("600")
    play.near_response(100)


def test_the_account_cannot_raise_the_gateway_s_limit() -> None:
    play, page = ruled(DialRules(calls=9), max_calls=1)
    call_out(play, page)
    page.dial("600")
    play.near_response(503)


def test_calls_are_counted_not_the_legs_of_a_fork() -> None:
    play = Playbook(max_calls=2)
    pages = [ready(play, f"h{number}") for number in range(4)]
    play.pbx_invite()
    play.far_response(100)
    for page in pages:
        play.near_request("INVITE", page.handset)
    pages[0].dial("600")
    play.near_response(100, "h0")
    pages[0].dial("600")
    play.near_response(503, "h0")


def test_new_rules_hold_for_the_next_call() -> None:
    play, page = ruled(DialRules(forbidden=("600",)))
    page.dial("600")
    play.near_response(100)
    play.near_response(403)
    play.happens(Reconfigured(CONFIG))
    call_out(play, page)
