"""Which failures are tried again, and when."""

import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from infrahub_exporter.adapters.otlp.calls import Failed, retry_delay
from infrahub_exporter.adapters.otlp.grpc_call import failed, retry_info

Metadata = tuple[tuple[str, str | bytes], ...]


class Failure:
    def __init__(self, code: grpc.StatusCode, metadata: Metadata | None = ()) -> None:
        self._code, self._metadata = code, metadata

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str | None:
        return None

    def trailing_metadata(self) -> Metadata | None:
        return self._metadata


def details(*messages: ErrorInfo | RetryInfo) -> Metadata:
    status = Status(code=8)
    for message in messages:
        packed = AnyMessage()
        packed.Pack(message)
        status.details.append(packed)
    return (("grpc-status-details-bin", status.SerializeToString()),)


AFTER = RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000))


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    ],
)
def test_a_passing_failure_is_tried_again_later_and_later(code: grpc.StatusCode) -> None:
    for attempt, (least, most) in enumerate([(0.5, 1.5), (1.0, 3.0), (2.0, 6.0)]):
        delay = retry_delay(failed(Failure(code)), attempt, 1.0)
        assert delay is not None
        assert least <= delay <= most
    assert retry_delay(failed(Failure(code, details(AFTER))), 0, 1.0) == 2.5


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.INVALID_ARGUMENT,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.PERMISSION_DENIED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNKNOWN,
    ],
)
def test_a_lasting_failure_is_not_tried_again_whatever_it_asks(code: grpc.StatusCode) -> None:
    assert retry_delay(failed(Failure(code, None)), 0, 1.0) is None
    assert retry_delay(failed(Failure(code, details(AFTER))), 0, 1.0) is None


def test_exhaustion_is_tried_again_only_where_the_server_says_so() -> None:
    code = grpc.StatusCode.RESOURCE_EXHAUSTED
    assert retry_delay(failed(Failure(code)), 0, 1.0) is None
    assert retry_delay(failed(Failure(code, details(ErrorInfo()))), 0, 1.0) is None
    assert retry_delay(failed(Failure(code, details(ErrorInfo(), AFTER))), 0, 1.0) == 2.5


def test_a_delay_of_zero_leaves_the_time_to_the_back_off() -> None:
    delay = retry_delay(failed(Failure(grpc.StatusCode.RESOURCE_EXHAUSTED, details(RetryInfo()))), 0, 1.0)
    assert delay is not None
    assert 0.5 <= delay <= 1.5


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ((("google.rpc.retryinfo-bin", AFTER.SerializeToString()),), 2.5),
        ((("google.rpc.retryinfo-bin", b"\xff"),), None),
        ((("grpc-status-details-bin", b"\xff"),), None),
        ((("grpc-status-details-bin", "text"), ("other-bin", b"x")), None),
    ],
)
def test_retry_info_is_read_in_both_forms_and_nonsense_ignored(metadata: Metadata, expected: float | None) -> None:
    assert retry_info(metadata) == expected


@pytest.mark.parametrize("asked", [1e-9, 0.05])
def test_a_collector_that_asks_for_next_to_nothing_is_not_hammered(asked: float) -> None:
    busy = Failed(code="429", message="", passing=True, asked_seconds=asked)
    assert [retry_delay(busy, attempt, 1.0) for attempt in range(4)] == [0.1, 0.2, 0.4, 0.8]
