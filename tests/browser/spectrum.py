"""What is heard: the strongest tone in a recording's channels, and in what the page plays."""

from pathlib import Path

import av
import numpy as np

# In the page: an AnalyserNode on the stream of the remote <audio>, made once a stream. 16384 points at 48 kHz are bins
# of 2.9 Hz; a parabola through the three highest bins gives the peak to about 0.3 Hz.
PEAK = """
async () => {
  const audio = document.querySelector('[data-testid="remote-audio"]');
  const stream = audio && audio.srcObject;
  if (!stream || stream.getAudioTracks().length === 0) return null;
  const track = stream.getAudioTracks()[0];
  if (!window.ear || window.ear.track !== track) {
    const context = new AudioContext({ sampleRate: 48000 });
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
    new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }).connect(analyser);
    window.ear = { track, analyser };
  }
  const bins = new Float32Array(window.ear.analyser.frequencyBinCount);
  window.ear.analyser.getFloatFrequencyData(bins);
  let top = 17;
  for (let i = 17; i < bins.length - 1; i++) if (bins[i] > bins[top]) top = i;
  const [left, middle, right] = [bins[top - 1], bins[top], bins[top + 1]];
  const shift = Number.isFinite(left + middle + right) ? (left - right) / (2 * (left - 2 * middle + right)) : 0;
  return { hertz: (top + shift) * 48000 / 16384, level: Number.isFinite(middle) ? middle : -200 };
}
"""
SILENCE = -70.0  # dB: below this the strongest bin is noise


def channels(path: Path) -> tuple[np.ndarray, np.ndarray, int]:
    """Left, right (float, one value a sample) and the sample rate of a stereo file."""
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
        rate = container.streams.audio[0].rate
        planar = container.streams.audio[0].format.is_planar
    joined = np.concatenate(frames, axis=1).astype(float)
    if not planar:
        joined = joined.reshape(-1, 2).T
    assert joined.shape[0] == 2, f"{path.name} has {joined.shape[0]} channels, not two"
    return joined[0], joined[1], rate


def strongest(samples: np.ndarray, rate: int) -> float:
    """The frequency in hertz that is strongest over the whole of ``samples``; 0 where all is silent."""
    if not np.any(samples):
        return 0.0
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    spectrum[: int(50 * len(samples) / rate)] = 0
    return float(np.argmax(spectrum) * rate / len(samples))
