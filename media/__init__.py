"""Media: anchors the audio of a call on this server, records it, and turns captures into recordings.

`engine` is the contract (offer, answer, select, release). `pool` is the engine of the default install: worker processes
(`worker`), each with one UDP port and a hub (`hub`, `leg`, `ice`, `dtls`, `srtp`) that passes packets from leg to leg
unchanged. `sdp` and `rewrite` replace the transport lines of a description and nothing else. `capture` is the packet
log of a running call, `recording` makes it a stereo file. `passthrough` is the engine without media. `probe` knows this
machine's addresses. Nothing here knows `web`, `signaling` or `vendors`.
"""
