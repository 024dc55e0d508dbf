"""The REST routes of the function `api`, on an HTTP API. Callers sign with IAM: nothing is open."""

import json

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from infra.functions import ROUTES
from infra.stacks.base import ConcernStack

CALLS_PER_SECOND = 50
BURST = 100
LOGGED = {
    "request": "$context.requestId",
    "at": "$context.requestTime",
    "route": "$context.routeKey",
    "status": "$context.status",
    "bytes": "$context.responseLength",
}


def http_api(
    stack: ConcernStack, function: lambda_.Function, group: logs.ILogGroup
) -> apigateway.HttpApi:
    """Payload format 1.0 is the one Chalice understands."""
    api = apigateway.HttpApi(
        stack,
        "Routes",
        api_name=stack.stage.prefix,
        description="Health and operator routes; callers sign with IAM",
        create_default_stage=False,
    )
    integration = integrations.HttpLambdaIntegration(
        "ToFunction", function, payload_format_version=apigateway.PayloadFormatVersion.VERSION_1_0
    )
    for method, path in ROUTES:
        api.add_routes(
            path=path,
            methods=[apigateway.HttpMethod[method]],
            integration=integration,
            authorizer=authorizers.HttpIamAuthorizer(),
        )
    stage = api.add_stage(
        "V1",
        stage_name="v1",
        auto_deploy=True,
        throttle=apigateway.ThrottleSettings(rate_limit=CALLS_PER_SECOND, burst_limit=BURST),
        detailed_metrics_enabled=True,
    )
    stage.node.default_child.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
        destination_arn=group.log_group_arn, format=json.dumps(LOGGED)
    )
    cdk.CfnOutput(stack, "ApiUrl", value=stage.url)
    return api
