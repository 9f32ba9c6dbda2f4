"""Single HTTP requests, as `httpx` makes them, with one TLS context for all: each of its own takes 40 ms."""

from __future__ import annotations

import ssl
from functools import partial

import httpx

TLS = ssl.create_default_context()
PATIENT_S = 120
"""httpx's own five seconds would fail a test on a machine that is busy."""

client = partial(httpx.Client, verify=TLS, timeout=PATIENT_S)
async_client = partial(httpx.AsyncClient, verify=TLS, timeout=PATIENT_S)

request = partial(httpx.request, verify=TLS, timeout=PATIENT_S)
get = partial(httpx.get, verify=TLS, timeout=PATIENT_S)
post = partial(httpx.post, verify=TLS, timeout=PATIENT_S)
put = partial(httpx.put, verify=TLS, timeout=PATIENT_S)
delete = partial(httpx.delete, verify=TLS, timeout=PATIENT_S)
patch = partial(httpx.patch, verify=TLS, timeout=PATIENT_S)
