"""The local stack: starts emulator, LiveKit, deployment and API proxy in order, and stops them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trunkline_cli.operator import Operator, open_operator

from local.config import ROOT, StackConfig
from local.deployment import Deployment, Outputs
from local.processes import Processes
from local.seed import DEMO_AGENT, Seed, seed

Report = Callable[[str], None]
_EMULATOR_HEALTH = "/_ministack/health"
# A burst leaves many function instances of 60 MB each. The emulator stops all but one of each function.
_IDLE_INSTANCE_TTL_S = 15
_LONG_IDLE_TTL_S = 600
_REQUESTS_BESIDE_USERS = 2


class Stack:
    """A running stack."""

    def __init__(self, config: StackConfig, processes: Processes, outputs: Outputs, seeded: Seed) -> None:
        self.config = config
        self.processes = processes
        self.outputs = outputs
        self.seed = seeded

    def operator(self) -> Operator:
        """Return the operator's access to the deployment."""
        return open_operator(self.outputs.values)

    def file(self) -> dict[str, Any]:
        """Return the content of `stack.json`: the URLs, keys and ids that tests and users need."""
        url, api_key, api_secret = self.config.livekit
        stand_in = self.config.real_livekit is None
        return {
            "api_url": self.config.api_url,
            **asdict(self.seed),
            "livekit_url": url,
            "livekit_api_key": api_key,
            "livekit_api_secret": api_secret,
            "invite_log": str(self.config.invite_log) if stand_in else None,
            "aws_endpoint_url": self.config.emulator_url,
            "outputs": dict(self.outputs.values),
        }


@contextmanager
def local_stack(config: StackConfig, report: Report) -> Iterator[Stack]:
    """Start a stack, and stop it at the end of the block; `report` gets a line for each step.

    Raises:
        CannotStart: a port or the folder is in use, or a step failed; nothing is left running.
    """
    processes = Processes(config)
    processes.lock_folder()
    deployment = Deployment(config)
    try:
        yield _start(config, processes, deployment, report)
    finally:
        deployment.stop()
        processes.stop()
        shutil.rmtree(_emulator_state(config), ignore_errors=True)


def _start(config: StackConfig, processes: Processes, deployment: Deployment, report: Report) -> Stack:
    processes.check_ports(_ports(config))
    config.invite_log.unlink(missing_ok=True)
    report("Starting the AWS emulator" + (" and the LiveKit stand-in" if not config.real_livekit else ""))
    deployment.start_synth()
    _start_emulator(config, processes)
    if config.real_livekit is None:
        _start_stand_in(config, processes)
    report("Synthesizing the CDK app")
    deployment.bootstrap()
    deployment.finish_synth()
    report("Deploying the CDK app")
    outputs = deployment.deploy()
    _start_api_proxy(config, processes, outputs)
    report("Creating the demo tenant, API key, trunk and agent")
    stack = Stack(config, processes, outputs, seed(config, outputs.values))
    # At once: a command on the stack must not read half of it.
    written = config.stack_file.with_suffix(".new")
    written.write_text(json.dumps(stack.file(), indent=2) + "\n")
    written.replace(config.stack_file)
    return stack


def _ports(config: StackConfig) -> dict[str, int]:
    ports = {"TRUNKLINE_API_PORT": config.api_port, "TRUNKLINE_EMULATOR_PORT": config.emulator_port}
    if config.real_livekit is None:
        ports["TRUNKLINE_LIVEKIT_PORT"] = config.livekit_port
    return ports


def _start_emulator(config: StackConfig, processes: Processes) -> None:
    """Start the emulator in its own virtual environment, so that functions do not see other packages."""
    home = ROOT / ".local" / "emulator"
    state = _emulator_state(config)
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir()
    environment = {
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(config.emulator_port),
        "TMPDIR": str(state),
        "LAMBDA_WARM_TTL_SECONDS": str(_IDLE_INSTANCE_TTL_S if config.users == 1 else _LONG_IDLE_TTL_S),
        "MALLOC_ARENA_MAX": "1",
        "MINISTACK_WORKER_THREADS": "256",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "AUTH": str(config.checks_iam).lower(),
        "PATH": f"{home / 'bin'}:/usr/local/bin:/usr/bin:/bin",
    }
    program = [str(home / "bin" / "python"), "-P", str(ROOT / "local" / "emulator_process.py")]
    processes.start("emulator", program, environment)
    processes.wait_until_up("emulator", config.emulator_url + _EMULATOR_HEALTH)


def _emulator_state(config: StackConfig) -> Path:
    """Return the folder where the emulator unpacks functions: 50 MB an instance, deleted with the stack."""
    return config.folder / "emulator-state"


def _start_stand_in(config: StackConfig, processes: Processes) -> None:
    _, api_key, api_secret = config.livekit
    arguments = {
        "port": config.livekit_port,
        "api-key": api_key,
        "api-secret": api_secret,
        "invite-log": config.invite_log,
        "webhook-url": f"{config.api_url}/livekit/webhook",
        "api-url": config.api_url,
        "max-concurrent-webhooks": config.users,
        "talking-agent": DEMO_AGENT,
    }
    processes.start("livekit", _python("local.livekit", arguments), {})
    processes.wait_until_up("livekit", config.livekit[0])


def _start_api_proxy(config: StackConfig, processes: Processes, outputs: Outputs) -> None:
    arguments = {
        "target": config.emulator_url,
        "host": f"{outputs.api_id}.execute-api.localhost",
        "port": config.api_port,
        "max-concurrent-requests": _REQUESTS_BESIDE_USERS + config.users,
    }
    processes.start("api-proxy", _python("local.api_proxy", arguments), {})
    processes.wait_until_up("api-proxy", f"{config.api_url}/api/v1/health")


def _python(module: str, arguments: dict[str, Any]) -> list[str]:
    options = [f"--{name}={value}" for name, value in arguments.items()]
    return [str(Path(ROOT) / ".venv" / "bin" / "python"), "-m", module, *options]
