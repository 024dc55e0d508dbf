"""What every stack shares: its place, its names, its tags."""

from typing import Any

import aws_cdk as cdk
from constructs import Construct

from infra.names import Names
from infra.settings import Stage


class ConcernStack(cdk.Stack):
    """A stack of one stage and one concern, e.g. `puente-prod-data`.

    `HOLDS_DATA`: what is lost with it does not come back; protected where the stage keeps data.
    """

    HOLDS_DATA = False

    def __init__(
        self, scope: Construct, concern: str, stage: Stage, *, region: str = "", **more: Any
    ) -> None:
        super().__init__(
            scope,
            f"{stage.prefix}-{concern}",
            env=cdk.Environment(account=stage.account, region=region or stage.region),
            termination_protection=stage.keep_data and self.HOLDS_DATA,
            tags=stage.tags,
            **more,
        )
        self.stage = stage
        self.names = Names(prefix=stage.prefix, account=stage.account, region=stage.region)

    @property
    def removal(self) -> cdk.RemovalPolicy:
        """What `destroy` does to data."""
        return cdk.RemovalPolicy.RETAIN if self.stage.keep_data else cdk.RemovalPolicy.DESTROY
