"""What a call, a delivery and an idle stage use of AWS, counted by `make bench ARGS="cost call_units"`.

Units of DynamoDB, requests and log lines are counted on the local stack. Durations are measured there, too:
on AWS they depend on the memory of the functions and on the distance to LiveKit. Sizes are those of `prod`
(`infrastructure/settings.py`), and the counts of an idle stage are at least those of its template.
"""

from __future__ import annotations

FUNCTION_GB = 1.0
DIALER_GB = 1769 / 1024

# A call: its POST, its dial on a trunk that is in use, and LiveKit's webhooks.
CALL_WRITES = 15 + 36 + 19.2
CALL_READS = 1 + 8 + 2 + 4
CALL_KMS = 0.2
CALL_KB = 14
CALL_LOG_KB = 13
BUS_EVENTS = 3
LIVEKIT_WEBHOOKS_UNANSWERED = 6
LIVEKIT_WEBHOOKS_TALK = 4
AGENT_REQUESTS = 4
POST_S = 0.025
SMALL_REQUEST_S = 0.015
FANOUT_S = 0.04

# Counts for the dashboard (docs/adr/0038-count-calls-beside-the-stream.md): a call's acceptance and its end,
# each in a batch of the stream by itself, and one for each second in which a trunk starts calls.
STATISTICS_WRITES = 2
STARTED_SECOND_WRITES = 1

# The events feed (docs/adr/0044-number-the-entries-of-the-feed.md): number, place and entry of each event.
FEED_WRITES = 3
FEED_READS = 1

# A lane run: the lease, the trunk and the line are looked at several times a second.
PREPARE_S = 2.0
LANE_WRITES_A_SECOND = 2.0
LANE_READS_A_SECOND = 11.0
NEEDLESS_WAKE_S = 0.01

# A delivery whose first attempt succeeds: stream, execution, attempt with the request and the response that
# are kept of it, its place in the lists of the endpoint and of the call.
DELIVERY_TRANSITIONS = 4
DELIVERY_WRITES = 10.8
DELIVERY_READS = 6.0
DELIVERY_KMS = 0.1
DELIVERY_LOG_KB = 2.8
DELIVERY_KB = 3
DELIVER_S = 0.03
TRACED_SHARE = 0.05

# Once a minute the reconciler looks at each call that is open.
LOOK_READS = 2
LOOK_S = 0.005

# An idle stage.
RECONCILER_S = 0.5
RECONCILER_TASKS = 3
RECONCILER_READS = 20
QUEUES = 6
POLLS_A_MINUTE = 15
"""Lambda polls a queue with five long polls of 20 s. https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html"""

KMS_KEYS = 2
SECRETS = 2
ALARM_METRICS = 80
DASHBOARDS = 1
IDLE_METRICS = 10
TRUNK_METRICS = 10
