"""The SDK's client, as the transport uses it. Importing this costs half a second of CPU: see `SdkTransport`."""

from infrahub_sdk import Config, InfrahubClient
from infrahub_sdk.constants import Priority
from infrahub_sdk.types import AsyncRequester
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


def open_client(*, address: str, token: str | None, branch: str, requester: AsyncRequester) -> InfrahubClient:
    """Make a client that sends through `requester`, marks its requests as low priority and retries nothing itself."""
    config = _Config(
        address=address,
        api_token=token,
        default_branch=branch,
        priority=Priority.LOW,
        requester=requester,
        rate_limit_retry_enabled=False,
    )
    return InfrahubClient(config=config)


class _Config(Config):
    """The SDK's configuration without its environment: stray `INFRAHUB_*` variables would alter it."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)
