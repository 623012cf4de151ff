"""Where each resource is in the application. Only `web.app` puts anything there."""

from aiohttp import web

from media.engine import Engine
from signaling.gateway import Gateway

from .auth.passwords import Passwords
from .auth.rates import Buckets, Rate
from .auth.sessions import SessionKeeper
from .auth.tickets import Tickets
from .feed import Feed
from .jobs.recordings import Recordings
from .journal import Journal
from .lines import Lines
from .pages.assets import Assets
from .pages.render import Renderer
from .security import Security
from .settings import Settings
from .sockets import OpenSockets
from .store import Store

SETTINGS = web.AppKey("settings", Settings)
SECURITY = web.AppKey("security", Security)
STORE = web.AppKey("store", Store)
PASSWORDS = web.AppKey("passwords", Passwords)
TICKETS = web.AppKey("tickets", Tickets)
SESSIONS = web.AppKey("sessions", SessionKeeper)
LOGINS_BY_ADDRESS = web.AppKey("logins_by_address", Rate)
LOGINS_BY_USER = web.AppKey("logins_by_user", Rate)
SOCKETS_BY_ADDRESS = web.AppKey("sockets_by_address", Rate)
TICKETS_BY_USER = web.AppKey("tickets_by_user", Buckets)
REPORTS_BY_ADDRESS = web.AppKey("reports_by_address", Rate)
FEED = web.AppKey("feed", Feed)
LINES = web.AppKey("lines", Lines)
JOURNAL = web.AppKey("journal", Journal)
HUB = web.AppKey("hub", Engine)
RECORDINGS = web.AppKey("recordings", Recordings)
GATEWAY = web.AppKey("gateway", Gateway)
ASSETS = web.AppKey("assets", Assets)
RENDERER = web.AppKey("renderer", Renderer)
SOCKETS = web.AppKey("sockets", OpenSockets)
