import httpx
AGENT_STUDIO_URL = "https://api.yourdomain.com"
API_KEY = "as_live_your_api_key_here"
async def dispatch_call(
    workflow_slug: str,
    user_id: str,
    context: dict | None = None,
) -> dict:
    """Dispatch a voice call."""
    async with httpx.AsyncClient() as client:
        response = await client.post(
            f"{AGENT_STUDIO_URL}/api/v1/calls",
            headers={"Authorization": f"Bearer {API_KEY}"},
            json={
                "workflow_slug": workflow_slug,
                "user_id": user_id,
                "user_context": context or {},
            },
        )
        response.raise_for_status()
        return response.json()
# Usage
result = await dispatch_call(
    workflow_slug="onboarding",
    user_id="user-123",
    context={
        "user_name": "John",
    },
)
print(f"Call dispatched: {result['call_id']}")
