"""The product's own metrics that alarms and dashboard look at. Plain data."""

# Alarm when so many come within five minutes. Meanings: docs/operations.md, "Metrics".
OWN = {
    "UnreadableEvents": 1,
    "OversizedEvents": 1,
    "OutboundFailed": 5,
    "OutboundSentAgain": 5,
    "StatusUnmatched": 20,
    "InboundRetries": 50,
    "OutboundRetries": 50,
    "WindowClosed": 10,
}
AI_COST = "AiCostUsd"

# Alarms that wait for the product to count: until then they stay silent.
AWAITED = {
    "WindowClosed": "replies that came after WhatsApp's 24 hours; OutboundFailed holds them today",
    AI_COST: "what voice notes cost; the budget sees the bill a day later",
}
