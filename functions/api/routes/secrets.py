"""Routes of the secrets that tools use."""

from __future__ import annotations

from trunkline.http_api.routing import RouteGroup
from trunkline.tools.secret_service import SecretList, SecretSpec, SecretView

from ..bootstrap.agents import secret_service
from ..crud_routes import CrudResource, Texts, add_crud_routes

group = RouteGroup(not_found="No such secret.")
add_crud_routes(
    group,
    CrudResource(
        name="secrets",
        label="Secret",
        key="secret",
        spec=SecretSpec,
        view=SecretView,
        list_view=SecretList,
        created=SecretView,
        service=secret_service,
        listing=Texts("List the secrets of your tools."),
        creation=Texts(
            "Store a secret, which tools refer to as `{{secrets.NAME}}`.",
            errors={
                409: "A secret of this name exists, you have reached your limit of secrets, or the "
                "Idempotency-Key is in use."
            },
            returns="The secret, without its value.",
        ),
        reading=Texts("Read when a secret was stored; its value cannot be read."),
        change=Texts(
            "Replace a secret's value.", "Takes effect at the next invocation, also in running calls."
        ),
        deletion=Texts(
            "Delete a secret.",
            "Rejected while a tool refers to it.",
            errors={409: "A tool uses it."},
        ),
        example={"name": "CRM_TOKEN", "value": "s3cret"},
        example_change={"value": "n3w-s3cret"},
    ),
)
