"""Whether Infrahub's webhooks are heard, and the key that they are signed with."""

from pathlib import Path
from typing import Annotated

from msgspec import Meta, Struct

from infrahub_exporter.app.configuration.places import SettingError, at
from infrahub_exporter.app.configuration.secret import Secret, check_given, revealed
from infrahub_exporter.domain.asking.specs import Seconds


class WebhookSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Whether Infrahub's webhooks start a refresh, and how they are checked."""

    enabled: bool = False
    key: Secret | None = None
    key_file: Path | None = None
    window_seconds: Seconds = 300.0
    debounce_seconds: Annotated[float, Meta(ge=1)] = 1.0

    def __post_init__(self) -> None:
        check_given("key", self.key, self.key_file)
        if self.enabled and self.key is None and self.key_file is None:
            raise SettingError(("key",), "expected one of key and key_file with enabled, got neither")


def read_webhook_key(webhook: WebhookSettings) -> str | None:
    """Return the key, from its file where one is named; None where webhooks are not enabled. Raises ConfigError."""
    with at("webhook", "key_file"):
        return revealed(webhook.key, webhook.key_file) if webhook.enabled else None
