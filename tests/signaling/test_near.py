"""What the near side takes from a handset, and what it refuses."""

import pytest

from signaling.events import HandsetAttached, HandsetDetached
from signaling.uri import NameAddr

from .page import OWN, Page, attach, call_out, ready
from .playbook import Playbook, sdp

STRANGER = NameAddr.parse("<sip:1002@ramal.invalid>")


def attached() -> tuple[Playbook, Page]:
    play = Playbook()
    return play, attach(play)


def test_register_echoes_the_contact() -> None:
    play, page = attached()
    page.register(600)
    ok = play.near_response(200)
    assert [str(contact) for contact in ok.contacts] == ["<sip:user-h1@h1.invalid;transport=ws>;expires=600"]


def test_register_without_a_contact_tells_the_binding() -> None:
    play, page = attached()
    page.register(600)
    page.request("REGISTER", "sip:ramal.invalid", to=OWN, contact="")
    play.near_response(200)
    assert len(play.near_response(200).contacts) == 1


@pytest.mark.parametrize(
    ("expires", "status", "granted"), [(7200, 200, "3600"), (3600, 200, "3600"), (30, 200, "30"), (29, 423, None)]
)
def test_register_bounds_the_life(expires: int, status: int, granted: str | None) -> None:
    play, page = attached()
    page.register(expires)
    response = play.near_response(status)
    if granted is None:
        assert response.headers.get("Min-Expires") == "30"
    else:
        assert response.contacts[0].parameters.get("expires") == granted


def test_parameter_counts_before_the_header() -> None:
    play, page = attached()
    page.register(600, contact="<sip:u@h.invalid>;expires=60")
    assert play.near_response(200).contacts[0].parameters.get("expires") == "60"


def test_register_without_any_expiry_gets_the_longest() -> None:
    play, page = attached()
    page.request("REGISTER", "sip:ramal.invalid", to=OWN)
    assert play.near_response(200).contacts[0].parameters.get("expires") == "3600"


def test_unregister() -> None:
    play = Playbook()
    page = ready(play)
    page.register(0)
    play.near_response(200)
    assert play.line.registered() == []


def test_a_star_is_refused() -> None:
    play = Playbook()
    page = ready(play)
    page.request("REGISTER", "sip:ramal.invalid", to=OWN, contact="*", headers=(("Expires", "0"),))
    play.near_response(400)
    assert len(play.line.registered()) == 1


def test_one_contact_only() -> None:
    play = Playbook()
    page = attach(play)
    page.request("REGISTER", "sip:ramal.invalid", to=OWN, headers=(("Contact", "<sip:second@h1.invalid>"),))
    play.near_response(400)


def test_binding_ends_with_its_life() -> None:
    play = Playbook()
    page = ready(play)
    page.register(60)
    play.wait(60)
    assert play.line.registered() == []


@pytest.mark.parametrize(("to", "from_"), [(STRANGER, None), (OWN, STRANGER.with_tag("x"))])
def test_only_the_own_address_is_registered(to: NameAddr, from_: NameAddr | None) -> None:
    play, page = attached()
    page.request("REGISTER", "sip:ramal.invalid", to=to, from_=from_, headers=(("Expires", "600"),))
    play.near_response(403)
    assert play.line.registered() == []


def test_contact_must_be_sip() -> None:
    play, page = attached()
    page.register(600, contact="<tel:+551140040000>")
    play.near_response(400)


@pytest.mark.parametrize("method", ["SUBSCRIBE", "MESSAGE", "REFER", "UPDATE", "INFO", "NOTIFY", "FROBNICATE"])
def test_other_methods(method: str) -> None:
    play, page = attached()
    page.request(method, "sip:600@ramal.invalid")
    assert play.near_response(405).allow == ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS")


def test_options() -> None:
    play, page = attached()
    page.request("OPTIONS", "sip:ramal.invalid")
    assert "INVITE" in play.near_response(200).allow
    page.request("OPTIONS", "sip:ramal.invalid", from_=STRANGER.with_tag("x"))
    play.near_response(403)


def test_what_is_required_but_not_known() -> None:
    play, page = attached()
    page.request("INVITE", "sip:600@ramal.invalid", headers=(("Require", "100rel, replaces"),), body=sdp("page"))
    assert play.near_response(420).headers.get("Unsupported") == "100rel, replaces"
    play.silence()


def test_bye_and_requests_of_unknown_dialogs() -> None:
    play, page = attached()
    page.request("BYE", "sip:600@ramal.invalid")
    play.near_response(481)
    page.request("INVITE", to=OWN.with_tag("nobody"), body=sdp("page"))
    play.near_response(481)
    page.request("ACK", to=OWN.with_tag("nobody"))
    play.silence()


def test_foreign_identity_may_not_call() -> None:
    play = Playbook()
    page = ready(play)
    page.request("INVITE", "sip:600@ramal.invalid", from_=STRANGER.with_tag("x"), body=sdp("page"))
    play.near_response(403)
    play.silence()
    assert play.calls == {}


@pytest.mark.parametrize(
    "uri",
    [
        "sip:600@evil.example",
        "sip:ramal.invalid",
        "sip:600%40evil.example@ramal.invalid",
        "sip:600;phone-context=x@ramal.invalid",
        "sip:%00600@ramal.invalid",
        "sip:a%20b@ramal.invalid",
        f"sip:{'6' * 65}@ramal.invalid",
    ],
)
def test_what_cannot_be_dialled(uri: str) -> None:
    play = Playbook()
    page = ready(play)
    page.request("INVITE", uri, body=sdp("page"))
    play.near_response(404)
    play.silence()


@pytest.mark.parametrize("number", ["600", "+5511987654321", "*72", "190", "ana.maria", "6" * 64])
def test_what_can_be_dialled(number: str) -> None:
    play = Playbook()
    page = ready(play)
    page.dial(number)
    assert play.far_request("INVITE").uri.user == number
    assert play.call.number == number


def test_hash_goes_escaped_to_the_pbx() -> None:
    play = Playbook()
    page = ready(play)
    page.dial("%2321%23")
    assert str(play.far_request("INVITE").uri) == "sip:%2321%23@pbx.example"
    assert play.call.number == "#21#"


def test_invite_without_an_offer() -> None:
    play = Playbook()
    page = ready(play)
    page.dial("600", b"")
    assert play.near_response(488).reason == "An offer is expected"
    assert play.calls == {}


def test_limit_of_calls() -> None:
    play = Playbook(max_calls=2)
    page = ready(play)
    for _ in range(2):
        page.dial("606")
        play.near_response(100)
    page.dial("606")
    assert play.near_response(503).headers.get("X-Ramal-Cause") == "too_many"
    assert len(play.calls) == 2


@pytest.mark.parametrize("transactions", [3, 32])
def test_limit_of_transactions(transactions: int) -> None:
    play = Playbook(max_calls=100, max_transactions=transactions)
    page = ready(play)
    for _ in range(transactions):
        page.dial("606")
        play.near_response(100)
    page.dial("606")
    play.near_response(503)
    assert len(play.calls) == transactions


def test_message_of_a_handset_that_is_not_there() -> None:
    play = Playbook()
    Page(play, "h1").register()
    page = attach(play)
    play.happens(HandsetDetached("h1"))
    page.register()
    play.happens(HandsetDetached("h1"), HandsetDetached("h2"))
    play.silence()


def test_same_handset_on_a_new_socket() -> None:
    play = Playbook()
    page = ready(play)
    talk = call_out(play, page)
    play.happens(HandsetAttached("h1"))
    page.register()
    play.near_response(200)
    play.wait(30)
    page.asks("BYE", talk.near)
    play.near_response(200)
    play.far_request("BYE")


def test_another_handset_cannot_touch_the_dialog() -> None:
    play = Playbook()
    page = ready(play)
    talk = call_out(play, page)
    other = ready(play, "h2")
    other.asks("BYE", talk.near)
    play.near_response(481, "h2")
    play.silence()


def test_repeated_request_gets_its_answer_again() -> None:
    play = Playbook()
    page = ready(play)
    options = page.request("OPTIONS", "sip:ramal.invalid")
    page.says(options)
    assert play.near_response(200) == play.near_response(200)
