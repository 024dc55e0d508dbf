"""DynamoDB as far as Puente uses it, in memory and fast (`World(dynamodb="own")`).

moto copies whole tables in every transaction; a thousand customers need something quicker.
`tests/unit/test_sandbox_dynamodb.py` holds both against each other.
"""

from sandbox.dynamodb.emulator import DynamoDbEmulator

__all__ = ["DynamoDbEmulator"]
