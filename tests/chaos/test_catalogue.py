import pytest

from marketpulse.chaos.catalogue import BY_NAME, FAULTS, chosen
from marketpulse.errors import OperatorError


def test_every_fault_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(FAULTS)
    assert chosen((), ()) == tuple(BY_NAME)


def test_words_choose_faults_and_leave_faults_out() -> None:
    assert chosen(("Kafka",), ()) == ("kill -9: Kafka", "SIGSTOP: Kafka")
    assert chosen(("Kafka", "checkpoint"), ("kill",)) == ("SIGSTOP: Kafka", "deleted: checkpoint")


@pytest.mark.parametrize(("only", "without"), [(("Kafak",), ()), ((), ("Kafak",))])
def test_a_word_that_is_in_no_name_is_refused_with_the_names(only: tuple[str, ...], without: tuple[str, ...]) -> None:
    with pytest.raises(OperatorError, match="no fault is called 'Kafak': there are kill -9: producer, "):
        chosen(only, without)


def test_nothing_left_is_refused() -> None:
    with pytest.raises(OperatorError, match="no fault is left"):
        chosen(("Kafka",), ("Kafka",))
