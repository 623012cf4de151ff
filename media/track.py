"""One side of a capture as PCM: decoded, at 48 kHz, with silence wherever no packet was."""

from collections.abc import Iterator

import av
import numpy as np
import numpy.typing as npt

from .timeline import RATE, Codec, Placed

Samples = npt.NDArray[np.int16]

# What a libopus encoder delays its input by (RFC 7845 section 4.2 calls it pre-skip; RTP does not carry it).
_OPUS_LOOK_AHEAD = 312
_DECODERS = {"opus": ("libopus", 48_000), "pcmu": ("pcm_mulaw", 8_000), "pcma": ("pcm_alaw", 8_000)}
_DECODERS["g722"] = ("g722", 16_000)


class Track:
    """Read from front to back. Packets that overlap (an anchor moved) give way to those before them."""

    def __init__(self, data: bytes, packets: list[Placed]) -> None:
        self._pieces = _pieces(data, packets)
        self._piece: tuple[int, Samples] | None = next(self._pieces, None)
        self._end = 0  # of what was read so far

    def read(self, count: int) -> Samples:
        """The next ``count`` samples."""
        block = np.zeros(count, dtype=np.int16)
        begin, end = self._end, self._end + count
        filled = begin
        while self._piece is not None and self._piece[0] < end:
            start, samples = self._piece
            skip = max(0, filled - start)
            part = samples[skip : end - start]
            if len(part):
                place = start + skip
                block[place - begin : place - begin + len(part)] = part
                filled = place + len(part)
            if start + len(samples) > end:
                break  # the rest belongs to the next block
            self._piece = next(self._pieces, None)
        self._end = end
        return block


def _pieces(data: bytes, packets: list[Placed]) -> Iterator[tuple[int, Samples]]:
    """(sample, PCM at 48 kHz) of each packet that can be decoded. Order: that of the packets."""
    decoders: dict[tuple[int, Codec], av.AudioCodecContext] = {}
    run = _Run()
    for packet in packets:
        known = _DECODERS.get(packet.codec.name)
        if known is None:
            continue
        key = (packet.source, packet.codec)
        if key not in decoders:
            decoders[key] = _decoder(*known)
        samples = _decode(decoders[key], data[packet.start : packet.end])
        if not len(samples):
            continue
        if known[1] == RATE:
            yield from run.end()
            yield packet.sample - _OPUS_LOOK_AHEAD, samples
        else:
            yield from run.add(packet.sample, key, samples, known[1])
    yield from run.end()


class _Run:
    """Narrow-band packets that touch each other, through one resampler: its filter must not see the gaps as clicks."""

    def __init__(self) -> None:
        self._resampler: av.AudioResampler | None = None
        self._key: tuple[int, Codec] | None = None
        self._expected = 0  # sample at which the next packet touches
        self._position = 0  # sample of the resampler's next output

    def add(self, sample: int, key: tuple[int, Codec], samples: Samples, rate: int) -> Iterator[tuple[int, Samples]]:
        if self._resampler is None or key != self._key or sample != self._expected:
            yield from self.end()
            self._resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            self._key = key
            self._position = sample
        self._expected = sample + len(samples) * RATE // rate
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
        frame.sample_rate = rate
        yield from self._out(self._resampler.resample(frame))

    def end(self) -> Iterator[tuple[int, Samples]]:
        if self._resampler is not None:
            resampler, self._resampler = self._resampler, None
            yield from self._out(resampler.resample(None))

    def _out(self, frames: list[av.AudioFrame]) -> Iterator[tuple[int, Samples]]:
        for frame in frames:
            samples = frame.to_ndarray().reshape(-1).astype(np.int16)
            yield self._position, samples
            self._position += len(samples)


def _decoder(name: str, rate: int) -> av.AudioCodecContext:
    context = av.CodecContext.create(name, "r")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate = rate
    context.layout = "mono"
    return context


def _decode(decoder: av.AudioCodecContext, payload: bytes) -> Samples:
    """Mono PCM of one packet; nothing where the codec does not understand it."""
    try:
        frames = decoder.decode(av.Packet(payload))
    except av.FFmpegError:
        return np.zeros(0, dtype=np.int16)
    parts = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(parts).astype(np.int16) if parts else np.zeros(0, dtype=np.int16)
