"""A client of Trunkline's agent API for LiveKit agents.

    async with AgentCall.of_room(room.name, api_url, api_key, api_secret) as call:
        context = await call.context()
        await call.answered()
        call.said("assistant", f"Hello {context['user_context'].get('user_name', 'there')}!")

It authenticates with a token that it signs with the API key and secret of the LiveKit project, which an
agent worker has anyway. Turns of the transcript are sent in batches in the background. All reports are
idempotent, so a failed request is sent again.
"""

from trunkline_agent.call import AgentCall, NotACall
from trunkline_agent.responses import Refused

__all__ = ["AgentCall", "NotACall", "Refused"]
