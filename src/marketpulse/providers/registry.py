"""Every provider by its name. A new one is a module and a line here."""

from marketpulse.errors import OperatorError
from marketpulse.providers.alpaca import Alpaca
from marketpulse.providers.provider import Provider

_PROVIDERS: dict[str, type[Provider]] = {
    "alpaca": Alpaca,
}


def provider_names() -> tuple[str, ...]:
    """The known providers, sorted."""
    return tuple(sorted(_PROVIDERS))


def provider(name: str) -> Provider:
    """The adapter of a provider. Raises OperatorError that names the known ones."""
    try:
        return _PROVIDERS[name]()
    except KeyError:
        known = ", ".join(provider_names())
        raise OperatorError(f"unknown provider {name!r}: set MARKETPULSE_PROVIDER to one of {known}") from None
