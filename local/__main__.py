"""The `python -m local` commands: run the local stack, stop it, or run `cdk`."""

from __future__ import annotations

import signal
import time
from contextlib import nullcontext
from typing import Annotated

import typer
from rich.console import Console
from trunkline_cli.watch import ApiError

from local import cdk
from local.config import from_environment
from local.demo import place_demo_call, print_usage
from local.processes import CannotStart, stop_leftovers
from local.real_livekit import real_livekit
from local.stack import Stack, local_stack

app = typer.Typer(no_args_is_help=True, help="Run the local stack.", pretty_exceptions_enable=False)
console = Console(highlight=False)


@app.command()
def run(
    once: Annotated[bool, typer.Option("--once", help="Stop after the demo call.")] = False,
    livekit_server: Annotated[
        bool, typer.Option("--livekit-server", help="Run a real livekit-server; it has no SIP.")
    ] = False,
) -> None:
    """Start the stack, place a demo call, and run until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    started_s = time.monotonic()

    def report(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - started_s:5.1f} s[/]  {text}")

    completed = False
    try:
        livekit = real_livekit if livekit_server else nullcontext
        with livekit(from_environment()) as config, local_stack(config, report) as stack:
            completed = place_demo_call(stack, console)
            if not once:
                print_usage(stack, console)
                _run_until_interrupted(stack)
    except CannotStart as error:
        console.print(f"[red]✗[/] {error}")
        raise typer.Exit(1) from error
    except (ApiError, TimeoutError) as error:
        console.print(f"[red]✗ the demo call failed:[/] {error}")
    except KeyboardInterrupt:
        console.print("\nStopped.")
        raise typer.Exit(0 if completed else 1) from None
    raise typer.Exit(0 if completed else 1)


def _run_until_interrupted(stack: Stack) -> None:
    while True:
        time.sleep(1)
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


if __name__ == "__main__":
    app()
