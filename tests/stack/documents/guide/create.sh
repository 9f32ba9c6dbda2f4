curl -X POST https://api.yourdomain.com/api/v1/calls \
-H "Authorization: Bearer as_live_your_api_key_here" \
-H "Content-Type: application/json" \
-d '{"workflow_slug": "daily-checkup", "user_id": "user-123"}'
