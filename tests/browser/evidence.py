"""Everything that went to a browser in a test run, kept to be searched for secrets, and what pages complained about."""

import zipfile
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from playwright.async_api import BrowserContext, ConsoleMessage, Error, Page, WebSocket

# Content-Security-Policy violations are told to the console by the browser; the event says which directive it was.
REPORT_VIOLATIONS = """
addEventListener("securitypolicyviolation", (seen) =>
  console.error(`CSP: ${seen.effectiveDirective} blocked ${seen.blockedURI} in ${seen.sourceFile}:${seen.lineNumber}`));
"""
STORAGE = """
async () => JSON.stringify({
  local: { ...localStorage }, session: { ...sessionStorage },
  databases: await indexedDB.databases(), caches: await caches.keys(),
})
"""


@dataclass
class Evidence:
    """``folder`` gets one HAR archive per context, with all bodies, and all WebSocket frames in one file."""

    folder: Path
    storage: list[str] = field(default_factory=list)
    made: int = 0

    def next_archive(self) -> Path:
        self.made += 1
        return self.folder / f"{self.made}.har.zip"

    def watch(self, page: Page) -> None:
        def opened(socket: WebSocket) -> None:
            socket.on("framesent", partial(self._keep, "sent"))
            socket.on("framereceived", partial(self._keep, "received"))

        page.on("websocket", opened)

    @property
    def frames(self) -> Path:
        return self.folder / "frames"

    def _keep(self, way: str, payload: bytes | str) -> None:
        content = payload if isinstance(payload, bytes) else payload.encode()
        with self.frames.open("ab") as file:
            file.write(f"\n== {datetime.now(UTC):%H:%M:%S.%f} {way}\n".encode() + content)

    async def keep_storage(self, context: BrowserContext) -> None:
        self.storage.append(str(await context.cookies()))
        for page in context.pages:
            try:
                self.storage.append(await page.evaluate(STORAGE))
            except Error:  # about:blank has no storage
                continue

    def haystacks(self) -> dict[str, bytes]:
        """Everything by a name that tells where it was seen."""
        found = {
            "WebSocket frames": self.frames.read_bytes(),
            "browser storage": "\n".join(self.storage).encode(),
        }
        for archive in sorted(self.folder.glob("*.har.zip")):
            with zipfile.ZipFile(archive) as files:
                for name in files.namelist():
                    found[f"{archive.name}/{name}"] = files.read(name)
        return found


@dataclass
class Complaints:
    """Errors in the consoles of one test's pages. A test that provokes one names a part of it in ``expected``."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        def console(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                self.seen.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

        page.on("console", console)
        page.on("pageerror", lambda error: self.seen.append(f"exception: {error}"))

    def unexpected(self) -> list[str]:
        return [line for line in self.seen if not any(part in line for part in self.expected)]
