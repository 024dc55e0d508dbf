"""The findings of the rule packs we live with, each with its reason. Plain data."""

ACKNOWLEDGED = {
    "AwsSolutions::AwsSolutions-IAM5": "contacts, log streams and object keys have no names before "
    "they exist, and X-Ray knows no resources; `wildcards` lists each; tests/test_infra.py proves "
    "each permission by a recorded call and allows a lone * for X-Ray only",
    "AwsSolutions::AwsSolutions-L1": "the product supports Python 3.11 to 3.13; AWS maintains the "
    "3.13 runtime until June 2029",
    "PCI.DSS.321::PCI.DSS.321-LambdaInsideVPC": "the functions talk to AWS and to the AI service "
    "over TLS and reach nothing inside a network; a VPC would add a NAT gateway to every message",
    "PCI.DSS.321::PCI.DSS.321-S3BucketReplicationEnabled": "the media bucket is replicated; its "
    "replica and the access logs need no third copy",
    "PCI.DSS.321::PCI.DSS.321-S3DefaultEncryptionKMS": "S3 delivers access logs only into buckets "
    "whose default encryption is its own (AES256)",
}
