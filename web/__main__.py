"""The commands: ``python -m web --help``."""

import typer

from . import log
from .commands import accounts, lines, users
from .commands.check import Level, findings
from .commands.context import complete, fail
from .settings import Settings, SettingsError, load
from .store import migrate as migrations
from .store.database import connect

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Ramal: a web phone for call-centre agents.")
cli.add_typer(accounts.app, name="account")
cli.add_typer(users.app, name="user")
cli.add_typer(lines.app, name="line")


def _settings() -> Settings:
    try:
        return load()
    except SettingsError as error:
        fail(str(error))


@cli.command()
def serve() -> None:
    """Serve pages, SIP and audio until SIGTERM."""
    from .app import run

    settings = _settings()
    log.configure(settings)
    try:
        run(settings)
    except (SettingsError, migrations.DatabaseBehind) as error:
        fail(str(error))
    except OSError as error:
        fail(f"The gateway cannot start: {error.strerror or error}")


@cli.command()
def demo() -> None:
    """Serve with a pretend phone company, its people and a key of its own: for trying out, never for real calls."""
    from .demo import main as run_demo

    run_demo()


@cli.command()
def migrate() -> None:
    """Bring the database up to date."""
    settings = _settings()

    async def work() -> str:
        async with connect(settings.database) as database:
            await migrations.upgrade(database)
        return migrations.wanted()

    typer.echo(f"The database is at revision {complete(work())}.")


@cli.command()
def check() -> None:
    """Say in words whether this configuration can work; exit status 1 if it cannot."""
    settings = _settings()

    async def work() -> bool:
        good = True
        async for finding in findings(settings):
            typer.echo(str(finding))
            good = good and finding.level is not Level.FAILURE
        return good

    if not complete(work()):
        raise typer.Exit(1)


def main() -> None:
    """The console script ``ramal``."""
    cli()


if __name__ == "__main__":
    main()
