"""Which event versions this run has published already: a bounded memory that forgets the oldest half at a time."""

DEFAULT_LIMIT = 500_000


class EventMemory:
    """Remembers at least the newest half of `limit` ids and at most `limit`; an id is 32 hex digits.

    Forgetting is harmless: a version that is published twice is a duplicate, and the stream counts it as one.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._half = max(1, limit // 2)
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def knows(self, event_id: str) -> bool:
        # 16 bytes instead of 32 characters: half the memory.
        key = bytes.fromhex(event_id)
        return key in self._young or key in self._old

    def add(self, event_id: str) -> None:
        """Remembers an id that it does not know."""
        self._young.add(bytes.fromhex(event_id))
        if len(self._young) >= self._half:
            self._old = self._young
            self._young = set()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)
