async def wait_for_completion(
    client: httpx.AsyncClient,
    call_id: str,
    timeout: float = 300,
) -> dict:
    """Poll until call completes."""
    terminal = {"completed", "failed", "disconnected", "timeout"}
    start = time.time()
    while time.time() - start < timeout:
        response = await client.get(
            f"{AGENT_STUDIO_URL}/api/v1/calls/{call_id}",
            headers={"Authorization": f"Bearer {API_KEY}"},
        )
        call = response.json()
        if call["status"] in terminal:
            return call
        await asyncio.sleep(2)
    raise TimeoutError(f"Call {call_id} did not complete")
