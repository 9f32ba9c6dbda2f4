"""What an agent tells Trunkline of its call, in a few lines.

    async with AgentCall.of_room(room.name, api_url, api_key, api_secret) as call:
        context = await call.context()
        await call.answered()
        call.said("assistant", f"Hello {context['user_context'].get('user_name', 'there')}!")

The agent proves itself with a token that it signs with the LiveKit project's key and secret, which its
worker has anyway. Turns are sent in batches, in the background; every report may be repeated, so a
request that failed is simply sent again.
"""

from trunkline_agent.call import AgentCall, NotACall, Refused

__all__ = ["AgentCall", "NotACall", "Refused"]
