"""The secret of a line: when it is used, how often, and that nothing made of it comes near a page."""

from dataclasses import replace

import pytest

from signaling.commands import Audit, Disconnect
from signaling.digest import Algorithm, Authorization, Challenge
from signaling.events import HandsetAttached, LineClosed, Reconfigured, RetryAsked, UpstreamClosed, UpstreamOpened
from signaling.message import Request
from signaling.parser import serialize
from signaling.ports import Profile, Secret
from signaling.tries import Tries
from signaling.views import LineState

from .page import attach, ready
from .playbook import CONFIG, Playbook, sdp


def signature(request: Request, header: str = "Authorization") -> Authorization:
    (value,) = request.headers.get_all(header)
    return Authorization.parse(value)


def opened(play: Playbook | None = None) -> tuple[Playbook, Request]:
    """Connected, and the first REGISTER is at the PBX."""
    play = play or Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    return play, play.far_request("REGISTER")


def test_one_signature_and_one_more_for_a_stale_nonce() -> None:
    play, register = opened()
    play.challenge(register, nonce="n1")
    second = play.far_request("REGISTER")
    play.challenge(second, stale=True, nonce="n2")
    third = play.far_request("REGISTER")
    assert [signature(it).nonce for it in (second, third)] == ["n1", "n2"]
    play.challenge(third, stale=True, nonce="n3")
    play.silence_far()
    assert play.state is LineState.REFUSED
    assert [audit.what for audit in play.audits] == ["signed", "signed", "sign_refused"]


def test_stale_without_a_new_nonce_is_a_refusal() -> None:
    play, register = opened()
    play.challenge(register, nonce="n1")
    play.challenge(play.far_request("REGISTER"), stale=True, nonce="n1")
    play.silence_far()
    assert play.audits[-1] == Audit("sign_refused", "REGISTER 401: the signature was refused")


@pytest.mark.parametrize(("profile", "again"), [(Profile.KAMAILIO, False), (Profile.FREESWITCH, True)])
def test_a_callee_behind_a_proxy_cannot_say_stale(profile: Profile, again: bool) -> None:
    """The proxy's 100 says that it took the signature: a challenge after that is not its own."""
    play = Playbook(config=replace(CONFIG, profile=profile))
    ready(play).dial("600")
    play.challenge(play.far_request("INVITE"), 407)
    play.far_request("ACK")
    signed = play.far_request("INVITE")
    play.reply(signed, 100)
    play.challenge(signed, 407, stale=True, nonce="callee")
    play.far_request("ACK")
    assert bool(play.to_far) is again
    assert (play.audits[-1].what == "signed") is again


def test_nonce_count_and_cnonce() -> None:
    """A nonce that comes again is counted on; every cnonce is a fresh one of 128 bits."""
    play, register = opened()
    play.challenge(register)
    signed = [play.far_request("REGISTER")]
    play.reply(signed[0], 200)
    for _ in range(2):
        play.wait(150)
        play.challenge(play.far_request("REGISTER"))
        signed.append(play.far_request("REGISTER"))
        play.reply(signed[-1], 200)
    play.wait(150)
    play.challenge(play.far_request("REGISTER"), nonce="n2")
    signed.append(play.far_request("REGISTER"))
    given = [signature(it) for it in signed]
    assert [it.nc for it in given] == [1, 2, 3, 1]
    assert len({it.cnonce for it in given}) == 4
    assert all(len(it.cnonce or "") >= 32 for it in given)


def test_counts_of_many_nonces_are_bounded() -> None:
    play, register = opened()
    for number in range(20):
        play.challenge(register, nonce=f"n{number}")
        play.reply(play.far_request("REGISTER"), 200)
        play.wait(150)
        register = play.far_request("REGISTER")
    play.challenge(register, nonce="n0")
    assert signature(play.far_request("REGISTER")).nc == 1


def test_no_signature_for_a_challenge_of_another_transaction() -> None:
    play, register = opened()
    stranger = replace(register, headers=register.headers.replace("Via", "SIP/2.0/WSS x.invalid;branch=z9hG4bKother"))
    play.challenge(stranger)
    later = replace(register, headers=register.headers.replace("CSeq", "77 REGISTER"))
    play.challenge(later)
    play.silence_far()
    assert play.audits == []


def test_no_signature_for_a_challenge_of_a_connection_that_is_gone() -> None:
    play, register = opened()
    play.happens(UpstreamClosed("closed", "gone"))
    play.challenge(register)
    play.wait(2)
    play.happens(UpstreamOpened())
    again = play.far_request("REGISTER")
    play.challenge(register)
    play.silence_far()
    play.challenge(again)
    assert signature(play.far_request("REGISTER")).nonce == "n1"


def test_the_strongest_of_several_challenges_is_answered_once() -> None:
    play, register = opened()
    headers = tuple(
        ("WWW-Authenticate", str(Challenge("asterisk", f"n-{algorithm}", algorithm, ("auth",))))
        for algorithm in (Algorithm.MD5, Algorithm.SHA_256, Algorithm.MD5_SESS)
    )
    play.reply(register, 401, headers=(*headers, ("WWW-Authenticate", 'Basic realm="asterisk"')))
    assert signature(play.far_request("REGISTER")).nonce == "n-SHA-256"
    assert len(play.audits) == 1


@pytest.mark.parametrize(
    ("profile", "register", "invite"),
    [
        (Profile.ASTERISK, {401}, {401}),
        (Profile.FREESWITCH, {401, 407}, {401, 407}),
        (Profile.KAMAILIO, {401}, {407}),
        (Profile.OPENSIPS, {401}, {407}),
        (Profile.UNKNOWN, {401}, {407}),
    ],
)
@pytest.mark.parametrize("status", [401, 407])
def test_statuses_of_a_profile(profile: Profile, register: set[int], invite: set[int], status: int) -> None:
    play = Playbook(config=replace(CONFIG, profile=profile))
    _, first = opened(play)
    play.challenge(first, status)
    assert (play.audits[-1].what == "signed") is (status in register)
    if status not in register:
        return
    play.reply(play.far_request("REGISTER"), 200)
    page = attach(play, "h2")
    page.register()
    page.dial("600")
    for answer in (401, 407):
        asked = Playbook(config=replace(CONFIG, profile=profile))
        other = ready(asked)
        other.dial("600")
        asked.challenge(asked.far_request("INVITE"), answer)
        assert (asked.audits[-1].what == "signed") is (answer in invite)
        asked.far_request("ACK")
        if answer in invite:
            header = "Authorization" if answer == 401 else "Proxy-Authorization"
            assert signature(asked.far_request("INVITE"), header).nonce == "n1"
        asked.silence_far()


def test_only_the_realm_of_the_registration_is_signed_for() -> None:
    play, register = opened()
    play.challenge(register)
    play.reply(play.far_request("REGISTER"), 200)
    page = attach(play, "h2")
    page.register()
    page.dial("600")
    invite = play.far_request("INVITE")
    other = Challenge("evil", "n9", Algorithm.MD5, ("auth",))
    play.reply(invite, 401, headers=((other.header, str(other)),))
    play.far_request("ACK")
    play.silence_far()
    assert play.audits[-1] == Audit("sign_refused", "INVITE 401: the challenge may not be answered")


def test_nothing_of_a_signature_or_of_the_pbx_comes_near() -> None:
    """Every way by which a response of the PBX leads to a message for a page: its bytes hold none of the PBX's own."""
    hidden = (
        ("WWW-Authenticate", str(Challenge("asterisk", "h1dden-nonce", Algorithm.MD5, ("auth",)))),
        ("Proxy-Authenticate", str(Challenge("asterisk", "h1dden-nonce", Algorithm.MD5, ("auth",), proxy=True))),
        ("Authentication-Info", 'nextnonce="h1dden"'),
        ("Record-Route", "<sip:h1dden.example;lr>"),
        ("Server", "h1dden"),
        ("P-Charging-Vector", "h1dden"),
        ("X-Topology", "h1dden"),
        ("Warning", '399 h1dden "h1dden"'),
        ("Call-Info", "<http://h1dden.example/>"),
    )
    contact = "<sip:h1dden@h1dden.example;transport=ws>"
    for status in (100, 180, 183, 200, 302, 380, 400, 401, 403, 404, 407, 420, 486, 488, 491, 500, 503, 600, 603):
        play = Playbook()
        page = ready(play)
        page.dial("600")
        body = sdp("pbx") if status in (183, 200) else b""
        play.reply(play.far_request("INVITE"), status, tag="h1dden", headers=hidden, body=body, contact=contact)
        if play.to_far and status in (401, 407):
            for message in tuple(play.to_far):
                if isinstance(message, Request) and message.method == "INVITE":
                    play.reply(message, 403, tag="h1dden", headers=hidden)
        for _, message in play.to_near:
            assert b"h1dden" not in serialize(message), message
            assert b"s3nha" not in serialize(message)
            assert b"auth-1001" not in serialize(message)
        said = [message.status for _, message in play.to_near if not isinstance(message, Request)]
        assert not {401, 407, 302, 380} & set(said)


def test_nothing_of_a_request_of_the_pbx_comes_near() -> None:
    play = Playbook()
    ready(play)
    hidden = (
        ("Authentication-Info", "h1dden"),
        ("Record-Route", "<sip:h1dden.example;lr>"),
        ("User-Agent", "h1dden"),
        ("X-Asterisk", "h1dden"),
        ("Diversion", "<sip:h1dden@h1dden.example>"),
        ("Subject", "h1dden"),
    )
    play.pbx_invite(headers=hidden)
    rung = play.near_request("INVITE")
    assert b"h1dden" not in serialize(rung)
    assert rung.via.host == "ramal.invalid" and rung.contact is not None
    assert (rung.contact.uri.host, rung.from_.uri.host) == ("ramal.invalid", "ramal.invalid")


def test_audits_hold_no_secret() -> None:
    play, register = opened()
    play.challenge(register)
    signed = play.far_request("REGISTER")
    play.challenge(signed)
    assert [audit.what for audit in play.audits] == ["signed", "sign_refused"]
    for audit in play.audits:
        assert "s3nha" not in audit.detail and signature(signed).response not in audit.detail
    assert "version=1" in play.audits[0].detail


# A secret that may be wrong


class Shared:
    """Two lines of one account and their clock."""

    def __init__(self) -> None:
        self.at = 0.0
        self.tries = Tries(lambda: self.at)

    def line(self, name: str) -> Playbook:
        play = Playbook(config=replace(CONFIG, line=name), tries=self.tries)
        play.happens(HandsetAttached("h1"), UpstreamOpened())
        return play

    def refused(self, play: Playbook) -> None:
        play.challenge(play.far_request("REGISTER"))
        play.challenge(play.far_request("REGISTER"))
        assert play.state is LineState.REFUSED


def test_a_wrong_secret_is_tried_once_and_waits_for_a_person() -> None:
    shared = Shared()
    play = shared.line("l1")
    shared.refused(play)
    play.wait(10_000)
    play.happens(HandsetAttached("h2"))
    play.wait(10_000)
    play.silence_far()
    assert [audit.what for audit in play.audits] == ["signed", "sign_refused"]


def test_another_line_of_the_account_waits_a_minute() -> None:
    shared = Shared()
    first = shared.line("l1")
    shared.refused(first)
    shared.at = 10
    other = shared.line("l2")
    other.silence_far()
    view = other.line_views[-1]
    assert (view.state, view.reason, view.retry_in) == (LineState.OFFLINE, "held_back", 50)
    assert isinstance(other.connections[-1], Disconnect)
    shared.at = 60
    other.wait(50)
    other.happens(UpstreamOpened())
    other.reply(other.far_request("REGISTER"), 200)
    assert other.state is LineState.READY


def test_lines_take_turns_and_what_was_right_is_free() -> None:
    shared = Shared()
    first, other = shared.line("l1"), shared.line("l2")
    other.silence_far()
    assert other.state is LineState.REGISTERING
    first.reply(first.far_request("REGISTER"), 200)
    other.wait(0.5)
    shared.refused(other)
    first.wait(150)
    first.reply(first.far_request("REGISTER"), 200)
    assert first.state is LineState.READY


def test_a_person_who_sets_another_secret_does_not_wait() -> None:
    shared = Shared()
    play = shared.line("l1")
    shared.refused(play)
    play.happens(Reconfigured(replace(play.config, secret=Secret("other", 2))), UpstreamOpened())
    play.challenge(play.far_request("REGISTER"))
    play.reply(play.far_request("REGISTER"), 200)
    assert play.state is LineState.READY


def test_a_person_who_tries_again_does_not_wait_but_for_the_gateway() -> None:
    shared = Shared()
    play = shared.line("l1")
    shared.refused(play)
    for _ in range(4):
        play.happens(RetryAsked(), UpstreamOpened())
        shared.refused(play)
    play.happens(RetryAsked(), UpstreamOpened())
    play.silence_far()
    assert (play.state, play.line_views[-1].reason) == (LineState.OFFLINE, "held_back")


def test_a_new_secret_of_a_ready_line_waits_without_dropping_it() -> None:
    shared = Shared()
    ready_line, wrong = shared.line("l1"), shared.line("l2")
    ready_line.reply(ready_line.far_request("REGISTER"), 200)
    wrong.wait(0.5)
    wrong.challenge(wrong.far_request("REGISTER"))  # still under way
    for version in range(2, 8):
        ready_line.happens(Reconfigured(replace(ready_line.config, secret=Secret("x", version))))
    assert ready_line.state is LineState.READY


def test_a_line_that_closes_gives_its_turn_back() -> None:
    shared = Shared()
    first = shared.line("l1")
    first.happens(LineClosed())
    other = shared.line("l2")
    assert other.far_request("REGISTER")
