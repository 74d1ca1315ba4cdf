"""Why a minute of a session has no data, and how each reason looks: a letter and a pattern, never colour alone."""

from dataclasses import dataclass

RECEIVED = "received"
UNEXPLAINED = "unexplained"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. `pattern` is the id of a pattern of the page; a lost minute lowers the coverage percentage."""

    code: str
    title: str
    letter: str
    pattern: str
    is_lost: bool
    meaning: str


_LOST = True
_KEPT = False

REASONS = (
    Reason("unexplained", "unexplained", "?", "reason-unexplained", _LOST, "nothing that was stored explains the gap"),
    Reason("our_outage", "our outage", "O", "reason-outage", _LOST, "we did not ask the provider in this minute"),
    Reason("provider_gap", "provider gap", "G", "reason-gap", _LOST, "the provider failed to answer for this minute"),
    Reason("dead_lettered", "dead-lettered", "D", "reason-dead", _LOST, "records came and could not be read"),
    Reason("not_landed", "not landed", "W", "reason-dead", _LOST, "what we fetched for it has not landed yet"),
    Reason("lost", "lost", "X", "reason-dead", _LOST, "what we fetched for it is in a loss that was accepted"),
    Reason("halted", "halted", "H", "reason-halted", _KEPT, "trading was halted, by a status event or a file"),
    Reason("presumed_halt", "presumed halt", "P", "reason-halted", _KEPT, "so long without a trade as in a halt"),
    Reason("no_trade", "no trade", "N", "reason-quiet", _KEPT, "we asked, and nobody traded"),
    Reason("not_subscribed", "not subscribed", "S", "reason-closed", _KEPT, "the symbol was not watched then"),
    Reason("closed", "closed", "C", "reason-closed", _KEPT, "the market was closed"),
    Reason("late", "late", "L", "reason-late", _KEPT, "the data came after the bar was closed"),
    Reason(RECEIVED, "received", "", "reason-received", _KEPT, "the data came in time"),
)
LOST = frozenset(reason.code for reason in REASONS if reason.is_lost)
_BY_CODE = {reason.code: reason for reason in REASONS}


def reason(code: str | None, status: str = RECEIVED) -> Reason:
    """The reason of a stretch: data that came late is late, whatever held it up. An unknown code shows as lost."""
    name = "late" if status == "late" else code or status
    return _BY_CODE.get(name) or Reason(name, name.replace("_", " "), "?", "reason-unexplained", _LOST, "")
