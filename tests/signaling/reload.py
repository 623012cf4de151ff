"""Pages that are opened again or beside another, and what they are offered."""

from signaling.events import HandsetAttached, HandsetDetached
from signaling.message import Request

from .page import Page, Talk, ready, talking
from .playbook import Playbook

CONTINUED = 'SIP;cause=200;text="Call continued elsewhere"'


def reloaded(play: Playbook, handset: str = "h1", page: str = "fresh") -> Page:
    """The handset's page is gone, and another one has come with its id."""
    play.happens(HandsetDetached(handset))
    return opened(play, handset, page)


def opened(play: Playbook, handset: str, page: str = "fresh") -> Page:
    play.happens(HandsetAttached(handset))
    made = Page(play, handset, contact=f"<sip:{page}@{handset}.invalid;transport=ws>")
    made.register()
    play.near_response(200, handset)
    return made


def offered(play: Playbook, page: Page, why: str = "detached") -> Request:
    invite = play.near_request("INVITE", page.handset)
    assert invite.headers.get("X-Ramal-Call") == play.call.call
    assert invite.headers.get("X-Ramal-Resume") == why
    return invite


def picked_up(play: Playbook, page: Page, why: str = "detached") -> Request:
    """The page takes what it is offered."""
    invite = offered(play, page, why)
    page.picks_up(invite)
    play.near_request("ACK", page.handset)
    assert (play.call.handset, play.call.detached, play.call.grace) == (page.handset, False, None)
    return invite


def with_two() -> tuple[Playbook, Page, Page, Talk]:
    """A conversation at ``h1``, and ``h2`` is open."""
    play, page, talk = talking()
    other = ready(play, "h2")
    return play, page, other, talk
