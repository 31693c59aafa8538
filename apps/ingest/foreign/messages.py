"""Protocol buffer messages built at import, without a compiler: a message here names only the fields that are read.

Where a sender may put very many pieces in a body, a field is declared as bytes although the protocol has a message
there: the wire form is the same, and each piece is decoded on its own, once its number and size are known.
"""

from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD: Final = descriptor_pb2.FieldDescriptorProto
_TYPES: Final = {
    "double": _FIELD.TYPE_DOUBLE,
    "int64": _FIELD.TYPE_INT64,
    "int32": _FIELD.TYPE_INT32,
    "bool": _FIELD.TYPE_BOOL,
    "string": _FIELD.TYPE_STRING,
    "bytes": _FIELD.TYPE_BYTES,
}
# Of each message its fields as number -> (name, type), where a type is one above or a message, "*" for repeated.
Shapes = dict[str, dict[int, tuple[str, str]]]


def messages(package: str, shapes: Shapes) -> dict[str, Any]:
    """Return the message classes of a package by their names."""
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto3")
    for name, fields in shapes.items():
        message = file.message_type.add(name=name)
        for number, (field, kind) in fields.items():
            _add_field(message, number, field, kind, package)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = {name: pool.FindMessageTypeByName(f"{package}.{name}") for name in shapes}
    return {name: message_factory.GetMessageClass(descriptor) for name, descriptor in found.items()}


def has_more_fields(raw: bytes, most: int) -> bool:
    """Tell whether a message has more fields than so many, without decoding any; what is broken shows when decoded.

    A decoder makes an object of every field, also of empty ones: megabytes of two bytes each would become gigabytes.
    """
    if len(raw) <= most:
        return False
    at = 0
    for _ in range(most + 1):
        if at >= len(raw):
            return False
        at = _after_field(raw, at)
    return at <= len(raw)


def _after_field(raw: bytes, at: int) -> int:
    """Return where the field at a place ends, beyond the message when it is broken."""
    tag, at = _varint(raw, at)
    match tag & 7:
        case 0:
            return _varint(raw, at)[1]
        case 1:
            return at + 8
        case 2:
            size, at = _varint(raw, at)
            return at + size
        case 3 | 4:
            return at
        case 5:
            return at + 4
    return len(raw) + 1


def _varint(raw: bytes, at: int) -> tuple[int, int]:
    """Return the number at a place and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(raw):
            break
        byte = raw[at]
        number, at = number | (byte & 0x7F) << shift, at + 1
        if byte < 0x80:
            return number, at
    return 0, len(raw) + 1


def _add_field(message: Any, number: int, name: str, kind: str, package: str) -> None:
    """Add one field to a message's description."""
    bare = kind.lstrip("*")
    field = message.field.add(name=name, number=number)
    field.label = _FIELD.LABEL_REPEATED if kind.startswith("*") else _FIELD.LABEL_OPTIONAL
    field.type = _TYPES.get(bare, _FIELD.TYPE_MESSAGE)
    if bare not in _TYPES:
        field.type_name = f".{package}.{bare}"
