"""Reader of an AWS account: its quotas, and whether a stage is there. It changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError

from infrastructure.preflight import Account, Quota, kept_concurrency
from infrastructure.settings import StageSettings

Connect = Callable[[str], Any]
"""Returns the boto3 client of a service."""

_SERVICES = ("states", "dynamodb", "scheduler", "sqs", "apigateway")
_ALIAS = "live"
_NOTHING_KEPT = {"ResourceNotFoundException", "ProvisionedConcurrencyConfigNotFoundException"}
_NOT_THERE = {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_COMPLETE"}


def read_account(connect: Connect, settings: StageSettings) -> Account:
    """Read what the preflight compares.

    Raises:
        ClientError: Lambda's settings can't be read. A quota that can't be read is left out.
    """
    lambda_ = connect("lambda")
    answer = lambda_.get_account_settings()
    limit, usage = answer["AccountLimit"], answer["AccountUsage"]
    own = sum(
        _kept(lambda_, f"trunkline-{settings.name}-{package.replace('_', '-')}")
        for package in kept_concurrency(settings)
    )
    quotas = connect("service-quotas")
    return Account(
        concurrency=limit["ConcurrentExecutions"],
        unreserved=limit["UnreservedConcurrentExecutions"],
        own_reserved=own,
        code_bytes=usage["TotalCodeSize"],
        code_limit_bytes=limit["TotalCodeSize"],
        quotas={service: found for service in _SERVICES if (found := _quotas(quotas, service))},
    )


def is_deployed(connect: Connect, stack_name: str) -> bool:
    """Tell whether a stack is there; one whose creation failed is not."""
    try:
        (stack,) = connect("cloudformation").describe_stacks(StackName=stack_name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return False
        raise
    return stack["StackStatus"] not in _NOT_THERE


def _kept(lambda_: Any, name: str) -> int:
    """Return what a function reserves, or else how many of its environments are kept started."""
    try:
        reserved = lambda_.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions", 0)
        if reserved:
            return int(reserved)
        started = lambda_.get_provisioned_concurrency_config(FunctionName=name, Qualifier=_ALIAS)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOTHING_KEPT:
            return 0
        raise
    return int(started["RequestedProvisionedConcurrentExecutions"])


def _quotas(client: Any, service: str) -> tuple[Quota, ...]:
    """Return a service's quotas: the account's own value, or AWS's default where it has none.

    https://docs.aws.amazon.com/servicequotas/2019-06-24/apireference/API_ListServiceQuotas.html
    """
    found: dict[str, Quota] = {}
    try:
        for operation in ("list_aws_default_service_quotas", "list_service_quotas"):
            found |= {quota.code: quota for quota in _listed(client, operation, service)}
    except ClientError:
        return ()
    return tuple(found.values())


def _listed(client: Any, operation: str, service: str) -> Iterator[Quota]:
    for page in client.get_paginator(operation).paginate(ServiceCode=service):
        for quota in page["Quotas"]:
            yield Quota(quota["QuotaName"], quota["QuotaCode"], quota["Value"])
