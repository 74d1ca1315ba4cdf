from marketpulse.chaos.outcome import Outcome
from marketpulse.chaos.table import as_markdown

GOOD = Outcome(1, "kill -9", "Kafka", recovered_s=4.21, records=1234, equations=25, balanced=25)
HELD = Outcome(
    2, "SIGSTOP", "producer", held_s=30.4, recovered_s=9.0, records=7, equations=25, balanced=25, health="ok"
)
BAD = Outcome(3, "deleted", "checkpoint", recovered_s=1.0, equations=25, balanced=24, failure="a|b")


def test_a_row_a_round_and_a_line_that_sums_up() -> None:
    assert as_markdown([GOOD, HELD, BAD]).splitlines() == [
        "| round | fault   | target     |   held | recovered | records | equations | health meanwhile | result |",
        "| ----: | ------- | ---------- | -----: | --------: | ------: | --------: | ---------------- | ------ |",
        "|     1 | kill -9 | Kafka      |        |     4.2 s |   1,234 |  25 of 25 |                  | ok     |",
        "|     2 | SIGSTOP | producer   | 30.4 s |     9.0 s |       7 |  25 of 25 | ok               | ok     |",
        "|     3 | deleted | checkpoint |        |     1.0 s |       0 |  24 of 25 |                  | a/b    |",
        "",
        "2 of 3 rounds recovered and balance; recovered in 4.2 s (median), 9.0 s (longest); 1,241 records landed",
    ]


def test_a_round_that_did_not_recover_has_no_time() -> None:
    lost = Outcome(1, "kill -9", "driver", failure="round 1 did not finish within 240 s")
    assert as_markdown([lost]).splitlines()[-1] == "0 of 1 rounds recovered and balance; 0 records landed"
