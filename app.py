"""The CDK app. `cdk deploy -c stage=prod`; without a stage it is `dev`."""

from __future__ import annotations

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infrastructure.settings import stage_settings
from infrastructure.stack import TrunklineStack

app = cdk.App()
TrunklineStack(app, stage_settings(app.node.try_get_context("stage") or "dev"))
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
