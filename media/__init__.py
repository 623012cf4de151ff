"""Audio of the calls: anchored, forwarded and recorded in worker processes, apart from the web process.

``engine`` states the interface (offer, answer, select, drop, release); ``pool`` is the engine of the default
install: N ``worker`` processes, each with one event loop, one UDP port, a ``hub`` of ``leg``s (ICE-lite, DTLS,
SRTP) and a writer thread. ``sdp`` replaces transport lines only. ``capture`` is the append-only packet log of a
running call, ``recording`` turns it into a stereo file. See ``docs/architecture.md``.
"""
