"""Requests to this machine, with one TLS context for all: making one costs twenty times what they do."""

import ssl
from functools import partial

import httpx

CONTEXT = ssl.create_default_context()
get = partial(httpx.get, verify=CONTEXT)
post = partial(httpx.post, verify=CONTEXT)
