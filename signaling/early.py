"""The early dialogs of one INVITE of ours (RFC 3261 section 12.3), one for each branch of a fork that answered 101 to
199, and their reliable provisional responses (RFC 3262).

A branch that asks for it gets a PRACK, in its own early dialog. The first 2xx makes one of the dialogs the call's.
"""

from collections.abc import Callable

from .agent import Agent, Outcome
from .dialog import Dialog, DialogId
from .fields import Via
from .grammar import number
from .message import Request, Response

_MOST = 8  # branches of a fork; what further ones say before a 2xx is not heard
RELIABLE = "100rel"


class EarlyDialogs:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._dialogs: dict[str, Dialog] = {}  # by To tag
        self._acknowledged: dict[str, int] = {}  # the last RSeq of each

    def owns(self, wanted: DialogId) -> bool:
        return any(dialog.id == wanted for dialog in self._dialogs.values())

    def heard(self, outcome: Outcome, response: Response) -> bool:
        """Takes a provisional response; False where it is to be dropped: repeated, or of one branch too many."""
        tag = response.to_tag
        if response.status == 100 or tag is None:
            return True
        if tag not in self._dialogs:
            if len(self._dialogs) >= _MOST:
                return False
            self._dialogs[tag] = Dialog.uac(outcome.request, response)
        return RELIABLE not in response.require or self._acknowledge(tag, outcome.request, response)

    def _acknowledge(self, tag: str, invite: Request, response: Response) -> bool:
        seq = _sequence(response)
        if seq is None or seq <= self._acknowledged.get(tag, 0):
            return False
        self._acknowledged[tag] = seq
        rack = ("RAck", f"{seq} {invite.cseq.number} INVITE")
        prack, self._dialogs[tag] = self._dialogs[tag].request("PRACK", self._agent.via(), headers=[rack])
        self._agent.request(prack, _ignore, self._signed(tag))
        return True

    def _signed(self, tag: str) -> Callable[[Request, Via, tuple[str, str]], Request]:
        def again(request: Request, via: Via, header: tuple[str, str]) -> Request:
            repeated, self._dialogs[tag] = self._dialogs[tag].again(request, via, header)
            return repeated

        return again

    def confirmed(self, invite: Request, response: Response) -> Dialog:
        """The dialog of a 2xx; one that was early goes on counting where its PRACK was. Raises ValueError."""
        early = self._dialogs.get(response.to_tag or "")
        return Dialog.uac(invite, response) if early is None else early.confirm(response)


def _sequence(response: Response) -> int | None:
    try:
        return number(response.headers.get("RSeq") or "", 2**32 - 1)
    except ValueError:
        return None


def _ignore(outcome: Outcome) -> None:
    pass
