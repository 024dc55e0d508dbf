"""SQS's numbers. "quotas" is the developer guide's page on message quotas, "API" its reference."""

MESSAGE_BYTES = 1_048_576  # quotas: body and attributes of one message, 1 MiB since August 2025
BATCH_BYTES = 1_048_576  # quotas: all messages of one SendMessageBatch together
BATCH_ENTRIES = 10  # API, SendMessageBatch
BATCH_ENTRY_ID = 80  # API: characters of an entry's id
RECEIVE_MESSAGES = 10  # API, ReceiveMessage.MaxNumberOfMessages
VISIBILITY_S = 43_200  # API: 12 hours, also in all since a message was received
DEDUPLICATION_S = 300  # developer guide, FIFO: exactly-once processing within 5 minutes
ATTRIBUTES = 10  # quotas: message attributes per message
PURGE_S = 60  # API, PurgeQueue: one in 60 seconds
REBORN_S = 60  # API, DeleteQueue: a name is free again after 60 seconds
DELAY_S = 900  # API: 15 minutes
WAIT_S = 20  # API: long polling
RETENTION_S = (60, 1_209_600)  # API: one minute to 14 days
MAX_RECEIVE_COUNT = (1, 1_000)  # API, RedrivePolicy.maxReceiveCount
