"""The `dashboard` function: the files of the web UI. Its role may write its own logs, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import aws_lambda as lambda_

from infrastructure.dashboard_site import dashboard_code
from infrastructure.python_function import PythonFunction

if TYPE_CHECKING:
    from infrastructure.stack import TrunklineStack


def add_dashboard(stack: TrunklineStack) -> PythonFunction:
    """Add the function and its environment."""
    return PythonFunction(
        stack,
        "Pages",
        runtime=stack.runtime,
        package="dashboard",
        code=lambda_.Code.from_asset(str(dashboard_code())),
        environment={
            "STAGE": stack.settings.name,
            "UPLOAD_ORIGIN": f"https://{stack.batches.bucket.bucket_regional_domain_name}",
            "USER_POOL_CLIENT_ID": stack.settings.user_pool_client_id,
            "USER_POOL_DOMAIN": stack.settings.user_pool_domain,
        },
        timeout_s=5,
        memory_mib=stack.settings.api_memory_mib,
    )
