import pytest

from marketpulse.errors import OperatorError
from marketpulse.providers.registry import provider, provider_names


def test_every_provider_answers_to_its_name() -> None:
    assert "alpaca" in provider_names()
    assert all(provider(name).name == name for name in provider_names())


def test_an_unknown_provider_names_the_known_ones() -> None:
    with pytest.raises(OperatorError, match=r"unknown provider 'iex_cloud'.*alpaca"):
        provider("iex_cloud")
