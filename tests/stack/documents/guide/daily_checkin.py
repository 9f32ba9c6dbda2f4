"""
Daily check-in caller.
Run with cron: 0 9 * * * python daily_checkin.py
"""
import asyncio
import httpx
AGENT_STUDIO_URL = "https://api.yourdomain.com"
API_KEY = "as_live_your_api_key_here"
async def get_users_for_checkin() -> list[dict]:
    """Fetch users who need check-in calls today."""
    # Your logic to get users
    return [
        {"id": "user-1", "name": "Alice"},
        {"id": "user-2", "name": "Bob"},
    ]
async def dispatch_checkin(client: httpx.AsyncClient, user: dict):
    response = await client.post(
        f"{AGENT_STUDIO_URL}/api/v1/calls",
        headers={"Authorization": f"Bearer {API_KEY}"},
        json={
            "workflow_slug": "daily-checkin",
            "user_id": user["id"],
            "user_context": {"user_name": user["name"]},
            "metadata": {"source": "daily-cron"},
        },
    )
    if response.status_code == 201:
        print(f"Scheduled call for {user['name']}")
    else:
        print(f"Failed for {user['name']}: {response.text}")
async def main():
    users = await get_users_for_checkin()
    async with httpx.AsyncClient(timeout=30) as client:
        tasks = [dispatch_checkin(client, user) for user in users]
        await asyncio.gather(*tasks)
if __name__ == "__main__":
    asyncio.run(main())
