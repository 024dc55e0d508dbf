"""CloudFront before the media bucket: links that live as long as they say, from a name of yours.

The bucket stays private: only this distribution may read it (origin access control), and only who
has a link signed with our key may read the distribution. Who has none, or one that opens nothing,
reads a page of ours (`infra/pages`), from a bucket of its own as AWS advises: a page that lies with
the files is away when they are (CloudFront developer guide, "Configure error response behavior").
"""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as certificates
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra import link_keys
from infra.names import pages_export
from infra.pages import plan
from infra.settings import Stage
from infra.stacks.base import ConcernStack
from infra.stacks.buckets import LOG_DAYS, private_bucket
from infra.stacks.data import DataStack

# How long CloudFront answers the same failure without asking again; AWS's own default.
FAILURE_SECONDS = 10
YEAR = 365
# By their text (PEM).
Keys = Mapping[str, cloudfront.PublicKey]


class CdnStack(ConcernStack):
    """`cdn.certificate_arn` is of us-east-1, where CloudFront looks for certificates."""

    def __init__(self, scope: Construct, stage: Stage, *, data: DataStack) -> None:
        super().__init__(scope, "cdn", stage)
        logs = self._logs()
        pages = self._pages(data, logs)
        keys = {key: self._link_key(key) for key in stage.cdn.keys}
        made = self._distribution(pages, keys, logs)
        cdk.CfnOutput(self, "PointTo", value=made.distribution_domain_name)
        export = pages_export(stage.prefix)
        cdk.CfnOutput(self, "PagesIn", value=pages.bucket_name, export_name=export)
        self.key_id = keys[stage.cdn.public_key].public_key_id
        # CloudFormation removes no export that the functions' stack still uses, and updates this
        # stack first: the key that signed until now has to stay exported while another comes.
        for one in keys.values():
            self.export_value(one.public_key_id)

    def _link_key(self, key: str) -> cloudfront.PublicKey:
        """Id and name of the key itself: another key is another resource, beside this one."""
        mark = link_keys.mark(key)
        return cloudfront.PublicKey(
            self,
            f"LinkKey{mark}",
            public_key_name=f"{self.stage.prefix}-{mark}",
            encoded_key=link_keys.canonical(key),
            comment=f"Checks links to media; its private half: {self.names.link_secret(mark)}",
        )

    def _distribution(
        self, pages: s3.Bucket, keys: Keys, logs: s3.Bucket
    ) -> cloudfront.Distribution:
        chosen = self.stage.cdn
        headers = self._headers()
        return cloudfront.Distribution(
            self,
            "Media",
            comment=f"Media of {self.stage.prefix}",
            domain_names=[chosen.domain],
            certificate=certificates.Certificate.from_certificate_arn(
                self, "Certificate", chosen.certificate_arn
            ),
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            default_behavior=self._signed_only(keys, headers),
            additional_behaviors={f"{plan.FOLDER}/*": self._open_to_all(pages, headers)},
            error_responses=failures(),
            enable_logging=True,
            log_bucket=logs,
            log_file_prefix="links/",
            geo_restriction=cloudfront.GeoRestriction.allowlist(*chosen.countries),
            web_acl_id=chosen.web_acl_arn,
        )

    def _signed_only(
        self, keys: Keys, headers: cloudfront.ResponseHeadersPolicy
    ) -> cloudfront.BehaviorOptions:
        # By name: the data stack lets CloudFront read it, and must not wait for this one.
        media = s3.Bucket.from_bucket_attributes(
            self, "MediaBucket", bucket_name=self.names.media, region=self.stage.region
        )
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(media),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            trusted_key_groups=[cloudfront.KeyGroup(self, "Keys", items=_in_order(keys))],
            # Files of customers: the browser of whoever has the link keeps them, nobody else.
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,
            response_headers_policy=headers,
        )

    def _open_to_all(
        self, pages: s3.Bucket, headers: cloudfront.ResponseHeadersPolicy
    ) -> cloudfront.BehaviorOptions:
        """The pages; CloudFront fetches them by this path, too, when it answers with one."""
        return cloudfront.BehaviorOptions(
            origin=origins.S3BucketOrigin.with_origin_access_control(pages),
            viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
            cache_policy=cloudfront.CachePolicy.CACHING_DISABLED,  # what is published is seen
            response_headers_policy=headers,
        )

    def _headers(self) -> cloudfront.ResponseHeadersPolicy:
        """One for files and pages: AWS does not say whose policy an error page gets."""
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=self.stage.prefix,
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy=plan.ON_ANSWERS, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=cdk.Duration.days(YEAR), override=True
                ),
            ),
        )

    def _pages(self, data: DataStack, logs: s3.Bucket) -> s3.Bucket:
        """Without a name of ours: one that a `destroy` left is in nobody's way."""
        return private_bucket(
            self,
            "Pages",
            name=None,
            # As a key by its ARN: its policy, which names CloudFront, is the data stack's.
            key=kms.Key.from_key_arn(self, "Key", data.key.key_arn),
            keep_days=None,
            logs=logs,
        )

    def _logs(self) -> s3.Bucket:
        """CloudFront writes its log as an owner of its own, so this bucket alone has ACLs.

        Without a name of ours, as `_pages`.
        """
        return s3.Bucket(
            self,
            "Logs",
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


def failures() -> list[cloudfront.ErrorResponse]:
    """Which page answers which status; the status itself stays true."""
    return [
        cloudfront.ErrorResponse(
            http_status=status,
            response_http_status=status,
            response_page_path=f"/{page.key}",
            ttl=cdk.Duration.seconds(FAILURE_SECONDS),
        )
        for page in plan.PAGES
        for status in page.statuses
    ]


def _in_order(keys: Keys) -> list[cloudfront.IPublicKey]:
    """By what they are, so that choosing who signs changes nothing here."""
    return [keys[key] for key in sorted(keys, key=link_keys.mark)]
