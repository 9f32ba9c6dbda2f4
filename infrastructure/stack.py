"""The stack: composition only."""

from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from infrastructure import permissions as may
from infrastructure.batches import Batches
from infrastructure.bus import Bus
from infrastructure.data import Data
from infrastructure.dial_queue import DIALER_TIMEOUT_S, DialQueue
from infrastructure.http_api import HttpApi
from infrastructure.outputs import say_what_it_is
from infrastructure.python_function import PythonFunction, shared_runtime
from infrastructure.schedules import Schedules
from infrastructure.settings import StageSettings
from infrastructure.webhook_flow import DELIVER_TIMEOUT_S, DeliveryStateMachine, EventSource, Notices


class TrunklineStack(Stack):
    """Everything of one stage."""

    def __init__(self, scope: Construct, settings: StageSettings) -> None:
        super().__init__(
            scope, f"trunkline-{settings.name}", description="Trunkline: AI voice calls on LiveKit"
        )
        self._settings = settings
        self._runtime = shared_runtime(self, settings)
        self.data = Data(self, "Data", settings)
        self.dial_queue = DialQueue(self, "DialQueue", self.data.key)
        self.test_dial_queue = DialQueue(self, "TestDialQueue", self.data.key)
        self.http = HttpApi(self, "Http", self._runtime)
        self.notices = Notices(self, "Notices", self.data.key)
        self.webhook_deliver = self._webhook_deliver()
        self.deliveries = DeliveryStateMachine(
            self, "Deliveries", deliver=self.webhook_deliver.function, runtime=self._runtime
        )
        self.bus = Bus(self, "Bus", f"trunkline-{settings.name}")
        self.schedules = Schedules(self, "Schedules", f"trunkline-{settings.name}", self.data.key)
        self.event_fanout = self._event_fanout()
        self.batches = self._batches()
        self.api = self._api()
        self.dialer = self._dialer()
        self.test_dialer = self._test_dialer()
        self.livekit_webhook = self._livekit_webhook()
        self.agent_api = self._agent_api()
        self.reconciler = self._reconciler()
        self.http.open(
            api=self.api.function,
            livekit_webhook=self.livekit_webhook.function,
            agent_api=self.agent_api.function,
        )
        self.bus.start_calls_with(self.api.function)
        self.schedules.run_with(self.api.function)
        say_what_it_is(self)

    def _api(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "Api",
            runtime=self._runtime,
            package="api",
            environment=self._environment(
                "DIAL_QUEUE_URL",
                "TEST_DIAL_QUEUE_URL",
                "KEY_PEPPER_ARN",
                "CONTEXT_KEY_ARN",
                "DELIVERY_FLOW_ARN",
                "API_URL",
            )
            | self._outgoing()
            | self.schedules.environment()
            | self.batches.environment()
            | {
                "BATCH_BUCKET": self.batches.bucket.bucket_name,
                "OWN_LIVEKIT_PREFIX": self.data.own_livekit_prefix,
                "DATA_KEY_ARN": self.data.key.key_arn,
                "USER_POOL_ISSUER": self._settings.user_pool_issuer,
                "USER_POOL_CLIENT_ID": self._settings.user_pool_client_id,
            },
            timeout_s=29,
            memory_mib=self._settings.api_memory_mib,
            encrypts=True,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.BATCH, *may.CHECK, *may.CHANGE, *may.REMOVE)
        may.may_query_index(made.role, self.data, "open", "calls", "user_calls")
        may.may_encrypt(made.role, self.data, may.PEOPLE, may.WEBHOOKS, may.ANSWERS, may.TOOLS, may.TRIGGERS)
        for purpose in (may.ANSWERS, may.TOOLS, may.TRIGGERS):
            may.may_decrypt(made.role, self.data, purpose)
        may.may_keep_own_livekit_secrets(made.role, self.data)
        may.may_read_livekit_secrets(made.role, self.data)
        may.may_read_pepper(made.role, self.data)
        may.may_start(made.role, self.deliveries.machine)
        may.may_wake(made.role, self.dial_queue.queue, self.test_dial_queue.queue)
        may.may_keep_schedules(made.role, self.schedules)
        may.may_keep_files(made.role, self.batches.bucket)
        may.may_start(made.role, self.batches.machine)
        return made

    def _batches(self) -> Batches:
        told = self._environment("DIAL_QUEUE_URL", "TEST_DIAL_QUEUE_URL", "CONTEXT_KEY_ARN")
        return Batches(
            self,
            "Batches",
            data=self.data,
            settings=self._settings,
            runtime=self._runtime,
            environment=told | self._outgoing(),
            queues=(self.dial_queue.queue, self.test_dial_queue.queue),
        )

    def _dialer(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "Dialer",
            runtime=self._runtime,
            package="dialer",
            environment=self._environment("DIAL_QUEUE_URL", "TEST_DIAL_QUEUE_URL") | self._outgoing(),
            timeout_s=DIALER_TIMEOUT_S,
            memory_mib=self._settings.dialer_memory_mib,
            reserved_concurrency=self._settings.dialer_lanes,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_read_livekit_secrets(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue, self.test_dial_queue.queue)
        made.function.add_event_source(
            event_sources.SqsEventSource(
                self.dial_queue.queue, batch_size=1, max_concurrency=self._settings.dialer_lanes
            )
        )
        return made

    def _test_dialer(self) -> PythonFunction:
        """Plays the calls of test keys: it has no right to any LiveKit secret."""
        lanes, queue = self._settings.test_dialer_lanes, self.test_dial_queue.queue
        urls = {
            "DIAL_QUEUE_URL": self.dial_queue.queue.queue_url,
            "TEST_DIAL_QUEUE_URL": queue.queue_url,
        }
        made = PythonFunction(
            self,
            "TestDialer",
            runtime=self._runtime,
            package="test_dialer",
            environment={"TABLE_NAME": self.data.table.table_name} | urls,
            timeout_s=DIALER_TIMEOUT_S,
            memory_mib=self._settings.api_memory_mib,
            reserved_concurrency=lanes,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_query_index(made.role, self.data, "open")
        may.may_wake(made.role, self.dial_queue.queue, queue)
        made.function.add_event_source(
            event_sources.SqsEventSource(queue, batch_size=1, max_concurrency=lanes)
        )
        return made

    def _livekit_webhook(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "LiveKitWebhook",
            runtime=self._runtime,
            package="livekit_webhook",
            environment=self._environment("DIAL_QUEUE_URL", "TEST_DIAL_QUEUE_URL") | self._outgoing(),
            timeout_s=15,
            memory_mib=self._settings.api_memory_mib,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_read_livekit_secrets(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue, self.test_dial_queue.queue)
        return made

    def _agent_api(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "AgentApi",
            runtime=self._runtime,
            package="agent_api",
            environment=self._environment("CONTEXT_KEY_ARN") | self._outgoing(),
            timeout_s=29,
            memory_mib=self._settings.api_memory_mib,
            encrypts=True,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_encrypt(made.role, self.data, may.PEOPLE)
        may.may_decrypt(made.role, self.data, may.PEOPLE)
        may.may_decrypt(made.role, self.data, may.TOOLS)
        may.may_read_livekit_secrets(made.role, self.data)
        return made

    def _reconciler(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "Reconciler",
            runtime=self._runtime,
            package="reconciler",
            environment=self._environment("DIAL_QUEUE_URL", "TEST_DIAL_QUEUE_URL", "DELIVERY_FLOW_ARN")
            | self._outgoing()
            | self.schedules.environment()
            | self.batches.environment(),
            timeout_s=55,
            memory_mib=self._settings.api_memory_mib,
            reserved_concurrency=1,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_query_index(made.role, self.data, "open")
        may.may_read_livekit_secrets(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue, self.test_dial_queue.queue)
        may.may_start(made.role, self.deliveries.machine)
        may.may_keep_schedules(made.role, self.schedules)
        may.may_run_batches(made.role, self.batches.machine)
        every_minute = events.Schedule.rate(Duration.minutes(1))
        target = targets.LambdaFunction(made.function, retry_attempts=0)
        events.Rule(self, "ReconcilerEveryMinute", schedule=every_minute, targets=[target])
        return made

    def _webhook_deliver(self) -> PythonFunction:
        settings = self._settings
        made = PythonFunction(
            self,
            "WebhookDeliver",
            runtime=self._runtime,
            package="webhook_deliver",
            environment=self._outgoing()
            | {
                "TABLE_NAME": self.data.table.table_name,
                "CONTEXT_KEY_ARN": self.data.context_key.key_arn,
                "NOTICES_TOPIC_ARN": self.notices.topic.topic_arn,
                "API_URL": self.http.api.api_endpoint,
                "WEBHOOK_SCHEDULE_S": ",".join(map(str, settings.webhook_schedule_s)),
                "WEBHOOK_DISABLE_AFTER_S": str(settings.webhook_disable_after_s),
                "WEBHOOK_SLOTS": str(settings.webhook_slots),
            },
            timeout_s=DELIVER_TIMEOUT_S,
            memory_mib=settings.api_memory_mib,
            reserved_concurrency=settings.webhook_deliveries_at_once,
            encrypts=True,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_decrypt(made.role, self.data, may.WEBHOOKS)
        may.may_notify(made.role, self.notices.topic)
        return made

    def _event_fanout(self) -> PythonFunction:
        arn = self.deliveries.machine.state_machine_arn
        made = PythonFunction(
            self,
            "EventFanout",
            runtime=self._runtime,
            package="event_fanout",
            environment={
                "TABLE_NAME": self.data.table.table_name,
                "DELIVERY_FLOW_ARN": arn,
                "EVENT_BUS_NAME": self.bus.bus.event_bus_name,
            },
            timeout_s=30,
            memory_mib=self._settings.api_memory_mib,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE)
        may.may_publish(made.role, self.bus.bus)
        may.may_start(made.role, self.deliveries.machine)
        self.events = EventSource(self, "Events", data=self.data, fanout=made)
        return made

    def _outgoing(self) -> dict[str, str]:
        return {"OUTGOING_LOOPBACK_PORTS": self._settings.outgoing_loopback_ports}

    def _environment(self, *more: str) -> dict[str, str]:
        known = {
            "TABLE_NAME": self.data.table.table_name,
            "LIVEKIT_SECRET_ARN": self.data.livekit_secret.secret_arn,
            "DIAL_QUEUE_URL": self.dial_queue.queue.queue_url,
            "TEST_DIAL_QUEUE_URL": self.test_dial_queue.queue.queue_url,
            "API_URL": self.http.api.api_endpoint,
            "KEY_PEPPER_ARN": self.data.key_pepper.secret_arn,
            "CONTEXT_KEY_ARN": self.data.context_key.key_arn,
            "DELIVERY_FLOW_ARN": self.deliveries.machine.state_machine_arn,
        }
        return {name: known[name] for name in ("TABLE_NAME", "LIVEKIT_SECRET_ARN", *more)}
