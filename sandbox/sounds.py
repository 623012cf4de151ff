"""What the sandbox plays, computed: mono int16 samples at 48 kHz. Pure."""

from collections.abc import Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

RATE = 48_000  # samples per second
MILLIWATT_HZ = 1004.0  # the reference tone of telephony (ITU-T O.6 allows 1004 to 1020 Hz)

Samples = npt.NDArray[np.int16]

# ITU-T Q.23: each key is one low and one high tone.
_LOW = (697.0, 770.0, 852.0, 941.0)
_HIGH = (1209.0, 1336.0, 1477.0, 1633.0)
_KEYS = ("123A", "456B", "789C", "*0#D")
DTMF_HZ = {key: (_LOW[row], _HIGH[column]) for row, keys in enumerate(_KEYS) for column, key in enumerate(keys)}


@cache
def tone() -> Samples:
    """One second of `MILLIWATT_HZ`; a whole number of periods, so it loops without a click."""
    return _wave((MILLIWATT_HZ,), 1.0, level=0.3)


@cache
def silence() -> Samples:
    """One second of nothing, to loop."""
    return np.zeros(RATE, dtype=np.int16)


@cache
def announcement() -> Samples:
    """Two seconds with the melody of a sentence: syllables of falling pitch with two vowel-like overtones, then a chime
    that says "over".
    """
    syllables = [
        _syllable(pitch, vowel) for pitch, vowel in zip((165, 185, 175, 150, 140), (0, 1, 2, 1, 0), strict=True)
    ]
    chime = np.concatenate([_note(659.25, 0.18), _note(523.25, 0.32)])
    return np.concatenate([*syllables, _gap(0.15), chime])


@cache
def music() -> Samples:
    """Sixteen seconds of a calm arpeggio over four chords, to loop while somebody waits."""
    chords = ((261.63, 329.63, 392.0), (220.0, 261.63, 329.63), (174.61, 220.0, 261.63), (196.0, 246.94, 293.66))
    pattern = (0, 1, 2, 1, 0, 1, 2, 1)
    return np.concatenate([_note(chord[step], 0.5) for chord in chords for step in pattern])


@cache
def keys(digits: str) -> Samples:
    """``digits`` (``0-9A-D*#``) as DTMF, 160 ms each with 80 ms between them. `KeyError` for another character."""
    parts = [part for digit in digits for part in (_wave(DTMF_HZ[digit], 0.16, level=0.2), _gap(0.08))]
    return np.concatenate([_gap(0.2), *parts])


def _wave(pitches: Sequence[float], seconds: float, level: float) -> Samples:
    at = np.arange(int(seconds * RATE)) / RATE
    mixed = sum(np.sin(2 * np.pi * pitch * at) for pitch in pitches)
    return np.asarray(mixed * level * 32767, dtype=np.int16)


def _note(pitch: float, seconds: float) -> Samples:
    at = np.arange(int(seconds * RATE)) / RATE
    body = np.sin(2 * np.pi * pitch * at) + 0.3 * np.sin(4 * np.pi * pitch * at)
    return np.asarray(body * _envelope(at, seconds) * 0.2 * 32767, dtype=np.int16)


def _syllable(pitch: float, vowel: int) -> Samples:
    """A buzz of harmonics, loudest around two formants of a, e or o, gliding down by a tenth."""
    seconds = 0.26
    at = np.arange(int(seconds * RATE)) / RATE
    formants = ((730, 1090), (530, 1840), (570, 840))[vowel]
    phase = 2 * np.pi * pitch * (at - 0.05 * at**2 / seconds)
    buzz = sum(
        max(np.exp(-(((pitch * n - formant) / 180) ** 2)) for formant in formants) * np.sin(n * phase)
        for n in range(1, 16)
    )
    return np.asarray(buzz * _envelope(at, seconds) * 0.15 * 32767, dtype=np.int16)


def _envelope(at: npt.NDArray[np.float64], seconds: float) -> npt.NDArray[np.float64]:
    """20 ms up, the last 40 % of ``seconds`` down to nothing: no clicks."""
    return np.asarray(np.minimum(1.0, at / 0.02) * np.clip((seconds - at) / (0.4 * seconds), 0.0, 1.0))


def _gap(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)
