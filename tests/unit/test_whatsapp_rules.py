"""Statuses, failures and the customer service window: WhatsApp's rules as the agent meets them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.whatsapp import limits
from chalicelib.whatsapp.failures import FAILURES, failure_of, worst
from chalicelib.whatsapp.messages import WhatsAppError
from chalicelib.whatsapp.statuses import RANK, furthest, moves_forward, proves_sending, rank
from chalicelib.whatsapp.window import seconds_left, window_closes_at, window_open

WORDS = st.sampled_from([*RANK, "deleted", "warning", "ringing", "tomorrow's", ""])


class TestStatuses:
    @given(st.permutations(["sent", "delivered", "read", "played"]))
    def test_ticks_end_at_the_same_place_in_any_order(self, order: list[str]) -> None:
        status = ""
        for seen in order:
            status = furthest(status, seen)
        assert status == "played"

    @given(st.lists(WORDS))
    def test_a_tick_never_goes_backwards(self, order: list[str]) -> None:
        status = ""
        for seen in order:
            before, status = status, furthest(status, seen)
            assert rank(status) >= rank(before)
            assert moves_forward(before, seen) == (status != before)

    def test_what_the_customer_has_did_not_fail(self) -> None:
        assert furthest("failed", "delivered") == "delivered"
        assert furthest("read", "failed") == "read"

    def test_a_failure_is_seen_after_it_was_sent(self) -> None:
        assert furthest("sent", "failed") == "failed"
        assert furthest("failed", "sent") == "failed"

    def test_any_status_of_whatsapp_proves_that_it_got_the_message(self) -> None:
        assert all(proves_sending(word) for word in ("sent", "failed", "delivered", "read"))
        assert not proves_sending("accepted")
        assert not proves_sending("ringing")


class TestFailures:
    @pytest.mark.parametrize(
        ("code", "kind", "retryable", "to_operator"),
        [
            (131047, "window_closed", False, False),
            (131026, "unreachable", False, False),
            (131062, "unreachable", False, False),
            (131049, "policy", False, False),
            (131056, "slow_down", True, False),
            (1, "slow_down", True, False),
            (131042, "billing", True, True),
            (131009, "bad_request", False, False),
            (131053, "bad_request", False, False),
            (132001, "bad_request", False, False),
            (190, "account", False, True),
            (250, "account", False, True),
            (424242, "unknown", False, False),
        ],
    )
    def test_a_code_says_whether_to_try_again_and_who_must_act(
        self, code: int, kind: str, retryable: bool, to_operator: bool
    ) -> None:
        """LA-19."""
        failure = failure_of(code)
        assert (failure.code, failure.kind) == (code, kind)
        assert (failure.retryable, failure.to_operator) == (retryable, to_operator)

    def test_no_code_is_in_two_classes(self) -> None:
        from chalicelib.whatsapp import failures

        codes = [code for _, _, group in failures._GROUPS for code in group]
        assert len(codes) == len(set(codes)) == len(FAILURES)

    def test_of_several_errors_the_one_we_know_is_told(self) -> None:
        errors = [WhatsAppError(code=424242), WhatsAppError(code=131047)]
        assert worst(errors) == failure_of(131047)
        assert worst(errors[:1]) == failure_of(424242)
        assert worst([]) is None


class TestWindow:
    WROTE = 1_795_212_000

    def test_the_agent_may_write_for_24_hours_after_the_customer_did(self) -> None:
        assert window_open(self.WROTE, self.WROTE + 24 * 3600 - 1)
        assert not window_open(self.WROTE, self.WROTE + 24 * 3600)
        assert window_closes_at(self.WROTE) == self.WROTE + 24 * 3600

    def test_the_desk_can_count_down(self) -> None:
        assert seconds_left(self.WROTE, self.WROTE + 3600) == 23 * 3600
        assert seconds_left(self.WROTE, self.WROTE + 10**6) == 0

    def test_an_unknown_time_closes_nothing(self) -> None:
        assert window_open(0, self.WROTE)
        assert window_closes_at(0) is None
        assert seconds_left(0, self.WROTE) == limits.WINDOW_SECONDS


def test_every_message_type_with_a_file_has_a_size_limit() -> None:
    assert set(limits.MEDIA_TYPES.values()) == set(limits.MAX_BYTES)
    assert limits.max_bytes("audio/ogg; codecs=opus") == 16 * 1024 * 1024
    assert limits.max_bytes("application/zip") == limits.DOCUMENT_BYTES
