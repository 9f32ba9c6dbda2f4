async with httpx.AsyncClient() as client:
    # Create webhook configuration
    response = await client.post(
        f"{AGENT_STUDIO_URL}/api/v1/webhooks",
        headers={"Authorization": f"Bearer {API_KEY}"},
        json={
            "url": "https://your-backend.com/webhooks/agent-studio",
            "filter": {
                "events": ["call.completed", "call.failed"],
                "include_transcript": True,
                "include_metrics": True,
            },
        },
    )
    # Save the secret!
    webhook_secret = response.json()["secret"]
    print(f"Webhook secret: {webhook_secret}")
