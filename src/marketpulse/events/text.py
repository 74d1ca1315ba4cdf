"""Which text can be kept everywhere it goes: UTF-8 on the topic, `text` and `jsonb` in Postgres."""


def is_storable(text: str) -> bool:
    """Whether UTF-8 and Postgres can hold the text: no NUL, no half of a surrogate pair."""
    return "\0" not in text and (text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text))
