"""The command line. Only here does the process end, write to its streams or configure logging."""

import gc
import logging
import os
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from infrahub_exporter.app import arenas, logs
from infrahub_exporter.domain.counts import counted
from infrahub_exporter.domain.errors import ConfigError, ExporterError

logger = logging.getLogger("infrahub_exporter")

_TROUBLE = 1
_BAD_USAGE = 2
_DEFAULT_CONFIG = Path("config.yml")


def _default_config() -> Path | None:
    """Return the file that stands before a command, else the one that lies here."""
    given: Path | None = click.get_current_context().find_root().params.get("config")
    return given or (_DEFAULT_CONFIG if _DEFAULT_CONFIG.exists() else None)


_CONFIG = click.option(
    "--config",
    "-c",
    "config",
    type=click.Path(path_type=Path),
    default=_default_config,
    help="The configuration file.  [default: config.yml where there is one, else the environment alone]",
)
_FILES = click.Path(path_type=Path)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code: 0 for well, 1 for trouble, 2 for bad usage or configuration.

    What is wrong with the usage or the configuration is a line for each fault on standard error.
    """
    try:
        code = command.main(_spread(arguments), prog_name="infrahub-exporter", standalone_mode=False)
    except click.ClickException as error:
        click.echo(f"infrahub-exporter: {error.format_message()}", err=True)
        return _BAD_USAGE
    except click.Abort:
        return 0
    except ExporterError as error:
        click.echo(f"infrahub-exporter: {error}", err=True)
        return _BAD_USAGE if isinstance(error, ConfigError) else _TROUBLE
    return code if isinstance(code, int) else 0


def _spread(arguments: Sequence[str]) -> list[str]:
    """Repeat `--schema` and `--objects` for each file that follows, so that `--schema a.yml b.yml` names two."""
    spread: list[str] = []
    option = None
    for argument in arguments:
        if argument.startswith("-"):
            option = argument if argument in {"--schema", "--objects"} else None
            spread += [] if option else [argument]
        else:
            spread += [option, argument] if option else [argument]
    return spread


@click.group(invoke_without_command=True)
@_CONFIG
@click.option(
    "--log-level",
    type=click.Choice(["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], case_sensitive=False),
    help="How much is logged.  [default: what the configuration says, else info]",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    help="How: lines of text, or a JSON object a line.  [default: what the configuration says, else text]",
)
@click.option("--any-port", is_flag=True, help="Take a free port where the configured one is taken.")
@click.version_option(package_name="infrahub-exporter")
@click.pass_context
def command(
    context: click.Context, config: Path | None, log_level: str | None, log_format: str | None, *, any_port: bool
) -> None:
    """Turn Infrahub's inventory into Prometheus metrics, Prometheus targets and OpenTelemetry metrics."""
    if context.invoked_subcommand is not None:
        return
    from infrahub_exporter.app.configuration.secrets_of import redactor_of  # noqa: PLC0415
    from infrahub_exporter.app.configuration.settings import Settings, load_settings  # noqa: PLC0415
    from infrahub_exporter.app.serving.server import listen, serve  # noqa: PLC0415 - not needed to complain
    from infrahub_exporter.app.serving.service import Origin, Service  # noqa: PLC0415

    def apply(settings: Settings) -> None:
        level, form = log_level or settings.log_level, log_format or settings.log_format
        logs.configure(level.upper(), form, redactor_of(settings))

    arenas.share_one()
    warnings: list[str] = []
    settings = load_settings(config, os.environ, warnings.append)
    apply(settings)
    for warning in warnings:
        logger.warning("%s", warning)
    listener = listen(settings.listen_address, settings.listen_port, any_port=any_port)
    load = partial(load_settings, config, os.environ, logger.warning)
    gc.freeze()  # what has been imported stays, so no collection need look at it again; what a reload replaces does not
    service = Service(settings, Origin(load, config, apply))
    port = listener.getsockname()[1]
    if port != settings.listen_port:
        logger.warning("port %d is taken, listening on %d instead", settings.listen_port, port)
    host = _openable(settings.listen_address)
    scheme = "http" if settings.web.tls is None else "https"
    prometheus = settings.exporters.prometheus
    paths = [prometheus.metrics_path] if prometheus.enabled else []
    for path in ["/", *paths, *(spec.paths[0] for spec in settings.discoveries), "/-/ready", "/-/metrics"]:
        logger.info("serving %s://%s:%d%s", scheme, host, port, path)
    serve(service, listener)


def _openable(address: str) -> str:
    """Write an address as a browser on this machine opens it."""
    if address in {"0.0.0.0", "::"}:  # noqa: S104 - compared, not bound
        return "localhost"
    return f"[{address}]" if ":" in address else address


@command.command(short_help="Say whether a configuration is good.")
@_CONFIG
@click.option("--online", is_flag=True, help="Ask the configured Infrahub whether it has what is read.")
def check(config: Path | None, *, online: bool) -> None:
    """Say whether a configuration and the files that it names are good: exit 0, or 2 with a line for each fault.

    An Infrahub inside is always asked for what is read, another one with `--online`.
    """
    import anyio  # noqa: PLC0415 - as the others not needed to complain

    from infrahub_exporter.app.configuration.fitting import misfits, unanswerable  # noqa: PLC0415
    from infrahub_exporter.app.configuration.places import SettingError  # noqa: PLC0415
    from infrahub_exporter.app.configuration.settings import load_settings  # noqa: PLC0415
    from infrahub_exporter.app.serving.server import listener_context  # noqa: PLC0415
    from infrahub_exporter.app.serving.service import Service  # noqa: PLC0415

    warnings: list[str] = []
    settings = load_settings(config, os.environ, warnings.append)
    _refuse(settings.located(fault.place, fault.problem) for fault in unanswerable(settings))
    service = Service(settings)  # as at a start, without one
    listener_context(settings)
    if online or settings.infrahub.embedded is not None:

        async def look() -> tuple[SettingError, ...]:
            try:
                return await misfits(settings, service.source)
            finally:
                await service.source.close()

        _refuse(f"{config or 'the environment'}: {found}" for found in anyio.run(look))
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)
    series = len(settings.metrics.series)
    collectors = len(settings.collector_specs)
    click.echo(
        f"{config or 'the environment'} is good: "
        f"{counted(len(settings.metrics.kind), 'kind')}, "
        f"{counted(series, 'entry', 'entries') + ' of series, ' if series else ''}"
        f"{counted(collectors, 'collector') + ', ' if collectors else ''}"
        f"{counted(len(settings.discoveries), 'discovery', 'discoveries')}"
    )


def _refuse(faults: Iterable[str]) -> None:
    """Raise ConfigError where there are any."""
    if lines := "\n".join(faults):
        raise ConfigError(lines)


def _operating(function: Callable[..., int]) -> click.Command:
    """Make a command that speaks to a service which runs, as an operator whom it lets in."""
    options = (
        _CONFIG,
        click.option("--url", help="Where the service is.  [default: where the configuration says]"),
        click.option("--token-file", type=_FILES, help="A file with a bearer token.  [default: a configured one]"),
        click.option("--user", help="A user instead, whose password is asked for."),
        click.option("--ca-file", type=_FILES, help="The authority of the service's certificate, as PEM."),
        click.option("--certificate", type=_FILES, help="A client certificate with its key, as PEM."),
    )
    for option in reversed(options):
        function = option(function)
    return command.command(short_help=(function.__doc__ or "").partition("\n")[0])(function)


@_operating
@click.argument("name")
def release(name: str, **where: Any) -> int:
    """Publish what the guard holds of the kind or list NAME."""
    from infrahub_exporter.app.operator import Operator  # noqa: PLC0415 - not needed to complain

    with Operator.find(**where) as operator:
        released = operator.post(f"/-/release/{quote(name, safe='')}").get("released")
    click.echo(f"{name}: released" if released else f"{name}: nothing was held")
    return 0


@_operating
def reload(**where: Any) -> int:
    """Let the service load its configuration again."""
    from infrahub_exporter.app.operator import Operator  # noqa: PLC0415 - not needed to complain

    with Operator.find(**where) as operator:
        operator.post("/-/reload")
    click.echo("reloaded")
    return 0


@_operating
def refresh(**where: Any) -> int:
    """Let the service look at Infrahub now."""
    from infrahub_exporter.app.operator import Operator  # noqa: PLC0415 - not needed to complain

    with Operator.find(**where) as operator:
        operator.post("/-/refresh")
    click.echo("refreshing")
    return 0


@command.command(short_help="Serve an Infrahub made of files.")
@click.option(
    "--schema",
    "schema",
    type=_FILES,
    multiple=True,
    required=True,
    help="A schema file of Infrahub's format, or a folder or pattern of such.",
)
@click.option(
    "--objects",
    "objects",
    type=_FILES,
    multiple=True,
    help="An object file of Infrahub's format, or a folder or pattern.",
)
@click.option("--address", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="The port; 0 takes a free one."
)
@click.option("--token", help="The token that changes want. A request with another one is refused.")
def infrahub(
    schema: tuple[Path, ...],
    objects: tuple[Path, ...],
    address: str,
    port: int,
    token: str | None,
) -> None:
    """Serve an Infrahub of schema and object files over HTTP, for demos, dry runs and tests."""
    from infrahub_exporter.adapters.embedded import EmbeddedInfrahub  # noqa: PLC0415 - only this command needs it
    from infrahub_exporter.adapters.embedded.server import create_app  # noqa: PLC0415
    from infrahub_exporter.app.serving.server import listen, serve  # noqa: PLC0415

    logs.configure("INFO", "text")
    embedded = EmbeddedInfrahub.load(schema, objects, token=token)
    listener = listen(address, port)
    logger.info("Infrahub at http://%s:%d/graphql/main", _openable(address), listener.getsockname()[1])
    serve(create_app(embedded), listener)
