"""SIP for one line of one agent: a back-to-back user agent as a pure state machine under thin I/O shells.

Pure: ``errors grammar parameters uri headers fields reasons message parser digest`` (SIP as values), ``causes views
events commands ports`` (the words the room speaks), ``transaction dialog registration call line`` (the machine:
``Line.handle(event) -> list[Command]``). I/O: ``upstream`` (WSS to the PBX) and ``gateway`` (the handsets' WebSockets;
runs the commands). A body is opaque here:
SDP goes to the media engine and comes back rewritten. See ``docs/architecture.md``.
"""
