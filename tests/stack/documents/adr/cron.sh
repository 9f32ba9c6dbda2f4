#!/bin/bash
# Daily health check calls for all active users
curl -X POST "https://api.example.com/api/v1/calls" \
-H "Authorization: Bearer $API_KEY" \
-H "Content-Type: application/json" \
-d '{
"workflow_slug": "daily-health-check",
"user_id": "'"$USER_ID"'",
"user_context": {},
"metadata": {"source": "cron", "schedule": "daily-9am"}
}'
