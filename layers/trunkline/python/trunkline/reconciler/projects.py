"""LiveKit projects of one task: each is opened once, and left alone when it does not answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from trunkline.calls.models import Call
from trunkline.livekit.fail_fast import FailFastLiveKit, LiveKitLookups, Silence

Connect = Callable[[str | None, AsyncExitStack], Awaitable[LiveKitLookups]]
"""Opens the project of a tenant, or the deployment's for None; its session ends with the stack."""


@dataclass
class TaskProjects:
    """Opens projects; their sessions end with the task."""

    connect: Connect
    owner_of_call: Callable[[Call], str | None]
    silence: Callable[[str | None], Silence]
    offload: Callable[..., Awaitable[Any]]
    sessions: AsyncExitStack
    _opened: dict[str | None, FailFastLiveKit] = field(default_factory=dict)

    def of_tenant(self, tenant_id: str | None) -> FailFastLiveKit:
        """Return a tenant's own project; the deployment's for None."""
        if tenant_id not in self._opened:
            self._opened[tenant_id] = FailFastLiveKit(
                lambda: self.connect(tenant_id, self.sessions), self.silence(tenant_id)
            )
        return self._opened[tenant_id]

    async def of_call(self, call: Call) -> FailFastLiveKit:
        """Return the project of a call's room."""
        return self.of_tenant(await self.offload(self.owner_of_call, call))
