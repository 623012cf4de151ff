"""A call is handed on (RFC 3515, RFC 5589): the PBX is asked by REFER to connect the other side with somebody else.

::

    page             line                     PBX
      |--transfer to-->|--REFER, Refer-To------>|
      |                |<------------------202--|
      |                |<--NOTIFY 100, 180 -----|     200 to each
      |                |<--NOTIFY 200 ----------|     done: BYE on both sides
      |                |<--NOTIFY 486 ----------|     failed: the call goes on as it was

With a second call of the line (an attended transfer), Refer-To names that call's dialog at the PBX (Replaces, RFC
3891), and both calls end when it is done. What the page knows of either call are our ids alone.
"""

import re
from typing import Any, Protocol

from .agent import Outcome
from .causes import Cause
from .context import Context
from .dialog import Dialog
from .leg import Leg
from .message import Request
from .uri import NameAddr, Uri, escape_user
from .views import TransferState

_STATUS_LINE = re.compile(rb"SIP/2\.0 ([1-6]\d\d)(?: |\r|\n|$)")


class Transferring(Protocol):
    """The call as its transfer sees it."""

    far: Leg | None

    @property
    def is_active(self) -> bool: ...
    @property
    def number(self) -> str: ...
    def timer(self, name: str) -> str: ...
    def update(self, **changes: Any) -> None: ...
    def finish(self, cause: Cause, by: str) -> None: ...


class Transfer:
    """Of one call; one try at a time."""

    def __init__(self, context: Context, call: Transferring) -> None:
        self._context = context
        self._call = call
        self._pending = False
        self._consulted: Transferring | None = None

    def ask(self, to: str, consulted: Transferring | None = None) -> None:
        """To the number ``to`` (empty where it may not be dialled), or to the other side of ``consulted``. Does nothing
        while one is under way.
        """
        leg = self._call.far
        if self._pending or not self._call.is_active or leg is None:
            return
        number = to if consulted is None else consulted.number
        self._pending, self._consulted = True, consulted
        self._call.update(transfer=TransferState.PENDING, transfer_to=number)
        target = self._target(number)
        if target is None or not leg.agent.is_connected:
            self._failed()
            return
        timing = self._context.timing
        self._context.set_timer(self._call.timer("transfer"), timing.ringing + timing.transaction, self._failed)
        config = self._context.config
        own = NameAddr(Uri("sip", escape_user(config.user), config.domain))
        headers = [("Refer-To", str(NameAddr(target))), ("Referred-By", str(own))]
        leg.request("REFER", self._answered, headers=headers)

    def _target(self, number: str) -> Uri | None:
        """Who is called instead of us, as the PBX knows it; None where that is nobody."""
        target = Uri("sip", escape_user(number), self._context.config.domain) if number else None
        if self._consulted is None:
            return target
        dialog = self._consulted.far.dialog if self._consulted.far is not None else None
        if dialog is None or not self._consulted.is_active:
            return None
        return Uri("sip", dialog.remote.uri.user, dialog.remote.uri.host, headers=(("Replaces", _replaces(dialog)),))

    def _answered(self, outcome: Outcome) -> None:
        response = outcome.response
        if self._pending and (response is None or (response.is_final and not response.is_success)):
            self._failed()

    def notified(self, notify: Request) -> None:
        """A NOTIFY in the dialog; one of another event changes nothing."""
        event = (notify.headers.get("Event") or "").partition(";")[0].strip(" \t").lower()
        if not self._pending or event != "refer":
            return
        found = _STATUS_LINE.match(notify.body)
        status = int(found[1]) if found else 100
        subscription = (notify.headers.get("Subscription-State") or "").lower()
        if 200 <= status < 300:
            self._done()
        elif status >= 300 or subscription.startswith("terminated"):
            self._failed()

    def _done(self) -> None:
        self._end(TransferState.DONE)
        consulted, self._consulted = self._consulted, None
        self._call.finish(Cause.ENDED, "agent")
        if consulted is not None and consulted.is_active:
            consulted.finish(Cause.ENDED, "agent")

    def _failed(self) -> None:
        self._end(TransferState.FAILED)
        self._consulted = None

    def _end(self, state: TransferState) -> None:
        self._pending = False
        self._context.cancel_timer(self._call.timer("transfer"))
        self._call.update(transfer=state)


def _replaces(dialog: Dialog) -> str:
    """The dialog as its peer names it (RFC 3891 section 3): ``to-tag`` is the peer's own. Escaped for a URI."""
    identifier = dialog.id
    text = f"{identifier.call_id};to-tag={identifier.remote_tag};from-tag={identifier.local_tag}"
    return "".join(one if one.isalnum() or one in "-_." else f"%{ord(one):02X}" for one in text)
