"""What has connections, as the settings describe it: the Infrahub that is read, the destinations that are pushed to."""

import ssl
import uuid
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers
from infrahub_exporter.app.configuration.files import files_of, stamp
from infrahub_exporter.app.configuration.infrahub import InfrahubSettings, TlsSettings, read_token
from infrahub_exporter.app.configuration.pem import PemFile, misfit
from infrahub_exporter.app.configuration.pushing import DestinationSettings, OtlpSettings
from infrahub_exporter.app.configuration.reading import read_file
from infrahub_exporter.app.configuration.settings import Settings
from infrahub_exporter.app.refreshing.ports import Pusher
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.ports import Transport
from infrahub_exporter.domain.publishing.limits import Limits


def source_of(settings: Settings) -> tuple[object, ...]:
    """Return what a source depends on: where it is equal, the source may stay."""
    infrahub = settings.infrahub
    return infrahub, settings.limits, read_token(infrahub), tuple(map(stamp, files_of(infrahub)))


def pushed_of(settings: Settings) -> tuple[object, ...]:
    """Return the same for a push: it must not go on with what was read of another Infrahub, or is no longer read."""
    otlp, infrahub = settings.exporters.otlp, settings.infrahub
    return otlp, tuple(map(stamp, files_of(otlp))), infrahub.address, infrahub.branch, settings.measures


def transport(infrahub: InfrahubSettings, limits: Limits, *, version: str, large: LargeAnswers) -> Transport:
    """Choose the transport. Each is imported only where it is used: the SDK alone costs half a second and 58 MB."""
    if infrahub.embedded is not None:
        from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport  # noqa: PLC0415

        embedded = EmbeddedInfrahub.load(infrahub.embedded.schema, infrahub.embedded.objects)
        return EmbeddedTransport(embedded, branch=infrahub.branch)
    from infrahub_exporter.adapters.infrahub.sdk import SdkTransport  # noqa: PLC0415

    return SdkTransport(
        address=str(infrahub.address),
        token=read_token(infrahub),
        branch=infrahub.branch,
        timeout_seconds=infrahub.timeout_seconds,
        tls=_tls_context(infrahub.tls),
        version=version,
        max_response_bytes=limits.max_response_bytes,
        max_response_values=limits.max_response_values,
        large=large,
    )


def _tls_context(tls: TlsSettings | None) -> ssl.SSLContext | bool:
    if tls is None:
        return True
    try:
        for path in (tls.ca_file, tls.client_certificate, tls.client_key):
            if path is not None:
                read_file(path)
        context = ssl.create_default_context(cafile=_text(tls.ca_file))
        if tls.client_certificate is not None:  # without a password OpenSSL would ask the terminal for one
            context.load_cert_chain(tls.client_certificate, _text(tls.client_key), password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(_misfit(tls, error)) from error
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _misfit(tls: TlsSettings, error: Exception) -> str:
    certificate, key, authorities = (
        None if path is None else PemFile(f"infrahub.tls.{name}", path)
        for name, path in (
            ("client_certificate", tls.client_certificate),
            ("client_key", tls.client_key),
            ("ca_file", tls.ca_file),
        )
    )
    return misfit(error, certificate=certificate, key=key, authorities=authorities)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


def pusher(otlp: OtlpSettings, environment: Mapping[str, str], *, version: str) -> Pusher | None:
    """Build the push to every destination. Those of a list stand by themselves: no variable says where they are."""
    if not otlp.enabled:
        return None
    from infrahub_exporter.adapters.otlp import Destination, OtlpSink, OtlpSinks  # noqa: PLC0415

    def destination(each: OtlpSettings | DestinationSettings, name: str, place: str) -> Destination:
        return Destination(
            name=name,
            place=place,
            protocol=each.protocol,
            endpoint=each.endpoint,
            timeout_seconds=each.timeout_seconds,
            headers=None if each.headers is None else {key: value.reveal() for key, value in each.headers.items()},
            insecure=each.insecure,
            certificate=each.certificate,
            client_certificate=each.client_certificate,
            client_key=each.client_key,
            compression=each.compression,
            interval_seconds=each.interval_seconds,
            max_request_bytes=each.max_request_bytes,
        )

    place = "exporters.otlp"
    listed = [
        destination(each, each.name, f"{place}.destinations[{index}]") for index, each in enumerate(otlp.destinations)
    ]
    build = partial(
        OtlpSink,
        version=version,
        environment={} if listed else environment,
        max_age_seconds=otlp.max_age_seconds,
        resource_attributes=otlp.resource_attributes,
        instance_id=str(uuid.uuid4()),
    )
    destinations = listed or [destination(otlp, "default", place)]
    return OtlpSinks(destinations, lambda each, bodies: build(each, bodies=bodies), own_metrics=otlp.own_metrics)
