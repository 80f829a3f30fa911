"""What is used of other packages beside what they promise: a new version that lacks it is named here, part by part."""

from collections.abc import Callable
from typing import Any, cast

import pytest
import uvicorn
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

PROTOCOL = (
    *("connection_made", "connection_lost", "data_received", "pause_writing", "resume_writing"),
    *("on_message_begin", "on_header", "on_headers_complete", "on_body", "on_message_complete"),
    *("on_response_complete", "send_400_response"),
)
SERVER = ("startup", "shutdown", "capture_signals", "handle_exit", "main_loop")


def names_of(*functions: Callable[..., Any]) -> set[str]:
    """List the attributes that functions speak of."""
    return {name for each in functions for name in cast("Any", each).__code__.co_names}


def initials_of(kind: type) -> set[str]:
    """List the attributes that a class and its bases speak of when an object is made."""
    return names_of(*(vars(each)["__init__"] for each in kind.__mro__[:-1] if "__init__" in vars(each)))


@pytest.mark.parametrize(("kind", "methods"), [(HttpToolsProtocol, PROTOCOL), (uvicorn.Server, SERVER)])
def test_uvicorn_still_has_the_methods_that_are_laid_over(kind: type, methods: tuple[str, ...]) -> None:
    assert [f"{kind.__name__}.{each}" for each in methods if not callable(getattr(kind, each, None))] == []


@pytest.mark.parametrize(
    ("kind", "attributes"),
    [
        (HttpToolsProtocol, ("pipeline", "cycle", "loop", "transport", "logger")),
        (RequestResponseCycle, ("response_started", "response_complete", "disconnected", "message_event")),
        (uvicorn.Server, ("config", "should_exit", "force_exit", "started")),
    ],
)
def test_uvicorn_still_has_the_attributes_that_are_looked_at(kind: type, attributes: tuple[str, ...]) -> None:
    assert [f"{kind.__name__}.{each}" for each in attributes if each not in initials_of(kind)] == []


def test_the_package_of_the_push_still_has_its_channel() -> None:
    assert [each for each in ("_channel",) if each not in initials_of(OTLPMetricExporter)] == []
