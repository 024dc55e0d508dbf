"""The door to the private media bucket. Clients sign with SigV4: older signatures ignore expiry."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chalicelib.errors import Denied, Rejected, Unsure
from chalicelib.gateways.aws_errors import aws
from chalicelib.ports.whatsapp import StoredMedia

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectIdentifierTypeDef

SERVICE = "s3"
PUT_SECONDS = 300  # EUM fetches from Meta and writes at once
LINK_SECONDS = 12 * 3600  # a shift; a signed link of a role never outlives its credentials


class MediaBucket:
    """Keys are chosen by the callers, see `inbound_files.media_key`."""

    def __init__(
        self, client: "S3Client", bucket: str, link: Callable[[str], str] | None = None
    ) -> None:
        """`link` makes links for people where not S3 signs them."""
        self._client = client
        self._bucket = bucket
        self._link = link

    def check(self) -> None:
        """Raises what the bucket answers when it is not there or not ours to read."""
        with aws(SERVICE):
            self._client.head_bucket(Bucket=self._bucket)

    def read(self, key: str) -> bytes:
        with aws(SERVICE):
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def read_up_to(self, key: str, limit: int) -> bytes | None:
        with aws(SERVICE):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with answer["Body"] as stream:
                return None if answer["ContentLength"] > limit else stream.read()

    def stored(self, key: str) -> StoredMedia | None:
        """The object without its bytes; None when it is not there (403 for who may not list)."""
        try:
            with aws(SERVICE):
                answer = self._client.head_object(Bucket=self._bucket, Key=key)
        except (Rejected, Denied):
            return None
        return StoredMedia(key=key, mime=answer["ContentType"], size=answer["ContentLength"])

    def write(self, key: str, body: bytes, content_type: str) -> None:
        with aws(SERVICE):
            self._client.put_object(
                Bucket=self._bucket, Key=key, Body=body, ContentType=content_type
            )

    def forget(self, prefix: str) -> None:
        """Delete every version of every object below `prefix`, deletion markers included."""
        with aws(SERVICE):
            pages = self._client.get_paginator("list_object_versions").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            for page in pages:
                self._delete([*page.get("Versions", []), *page.get("DeleteMarkers", [])])

    def listed(self, prefix: str) -> list[dict[str, Any]]:
        """The objects below `prefix`: key and size in bytes."""
        with aws(SERVICE):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
            return [
                {"key": each["Key"], "bytes": each["Size"]}
                for page in pages
                for each in page.get("Contents", [])
            ]

    def _delete(self, versions: Sequence[Any]) -> None:
        if not versions:
            return
        named: list[ObjectIdentifierTypeDef] = [
            {"Key": each["Key"], "VersionId": each["VersionId"]} for each in versions
        ]
        answer = self._client.delete_objects(
            Bucket=self._bucket, Delete={"Objects": named, "Quiet": True}
        )
        if answer.get("Errors"):  # a 200 answer may still hold failures
            raise Unsure("the bucket kept some versions", service=SERVICE)

    def link(self, key: str) -> str:
        if self._link:
            return self._link(key)
        return self._client.generate_presigned_url(
            "get_object",
            Params={"Bucket": self._bucket, "Key": key},
            ExpiresIn=LINK_SECONDS,
        )

    def put_url(self, key: str) -> str:
        """An address that takes exactly this object; signing makes no call."""
        return self._client.generate_presigned_url(
            "put_object", Params={"Bucket": self._bucket, "Key": key}, ExpiresIn=PUT_SECONDS
        )
