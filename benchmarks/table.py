"""The table of issue 4 with a measured column. The other columns are quoted from it."""

from benchmarks.calls import Figure

# case: (title, closest peer, to reach, bare floor); calls and when the reader sees it
GOALS = {
    "first_text_new": ("first text, new customer", "11, 473 ms + 0-20 s", (5, 200), "3, 155 ms"),
    "text_live": ("text, live chat", "8, 387 ms + 0-20 s", (4, 90), "2, 65 ms"),
    "text_after_end": ("text after the chat ended", "13, 539 ms", (5, 200), "3, 155 ms"),
    "burst_of_four": ("burst of four texts, live", "11", (7, None), "5"),
    "voice_10s_live": ("voice note 10 s, live", "25, 7.25 s", (13, 2900), "9, 1.75 s, no facts"),
    "voice_60s_live": ("voice note 60 s, live", "25, 20.85 s", (13, 2900), "9, 1.75 s, no facts"),
    "voice_first": ("voice note, new customer (with the flow)", "-", (None, None), "-"),
    "image_live": ("image, live", "15, 651 ms", (9, 400), "6, 335 ms"),
    "agent_text": ("agent text", "2, 127 ms, not deduplicated", (4, 160), "2"),
    "agent_attachment": ("agent attachment", "3 (a link)", (6, None), "3"),
    "status": ("status", "0 (ignored)", (2, None), "1"),
    "chat_ended": ("chat ended", "0 (ignored)", (3, None), "1"),
}
HEAD = ("case", "peer", "to reach", "measured", "apart", "bare floor")
Goal = tuple[int | None, int | None]


def reached(figure: Figure, goal: Goal) -> bool:
    """Whether a case needs no more calls and no more time than its goal."""
    calls, ms = goal
    slow = ms is not None and (figure.agent_sees_ms or 0) > ms
    return not slow and (calls is None or figure.calls <= calls)


def table(figures: dict[str, Figure]) -> str:
    """Markdown; "apart" counts read receipts and typing indicators."""
    rows = [HEAD, tuple("---" for _ in HEAD)]
    rows += [_row(name, figure) for name, figure in figures.items()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _row(name: str, figure: Figure) -> tuple[str, ...]:
    title, peer, goal, floor = GOALS[name]
    measured = _words(figure.calls, figure.agent_sees_ms)
    mark = "" if reached(figure, goal) else " (not reached)"
    return (title, peer, _words(*goal), f"{measured}{mark}", str(figure.apart or ""), floor)


def _words(calls: int | None, ms: int | None) -> str:
    if calls is None:
        return "-"
    return str(calls) if ms is None else f"{calls}, {ms} ms"
