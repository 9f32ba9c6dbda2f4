"""Who has closed a session: the agent's own code, or the end of its job.

livekit-agents 1.8 says `user_initiated` for both. When a worker is shut down, the room is lost, or the
entrypoint has crashed, the job calls `session.aclose()` itself, before any shutdown callback:
`_shutdown_job` in `livekit/agents/ipc/job_proc_lazy_main.py`.
"""

from __future__ import annotations

import asyncio
import contextvars

from trunkline_agent.rooms import Job

_JOB_ENDS_WITHIN_S = 10.0
_is_agents_code = contextvars.ContextVar("trunkline_agent is_agents_code", default=False)
"""Set in the job's entrypoint, and so in every task that it starts; the task that runs the job lacks it."""


class JobEnd:
    """The end of a job; without a job, whatever is closed is closed by the agent."""

    def __init__(self) -> None:
        self._has_job, self._is_asked_for = False, False
        self._has_begun = asyncio.Event()

    def watch(self, job: Job) -> None:
        """Note when the agent itself calls `job.shutdown`. Called from the job's entrypoint."""
        self._has_job = True
        shutdown = job.shutdown

        def noted(*reason: str, **named: str) -> None:
            self._is_asked_for = True
            shutdown(*reason, **named)

        job.shutdown = noted  # type: ignore[method-assign] # no callback tells of it before the session closes
        self.mark_agents_code()

    def mark_agents_code(self) -> None:
        """Note that the current task, and those that it starts, run the agent's own code."""
        _is_agents_code.set(True)

    def begin(self) -> None:
        """Note that the job's shutdown callbacks run."""
        self._has_begun.set()

    async def is_not_the_cause(self) -> bool:
        """Tell whether a session was closed by the agent; called in the context in which it closed.

        A task of neither, such as a handler of the room's events, is told by whether the job ends soon.
        """
        if not self._has_job or self._is_asked_for or _is_agents_code.get():
            return True
        try:
            await asyncio.wait_for(self._has_begun.wait(), _JOB_ENDS_WITHIN_S)
        except TimeoutError:
            return True
        return False
