"""The stack: composition only."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct

from infrastructure import permissions as may
from infrastructure.data import Data
from infrastructure.dial_queue import DIALER_TIMEOUT_S, DialQueue
from infrastructure.http_api import LIVEKIT_WEBHOOK_PATH, HttpApi
from infrastructure.python_function import PythonFunction, shared_runtime
from infrastructure.settings import StageSettings


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
        self.api = self._api()
        self.dialer = self._dialer()
        self.livekit_events = self._livekit_events()
        self.agent_api = self._agent_api()
        self.caretaker = self._caretaker()
        self.http = HttpApi(
            self,
            "Http",
            runtime=self._runtime,
            api=self.api.function,
            livekit_events=self.livekit_events.function,
            agent_api=self.agent_api.function,
        )
        self._outputs()

    def _api(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "Api",
            runtime=self._runtime,
            package="api",
            environment=self._environment("DIAL_QUEUE_URL", "KEY_PEPPER_ARN", "CONTEXT_KEY_ARN"),
            timeout_s=29,
            memory_mib=self._settings.api_memory_mib,
            encrypts=True,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.BATCH, *may.CHANGE, *may.REMOVE)
        may.may_query_index(made.role, self.data, "open", "calls", "user_calls")
        may.may_encrypt_contexts(made.role, self.data)
        may.may_read_livekit_secret(made.role, self.data)
        may.may_read_pepper(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue)
        return made

    def _dialer(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "Dialer",
            runtime=self._runtime,
            package="dialer",
            environment=self._environment("DIAL_QUEUE_URL"),
            timeout_s=DIALER_TIMEOUT_S,
            memory_mib=self._settings.dialer_memory_mib,
            reserved_concurrency=self._settings.dialer_lanes,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_read_livekit_secret(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue)
        made.function.add_event_source(
            event_sources.SqsEventSource(
                self.dial_queue.queue, batch_size=1, max_concurrency=self._settings.dialer_lanes
            )
        )
        return made

    def _livekit_events(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "LiveKitEvents",
            runtime=self._runtime,
            package="livekit_events",
            environment=self._environment("DIAL_QUEUE_URL"),
            timeout_s=15,
            memory_mib=self._settings.api_memory_mib,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_read_livekit_secret(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue)
        return made

    def _agent_api(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "AgentApi",
            runtime=self._runtime,
            package="agent_api",
            environment=self._environment("CONTEXT_KEY_ARN"),
            timeout_s=15,
            memory_mib=self._settings.api_memory_mib,
            encrypts=True,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_encrypt_contexts(made.role, self.data)
        may.may_decrypt_contexts(made.role, self.data)
        may.may_read_livekit_secret(made.role, self.data)
        return made

    def _caretaker(self) -> PythonFunction:
        made = PythonFunction(
            self,
            "Caretaker",
            runtime=self._runtime,
            package="caretaker",
            environment=self._environment("DIAL_QUEUE_URL"),
            timeout_s=55,
            memory_mib=self._settings.api_memory_mib,
            reserved_concurrency=1,
        )
        may.may_use_table(made.role, self.data, *may.READ, *may.CHANGE, *may.REMOVE)
        may.may_query_index(made.role, self.data, "open")
        may.may_read_livekit_secret(made.role, self.data)
        may.may_wake(made.role, self.dial_queue.queue)
        every_minute = events.Schedule.rate(Duration.minutes(1))
        target = targets.LambdaFunction(made.function, retry_attempts=0)
        events.Rule(self, "CaretakerEveryMinute", schedule=every_minute, targets=[target])
        return made

    def _environment(self, *more: str) -> dict[str, str]:
        known = {
            "TABLE_NAME": self.data.table.table_name,
            "LIVEKIT_SECRET_ARN": self.data.livekit_secret.secret_arn,
            "DIAL_QUEUE_URL": self.dial_queue.queue.queue_url,
            "KEY_PEPPER_ARN": self.data.key_pepper.secret_arn,
            "CONTEXT_KEY_ARN": self.data.context_key.key_arn,
        }
        return {name: known[name] for name in ("TABLE_NAME", "LIVEKIT_SECRET_ARN", *more)}

    def _outputs(self) -> None:
        endpoint = self.http.api.api_endpoint
        values = {
            "ApiUrl": endpoint,
            "LiveKitWebhookUrl": f"{endpoint}{LIVEKIT_WEBHOOK_PATH}",
            "TableName": self.data.table.table_name,
            "DialQueueUrl": self.dial_queue.queue.queue_url,
            "DeadLettersUrl": self.dial_queue.dead_letters.queue_url,
            "LiveKitSecretArn": self.data.livekit_secret.secret_arn,
            "KeyPepperArn": self.data.key_pepper.secret_arn,
        }
        for name, value in values.items():
            CfnOutput(self, name, value=value)
