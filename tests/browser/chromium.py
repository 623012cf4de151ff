"""Headless Chromium whose microphone plays a tone. The file is an option of the process: one process a tone."""

import shutil
import wave
from pathlib import Path

import numpy as np
from playwright.async_api import Browser, Playwright

RATE = 48000
FLAGS = (
    "--no-sandbox",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def find_chromium() -> str | None:
    """The browser of the system, by the names that distributions give it."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if (path := shutil.which(name)) is not None:
            return path
    return None


def write_tone(path: Path, hertz: float, seconds: int = 4) -> None:
    """A WAV file of a sine, 48 kHz mono 16 bit, with whole periods (Chromium plays it in a loop).

    The level swells and sinks five times a second: a browser's noise suppression takes a steady tone for noise.
    """
    at = np.arange(RATE * seconds) / RATE
    swell = 0.65 + 0.35 * np.sin(2 * np.pi * 5 * at)
    samples = (np.sin(2 * np.pi * hertz * at) * swell * 0.5 * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples.tobytes())


async def launch(playwright: Playwright, tone: Path | None) -> Browser:
    """A browser process whose every microphone plays ``tone``, or beeps without one."""
    arguments = [*FLAGS, *([f"--use-file-for-fake-audio-capture={tone}"] if tone is not None else [])]
    return await playwright.chromium.launch(executable_path=find_chromium(), args=arguments)
