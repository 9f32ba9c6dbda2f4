"""`python -m local`: run the local stack, stop it, or call the project's own `cdk`."""

from __future__ import annotations

import signal
import time
from typing import Annotated

import typer
from rich.console import Console
from trunkline_cli.watch import ApiError

from local import cdk
from local.config import from_environment
from local.demo import ring_a_phone, show_how_to_use
from local.processes import CannotStart, stop_left_over
from local.stack import Stack, local_stack

app = typer.Typer(no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
console = Console(highlight=False)


@app.command()
def run(once: Annotated[bool, typer.Option("--once", help="End after the demo call.")] = False) -> None:
    """Bring the stack up, ring a phone, and stay up until Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began_s = time.monotonic()

    def report(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - began_s:5.1f} s[/]  {text}")

    completed = False
    try:
        with local_stack(from_environment(), report) as stack:
            completed = ring_a_phone(stack, console)
            if not once:
                show_how_to_use(stack, console)
                _stay(stack)
    except CannotStart as error:
        console.print(f"[red]✗[/] {error}")
        raise typer.Exit(1) from error
    except (ApiError, TimeoutError) as error:
        console.print(f"[red]✗ the demo call failed:[/] {error}")
    except KeyboardInterrupt:
        console.print("\nStopped.")
        raise typer.Exit(0 if completed else 1) from None
    raise typer.Exit(0 if completed else 1)


def _stay(stack: Stack) -> None:
    while True:
        time.sleep(1)
        if name := stack.processes.dead():
            raise CannotStart(f"{name} has ended; its output is in {stack.config.folder / 'logs'}")


@app.command()
def down() -> None:
    """Stop what is left of a local stack."""
    ended = stop_left_over(from_environment().folder)
    console.print(f"Stopped: {', '.join(ended)}." if ended else "Nothing was running.")


@app.command("cdk", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def cdk_command(context: typer.Context) -> None:
    """Run the project's own CDK command line."""
    raise typer.Exit(cdk.run(context.args))


if __name__ == "__main__":
    app()
