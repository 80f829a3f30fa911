"""How many arenas the threads of a process begin."""

import ctypes
import os
import subprocess
import sys

import pytest

COUNTING = """
import ctypes, sys, threading
from infrahub_exporter.app import arenas

arenas.share_one()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
together = threading.Barrier(4)

def take():
    together.wait()
    taken = bytes(100_000)
    together.wait()
    del taken

threads = [threading.Thread(target=take) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
file = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, file)
libc.fflush(file)
"""


def arenas(**environment: str) -> int:
    """Count the arenas of a process of four threads that each take memory."""
    if not hasattr(ctypes.CDLL(None), "malloc_info"):
        pytest.skip("this C library has no arenas")
    clean = {name: value for name, value in os.environ.items() if name not in {"MALLOC_ARENA_MAX", "GLIBC_TUNABLES"}}
    told = subprocess.run(  # noqa: S603 - ourselves
        [sys.executable, "-c", COUNTING], env={**clean, **environment}, capture_output=True, check=True, timeout=60
    )
    return told.stdout.count(b"<heap nr=")


def test_threads_share_one() -> None:
    assert arenas() == 1


def test_unless_the_environment_chooses() -> None:
    assert arenas(MALLOC_ARENA_MAX="3") == 3
