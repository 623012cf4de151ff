"""Which handset has a conversation: it loses it when its page goes, gets it back, or another one takes it.

::

                 socket gone                  a page registers            answered, with audio described
    ATTACHED ---------------> DETACHED ----------------------> OFFERED ---------------------------------> ATTACHED
       |  ^                    |  ^  | grace over                | refused, no answer in time
       |  +--- same Contact ---+  |  v                           |
       |                          |  the call ends               |
       |                          +------------------------------+
       +--- taken: offered to another handset while it goes on here; the old dialog ends when the new one stands

The dialog with the PBX and its leg at the media engine stay as they are. A handset is offered the PBX's last SDP in an
INVITE of its own, under a new leg name, since the old leg of the same handset may still be there.
"""

from typing import Any, Protocol

from .agent import Outcome
from .commands import MediaAnswer, MediaDrop, MediaOffer
from .context import Context
from .events import MediaDescribed, MediaRefused
from .fields import Reason
from .leg import Leg, LegState
from .near import NearAgent
from .ports import FAR
from .uri import NameAddr

DETACHED = "detached"
TAKEN = "taken"
_CONTINUED = ("Reason", str(Reason("SIP", 200, "Call continued elsewhere")))


class Attachable(Protocol):
    """The call as its attachment sees it."""

    id: str
    near: Leg | None

    @property
    def is_over(self) -> bool: ...
    @property
    def is_negotiating(self) -> bool:
        """A re-INVITE is on its way: the SDP that stands is not known."""
        ...

    @property
    def other(self) -> NameAddr:
        """The other side as a handset sees it."""
        ...

    def timer(self, name: str) -> str: ...
    def update(self, **changes: Any) -> None: ...
    def pages(self) -> set[str]:
        """The pages that are registered now, by the user of their Contact."""
        ...

    def attached(self, leg: Leg) -> None:
        """``leg`` has the conversation from now on."""
        ...

    def reattached(self) -> None:
        """The page of the near leg is back."""
        ...

    def unmoved(self) -> None:
        """A handset that was offered the conversation did not take it."""
        ...

    def not_back(self) -> None:
        """No page came in time."""
        ...


class Attachment:
    """One call's. It begins attached; ``is_detached`` is True until a page has the conversation again."""

    def __init__(self, context: Context, call: Attachable) -> None:
        self.is_detached = False
        self.offered: Leg | None = None
        self._context = context
        self._call = call
        self._why = DETACHED
        self._next: list[tuple[NearAgent, str]] = []  # who is offered it after this one
        self._known: set[str] = set()  # pages that were there when it was lost, or were asked
        self._anyone = False
        self._count = 1

    @property
    def is_moving(self) -> bool:
        return self.offered is not None

    def lost(self, seconds: float) -> None:
        """The socket of the near leg has gone: for so long somebody may take the conversation back."""
        if not self.is_detached:
            self._known = self._call.pages()
            self._context.set_timer(self._timer("elsewhere"), self._context.timing.elsewhere, self._for_anyone)
        self.is_detached = True
        self._wait(seconds)

    def _wait(self, seconds: float) -> None:
        self._context.set_timer(self._timer("detached"), seconds, self._call.not_back)
        self._call.update(detached=True, grace=seconds)

    def waits_for_answer(self) -> None:
        """It rings at the other side and its handset is back: it is offered when the other side answers."""
        self._context.cancel_timer(self._timer("detached"))
        self._call.update(grace=None)

    def answered(self) -> None:
        """The other side answered while no page had the call."""
        self._wait(self._context.timing.detached)
        near = self._call.near
        assert near is not None and isinstance(near.agent, NearAgent)
        self.registered(near.agent)

    def _for_anyone(self) -> None:
        self._anyone = True

    def registered(self, agent: NearAgent) -> None:
        """``agent`` has a binding, a new one or a refreshed one."""
        near, binding = self._call.near, agent.binding
        if near is None or binding is None:
            return
        own, page = near.agent is agent, binding.uri.user or ""
        if own and near.state is LegState.CONFIRMED and near.rebind(binding.uri):
            if self.is_detached:
                self._withdraw()
                self._back()
                self._call.reattached()
        elif self.is_detached and page not in self._known and (own or self._anyone):
            self._known.add(page)
            self._offer(agent, DETACHED)

    def take(self, agent: NearAgent) -> None:
        """The person wants it at ``agent``'s handset."""
        if self.offered is not None and self.offered.agent is agent:
            return
        self._withdraw()
        self._offer(agent, TAKEN)

    def _offer(self, agent: NearAgent, why: str) -> None:
        if self.offered is not None or self._call.is_negotiating:
            self._next.append((agent, why))
        elif agent.is_registered:
            self._why = why
            self._count += 1
            leg = Leg(
                agent, f"{agent.handset}.{self._count}", self._context.ids.token(), (("X-Ramal-Call", self._call.id),)
            )
            self.offered = leg
            self._context.set_timer(self._timer("offered"), self._context.timing.offered, self._refused)
            offer = MediaOffer(self._call.id, "", FAR, self._context.far_sdp(self._call.id), leg.name)
            self._context.ask_media(offer, lambda event: self._described(agent, leg, event))

    def settled(self) -> None:
        """The re-INVITE, or the offer to a handset, is over: the next one."""
        while self._next and self.offered is None and not self._call.is_negotiating:
            self._offer(*self._next.pop(0))

    def _described(self, agent: NearAgent, leg: Leg, event: MediaDescribed | MediaRefused) -> None:
        if self.offered is not leg:
            return
        if isinstance(event, MediaRefused) or not agent.is_registered:
            self._refused()
            return
        headers = (*leg.headers, ("X-Ramal-Resume", self._why))
        sdp = event.description.sdp
        leg.inviting(agent.invite(self._call.other, sdp, leg.tag, lambda it: self._answered(leg, it), headers))

    def _answered(self, leg: Leg, outcome: Outcome) -> None:
        waited = leg.state is LegState.INVITING
        response = leg.answered(outcome)
        if self._call.is_over or not waited or self.offered is not leg:
            return
        if response is None or response.status >= 300 or (response.is_success and not response.body):
            self._refused()
        elif response.is_success:
            answer = MediaAnswer(self._call.id, "", leg.name, response.body, FAR)
            self._context.ask_media(answer, lambda event: self._moved(leg, event))

    def _moved(self, leg: Leg, event: MediaDescribed | MediaRefused) -> None:
        if self.offered is not leg:
            return
        if isinstance(event, MediaRefused):
            self._refused()
            return
        old, self.offered = self._call.near, None
        self._back()
        self._call.attached(leg)
        assert old is not None
        old.close(480, _CONTINUED)
        self._context.do(MediaDrop(self._call.id, old.name))
        self.settled()

    def _back(self) -> None:
        self._cancel_timers()
        self.is_detached = self._anyone = False
        self._next.clear()

    def _refused(self) -> None:
        """By its page, the media engine or the clock."""
        self._end_offer()
        self._call.unmoved()
        self.settled()

    def failed(self, leg: str) -> None:
        """The media engine says that the audio of ``leg`` cannot flow."""
        if self.offered is not None and self.offered.name == leg:
            self._refused()

    def _withdraw(self) -> None:
        self._next.clear()
        if self.offered is not None:
            self._end_offer()

    def _end_offer(self) -> None:
        leg, self.offered = self.offered, None
        assert leg is not None
        self._context.cancel_timer(self._timer("offered"))
        leg.close(480, _CONTINUED)
        self._context.do(MediaDrop(self._call.id, leg.name))

    def end(self) -> None:
        """The call is over."""
        self._cancel_timers()
        self._next.clear()
        self.offered = None

    def _cancel_timers(self) -> None:
        for name in ("detached", "elsewhere", "offered"):
            self._context.cancel_timer(self._timer(name))

    def _timer(self, name: str) -> str:
        return self._call.timer(name)
