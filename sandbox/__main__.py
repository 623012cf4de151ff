"""``python -m sandbox``: the pretend phone company as a process of its own, for tests and for trying things out.

Prints ``url`` and ``ca`` (a file) when it listens, then a line for each notable happening, until it is interrupted.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from .authenticator import Extension
from .server import Sandbox

EXTENSIONS = {"1001": "Ana", "1002": "Bruno", "1003": "Carla"}


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _extension(text: str) -> tuple[str, Extension]:
    """``number:secret[:name]``."""
    number, _, rest = text.partition(":")
    secret, _, name = rest.partition(":")
    if not number or not secret:
        raise argparse.ArgumentTypeError("an extension is written number:secret[:name]")
    return number, Extension(secret=secret, name=name)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (any other is refused)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--ca", type=Path, help="where to write the authority's certificate")
    parser.add_argument("--keys", type=Path, help="a file that keeps the certificate over a restart")
    parser.add_argument(
        "--extension",
        type=_extension,
        action="append",
        metavar="NUMBER:SECRET[:NAME]",
        help="may be given several times; default: 1001 to 1003 with the secret s3nha-NUMBER",
    )
    return parser.parse_args()


async def _serve(arguments: argparse.Namespace, ca: Path) -> None:
    extensions = dict(
        arguments.extension
        or [(number, Extension(secret=f"s3nha-{number}", name=name)) for number, name in EXTENSIONS.items()]
    )
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with Sandbox(
        extensions, host=arguments.host, port=arguments.port, on_note=_say, keys=arguments.keys
    ) as sandbox:
        await asyncio.to_thread(ca.write_text, sandbox.ca_pem)
        _say(f"url {sandbox.url}")
        _say(f"ca {ca}")
        await stop.wait()


def main() -> None:
    arguments = _arguments()
    try:
        with tempfile.TemporaryDirectory(prefix="ramal-sandbox-") as folder:
            asyncio.run(_serve(arguments, arguments.ca or Path(folder) / "ca.pem"))
    except ValueError as error:
        sys.exit(f"python -m sandbox: {error}")


if __name__ == "__main__":
    main()
