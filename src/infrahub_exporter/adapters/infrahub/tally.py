"""What has been asked of Infrahub, and what became of it."""

from collections import Counter
from collections.abc import Awaitable, Callable

from infrahub_exporter.adapters.infrahub.answers import failure
from infrahub_exporter.domain.errors import ExporterError, SourceError
from infrahub_exporter.domain.ports import Reply


class Tally:
    """Count requests by what they ask and how they ended, and the bytes of their answers.

    An outcome is `ok`, the class of the error that the request or its answer is, or `cancelled` where nobody waited.
    """

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.read_bytes = 0

    async def count(
        self, operation: str, sent: Awaitable[Reply], judge: Callable[[Reply], SourceError | None] = failure
    ) -> Reply:
        """Await an answer and count it as what it is judged to be. Raises what the request raises."""
        outcome = "cancelled"
        try:
            reply = await sent
            told = judge(reply)
            outcome = "ok" if told is None else told.reason
        except ExporterError as error:
            outcome = error.reason
            raise
        finally:
            self.requests[operation, outcome] += 1
        self.read_bytes += len(reply.body)
        return reply
