"""Deploys the real CDK app to the emulator."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import cdk
from local.config import REGION, ROOT, STAGE, StackConfig
from local.iam import for_the_evaluator

STACK = f"trunkline-{STAGE}"
_TOOLKIT = "CDKToolkit"


@dataclass(frozen=True)
class Outputs:
    """What the stack says of itself."""

    api_id: str
    values: Mapping[str, str]


def client(config: StackConfig, service: str) -> Any:
    """An AWS client that talks to the emulator."""
    return boto3.Session().client(
        service,  # type: ignore[call-overload]
        endpoint_url=config.emulator_url,
        region_name=REGION,
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - the emulator takes any
        config=Config(retries={"total_max_attempts": 2}, read_timeout=300, max_pool_connections=32),
    )


class Deployment:
    """Synthesizes while the emulator starts, then bootstraps and deploys."""

    def __init__(self, config: StackConfig) -> None:
        self._config = config
        self._assembly = config.folder / "cdk.out"
        self._logs = config.folder / "logs"
        self._synth: subprocess.Popen[bytes] | None = None

    def start_synth(self) -> None:
        """Begin the synthesis in the background."""
        self._logs.mkdir(parents=True, exist_ok=True)
        arguments = ["synth", "-c", f"stage={STAGE}", "--quiet", "--output", str(self._assembly)]
        self._synth = cdk.spawn(self._logs / "synth.log", self._config.aws_environment(), *arguments)

    def bootstrap(self) -> None:
        """Make the CDK toolkit's own stack: its template straight to CloudFormation, 0.1 s instead of 11."""
        cloudformation = client(self._config, "cloudformation")
        shown = subprocess.run(  # noqa: S603 - our own words only
            cdk.command("bootstrap", "--show-template"),
            cwd=ROOT,
            env=cdk.environment(),
            check=True,
            capture_output=True,
        ).stdout.decode()
        cloudformation.create_stack(
            StackName=_TOOLKIT, TemplateBody=shown, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        if self._config.checks_iam:
            self._open_buckets_to_plain_http()

    def _open_buckets_to_plain_http(self) -> None:
        s3 = client(self._config, "s3")
        for bucket in s3.list_buckets()["Buckets"]:
            s3.delete_bucket_policy(Bucket=bucket["Name"])

    def finish_synth(self) -> None:
        if self._synth:
            cdk.must_succeed(self._synth, self._logs / "synth.log")
        if self._config.checks_iam:
            self._template_path.write_text(json.dumps(for_the_evaluator(self.template())))

    def deploy(self) -> Outputs:
        """`cdk deploy` the assembly, then apply what the emulator's CloudFormation drops."""
        log = self._logs / "deploy.log"
        aws = self._config.aws_environment()
        arguments = ["deploy", STACK, "--app", str(self._assembly), "--require-approval", "never"]
        cdk.must_succeed(cdk.spawn(log, aws, *arguments, "--method", "direct"), log)
        self._apply_reserved_concurrency()
        return self._outputs()

    def stop(self) -> None:
        if self._synth and self._synth.poll() is None:
            self._synth.kill()
            self._synth.wait()

    def template(self) -> dict[str, Any]:
        template: dict[str, Any] = json.loads(self._template_path.read_text())
        return template

    @property
    def _template_path(self) -> Path:
        path: Path = self._assembly / f"{STACK}.template.json"
        return path

    def _apply_reserved_concurrency(self) -> None:
        """The emulator ignores ReservedConcurrentExecutions in templates, but obeys its own API."""
        lambda_ = client(self._config, "lambda")
        for resource in self.template()["Resources"].values():
            properties = resource.get("Properties", {})
            reserved = properties.get("ReservedConcurrentExecutions")
            if resource["Type"] == "AWS::Lambda::Function" and reserved:
                lambda_.put_function_concurrency(
                    FunctionName=properties["FunctionName"], ReservedConcurrentExecutions=reserved
                )

    def _outputs(self) -> Outputs:
        stacks = client(self._config, "cloudformation").describe_stacks(StackName=STACK)["Stacks"]
        values = {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}
        api_id = values["ApiUrl"].split("//", 1)[1].split(".", 1)[0]
        return Outputs(api_id, values)
