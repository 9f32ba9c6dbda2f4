"""The checks of a deployment, in the order of the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from infrastructure.account import read_account
from infrastructure.preflight import preflight
from infrastructure.stage_file import deployed_settings
from trunkline.core.errors import LiveKitNotConfigured
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline_cli.doctor import account_checks, livekit_checks, livekit_reader, stack_checks
from trunkline_cli.doctor.aws_reader import AwsReader, Identity, StackRead
from trunkline_cli.doctor.livekit_reader import LiveKitReader
from trunkline_cli.doctor.report import Result, skipped
from trunkline_cli.doctor.runner import Check, Prerequisite

_DRIFT_TIMEOUT_S = 600.0
_QUOTAS_TIMEOUT_S = 60.0
"""Service Quotas has pages of quotas for each service, and few requests a second."""

_LIVEKIT_WEBHOOK_PATH = "/livekit/webhook"


def metrics_namespace(stage: str) -> str:
    """Return the namespace of a stage's metrics, as its functions have it."""
    return f"Trunkline/{stage}"


@dataclass(frozen=True)
class Question:
    """What is checked: a stage, at its API's URL if that is not the stack's own, with or without drift."""

    stage: str
    api_url: str | None = None
    drift: bool = False

    @property
    def on_emulator(self) -> bool:
        """Whether the stage runs on the AWS emulator."""
        return self.stage == "local"


class Doctor:
    """Reads, and has the pure modules decide."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._aws = AwsReader(f"trunkline-{question.stage}")
        self._identity: Prerequisite[Identity] = Prerequisite("the AWS credentials", self._aws.identity)
        self._stack: Prerequisite[StackRead] = Prerequisite("the stack", self._aws.stack)
        self._livekit: Prerequisite[LiveKitReader] = Prerequisite("the stack", self._open_livekit)
        self._project: Prerequisite[LiveKitCredentials] = Prerequisite(
            "the LiveKit secret", lambda: self._livekit.require().credentials()
        )

    def checks(self) -> Sequence[Check]:
        """Return every check; names are part of the JSON report's schema."""
        return [
            Check("credentials", self.credentials),
            Check("region", self.region),
            Check("clock", self.clock),
            Check("quotas", self.quotas, _QUOTAS_TIMEOUT_S),
            Check("stack", self.stack),
            Check("drift", self.drift, _DRIFT_TIMEOUT_S),
            Check("versions", self.versions),
            Check("kms-keys", self.keys),
            Check("api", self.api),
            Check("livekit-secret", self.livekit_secret),
            Check("livekit-login", self.livekit_login),
            Check("livekit-clock", self.livekit_clock),
            Check("livekit-trunks", self.livekit_trunks),
            Check("webhook-receiver", self.webhook_receiver),
            Check("webhook-arrivals", self.webhook_arrivals),
            Check("dead-letters", self.dead_letters),
            Check("alarms", self.alarms),
            Check("alarm-subscribers", self.subscribers),
        ]

    def credentials(self) -> Result:
        """Check the AWS credentials."""
        identity = self._identity.get()
        return account_checks.credentials_found(identity.account, identity.arn)

    def region(self) -> Result:
        """Check the region."""
        return account_checks.region_found(*self._aws.region())

    def clock(self) -> Result:
        """Compare this machine's clock with AWS's."""
        return account_checks.clock_found(self._identity.require().skew_s, "AWS")

    def quotas(self) -> Result:
        """Compare the stage with the account, as `make deploy` does."""
        if self._question.on_emulator:
            return account_checks.not_on_the_emulator("quotas")
        try:
            settings = deployed_settings(self._question.stage)
        except ValueError:
            return skipped("The stage has no settings in this checkout.")
        return account_checks.quotas_found(preflight(settings, read_account(self._aws.client, settings)))

    def stack(self) -> Result:
        """Check the stack's status."""
        stack = self._stack.get()
        return stack_checks.stack_found(stack.name, stack.status)

    def drift(self) -> Result:
        """Check whether resources were changed by hand."""
        stack = self._stack.require()
        if self._question.on_emulator:
            return account_checks.not_on_the_emulator("drift")
        return stack_checks.drift_found(
            *(self._aws.detect_drift() if self._question.drift else (stack.drift, []))
        )

    def versions(self) -> Result:
        """Compare the versions of the command line and the stack."""
        return account_checks.versions_found(version("trunkline"), self._outputs().get("Version"))

    def keys(self) -> Result:
        """Check the KMS keys."""
        self._stack.require()
        return stack_checks.keys_found(self._aws.key_states())

    def api(self) -> Result:
        """Check that the API answers."""
        url = self._api_url()
        return stack_checks.api_found(livekit_reader.ask_without_key(url), url)

    def livekit_secret(self) -> Result:
        """Check that the secret names a LiveKit project."""
        self._livekit.require()
        try:
            return livekit_checks.secret_found(self._project.get().project)
        except LiveKitNotConfigured:
            return livekit_checks.no_project()

    def livekit_login(self) -> Result:
        """Try the secret against LiveKit."""
        credentials = self._project.require()
        refused, answered = livekit_reader.try_login(credentials)
        return livekit_checks.login_found(credentials.project, refused=refused, answered=answered)

    def livekit_clock(self) -> Result:
        """Compare this machine's clock with LiveKit's."""
        skew_s = livekit_reader.livekit_skew_s(self._project.require())
        if skew_s is None:
            return skipped("LiveKit does not tell its time.")
        return account_checks.clock_found(skew_s, "LiveKit")

    def livekit_trunks(self) -> Result:
        """Check that LiveKit has the declared trunks."""
        return livekit_checks.trunks_found(self._livekit.require().trunks())

    def webhook_receiver(self) -> Result:
        """Send a test webhook."""
        url = self._webhook_url()
        return livekit_checks.webhook_found(
            livekit_reader.send_test_webhook(url, self._project.require()), url
        )

    def webhook_arrivals(self) -> Result:
        """Check when LiveKit's last webhook came."""
        url = self._webhook_url()
        if self._question.on_emulator:
            return account_checks.not_on_the_emulator("metrics of functions")
        age_s = self._aws.last_webhook_age_s(metrics_namespace(self._question.stage))
        return livekit_checks.arrivals_found(age_s, url)

    def dead_letters(self) -> Result:
        """Check that nothing failed for good."""
        return stack_checks.dead_letters_found(self._aws.dead_letters(self._outputs()))

    def alarms(self) -> Result:
        """Check that no alarm is on."""
        self._stack.require()
        if self._question.on_emulator:
            return account_checks.not_on_the_emulator("alarms")
        alarms = self._aws.alarms()
        return stack_checks.alarms_found(alarms.firing, alarms.muted, alarms.total)

    def subscribers(self) -> Result:
        """Check that somebody hears of alarms."""
        topic = self._outputs()["NoticesTopicArn"]
        if self._question.on_emulator:
            return account_checks.not_on_the_emulator("alarms")
        return stack_checks.subscribers_found(*self._aws.subscribers(topic))

    def _outputs(self) -> Mapping[str, str]:
        return self._stack.require().outputs

    def _api_url(self) -> str:
        return (self._question.api_url or self._stack.require().outputs["ApiUrl"]).rstrip("/")

    def _webhook_url(self) -> str:
        return f"{self._api_url()}{_LIVEKIT_WEBHOOK_PATH}"

    def _open_livekit(self) -> LiveKitReader:
        outputs = self._stack.require().outputs
        return LiveKitReader(self._aws.client("secretsmanager"), self._aws.client("dynamodb"), outputs)
