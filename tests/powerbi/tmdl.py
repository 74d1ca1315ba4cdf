"""Reads the part of TMDL that this project uses: objects by indentation, properties, expressions, descriptions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

OBJECT = re.compile(r"(?P<keyword>\w+)(?: (?P<name>'(?:[^']|'')+'|[^\s=]+))?(?: =(?: (?P<expression>.*))?)?")


@dataclass(slots=True)
class Node:
    """One object: what stands on its line, and what is indented below it."""

    keyword: str
    name: str
    expression: str
    description: str
    properties: dict[str, str] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)

    def of(self, keyword: str) -> list["Node"]:
        return [child for child in self.children if child.keyword == keyword]

    def is_set(self, flag: str) -> bool:
        return self.properties.get(flag, "false") == "true"


def read_tmdl(text: str) -> Node:
    """The objects of a file below a nameless root. Raises ValueError where the file is not laid out as TMDL is."""
    root = Node("", "", "", "")
    lines = [(_depth(line), line.strip(), line) for line in text.splitlines() if line.strip()]
    _read_children(root, 0, lines, 0)
    return root


def unquoted(name: str) -> str:
    return name[1:-1].replace("''", "'") if name.startswith("'") else name


def split_reference(reference: str) -> tuple[str, str]:
    """Table and column of a reference such as `Daily.'Trading Date'`."""
    table, column = re.findall(r"'(?:[^']|'')+'|[^.]+", reference)
    return unquoted(table), unquoted(column)


def normalised(expression: str) -> str:
    """An expression without its layout, to compare two."""
    return re.sub(r"\s*([(),=<>&|*/+-])\s*", r"\1", " ".join(expression.split()))


def walk(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from walk(child)


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip("\t"))


def _read_children(parent: Node, depth: int, lines: list[tuple[int, str, str]], at: int) -> int:
    description: list[str] = []
    while at < len(lines) and lines[at][0] >= depth:
        here, body, _ = lines[at]
        if here > depth:
            raise ValueError(f"invalid indentation: {body}")
        at += 1
        if body.startswith("///"):
            description.append(body.removeprefix("///").strip())
            continue
        if ": " in body and "=" not in body.split(": ", 1)[0]:
            key, value = body.split(": ", 1)
            parent.properties[key] = value
            continue
        has_children = at < len(lines) and lines[at][0] > depth
        if body.isalpha() and not has_children:
            parent.properties[body] = "true"
            continue
        match = OBJECT.fullmatch(body)
        if match is None:
            raise ValueError(f"neither an object nor a property: {body}")
        expression = match["expression"] or ""
        if body.endswith(" ="):
            # The lines of an expression are indented by two, those of its object's properties by one.
            first = at
            while at < len(lines) and lines[at][0] >= depth + 2:
                at += 1
            expression = "\n".join(line.removeprefix("\t" * (depth + 2)) for _, _, line in lines[first:at])
        if match["name"] is None and expression:
            parent.properties[match["keyword"]] = expression
            continue
        node = Node(match["keyword"], unquoted(match["name"] or ""), expression, " ".join(description))
        description = []
        at = _read_children(node, depth + 1, lines, at)
        parent.children.append(node)
    return at
