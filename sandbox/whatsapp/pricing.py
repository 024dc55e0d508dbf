"""The `pricing` object of statuses (reference section 3): service messages are free at Meta."""

from typing import Any

from sandbox.whatsapp.account import Template


def pricing(template: Template | None, *, window_open: bool) -> dict[str, Any]:
    """Per-message pricing: free-form replies and utility templates inside the window are free."""
    if template is None:
        return _priced("service", free=True)
    category = template.category.lower()
    return _priced(category, free=category == "utility" and window_open)


def _priced(category: str, *, free: bool) -> dict[str, Any]:
    return {
        "billable": not free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if free else "regular",
        "category": category,
    }
