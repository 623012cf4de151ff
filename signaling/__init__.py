"""SIP for one line of one agent: a back-to-back user agent as a pure state machine under thin I/O shells.

Pure: ``errors grammar parameters uri headers fields reasons message parser digest`` (SIP as values), ``causes views
events commands ports timing limits`` (the words the room speaks), and the machine, ``Line.handle(event) ->
list[Command]``: ``transaction`` and ``dialog`` under ``agent`` (a user agent towards one peer) and ``leg`` (one dialog
of a call); ``near`` (handsets and their registrar), ``far`` and ``registration`` (the PBX); ``call`` with ``outgoing``,
``incoming`` and ``renegotiation``; ``line`` over all, sharing a ``context``. I/O: ``upstream`` (WSS to the PBX),
``handset`` (a page's WebSocket), ``runner`` (brings a line its events, does its commands), ``gateway`` (all lines of
this process). A body is opaque here: SDP goes to the media engine and comes back rewritten. See
``docs/architecture.md``.
"""
