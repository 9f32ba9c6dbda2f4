import hmac
import hashlib
import time

from fastapi import FastAPI, Request, HTTPException

app = FastAPI()

WEBHOOK_SECRET = "whsec_your_secret_here"


def verify_signature(payload: bytes, signature_header: str) -> bool:
    """Verify webhook signature."""
    try:
        parts = dict(p.split("=") for p in signature_header.split(","))
        timestamp = int(parts["t"])
        signature = parts["v1"]
    except (KeyError, ValueError):
        return False

    # Reject old timestamps (prevent replay attacks)
    if abs(time.time() - timestamp) > 300:  # 5 minute tolerance
        return False

    # Compute expected signature
    signed_payload = f"{timestamp}.{payload.decode()}"
    expected = hmac.new(
        WEBHOOK_SECRET.encode(),
        signed_payload.encode(),
        hashlib.sha256,
    ).hexdigest()

    return hmac.compare_digest(signature, expected)


@app.post("/webhooks/agent-studio")
async def handle_webhook(request: Request):
    body = await request.body()
    signature = request.headers.get("X-Webhook-Signature", "")

    if not verify_signature(body, signature):
        raise HTTPException(status_code=401, detail="Invalid signature")

    event = await request.json()
    event_type = event["event"]["type"]
    data = event["event"]["data"]

    if event_type == "call.completed":
        await handle_call_completed(data)
    elif event_type == "call.failed":
        await handle_call_failed(data)

    return {"status": "received"}


async def handle_call_completed(data: dict):
    """Track call completion for analytics/billing."""
    call_id = data["call_id"]
    user_id = data["user_id"]
    duration = data.get("duration_seconds", 0)
    workflow = data.get("workflow_slug")

    # Log for analytics
    print(f"Call {call_id} completed: user={user_id}, workflow={workflow}, duration={duration}s")

    # Track for billing, analytics, audit logs, etc.
    # await record_call_completion(call_id, user_id, duration)


async def handle_call_failed(data: dict):
    """Alert on failed calls for monitoring."""
    call_id = data["call_id"]
    user_id = data["user_id"]
    reason = data.get("status_reason")

    print(f"Call {call_id} failed: user={user_id}, reason={reason}")

    # Alert ops team, trigger retry logic, etc.
    # await alert_call_failure(call_id, user_id, reason)
