"""What stands around the product in AWS, as far as somebody asks how it is set up.

Nothing of it works here: queues are read by `sandbox.deliverer`, flows' functions run by
`sandbox.lambda_functions`. It says what a deployment says, and tests say it differently.
`sandbox.as_deployed` fills it.
"""

from sandbox.clock import SandboxClock
from sandbox.deployed.alarms import CloudWatchEmulator
from sandbox.deployed.backups import BackupEmulator
from sandbox.deployed.containers import EcsEmulator, SsmEmulator
from sandbox.deployed.functions import LambdaEmulator
from sandbox.deployed.keys import KmsEmulator
from sandbox.deployed.logs import LogsEmulator
from sandbox.wire import Emulator


class Deployed:
    """One emulator a service; `emulators` are all of them."""

    def __init__(self, clock: SandboxClock) -> None:
        self.functions = LambdaEmulator()
        self.backups = BackupEmulator(clock)
        self.alarms = CloudWatchEmulator()
        self.keys = KmsEmulator(clock)
        self.logs = LogsEmulator()
        self.containers = EcsEmulator()
        self.parameters = SsmEmulator()

    @property
    def emulators(self) -> list[Emulator]:
        return list(vars(self).values())
