"""The JSON Schemas and the types say the same, field by field."""

import json
from collections.abc import Callable
from typing import Any, get_args

import jsonschema
import msgspec
import pytest
from hypothesis import given
from msgspec import inspect
from tests.events.event_records import dead_letter, events

from marketpulse.events.codec import encode, encode_dead_letter, number_pattern
from marketpulse.events.event import AnyEvent, DeadLetter, Trade
from marketpulse.resources import include_path

Schema = dict[str, Any]
EVENT_TYPES: tuple[type[msgspec.Struct], ...] = get_args(AnyEvent)


def load(name: str) -> Schema:
    schema: Schema = json.loads(include_path(f"schemas/{name}.json").read_text(encoding="utf-8"))
    return schema


EVENT_SCHEMA, DEAD_LETTER_SCHEMA = load("event"), load("dead_letter")
VALIDATOR = jsonschema.Draft202012Validator(EVENT_SCHEMA, format_checker=jsonschema.FormatChecker())


def tag(event_type: type[msgspec.Struct]) -> str:
    return str(event_type.__struct_config__.tag)


def described(kind: inspect.Type, name: str) -> Schema:
    """What the schema must say about a field of this type, besides its description and bounds."""
    match kind:
        case inspect.UnionType(types=types):
            (alone,) = (member for member in types if not isinstance(member, inspect.NoneType))
            return described(alone, name)
        case inspect.LiteralType(values=(1,)):
            return {"type": "integer", "const": 1}
        case inspect.LiteralType(values=values):
            return {"type": "string", "enum": sorted(values)}
        case inspect.DecimalType():
            return {"type": "string", "pattern": number_pattern(name)}
        case inspect.DateType():
            return {"type": "string", "format": "date"}
        case inspect.DateTimeType():
            return {"type": "string", "format": "date-time"}
        case inspect.VarTupleType(item_type=inspect.StrType()):
            return {"type": "array", "items": {"type": "string"}}
        case inspect.DictType(key_type=inspect.StrType(), value_type=inspect.StrType()):
            return {"type": "object", "additionalProperties": {"type": "string"}}
        case inspect.StrType():
            return {"type": "string"}
        case inspect.IntType():
            return {"type": "integer"}
        case inspect.BoolType():
            return {"type": "boolean"}
    raise AssertionError(f"{name}: the test does not know {kind}")


def stated(schema: Schema, kind: inspect.Type) -> Schema:
    """What the schema says, without the bounds that a type cannot express."""
    free = {"description", "minimum", "maximum", "minLength"} | (
        {"pattern"} if isinstance(kind, inspect.StrType) else set()
    )
    kept = {name: value for name, value in schema.items() if name not in free}
    return kept | {"enum": sorted(kept["enum"])} if "enum" in kept else kept


def assert_agree(record_type: type[msgspec.Struct], properties: Schema, required: set[str]) -> None:
    fields = {field.name: field for field in inspect.type_info(record_type).fields}  # type: ignore[attr-defined]
    assert set(properties) - {"event_type"} == set(fields)
    assert required - {"event_type"} == {name for name, field in fields.items() if field.required}
    for name, field in fields.items():
        assert stated(properties[name], field.type) == described(field.type, name), name


@pytest.mark.parametrize("event_type", EVENT_TYPES, ids=tag)
def test_every_event_type_agrees_with_the_schema(event_type: type[msgspec.Struct]) -> None:
    kind = EVENT_SCHEMA["$defs"][tag(event_type)]
    required = {*EVENT_SCHEMA["required"], *kind.get("required", [])}
    assert kind["properties"]["event_type"] == {"const": tag(event_type)}
    assert_agree(event_type, EVENT_SCHEMA["properties"] | kind["properties"], required)


def test_the_schema_knows_every_event_type() -> None:
    kinds = {tag(event_type) for event_type in EVENT_TYPES}
    assert set(EVENT_SCHEMA["$defs"]) == set(EVENT_SCHEMA["properties"]["event_type"]["enum"]) == kinds
    assert {branch["$ref"] for branch in EVENT_SCHEMA["oneOf"]} == {f"#/$defs/{kind}" for kind in kinds}


def test_the_dead_letter_agrees_with_the_schema() -> None:
    assert_agree(DeadLetter, DEAD_LETTER_SCHEMA["properties"], set(DEAD_LETTER_SCHEMA["required"]))


@pytest.mark.parametrize("schema", [EVENT_SCHEMA, DEAD_LETTER_SCHEMA], ids=["event", "dead_letter"])
def test_schemas_are_valid_and_describe_every_field(schema: Schema) -> None:
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in (schema, *schema.get("$defs", {}).values()):
        for name, member in part["properties"].items():
            assert member.get("description") or member == {"const": member.get("const")}, name


@given(events())
def test_encoded_events_are_valid(event: AnyEvent) -> None:
    VALIDATOR.validate(json.loads(encode(event)))


def test_encoded_dead_letters_are_valid() -> None:
    jsonschema.validate(json.loads(encode_dead_letter(dead_letter())), DEAD_LETTER_SCHEMA)


@pytest.mark.parametrize(
    "changes",
    [{"price": 1.5}, {"price": "-1"}, {"event_type": "quote", "bid": "x"}, {"entity_id": "x"}, {"feed": "x"}],
)
def test_the_schema_refuses_what_the_codec_refuses(make_trade: Callable[..., Trade], changes: Schema) -> None:
    assert not VALIDATOR.is_valid(json.loads(encode(make_trade())) | changes)
