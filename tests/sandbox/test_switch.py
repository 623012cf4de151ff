"""What the switch does, event by event; what a real client sees of it is in the tests of the server."""

from dataclasses import replace

import pytest

from sandbox import dialplan, switch
from sandbox.commands import AnswerOffer, CancelTimer, ClosePeer, Command, PlayKeys, PlaySound, Send, SetTimer
from sandbox.events import KeyPressed, OfferAnswered, OfferRefused, PeerLost, SoundEnded, TimerFired
from signaling.dialog import Dialog
from signaling.message import Request

from .desk import Desk, Side, request_in, response_in, sent, status_of, talking


def number_called(desk: Desk, number: str) -> str:
    """Dials ``number`` from 1001 and gives the call's id; its WebRTC peer has answered."""
    _, commands = desk.invite("1001", number)
    call = next(it.call for it in commands if isinstance(it, AnswerOffer))
    desk.hear(OfferAnswered(call, b"sdp"))
    return call


def register_twice(desk: Desk) -> None:
    """1002 on two connections, ``a`` and ``b``."""
    for name in ("a", "b"):
        request = desk.build("1002", "REGISTER", "1002")
        request = replace(request, headers=request.headers.replace("Contact", f"<sip:{name}@client.invalid>"))
        desk.tell(name, desk.signed("1002", request))


def test_a_dialplan_goes_step_by_step() -> None:
    desk = Desk()
    _, commands = desk.invite("1001", "601")
    assert sent(commands) == [("1001", 100)]
    call = next(it.call for it in commands if isinstance(it, AnswerOffer))
    commands = desk.hear(OfferAnswered(call, b"sdp"))
    assert sent(commands) == [("1001", 200)]
    assert commands[1:] == [PlaySound(call, dialplan.ANNOUNCEMENT, loop=False)]
    commands = desk.hear(SoundEnded(call))
    assert sent(commands) == [("1001", "BYE")]
    assert commands[1:] == [CancelTimer(f"step:{call}"), ClosePeer(call)]
    assert desk.switch.calls == 0


def test_keys_are_said_back_also_when_too_few_came() -> None:
    desk = Desk()
    call = number_called(desk, "607")
    assert desk.hear(KeyPressed(call, "7")) == [SetTimer(f"step:{call}", 10)]
    assert desk.hear(SoundEnded(call)) == []
    assert desk.hear(TimerFired(f"step:{call}")) == [PlayKeys(call, "7")]
    assert desk.hear(KeyPressed(call, "8")) == []
    assert sent(desk.hear(SoundEnded(call))) == [("1001", "BYE")]


def test_without_keys_there_is_nothing_to_say() -> None:
    desk = Desk()
    call = number_called(desk, "607")
    assert sent(desk.hear(TimerFired(f"step:{call}"))) == [("1001", "BYE")]


def test_606_gives_up_after_a_minute() -> None:
    desk = Desk()
    _, commands = desk.invite("1001", "606")
    assert sent(commands) == [("1001", 100), ("1001", 180)]
    timer = next(it for it in commands if isinstance(it, SetTimer))
    assert timer.seconds == 60
    assert desk.hear(TimerFired(f"other:{timer.name.partition(':')[2]}")) == []
    assert sent(desk.hear(TimerFired(timer.name))) == [("1001", 480)]
    assert desk.hear(TimerFired(timer.name)) == []


def test_an_offer_that_the_peer_refuses_ends_a_new_call_and_not_an_old_one() -> None:
    desk = Desk()
    _, commands = desk.invite("1001", "600")
    first = next(it.call for it in commands if isinstance(it, AnswerOffer))
    assert sent(desk.hear(OfferRefused(first, "why"))) == [("1001", 488)]
    assert desk.hear(OfferRefused(first, "why")) == []

    invite, commands = desk.invite("1001", "600")
    call = next(it.call for it in commands if isinstance(it, AnswerOffer))
    caller = Side(desk, "1001", Dialog.uac(invite, response_in(desk.hear(OfferAnswered(call, b"sdp")))))
    assert sent(caller.send("INVITE", "again")) == [("1001", 100)]
    assert sent(desk.hear(OfferRefused(call, "why"))) == [("1001", 488)]
    assert sent(caller.send("INVITE")) == [("1001", 100), ("1001", 488)]
    assert desk.switch.calls == 1
    caller.send("INVITE", "again")
    assert sent(caller.send("BYE")) == [("1001", 200), ("1001", 487)]
    assert desk.switch.calls == 0


def test_a_stray_answer_of_the_peer_is_nothing() -> None:
    desk = Desk()
    call = number_called(desk, "600")
    assert desk.hear(OfferAnswered(call, b"sdp")) == []
    assert desk.hear(OfferRefused(call, "why")) == []
    assert desk.hear(PeerLost("nobody")) == []
    assert sent(desk.hear(PeerLost(call))) == [("1001", "BYE")]


def test_a_number_without_audio_takes_no_further_offer() -> None:
    """606 has no peer; a client that sends a further INVITE in its early dialog is told to wait."""
    desk = Desk()
    invite, commands = desk.invite("1001", "606")
    caller = Side(desk, "1001", Dialog.uac(invite, response_in(commands)))
    assert sent(caller.send("INVITE", "x")) == [("1001", 491)]
    assert sent(caller.send("BYE")) == [("1001", 200), ("1001", 487)]


def test_a_dialog_refuses_what_is_old_or_unknown_and_takes_updates() -> None:
    desk = Desk()
    caller, _ = talking(desk)
    old, _ = caller.dialog.request("OPTIONS", desk.via())
    for method, status in (("OPTIONS", 200), ("INFO", 200), ("UPDATE", 200), ("MESSAGE", 405), ("ACK", None)):
        assert sent(caller.send(method)) == ([] if status is None else [("1001", status)])
    assert sent(caller.send("UPDATE", "sdp")) == [("1001", 488)]
    assert sent(desk.tell("1001", old)) == [("1001", 500)]
    stray = replace(old, headers=old.headers.replace("Call-ID", "other"))
    assert sent(desk.tell("1001", stray)) == [("1001", 481)]
    assert desk.tell("1001", replace(stray, method="ACK", headers=stray.headers.replace("CSeq", "9 ACK"))) == []
    assert desk.tell("1001", desk.build("1001", "ACK", "600")) == []


def test_two_offers_at_once_are_told_to_wait() -> None:
    desk = Desk()
    caller, callee = talking(desk)
    commands = caller.send("INVITE", "hold")
    assert sent(commands) == [("1001", 100), ("1002", "INVITE")]
    assert sent(caller.send("INVITE", "hold")) == [("1001", 491)]
    assert sent(callee.send("INVITE", "hold")) == [("1002", 491)]
    rung = request_in(commands)
    assert desk.tell("1002", rung.reply(180)) == []
    assert sent(desk.tell("1002", rung.reply(200, body=b"held"))) == [("1002", "ACK"), ("1001", 200)]
    assert desk.tell("1002", rung.reply(200, body=b"held")) == []


def test_a_hang_up_ends_an_offer_that_waits() -> None:
    desk = Desk()
    caller, callee = talking(desk)
    rung = request_in(caller.send("INVITE", "hold"))
    assert sent(callee.send("BYE")) == [("1002", 200), ("1001", 487), ("1001", "BYE")]
    assert desk.tell("1002", rung.reply(200)) == []
    assert desk.switch.calls == 0


def test_nobody_answers() -> None:
    desk = Desk()
    desk.register("1002")
    _, commands = desk.invite("1001", "1002")
    timer = next(it for it in commands if isinstance(it, SetTimer))
    rung = request_in(commands)
    desk.tell("1002", rung.reply(100))
    assert sent(desk.tell("1002", rung.reply(180, to_tag="b"))) == [("1001", 180)]
    assert desk.tell("1002", rung.reply(180, to_tag="b")) == []
    commands = desk.hear(TimerFired(timer.name))
    assert sent(commands) == [("1001", 480), ("1002", "CANCEL")]
    assert desk.tell("1002", rung.reply(180, to_tag="b")) == []
    assert desk.switch.calls == 1
    assert desk.hear(TimerFired(timer.name)) == []  # the callee never said 487
    assert desk.switch.calls == 0


@pytest.mark.parametrize(("statuses", "best"), [((404, 486), 486), ((480, 404), 404), ((486, 603), 603)])
def test_the_best_of_several_failures_is_told(statuses: tuple[int, int], best: int) -> None:
    desk = Desk()
    register_twice(desk)
    _, commands = desk.invite("1001", "1002")
    rung = [(it.connection, it.message) for it in commands if isinstance(it, Send) and isinstance(it.message, Request)]
    for (connection, request), status in zip(rung, statuses, strict=True):
        commands = desk.tell(connection, request.reply(status, to_tag="x"))
    assert sent(commands)[-1] == ("1001", best)


def test_early_media_of_one_of_several_is_told_as_ringing() -> None:
    desk = Desk()
    register_twice(desk)
    _, commands = desk.invite("1001", "1002")
    assert sent(desk.tell("a", request_in(commands).reply(183, to_tag="x", body=b"early"))) == [("1001", 180)]


def test_the_caller_or_the_callee_is_cut_off() -> None:
    desk = Desk()
    talking(desk)
    [timer] = desk.close("1002")
    assert isinstance(timer, SetTimer)
    assert sent(desk.hear(TimerFired(timer.name))) == [("1001", "BYE")]
    assert desk.hear(TimerFired(timer.name)) == []

    desk.register("1002")
    _, commands = desk.invite("1001", "1002")
    rung = request_in(commands)
    desk.tell("1002", rung.reply(180, to_tag="b"))
    assert sent(desk.close("1001")) == [("", 487), ("1002", "CANCEL")]
    assert sent(desk.tell("1002", rung.reply(487, to_tag="b"))) == [("1002", "ACK")]
    assert desk.switch.calls == 0


def test_one_of_two_contacts_is_cut_off_while_it_rings() -> None:
    desk = Desk()
    register_twice(desk)
    _, commands = desk.invite("1001", "1002")
    assert sent(commands)[1:] == [("a", "INVITE"), ("b", "INVITE")]
    assert desk.close("a") == []
    assert sent(desk.close("b")) == [("1001", 480)]


def test_a_cut_off_client_that_is_back_in_time_keeps_its_call() -> None:
    desk = Desk()
    caller, _ = talking(desk)
    [timer] = desk.close("1002")
    desk.register("1002", "new")
    assert isinstance(timer, SetTimer)
    assert desk.hear(TimerFired(timer.name)) == []
    assert sent(caller.send("BYE")) == [("1001", 200), ("new", "BYE")]


def test_everybody_is_hung_up_on() -> None:
    desk = Desk()
    talking(desk)
    number_called(desk, "600")
    desk.invite("1001", "606")
    desk.invite("1003", "1002")
    commands = desk.switch.hang_up()
    said = [("1001", "BYE"), ("1002", "BYE"), ("1001", "BYE"), ("1001", 480), ("1003", 480)]
    assert sent(commands) == said
    assert sent(desk.switch.hang_up()) == []


def test_the_same_call_does_not_come_twice_and_calls_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    invite, _ = desk.invite("1001", "606")
    again = desk.signed("1001", desk.build("1001", "INVITE", "606", sdp="x", call_id=invite.call_id))
    assert sent(desk.tell("1001", again)) == [("1001", 482)]
    monkeypatch.setattr(switch, "MAX_CALLS", 1)
    assert sent(desk.invite("1001", "606")[1]) == [("1001", 503)]


def test_a_line_cannot_be_called_without_an_offer() -> None:
    desk = Desk()
    desk.register("1002")
    assert sent(desk.invite("1001", "1002", sdp="")[1]) == [("1001", 488)]


def test_a_response_that_nobody_waits_for_is_dropped() -> None:
    desk = Desk()
    for method in ("BYE", "INVITE"):
        assert desk.tell("1001", desk.build("1001", method, "600").reply(200)) == []


def test_cancel_after_the_answer_changes_nothing() -> None:
    desk = Desk()
    desk.register("1002")
    invite, commands = desk.invite("1001", "1002")
    rung = request_in(commands)
    desk.tell("1002", rung.reply(200, to_tag="b", body=b"answer"))
    [refusal] = desk.cancel("1001", invite)
    assert status_of(refusal) == 481
    assert desk.switch.calls == 1


def test_the_caller_ends_its_call_by_bye_while_it_rings() -> None:
    desk = Desk()
    desk.register("1002")
    invite, commands = desk.invite("1001", "1002")
    rung = request_in(commands)
    caller = Side(desk, "1001", Dialog.uac(invite, response_in(desk.tell("1002", rung.reply(180, to_tag="b")))))
    assert sent(caller.send("BYE")) == [("1001", 200), ("1002", "CANCEL"), ("1001", 487)]
    assert sent(desk.tell("1002", rung.reply(487, to_tag="b"))) == [("1002", "ACK")]
    assert desk.switch.calls == 0


def test_a_callee_that_speaks_before_it_answers_has_no_dialog() -> None:
    desk = Desk()
    desk.register("1002")
    _, commands = desk.invite("1001", "1002")
    rung = request_in(commands)
    early = desk.build("1002", "BYE", "1001", call_id=rung.call_id)
    early = replace(early, headers=early.headers.replace("To", str(rung.from_)))
    assert sent(desk.tell("1002", early)) == [("1002", 481)]


def test_a_success_without_a_tag_is_dropped() -> None:
    desk = Desk()
    desk.register("1002")
    _, commands = desk.invite("1001", "1002")
    assert desk.tell("1002", request_in(commands).reply(200)) == []


def test_an_answer_that_comes_after_the_caller_gave_up_is_hung_up_on() -> None:
    desk = Desk()
    desk.register("1002")
    invite, commands = desk.invite("1001", "1002")
    rung = request_in(commands)
    assert sent(desk.cancel("1001", invite)) == [("1001", 200), ("1001", 487)]
    assert desk.hear(TimerFired(f"other:{call_of(commands)}")) == []
    assert sent(desk.tell("1002", rung.reply(200, to_tag="b"))) == [("1002", "ACK"), ("1002", "BYE")]
    assert desk.switch.calls == 0


def test_a_callee_that_is_cut_off_after_the_caller_gave_up_ends_the_call() -> None:
    desk = Desk()
    desk.register("1002")
    invite, commands = desk.invite("1001", "1002")
    desk.cancel("1001", invite)
    assert desk.switch.hang_up() == []
    assert desk.close("1002") == []
    assert desk.switch.calls == 0


def call_of(commands: list[Command]) -> str:
    """The id of the call whose timer is set."""
    return next(it.name.partition(":")[2] for it in commands if isinstance(it, SetTimer))
