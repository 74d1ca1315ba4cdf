"""Copies within a batch collapse to the version that was received first."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from marketpulse.stream.facts import Cohort, Facts, table_of
from marketpulse.stream.versions import distinct_versions

COHORTS = tuple(Cohort("alpaca", "p-1", "sip", "trade", date(2025, 3, day), advances_progress=True) for day in (13, 14))


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1), st.integers(0, 2)), max_size=10))
def test_one_fact_a_version(records: list[tuple[int, int, int, int]]) -> None:
    rows = [
        (offset, cohort, 1, "AAA", f"{entity:032x}", f"{event:032x}", 0, received, None, str(offset))
        for offset, (cohort, entity, event, received) in enumerate(records)
    ]
    found = distinct_versions(Facts(COHORTS, table_of(rows)))

    kept: dict[tuple[int, int, int], int] = {}
    for offset, (cohort, entity, event, received) in enumerate(records):
        best = kept.setdefault((cohort, entity, event), offset)
        if received < records[best][3]:
            kept[cohort, entity, event] = offset
    assert sorted(found.distinct.column("offset").tolist()) == sorted(kept.values())
    assert sorted(offset for offset, copied in enumerate(found.copies) if not copied) == sorted(kept.values())
    rivals = dict(zip(found.distinct.column("offset").tolist(), found.rivals.tolist(), strict=True))
    for (cohort, entity, _), offset in kept.items():
        assert rivals[offset] == (sum((cohort, entity) == key[:2] for key in kept) > 1)
