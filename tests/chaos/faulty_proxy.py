"""A proxy to the AWS emulator that fails, throttles, hangs and repeats requests, and looks for secrets."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from local.intercepting_proxy import Exchange, InterceptingProxy
from tests.chaos.plan import Fault, FaultKind

HANG_S = 12.0
_SERVICES = {
    "DynamoDB_20120810": "DynamoDB",
    "AmazonSQS": "SQS",
    "TrentService": "KMS",
    "secretsmanager": "SecretsManager",
    "AWSStepFunctions": "StepFunctions",
}
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
_THROTTLED = {
    "DynamoDB": "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException",
    "SQS": "com.amazonaws.sqs#RequestThrottled",
}
_AMZ_JSON = "application/x-amz-json-1.0"


@dataclass(frozen=True)
class ActiveFault:
    fault: Fault
    until_s: float


class FaultyProxy(InterceptingProxy):
    """Applies the faults that are on to a share of a service's requests."""

    def __init__(self, target: str, seed: int, canaries: Sequence[str]) -> None:
        super().__init__(target)
        self._chance = random.Random(seed)
        self._canaries = [canary.encode() for canary in canaries]
        self._active: list[ActiveFault] = []
        self.injected: Counter[str] = Counter()
        self.leaks: set[str] = set()

    def start_fault(self, fault: Fault) -> None:
        """Apply a fault from now on, as long as it lasts."""
        self._active.append(ActiveFault(fault, time.monotonic() + fault.lasts_s))

    def stop_faults(self) -> None:
        self._active.clear()

    async def intercept(self, exchange: Exchange) -> web.Response:
        service = _SERVICES.get(exchange.service, exchange.service)
        if service != "KMS":  # it is what encrypts them
            self._look_for_secrets(service, exchange)
        fault = self._fault_for(service)
        if fault is None:
            return await exchange.forward()
        self.injected[f"{fault.kind} {service} {exchange.operation}"] += 1
        return await self._apply(fault, service, exchange)

    def _look_for_secrets(self, service: str, exchange: Exchange) -> None:
        if service != "SecretsManager" and any(canary in exchange.body for canary in self._canaries):
            self.leaks.add(f"a secret in a request to {service} {exchange.operation}")

    def _fault_for(self, service: str) -> Fault | None:
        now_s = time.monotonic()
        for active in list(self._active):
            fault = active.fault
            if active.until_s > now_s and fault.target == service and self._chance.random() < fault.share:
                return fault
        return None

    async def _apply(self, fault: Fault, service: str, exchange: Exchange) -> web.Response:
        if fault.kind is FaultKind.DUPLICATES:
            if exchange.operation.startswith("SendMessage"):
                await exchange.forward()
            return await exchange.forward()
        if fault.kind is FaultKind.AWS_THROTTLES:
            return _error(400, _THROTTLED.get(service, "ThrottlingException"))
        if self._chance.random() < 0.5:
            await exchange.forward()
        if fault.kind is FaultKind.AWS_HANGS:
            await asyncio.sleep(HANG_S)
        return _error(500, "InternalServerError")


def _error(status: int, error_type: str) -> web.Response:
    body = f'{{"__type": "{error_type}", "message": "told to fail"}}'.encode()
    return web.Response(status=status, body=body, content_type=_AMZ_JSON)
