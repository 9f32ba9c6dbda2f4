"""The `event_fanout` function: deliveries from the table's stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infrastructure import permissions as may
from infrastructure.alarms import failed_items
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_event_fanout(stack: TrunklineStack) -> PythonFunction:
    """Add the function, its environment and its permissions."""
    arn = stack.deliveries.machine.state_machine_arn
    built = PythonFunction(
        stack,
        "EventFanout",
        runtime=stack.runtime,
        package="event_fanout",
        environment={
            "TABLE_NAME": stack.data.table.table_name,
            "DELIVERY_FLOW_ARN": arn,
            "EVENT_BUS_NAME": stack.bus.bus.event_bus_name,
        },
        timeout_s=30,
        memory_mib=stack.settings.api_memory_mib,
    )
    may.may_use_table(built.role, stack.data, *may.READ, *may.CHANGE)
    may.may_publish(built.role, stack.bus.bus)
    may.may_start(built.role, stack.deliveries.machine)
    failed_items(built, "event_fanout")
    return built
