"""Identifiers of a sandbox world: random-looking, and the same in every run of one seed."""

import random
import uuid


class Ids:
    """Gives identifiers from a seeded source, so that a run can be replayed exactly."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """A version 4 UUID, as AWS names contacts, messages and participants."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits."""
        return f"{self._random.getrandbits(4 * length):0{length}x}"

    def digits(self, length: int) -> str:
        """`length` decimal digits, the first of them not zero."""
        return str(self._random.randrange(10 ** (length - 1), 10**length))
