"""Builds what is shown late: cards and words of voice notes, files.

A part of `wiring.py`, for the one function that needs it.
"""

from typing import TYPE_CHECKING

from chalicelib.follow_ups import FollowUps
from chalicelib.late_cards import LateCards, OwedCards
from chalicelib.late_entries import LateWork
from chalicelib.late_files import LateFiles
from chalicelib.late_words import LateWords

if TYPE_CHECKING:
    from chalicelib.wiring import App


def late_work(app: "App") -> LateWork:
    follow_ups = FollowUps(conversations=app.conversations, to_agent=app.to_agent, clock=app.clock)
    cards = OwedCards(
        notes=app.voice_notes, follow_ups=follow_ups, language=app.settings.agent_language
    )
    return LateWork(
        cards=LateCards(cards, app.queues),
        words=LateWords(cards),
        files=LateFiles(files=app.inbound_files, history=app.history, follow_ups=follow_ups),
        park=app.queues.park_unreadable,
    )
