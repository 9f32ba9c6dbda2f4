"""The CDK app. `cdk deploy -c stage=prod`; without a stage it is `dev`.

`-c dialer_lanes=80` changes a setting of the stage.
"""

from __future__ import annotations

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infrastructure.settings import stage_settings
from infrastructure.stack import TrunklineStack

app = cdk.App()
context = app.node.get_all_context()
TrunklineStack(app, stage_settings(context.get("stage") or "dev", context))
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
