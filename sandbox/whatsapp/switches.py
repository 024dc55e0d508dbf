"""How the emulated WhatsApp behaves where the real one is undocumented or may vary."""

from dataclasses import dataclass
from typing import Literal


@dataclass(slots=True, kw_only=True)
class WhatsAppSwitches:
    """Read at every call; a test changes them at any time."""

    statuses: Literal["soon", "late", "never"] = "soon"
    """When statuses are published. The message itself always reaches the phone."""
    soon_s: float = 0.5
    """Between acceptance and `sent`, and again until `delivered`."""
    late_s: float = 90.0
    """The same for "late": longer than the product waits for a proof."""
    callback_data: bool = True
    """Whether statuses carry biz_opaque_callback_data back."""
    message_id_is_wamid: bool = False
    """Whether SendWhatsAppMessage answers the wamid instead of a UUID of its own."""
    window: Literal["asynchronous", "synchronous", "off"] = "asynchronous"
    """How a closed customer service window is refused."""
    pair_rate: bool = True
    """Whether Meta's rate per customer (131056) is enforced."""
    clock_ahead_s: int = 0
    """How far the timestamps of customers' messages are ahead of the sandbox's clock."""
    user_ids: bool = True
    """Whether events carry business-scoped user ids (as since April 2026)."""

    @property
    def delay_s(self) -> float | None:
        """Seconds until the next status; None for never."""
        return {"soon": self.soon_s, "late": self.late_s, "never": None}[self.statuses]
