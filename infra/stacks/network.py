"""A VPC for those who must have one: private subnets only, endpoints, one way out through NAT.

Amazon Connect's chat service and the AI service have no endpoint in a VPC, so a way out there must
be: a regional NAT gateway, which stands in no subnet, so that none is public. What has an endpoint
(SQS, Secrets Manager, End User Messaging, S3, DynamoDB) never leaves the network.
"""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.settings import ZONES, Stage
from infra.stacks.base import ConcernStack
from infra.stacks.buckets import TRAFFIC
from infra.stacks.data import DataStack
from infra.stacks.guards import said_once

HTTPS = 443
# AWS PrivateLink, "AWS services that integrate": those of them that the product calls.
SERVICES = ("sqs", "secretsmanager", "social-messaging")
FOR_CONTAINERS = ("ecr.api", "ecr.dkr", "logs", "ssm")


class NetworkStack(ConcernStack):
    """`vpc`, and `inside`: the security group of functions and containers. Nothing may come in."""

    def __init__(self, scope: Construct, stage: Stage, *, data: DataStack) -> None:
        super().__init__(scope, "network", stage)
        self.vpc = self._vpc()
        self.inside = ec2.SecurityGroup(
            self,
            "Inside",
            vpc=self.vpc,
            description="Functions and containers: HTTPS out, nothing in",
            allow_all_outbound=False,
        )
        self.inside.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "AWS and AI, by TLS")
        self._gateways()
        for service in (*SERVICES, *(FOR_CONTAINERS if stage.worker.runs else ())):
            self._endpoint(service)
        self._flow_logs(data)

    @property
    def subnets(self) -> ec2.SubnetSelection:
        return ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)

    @property
    def arns(self) -> list[str]:
        """Subnets and security group, as IAM names them."""
        place = f"arn:aws:ec2:{self.region}:{self.account}"
        subnets = [f"{place}:subnet/{one.subnet_id}" for one in self.vpc.private_subnets]
        return [*subnets, f"{place}:security-group/{self.inside.security_group_id}"]

    def _vpc(self) -> ec2.Vpc:
        made = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=self.stage.prefix,
            nat_gateway_provider=ec2.NatProvider.regional_gateway(),
            subnet_configuration=[
                ec2.SubnetConfiguration(name="in", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
            ],
            availability_zones=self._zones(),
            restrict_default_security_group=True,
        )
        self._only_closes_the_group()
        # CDK lets it wait for the internet gateway, but not for that to be attached.
        out = made.node.find_child("RegionalNatGateway")
        out.node.add_dependency(made.node.find_child("VPCGW"))
        return made

    def _zones(self) -> list[str]:
        """Written so that CDK asks no account which there are."""
        if named := self.stage.network.zones:
            letters = [name.removeprefix(self.stage.region) for name in named]
            return [cdk.Fn.join("", [cdk.Aws.REGION, letter]) for letter in letters]
        return [cdk.Fn.select(n, cdk.Fn.get_azs()) for n in range(ZONES)]

    def _only_closes_the_group(self) -> None:
        """CloudFormation cannot close a VPC's default group, so a function of CDK's does.

        It runs when the VPC is made and when it goes. Its role names this one group; the policy of
        AWS's beside it, for logs of every group there is, is taken away: CloudFormation tells what
        went wrong without them.
        """
        closing = self.node.find_child("Custom::VpcRestrictDefaultSGCustomResourceProvider")
        role = cast("cdk.CfnResource", closing.node.find_child("Role"))
        role.add_property_deletion_override("ManagedPolicyArns")
        said_once(closing.node.find_child("Handler"))

    def _gateways(self) -> None:
        """S3 and DynamoDB: no charge, no way out."""
        for name, service in (
            ("S3", ec2.GatewayVpcEndpointAwsService.S3),
            ("DynamoDb", ec2.GatewayVpcEndpointAwsService.DYNAMODB),
        ):
            self.vpc.add_gateway_endpoint(name, service=service)

    def _endpoint(self, service: str) -> None:
        name = "".join(word.capitalize() for word in service.replace(".", "-").split("-"))
        group = ec2.SecurityGroup(
            self,
            f"To{name}",
            vpc=self.vpc,
            description=f"The endpoint of {service}",
            allow_all_outbound=False,
        )
        group.add_ingress_rule(self.inside, ec2.Port.tcp(HTTPS), "from inside")
        self.vpc.add_interface_endpoint(
            name,
            service=ec2.InterfaceVpcEndpointAwsService(service),
            security_groups=[group],
            open=False,
            private_dns_enabled=True,
        )

    def _flow_logs(self, data: DataStack) -> None:
        """Into the bucket of access logs: its policy lets the service write, no role is needed."""
        ec2.CfnFlowLog(
            self,
            "FlowLog",
            resource_id=self.vpc.vpc_id,
            resource_type="VPC",
            traffic_type="ALL",
            log_destination_type="s3",
            log_destination=f"{data.access_logs_arn}/{TRAFFIC}",
        )
