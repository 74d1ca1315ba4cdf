"""The local broker's cluster id."""

from uuid import UUID

from marketpulse.local.kafka import new_cluster_id


def test_cluster_id_is_never_taken_for_an_option() -> None:
    ids = iter([UUID("f8" + "0" * 30), UUID("04" + "0" * 30)])
    assert new_cluster_id(lambda: next(ids)) == "BAAAAAAAAAAAAAAAAAAAAA"
