"""The command. What it takes is imported only when a signal can no longer end it before it has begun."""

import signal
import sys
from types import FrameType
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line and end the process with its exit code.

    From here on SIGTERM is a good end, exit code 0, and SIGHUP, which asks for a reload, waits for something to reload.
    """
    signal.signal(signal.SIGTERM, _end)
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from infrahub_exporter.app.cli import run  # noqa: PLC0415 - that takes a tenth of a second

    sys.exit(run(sys.argv[1:]))


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)


if __name__ == "__main__":
    main()
