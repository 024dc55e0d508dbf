"""The product's own metrics that alarms and dashboard look at. Plain data."""

# Alarm when so many come within five minutes. Meanings: docs/operations.md, "Metrics".
OWN = {
    "UnreadableEvents": 1,
    "OversizedEvents": 1,
    "OperatorAlerts": 1,
    "OutboundFailed": 5,
    "OutboundSentAgain": 5,
    "StatusUnmatched": 20,
    "InboundRetries": 50,
    "OutboundRetries": 50,
    "WindowClosed": 10,
}
# The objective: of so many messages so many were late (chalicelib/objective.py).
OBJECTIVES = {
    "inbound": ("InboundMessages", "InboundLate"),
    "outbound": ("OutboundMessages", "OutboundLate"),
}
AI_COST = "AiCostUsd"
SENT = "OutboundMessages"
# Connect's own, of one instance (administrator guide, "Monitoring your instance using CloudWatch"):
# alarm at this value; the first is in percent of the quota.
CONNECT = {"ConcurrentActiveChatsPercentage": 80, "ChatBreachingActiveChatQuota": 1}
