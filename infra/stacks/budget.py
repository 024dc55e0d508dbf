"""What a month may cost: told through the alarms' topic."""

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.settings import Stage


def budget(scope: Construct, stage: Stage, topic: sns.CfnTopic) -> None:
    """Told at 80 % spent and when the month will pass it; counted by the tag `stage`."""
    of = budgets.CfnBudget
    subscriber = of.SubscriberProperty(subscription_type="SNS", address=topic.ref)
    told = [
        of.NotificationWithSubscribersProperty(
            notification=of.NotificationProperty(
                comparison_operator="GREATER_THAN",
                notification_type=kind,
                threshold=percent,
                threshold_type="PERCENTAGE",
            ),
            subscribers=[subscriber],
        )
        for kind, percent in (("ACTUAL", 80), ("FORECASTED", 100))
    ]
    of(
        scope,
        "Budget",
        budget=of.BudgetDataProperty(
            budget_name=stage.prefix,
            budget_type="COST",
            time_unit="MONTHLY",
            budget_limit=of.SpendProperty(amount=stage.monthly_budget_usd, unit="USD"),
            cost_filters={"TagKeyValue": [f"user:stage${stage.name}"]},
        ),
        notifications_with_subscribers=told,
    )
