"""A fresh machine, as near as one gets on a used one: no Node in PATH, no cache of ours, a home of its own.

What stays is how this machine reaches its package registries: their settings are handed on as they are.
"""

import os
import shutil
from pathlib import Path

NODE = {"node", "nodejs", "npm", "npx", "corepack", "yarn", "pnpm"}
KEPT = (
    "PIP_",
    "NPM_CONFIG_",
    "SSL_",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "NODE_EXTRA_CA_CERTS",
    "GIT_SSL_",
    "PYENV_",
)
KEPT_WHOLE = ("LANG", "LC_ALL", "TERM", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def path_without_node(folder: Path) -> str:
    """A PATH of one folder of links to every program of this machine but Node's."""
    folder.mkdir()
    for place in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if not os.path.isdir(place) or ".venv" in Path(place).parts:
            continue
        for program in Path(place).iterdir():
            link = folder / program.name
            if program.name not in NODE and os.access(program, os.X_OK) and not link.is_symlink():
                link.symlink_to(program)
    return str(folder)


def environment(folder: Path) -> dict[str, str]:
    """The environment of the fresh machine; its home is ``folder/home``."""
    home = folder / "home"
    home.mkdir()
    kept = {
        name: value for name, value in os.environ.items() if name.upper().startswith(KEPT) or name.upper() in KEPT_WHOLE
    }
    kept |= {"HOME": str(home), "PATH": path_without_node(folder / "bin")}
    for setting, place in (("PIP_CONFIG_FILE", ".config/pip/pip.conf"), ("NPM_CONFIG_USERCONFIG", ".npmrc")):
        if (Path.home() / place).is_file():
            kept.setdefault(setting, str(Path.home() / place))
    assert shutil.which("node", path=kept["PATH"]) is None
    return kept
