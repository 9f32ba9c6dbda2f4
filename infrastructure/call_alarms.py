"""Alarms on what the functions measure themselves: calls, trunks, LiveKit, deliveries.

No threshold is reached by a healthy trunk, however busy it is: `tests/infrastructure/test_alarm_logic.py`
tries it.
"""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infrastructure.alarms import MINUTE, alarm, own_metric, sum_of

_UNSERVED_S = 180
_UNANSWERED_S = 900
_PACE_PERCENT = 50
_LIVEKIT_ERRORS = 20
_GIVEN_UP = 10


class CallAlarms(Construct):
    """Goes off when calls are not dialled, not answered, or not told of."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self._lines()
        self._trunks()
        self._livekit()
        self._deliveries()

    def _lines(self) -> None:
        alarm(
            self,
            "CallsUnserved",
            own_metric(self, "reconciler", "OldestUnserved", "Maximum"),
            threshold=_UNSERVED_S,
            minutes=(2, 3),
            description="Calls could be dialled, and no dialer has worked on their trunk for three minutes.",
            runbook="calls-unserved",
        )
        alarm(
            self,
            "PaceBelowBudget",
            own_metric(self, "dialer", "PaceUsed", "Minimum"),
            threshold=_PACE_PERCENT,
            below=True,
            minutes=(3, 5),
            description="Calls wait, and a trunk dials less than half of what its budget allows.",
            runbook="pace-below-budget",
        )

    def _trunks(self) -> None:
        alarm(
            self,
            "NobodyAnswers",
            own_metric(self, "dialer", "UnansweredFor", "Maximum"),
            threshold=_UNANSWERED_S,
            minutes=(2, 5),
            description="A trunk has dialled for 15 minutes, 50 times at least, and nobody has answered.",
            runbook="nobody-answers",
        )
        alarm(
            self,
            "TrunkPaused",
            own_metric(self, "event_fanout", "TrunksPaused", "Sum", reason="carrier_failing"),
            threshold=1,
            description="The circuit breaker has paused a trunk, because its carrier keeps failing.",
            runbook="trunk-paused",
        )

    def _livekit(self) -> None:
        alarm(
            self,
            "LiveKitErrors",
            own_metric(self, "dialer", "LiveKitErrors", "Sum"),
            threshold=_LIVEKIT_ERRORS,
            minutes=(3, 5),
            description="LiveKit does not answer, or refuses requests of the dialer: calls wait.",
            runbook="livekit-errors",
        )
        missing = {
            service: own_metric(self, service, "LiveKitNotConfigured", "Sum") for service in ("dialer", "api")
        }
        alarm(
            self,
            "LiveKitNotConfigured",
            sum_of(missing),
            threshold=1,
            minutes=(2, 5),
            description="The secret of a LiveKit project is missing or cannot be read: calls are refused.",
            runbook="livekit-not-configured",
        )

    def _deliveries(self) -> None:
        attempts = own_metric(self, "webhook_deliver", "DeliveryAttempts", "Sum")
        succeeded = own_metric(self, "webhook_deliver", "DeliveryAttempts", "Sum", outcome="succeeded")
        alarm(
            self,
            "DeliveriesFailing",
            cloudwatch.MathExpression(
                # An endpoint that is down stops being tried: half of many attempts is more than one endpoint.
                expression="IF(attempts >= 20, 100 * (attempts - FILL(succeeded, 0)) / attempts, 0)",
                using_metrics={"attempts": attempts, "succeeded": succeeded},
                period=MINUTE,
            ),
            threshold=50,
            minutes=(10, 15),
            description="At least half of all requests to webhook endpoints have failed for ten minutes.",
            runbook="deliveries-failing",
        )
        given_up = own_metric(
            self, "webhook_deliver", "DeliveriesGivenUp", "Sum", reason="attempts_exhausted"
        )
        alarm(
            self,
            "DeliveriesGivenUp",
            given_up.with_(period=Duration.minutes(15)),
            threshold=_GIVEN_UP,
            description="Events were not delivered in all their attempts, and are lost to their endpoints.",
            runbook="deliveries-given-up",
        )
