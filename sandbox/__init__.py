"""A pretend phone company for the demo and for tests without root: a small PBX over WSS with real WebRTC media
(aiortc).

It reuses value types of ``signaling`` (messages, digest, transactions, dialogs) and nothing else; only
``web/demo.py`` imports it, so it can never serve in production.
"""
