"""One customer is one customer under every identifier, and two are never taken for one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.customer import (
    NOBODY,
    Identifiers,
    alias_keys,
    canonical,
    combined,
    conversation_key,
    identify,
    is_bsuid,
    normalize_phone,
    same_customer,
)

BSUID, OTHER_BSUID = "US.70418832619450273315", "US.11122233344455566677"
PARENT = "US.ENT.88123004417725906118"
PHONES = st.sampled_from(
    ["5491122334455", "541122334455", "5215512345678", "525512345678", "5511987654321"]
) | st.text("0123456789", min_size=5, max_size=15)
BSUIDS = st.from_regex(r"[A-Z]{2}\.[A-Za-z0-9]{1,20}", fullmatch=True)
PEOPLE = st.builds(
    Identifiers,
    phone=st.none() | PHONES,
    user_id=st.none() | BSUIDS,
    parent_user_id=st.none() | st.just(PARENT),
)


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("15550107788", "+15550107788"),
        ("+1 (555) 010-7788", "+15550107788"),
        ("tel:+34 600 11 12 22", "+34600111222"),
        ("5491122334455", "+5491122334455"),
        (BSUID, BSUID),
        (PARENT, PARENT),
        ("nobody", ""),
        ("", ""),
    ],
)
def test_a_number_is_dialled_as_received_with_plus(written: str, normal: str) -> None:
    """SA-56."""
    assert normalize_phone(written) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("5491122334455", "541122334455"),
        ("5215512345678", "525512345678"),
        ("5511987654321", "551187654321"),
        ("+15550107788", "15550107788"),
    ],
)
def test_two_spellings_of_one_number_are_equal(one: str, other: str) -> None:
    """SA-16."""
    assert canonical(one) == canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("551123456789", "5511923456789"),  # a Brazilian landline has no ninth digit to add
        ("5491122334455", "5491122334456"),
        ("521551234567", "52551234567"),  # too short to be a Mexican mobile with 1
        (BSUID, BSUID.lower()),
    ],
)
def test_two_numbers_are_never_made_equal(one: str, other: str) -> None:
    assert canonical(one) != canonical(other)


@given(PHONES)
def test_comparing_once_is_enough(phone: str) -> None:
    assert canonical(canonical(phone)) == canonical(phone)


def test_identifiers_are_told_apart_by_their_form() -> None:
    found = identify(None, "", "15550107788", PARENT, BSUID)
    assert found == Identifiers(phone="15550107788", user_id=BSUID, parent_user_id=PARENT)
    assert found.strongest_first() == (BSUID, PARENT, "15550107788")
    assert (found.strongest, NOBODY.strongest) == (BSUID, "")
    assert is_bsuid(BSUID)
    assert not is_bsuid("15550107788")


def test_a_group_is_itself_and_none_of_its_members() -> None:
    group = Identifiers(group_id="g1", phone="15550107788")
    assert group.strongest_first() == ("g1",)
    assert not same_customer(group, Identifiers(phone="15550107788"))
    assert same_customer(group, Identifiers(group_id="g1"))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Identifiers(user_id=BSUID), Identifiers(user_id=BSUID, phone="1555"), True),
        (Identifiers(phone="5491122334455"), Identifiers(phone="541122334455"), True),
        (Identifiers(phone="15550107788", user_id=BSUID), Identifiers(phone="15550107788"), True),
        (Identifiers(user_id=BSUID), Identifiers(phone="15550107788"), False),
        (
            Identifiers(user_id=BSUID, phone="15550107788"),
            Identifiers(user_id=OTHER_BSUID, phone="15550107788"),
            False,
        ),
        (NOBODY, NOBODY, False),
    ],
)
def test_who_is_the_same_customer(one: Identifiers, other: Identifiers, same: bool) -> None:
    assert same_customer(one, other) is same
    assert same_customer(other, one) is same


@given(PEOPLE, PEOPLE)
def test_two_user_ids_are_two_people_whatever_else_they_share(
    one: Identifiers, other: Identifiers
) -> None:
    if one.user_id and other.user_id and one.user_id != other.user_id:
        assert not same_customer(one, other)


def test_an_event_adds_what_it_knows_and_forgets_nothing() -> None:
    known = Identifiers(user_id=BSUID, phone="15550107788")
    assert combined(known, Identifiers(phone="15550109999")) == Identifiers(
        user_id=BSUID, phone="15550109999"
    )
    assert combined(known, NOBODY) == known


def test_a_customer_of_two_business_numbers_has_two_conversations() -> None:
    assert conversation_key("n1", BSUID) != conversation_key("n2", BSUID)


@given(PEOPLE)
def test_keys_fit_a_queue_group_and_show_nobody(who: Identifiers) -> None:
    keys = alias_keys("440011223344556", who)
    assert len(keys) == len(set(keys)) <= 3
    for key in keys:
        assert len(key) <= 128
        assert key.isalnum()
        assert not who.phone or who.phone not in key
    if who.strongest:
        assert keys[0] == conversation_key("440011223344556", who.strongest)


@given(PEOPLE, PEOPLE)
def test_conversations_meet_only_where_an_identifier_is_shared(
    one: Identifiers, other: Identifiers
) -> None:
    shared_keys = set(alias_keys("n", one)) & set(alias_keys("n", other))
    mine = {canonical(item) for item in one.strongest_first()}
    theirs = {canonical(item) for item in other.strongest_first()}
    assert len(shared_keys) == len(mine & theirs)


def test_a_key_is_not_two_pairs_at_once() -> None:
    assert conversation_key("1", "23456") != conversation_key("12", "3456")
