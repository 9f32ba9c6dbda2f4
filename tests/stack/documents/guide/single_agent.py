response = await client.post(
    f"{AGENT_STUDIO_URL}/api/v1/calls/test-agent",
    headers={"Authorization": f"Bearer {API_KEY}"},
    json={
        "agent_name": "greeter",
        "user_id": "test-user",
        "user_context": {"test": True},
    },
)
