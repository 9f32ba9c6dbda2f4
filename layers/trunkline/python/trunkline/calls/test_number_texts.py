"""What the callee of each test number does, in a sentence for people who place test calls. Pure."""

from __future__ import annotations

TEST_NUMBER_TEXTS = {
    "+15550100001": "Answers after half a second, talks for 3 seconds and hangs up.",
    "+15550100002": "Is busy.",
    "+15550100003": "Rings, and nobody answers.",
    "+15550100004": "The carrier is unavailable (SIP 503).",
    "+15550100005": "Rings, and declines the call.",
    "+15550100006": "The carrier never responds.",
    "+15550100007": "Rings for 8 seconds, then answers and talks for 3 seconds.",
    "+15550100008": "The number does not exist (SIP 404).",
    "+15550100009": "Is temporarily unavailable (SIP 480).",
    "+15550100010": "Answers and sends no audio.",
    "+15550100011": "Answers and never hangs up.",
    "+15550100012": "The carrier refuses the call (SIP 403).",
    "+15550100013": "Answers and hangs up at once.",
    "+15550100014": "An answering machine picks up.",
    "+15550100015": "The trunk is full at the first try, then the callee answers.",
    "+15550100016": "The agent joins after 6 seconds, and only then the phone rings.",
    "+15550100017": "The agent never joins, and the phone does not ring.",
    "+15550100018": "Answers, and vanishes after 2 seconds of talk.",
    "+15550100019": "Answers, and talks in 400 turns for 10 seconds.",
    "+15550100020": "The carrier blocks the call (SIP 603).",
    "+15550100021": "The carrier's spending limit is reached (SIP 403).",
    "+15550100022": "Answers without a common audio codec.",
    "+15550100023": "The address of the trunk does not resolve.",
    "+15550100024": "The trunk's credentials are refused, and the trunk is paused.",
}
