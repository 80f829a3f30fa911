"""How settings are loaded: from a file and the environment over it, or from plain values.

What can be set is in `everything` and, section by section, in the modules beside it.
"""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from os.path import normpath
from pathlib import Path

import msgspec

from infrahub_exporter.app.configuration.decoding import decode, exists, matches
from infrahub_exporter.app.configuration.document import parse_document
from infrahub_exporter.app.configuration.environment import drop_excluded, override, places, variable_name
from infrahub_exporter.app.configuration.everything import Settings
from infrahub_exporter.app.configuration.places import Place, SettingError, UnknownKeyError, written
from infrahub_exporter.app.configuration.reading import read_text
from infrahub_exporter.app.configuration.wording import describe, shown
from infrahub_exporter.domain.asking.series import warnings
from infrahub_exporter.domain.errors import ConfigError

__all__ = ["Settings", "load_settings", "parse_settings"]

logger = logging.getLogger("infrahub_exporter")

DEFAULT_PATH = Path("config.yml")
"""The configuration file that is read where none is named."""
DEFAULT_ADDRESS = "http://localhost:8000"
"""Where an Infrahub listens unless told otherwise, and what the earlier exporter assumed."""


def load_settings(
    path: Path | str | None = None, env: Mapping[str, str] | None = None, warn: Callable[[str], None] | None = None
) -> Settings:
    """Read a configuration file and the environment over it, as the command does.

    Without a path that is `config.yml` where there is one here, else the environment alone; without `env` that of the
    process. `warn` hears one line for whatever works but is hardly meant; without it the log does. Raises ConfigError:
    a line for each fault, which names the file or variable, the place in it and what was expected there.
    """
    env = os.environ if env is None else env
    warn = partial(logger.warning, "%s") if warn is None else warn
    if path is None and not DEFAULT_PATH.exists():
        return _load({}, None, Path(), env, warn)
    path = DEFAULT_PATH if path is None else path
    try:
        text = read_text(Path(path))
    except OSError as error:
        raise ConfigError(f"{path}: expected a configuration file ({error.strerror})") from None
    except ValueError:
        raise ConfigError(f"{path}: expected a configuration file in UTF-8") from None
    try:
        tree = parse_document(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return _load({} if tree is None else tree, str(path), Path(path).parent, env, warn)


def parse_settings(
    tree: object, *, source: str = "settings", directory: Path = Path(), warn: Callable[[str], None] | None = None
) -> Settings:
    """Make settings of plain values such as YAML or JSON give; `source` stands where a message names the file.

    Relative paths are looked for in `directory`, then in the working directory. Raises ConfigError.
    """
    return _load(tree, source, directory, {}, warn or _unheard)


def _unheard(_line: str) -> None:
    """Let a warning pass."""


def _load(
    tree: object, source: str | None, directory: Path, env: Mapping[str, str], warn: Callable[[str], None]
) -> Settings:
    if not isinstance(tree, Mapping):
        raise ConfigError(f"{source}: expected {describe(Settings)}, got {shown(tree, hidden=True)}")
    overrides = override(tree, Settings, env, warn)
    drop_excluded(overrides)

    def find(path: Path) -> Path:
        beside = directory / path
        there = (each.absolute() for each in (beside, path) if exists(each) or matches(each))
        return next(there, path)

    def located(place: Place, problem: str) -> str:
        variable = overrides.variable(place)
        if variable is not None:
            name, rest = variable
            return f"{name}: {written(rest)}: {problem}" if rest else f"{name}: {problem}"
        return f"{source}: {SettingError(place, problem)}" if source else f"{variable_name(place)}: {problem}"

    if source is None and "infrahub" not in overrides.tree:
        address = variable_name(("infrahub", "address"))
        raise ConfigError(f"expected a configuration: a config.yml here, --config FILE, or {address} and others")
    infrahub = overrides.tree.get("infrahub")
    if isinstance(infrahub, dict) and all(infrahub.get(key) in (None, "") for key in ("address", "embedded")):
        infrahub["address"] = DEFAULT_ADDRESS
        warn(located(("infrahub", "address"), f"not set, {DEFAULT_ADDRESS} is read"))
    try:
        settings = _with_written_in(directory, decode(overrides.tree, Settings, find=find))
        _check_written(settings)
    except SettingError as error:
        known = [place for place, _ in places(Settings)]
        told = (each.meant(known) if isinstance(each, UnknownKeyError) else each for each in error.faults)
        raise ConfigError("\n".join(located(each.place, each.problem) for each in told)) from None
    settings.__dict__["located"] = located
    for place, problem in _odd(settings, overrides.tree):
        warn(located(place, problem))
    return settings


def _odd(settings: Settings, tree: Mapping[object, object]) -> Iterator[tuple[Place, str]]:
    """Yield what works but is hardly meant."""
    if settings.infrahub.address is not None and settings.infrahub.is_anonymous:
        yield ("infrahub", "token"), "not set, Infrahub is read anonymously"
    if settings.infrahub.tls is not None and str(settings.infrahub.address).startswith("http://"):
        yield ("infrahub", "tls"), "has no effect on an http:// address"
    discovery = tree.get("service_discovery")
    if settings.service_discovery.queries and isinstance(discovery, dict) and "enabled" not in discovery:
        yield ("service_discovery", "enabled"), "not set, the queries are not served"
    for index, entry in enumerate(settings.metrics.series):
        for warning in warnings(entry):
            yield ("metrics", "series", index, "name"), warning


def _with_written_in(directory: Path, settings: Settings) -> Settings:
    """Put a store that is not there yet, and the files of lists, beside the configuration."""
    store, discovery = settings.store, settings.service_discovery
    if store is not None:
        store = msgspec.structs.replace(store, path=(directory / store.path).absolute())
    queries = tuple(
        each if each.file is None else msgspec.structs.replace(each, file=(directory / each.file).absolute())
        for each in discovery.queries
    )
    discovery = msgspec.structs.replace(discovery, queries=queries)
    return msgspec.structs.replace(settings, store=store, service_discovery=discovery)


def _check_written(settings: Settings) -> None:
    """Raise SettingError where a folder is in the place of a file that is to be written, or none is around a list's."""
    written_to: list[tuple[Place, Path | None]] = [
        (("service_discovery", "queries", index, "file"), each.file)
        for index, each in enumerate(settings.service_discovery.queries)
    ]
    if settings.store is not None:
        written_to.append((("store", "path"), settings.store.path))
    for place, path in written_to:
        if path is not None and exists(path) and path.is_dir():
            raise SettingError(place, f"expected a file, got the folder {str(path)!r}")
        if path is not None and place[0] == "service_discovery" and not exists(Path(normpath(path)).parent):
            raise SettingError(place, f"expected a file in a folder that is there, got {str(path)!r}")
