"""Where the memory of threads comes from."""

import ctypes
import os

_M_ARENA_MAX = -8
_CHOICES = ("MALLOC_ARENA_MAX", "GLIBC_TUNABLES")


def share_one() -> None:
    """Let all threads take memory from one arena, unless the environment chooses; only glibc has several.

    Of those that each thread begins little is ever given back. Threads that share Python's lock gain nothing by them.
    """
    if any(name in os.environ for name in _CHOICES):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, TypeError, AttributeError):  # another C library, or Windows
        return
    mallopt(_M_ARENA_MAX, 1)
