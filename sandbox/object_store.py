"""The bucket as End User Messaging reaches it: moto's own store, behind no client of ours.

So that the calls AWS makes for itself are not counted as the product's.
"""

from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from sandbox.moto_services import REGION

PARTITION = "aws"


def create_bucket(name: str) -> None:
    """A bucket that keeps every version, as the deployed one does."""
    backend = s3_backends[DEFAULT_ACCOUNT_ID][PARTITION]
    backend.create_bucket(name, REGION)
    backend.put_bucket_versioning(name, "Enabled")


class ObjectStore:
    """Reads and writes objects in moto's S3."""

    def put(self, bucket: str, key: str, body: bytes, mime_type: str) -> None:
        """Write an object. Raises LookupError when there is no such bucket."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID][PARTITION]
        if bucket not in backend.buckets:
            raise LookupError(bucket)
        stored = backend.put_object(bucket, key, body)
        stored.set_metadata({"Content-Type": mime_type})

    def get(self, bucket: str, key: str) -> tuple[bytes, str]:
        """The object and its content type. Raises LookupError when it is not there."""
        backend = s3_backends[DEFAULT_ACCOUNT_ID][PARTITION]
        if bucket not in backend.buckets:
            raise LookupError(bucket)
        stored = backend.get_object(bucket, key)
        if stored is None:
            raise LookupError(key)
        return stored.value, stored.metadata.get("content-type", "application/octet-stream")
