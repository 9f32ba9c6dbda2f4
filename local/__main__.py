"""The `python -m local` commands: run and stop the local stack, run `cdk`, deploy and destroy a stage."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack, nullcontext
from typing import Annotated, Any

import boto3
import typer
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from trunkline_cli.api import ApiError

from infrastructure.settings import StageSettings
from infrastructure.stage_file import deployed_settings
from local import aws_stage, cdk
from local.agent import LocalAgent, find_agent, local_agent
from local.config import from_environment
from local.demo import place_demo_call, print_usage
from local.processes import CannotStart, stop_leftovers
from local.real_livekit import real_livekit
from local.stack import Stack, local_stack
from local.web_demo import talk_to_agent

app = typer.Typer(no_args_is_help=True, help="Run the local stack.", pretty_exceptions_enable=False)
console = Console(highlight=False)


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Stop after the demo call.")] = False,
    livekit_server: Annotated[
        bool, typer.Option("--livekit-server", help="Run a real livekit-server; it has no SIP.")
    ] = False,
    agent: Annotated[
        str | None,
        typer.Option(help="Run this agent, a folder with main.py or a file, on a real livekit-server."),
    ] = None,
) -> None:
    """Start the stack, place a demo call, and run until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started_s = time.monotonic()

    def report(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started_s:5.1f} s[/]  {text}")

    completed = False
    try:
        command = find_agent(agent) if agent else None
        livekit = real_livekit if livekit_server or command else nullcontext
        with ExitStack() as running:
            config = running.enter_context(livekit(from_environment()))
            stack = running.enter_context(local_stack(config, report))
            worker = None
            if command:
                report("Starting the agent")
                worker = running.enter_context(local_agent(config, command, console))
            completed = (talk_to_agent if worker else place_demo_call)(stack, console)
            if not once:
                print_usage(stack, console)
                _run_until_interrupted(stack, worker)
    except CannotStart as error:
        console.print(f"[red]✗[/] {error}")
        raise typer.Exit(1) from error
    except (ApiError, TimeoutError) as error:
        console.print(f"[red]✗ the demo call failed:[/] {error}")
    except KeyboardInterrupt:
        console.print("\nStopped.")
        raise typer.Exit(0 if completed else 1) from None
    raise typer.Exit(0 if completed else 1)


def _run_until_interrupted(stack: Stack, worker: LocalAgent | None) -> None:
    while True:
        time.sleep(1)
        if worker:
            worker.tell_if_exited()
        if name := stack.processes.exited():
            raise CannotStart(f"{name} exited; its output is in {stack.config.folder / 'logs'}")


@app.command()
def down() -> None:
    """Stop the processes of a local stack that was killed."""
    stopped = stop_leftovers(from_environment().folder)
    console.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@app.command("cdk", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def cdk_command(context: typer.Context) -> None:
    """Run the CDK command line of this project."""
    raise typer.Exit(cdk.run(context.args))


_PASSES_ON = {"allow_extra_args": True, "ignore_unknown_options": True}


@app.command("deploy", context_settings=_PASSES_ON)
def deploy_command(context: typer.Context, stage: Annotated[str, typer.Argument()] = "dev") -> None:
    """Compare a stage with your AWS account's quotas, then deploy it; other arguments are those of cdk."""
    settings = _settings(stage, context.args)
    raise typer.Exit(_on_aws(aws_stage.deploy, settings, context.args))


@app.command("destroy", context_settings=_PASSES_ON)
def destroy_command(
    context: typer.Context,
    stage: Annotated[str, typer.Argument()] = "dev",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy a stage in your AWS account; what it keeps is printed."""
    settings = _settings(stage, context.args)
    what = "keeps its data" if settings.keep_data else "loses all of its data"
    if not yes:
        typer.confirm(f"Destroy {aws_stage.stack_name(settings)}? It {what}.", abort=True)
    raise typer.Exit(_on_aws(aws_stage.destroy, settings, context.args))


def _settings(stage: str, arguments: Sequence[str]) -> StageSettings:
    """Return the settings that `-c name=value` among the arguments of cdk makes of a stage."""
    given = [arguments[at + 1] for at, each in enumerate(arguments[:-1]) if each in ("-c", "--context")]
    try:
        return deployed_settings(stage, dict(each.split("=", 1) for each in given if "=" in each))
    except ValueError as error:
        console.print(f"[red]✗[/] {error}")
        raise typer.Exit(2) from error


def _on_aws(work: Any, settings: StageSettings, arguments: Sequence[str]) -> int:
    session = boto3.Session()
    try:
        return int(work(settings, session.client, cdk.run, console.print, arguments))
    except (BotoCoreError, ClientError) as error:
        console.print(f"[red]✗[/] AWS: {error}")
        return 1


if __name__ == "__main__":
    app()
