async def handle_event(event: dict, client: httpx.AsyncClient):
    if event["type"] == "user.login":
        await client.post(
            "https://api.example.com/api/v1/calls",
            headers={"Authorization": "Bearer as_live_xxx"},
            json={
                "workflow_slug": "welcome-call",
                "user_id": event["user_id"],
                "user_context": {"user_name": event["name"]},
                "metadata": {"source": "kafka", "event_id": event["id"]},
            },
        )
