"""The CDK app. `cdk deploy -c stage=prod`; without a stage it is `dev`.

`-c dialer_lanes=80` changes a setting of the stage, as its file in `stages/` does. `-c part=edge` makes the
stack with the web ACL, which must be in us-east-1.
"""

from __future__ import annotations

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks

from infrastructure.edge_stack import EdgeStack
from infrastructure.stack import TrunklineStack
from infrastructure.stage_file import deployed_settings

app = cdk.App()
context = app.node.get_all_context()
settings = deployed_settings(context.get("stage") or "dev", context)
if context.get("part") == "edge":
    EdgeStack(app, settings)
else:
    TrunklineStack(app, settings)
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
app.synth()
