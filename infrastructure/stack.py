"""The stack: composition only."""

from __future__ import annotations

from aws_cdk import Stack, Tags
from aws_cdk import aws_iam as iam
from constructs import Construct

from infrastructure.alerts import AlertTopic
from infrastructure.batch_workflow import Batches
from infrastructure.call_alarms import CallAlarms
from infrastructure.call_checks import CallChecks
from infrastructure.dashboard import StageDashboard
from infrastructure.data_stores import DataStores
from infrastructure.dial_queue import DialQueue
from infrastructure.event_bus import EventBus
from infrastructure.functions.agent_api import add_agent_api
from infrastructure.functions.api import add_api
from infrastructure.functions.call_check import add_call_check
from infrastructure.functions.call_reconciler import add_call_reconciler
from infrastructure.functions.dashboard import add_dashboard
from infrastructure.functions.dialer import add_dialer
from infrastructure.functions.event_fanout import add_event_fanout
from infrastructure.functions.livekit_webhook import add_livekit_webhook
from infrastructure.functions.origin_check import add_origin_check
from infrastructure.functions.reconciler import add_reconciler
from infrastructure.functions.test_dialer import add_test_dialer
from infrastructure.functions.webhook_deliver import add_webhook_deliver
from infrastructure.http_api import HttpApi
from infrastructure.log_queries import LogQueries
from infrastructure.outputs import add_outputs
from infrastructure.public_address import PublicAddress
from infrastructure.python_function import shared_runtime
from infrastructure.repair_queue import RepairQueue
from infrastructure.schedules import Schedules
from infrastructure.service_alarms import ServiceAlarms
from infrastructure.settings import StageSettings
from infrastructure.traffic_shift import TrafficShift
from infrastructure.webhook_delivery import DeliveryStateMachine, EventSource


class TrunklineStack(Stack):
    """Everything of one stage."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(
            scope, f"trunkline-{settings.name}", description="Trunkline: AI voice calls on LiveKit"
        )
        self.settings = settings
        self.runtime = shared_runtime(self, settings)
        self.data = DataStores(self, "Data", settings)
        self.dial_queue = DialQueue(self, "DialQueue", self.data.key)
        self.test_dial_queue = DialQueue(self, "TestDialQueue", self.data.key)
        self.call_checks = CallChecks(self, "CallChecks", self.data.key)
        self.repairs = RepairQueue(self, "Repairs", self.data.key)
        self.http = HttpApi(self, "Http", self.runtime, settings)
        self.address = PublicAddress(self, "Address", http=self.http, options=settings.options)
        self.notices = AlertTopic(self, "Notices", self.data.key, settings)
        self.webhook_deliver = add_webhook_deliver(self)
        self.deliveries = DeliveryStateMachine(
            self, "Deliveries", deliver=self.webhook_deliver.live, runtime=self.runtime
        )
        self.bus = EventBus(self, "Bus", f"trunkline-{settings.name}")
        self.schedules = Schedules(self, "Schedules", self.data.key)
        self.event_fanout = add_event_fanout(self)
        self.events = EventSource(
            self,
            "Events",
            data=self.data,
            fanout=self.event_fanout,
            parallelization=settings.fanout_parallelization,
        )
        self.batches = self._batches()
        self.api = add_api(self)
        self.dialer = add_dialer(self)
        self.test_dialer = add_test_dialer(self)
        self.livekit_webhook = add_livekit_webhook(self)
        self.call_check = add_call_check(self)
        self.agent_api = add_agent_api(self)
        self.dashboard = add_dashboard(self)
        self.reconciler = add_reconciler(self)
        self.call_reconciler = add_call_reconciler(self)
        self.http.open(
            api=self.api.live,
            livekit_webhook=self.livekit_webhook.live,
            agent_api=self.agent_api.live,
            dashboard=self.dashboard.live,
            authorizer=add_origin_check(self, secret) if (secret := self.address.origin_secret) else None,
        )
        if settings.shifts_traffic:
            TrafficShift(self, "ApiShift", function=self.api, http=self.http)
        self.bus.start_calls_with(self.api, settings.bus_events_at_once)
        self.schedules.run_with(self.api, settings.schedule_ticks_at_once)
        if settings.platform != "host":
            # The emulator evaluates no alarm, and refuses expressions and saved queries.
            ServiceAlarms(self, "ServiceAlarms")
            CallAlarms(self, "CallAlarms")
            LogQueries(self, "LogQueries")
        self.notices.publish_every_alarm()
        StageDashboard(self, "Overview")
        add_outputs(self)
        self._mark()

    def _mark(self) -> None:
        """Put the stage's tags on each resource, and its permissions boundary on each role."""
        options = self.settings.options
        for key, value in options.tags.items():
            Tags.of(self).add(key, value)
        if options.permissions_boundary_arn:
            boundary = iam.ManagedPolicy.from_managed_policy_arn(
                self, "Boundary", options.permissions_boundary_arn
            )
            iam.PermissionsBoundary.of(self).apply(boundary)

    def _batches(self) -> Batches:
        environment = self.function_environment("DIAL_QUEUE_URL", "TEST_DIAL_QUEUE_URL", "CONTEXT_KEY_ARN")
        return Batches(
            self,
            "Batches",
            data=self.data,
            settings=self.settings,
            runtime=self.runtime,
            environment=environment | self.egress_environment(),
            queues=(self.dial_queue.queue, self.test_dial_queue.queue),
            page_origins=self.page_origins(),
        )

    def page_origins(self) -> list[str]:
        """Return the origins that the dashboard's pages have: the stage's address, and API Gateway's own if
        that is open.

        On a developer's machine they are any port of the machine itself.
        """
        if self.settings.platform == "host":
            return ["http://localhost:*", "http://127.0.0.1:*"]
        return list(dict.fromkeys([self.address.url, *self.http.own_origins]))

    def egress_environment(self) -> dict[str, str]:
        """Return what functions need that send requests to addresses a tenant chose."""
        return {"OUTGOING_LOOPBACK_PORTS": self.settings.outgoing_loopback_ports}

    def function_environment(self, *names: str) -> dict[str, str]:
        """Return the environment variables of these names, with those that every function has."""
        known = {
            "TABLE_NAME": self.data.table.table_name,
            "LIVEKIT_SECRET_ARN": self.data.livekit_secret.secret_arn,
            "DIAL_QUEUE_URL": self.dial_queue.queue.queue_url,
            "TEST_DIAL_QUEUE_URL": self.test_dial_queue.queue.queue_url,
            "CALL_CHECK_QUEUE_URL": self.call_checks.queue.queue_url,
            "REPAIR_QUEUE_URL": self.repairs.queue.queue_url,
            "API_URL": self.address.url,
            "KEY_PEPPER_ARN": self.data.key_pepper.secret_arn,
            "CONTEXT_KEY_ARN": self.data.context_key.key_arn,
            "DELIVERY_FLOW_ARN": self.deliveries.machine.state_machine_arn,
        }
        return {name: known[name] for name in ("TABLE_NAME", "LIVEKIT_SECRET_ARN", *names)}
