"""
Kafka consumer that triggers calls on user events.
Install: pip install aiokafka httpx
"""
import asyncio
import json
from aiokafka import AIOKafkaConsumer
import httpx
AGENT_STUDIO_URL = "https://api.yourdomain.com"
API_KEY = "as_live_your_api_key_here"
async def dispatch_call(client: httpx.AsyncClient, **kwargs) -> dict:
    response = await client.post(
        f"{AGENT_STUDIO_URL}/api/v1/calls",
        headers={"Authorization": f"Bearer {API_KEY}"},
        json=kwargs,
    )
    response.raise_for_status()
    return response.json()
async def handle_user_signup(event: dict, client: httpx.AsyncClient):
    """Trigger onboarding call for new users."""
    result = await dispatch_call(
        client,
        workflow_slug="onboarding",
        user_id=event["user_id"],
        user_context={
            "user_name": event.get("name", "there"),
            "signup_time": event.get("timestamp"),
        },
    )
    print(f"Dispatched onboarding call {result['call_id']} for {event['user_id']}")
async def main():
    consumer = AIOKafkaConsumer(
        "user-events",
        bootstrap_servers="localhost:9092",
        group_id="agent-studio-trigger",
        value_deserializer=lambda m: json.loads(m.decode()),
    )
    await consumer.start()
    async with httpx.AsyncClient(timeout=30) as client:
        try:
            async for message in consumer:
                event = message.value
                event_type = event.get("type")
                if event_type == "user.signup":
                    await handle_user_signup(event, client)
        finally:
            await consumer.stop()
if __name__ == "__main__":
    asyncio.run(main())
