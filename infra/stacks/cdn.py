"""CloudFront before the media bucket: links that live as long as they say, from a name of yours.

The bucket stays private: only this distribution may read it (origin access control), and only who
has a link signed with our key may read the distribution.
"""

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.buckets import LOG_DAYS


class CdnStack(ConcernStack):
    """`cdn.certificate_arn` is of us-east-1, where CloudFront looks for certificates."""

    def __init__(self, scope: Construct, stage: Stage) -> None:
        super().__init__(scope, "cdn", stage)
        certificate = certificates.Certificate.from_certificate_arn(
            self, "Certificate", stage.cdn.certificate_arn
        )
        # By name: the data stack lets CloudFront read it, and must not wait for this one.
        media = s3.Bucket.from_bucket_attributes(
            self, "MediaBucket", bucket_name=self.names.media, region=stage.region
        )
        key = cloudfront.PublicKey(
            self,
            "LinkKey",
            public_key_name=stage.prefix,
            encoded_key=stage.cdn.public_key,
            comment="Signs links to media; its private half is the secret MEDIA_LINK_KEY",
        )
        made = cloudfront.Distribution(
            self,
            "Media",
            comment=f"Media of {stage.prefix}",
            domain_names=[stage.cdn.domain],
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=self._signed_only(media, key),
            enable_logging=True,
            log_bucket=self._logs(),
            log_file_prefix="links/",
            geo_restriction=cloudfront.GeoRestriction.allowlist(*stage.cdn.countries),
            web_acl_id=stage.cdn.web_acl_arn,
        )
        cdk.CfnOutput(self, "PointTo", value=made.distribution_domain_name)
        self.key_id = key.public_key_id

    def _signed_only(
        self, media: s3.IBucket, key: cloudfront.PublicKey
    ) -> cloudfront.BehaviorOptions:
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(media),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            trusted_key_groups=[cloudfront.KeyGroup(self, "Keys", items=[key])],
            # Files of customers: the browser of whoever has the link keeps them, nobody else.
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
        )

    def _logs(self) -> s3.Bucket:
        """CloudFront writes its log as an owner of its own, so this bucket alone has ACLs."""
        return s3.Bucket(
            self,
            "Logs",
            bucket_name=f"{self.names.media}-links",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True,
            versioned=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            server_access_logs_prefix="own/",
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(LOG_DAYS),
                    noncurrent_version_expiration=cdk.Duration.days(1),
                )
            ],
            removal_policy=self.removal,
        )
