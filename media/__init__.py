"""Media: anchors the audio of a call on this server, records it, and turns captures into recordings.

`engine` is the contract (offer, answer, select, release); `settings` what it is told at start. `pool` is the engine of
the default install: `workerlink` starts one process (`worker`) per UDP port and speaks to it over `control`. In a
worker, `call` decides who hears whom, `hub` takes every packet, `leg` is one peer's ICE (`ice`), DTLS (`dtls`) and SRTP
(`srtp`); packets pass from leg to leg unchanged. `sdp` and `rewrite` replace the transport lines of a description and
nothing else. `capture` is the format of the packet log of a running call, `writer` the thread that writes it;
`recording` makes it a stereo file by way of `timeline` (when) and `track` (what), in the process that `converter` owns.
`passthrough` is the engine without media. `probe` knows this machine's addresses. Nothing here knows `web`, `signaling`
or `vendors`.
"""
