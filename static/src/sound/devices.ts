import type { MicrophoneTrouble } from "../call/state.ts";
import { preference } from "../storage.ts";

export class MicrophoneError extends Error {
  readonly trouble: MicrophoneTrouble;

  constructor(trouble: MicrophoneTrouble) {
    super(trouble);
    this.trouble = trouble;
  }
}

export interface Devices {
  microphones: MediaDeviceInfo[];
  speakers: MediaDeviceInfo[];
}

/** Opens the chosen microphone, or the default one where the chosen one is gone. Raises `MicrophoneError`. */
export async function openMicrophone(deviceId = preference("microphone")): Promise<MediaStream> {
  if (!navigator.mediaDevices) throw new MicrophoneError("insecure");
  const common = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  try {
    const audio: MediaTrackConstraints = deviceId ? { ...common, deviceId: { exact: deviceId } } : common;
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    const gone =
      error instanceof DOMException && (error.name === "OverconstrainedError" || error.name === "NotFoundError");
    if (deviceId && gone) return openMicrophone("");
    throw new MicrophoneError(trouble(error));
  }
}

/** Names of devices are only told once the microphone has been allowed. */
export async function listDevices(): Promise<Devices> {
  const all = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
  const known = all.filter((device) => device.deviceId !== "");
  return {
    microphones: known.filter((device) => device.kind === "audioinput"),
    speakers: known.filter((device) => device.kind === "audiooutput"),
  };
}

export function canChooseSpeaker(): boolean {
  return "setSinkId" in HTMLMediaElement.prototype;
}

/** Sends `element` to a speaker; a speaker that is gone leaves it at the default. */
export async function sendTo(element: HTMLMediaElement, deviceId: string): Promise<void> {
  if (!canChooseSpeaker()) return;
  await element.setSinkId(deviceId).catch(() => element.setSinkId("").catch(() => undefined));
}

function trouble(error: unknown): MicrophoneTrouble {
  if (!(error instanceof DOMException)) return "unknown";
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotFoundError":
    case "OverconstrainedError":
      return "missing";
    case "NotReadableError":
    case "AbortError":
      return "taken";
    default:
      return "unknown";
  }
}
