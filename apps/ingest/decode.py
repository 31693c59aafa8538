"""From the bytes of a body to typed structures, with every fault named by index and field. Pure.

A body without faults is decoded in one go. Anything that looks wrong sends it the careful way: there each item of
a list is decoded alone, so that a bad one costs itself only, while what concerns the whole body refuses it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec.structs import replace

from apps.core.errors import Invalid, TooLarge
from apps.ingest.columns import Index, index_of
from apps.ingest.faults import Fault, Path, Rejection, refusal, rejection
from apps.ingest.shapes import Heartbeat, LooseBatch, LooseHeartbeat, MetricsBatch, Processes, Sample, Strict, Usage
from apps.ingest.shapes_logins import Login, LoginSessions, LooseLoginSessions
from apps.ingest.walk import Walk, path_at

T = TypeVar("T", bound=Strict)
# Items are two objects at most (themselves and their labels); braces in texts have room, floods of `{}` have not.
MOST_OBJECTS: Final = 60_000
# What each sign of something hidden begins or ends with: absent as a rule, and then found out in no time.
SUSPICIOUS: Final = ((b"\\", b"\\u00"), (b" ", b'" '), (b"\t", b'"\t'), (b"\r", b'"\r'), (b"\n", b'"\n'))
HIDDEN: Final = re.compile(rb'\\u00(?:00|22)|"[ \t\r\n]+:')
OFFSET: Final = re.compile(r"\(byte (\d+)\)$")
PLACE: Final = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<path>.*)`)?$", re.DOTALL)
STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]")
UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`$", re.DOTALL)
MISSING: Final = re.compile(r"Object missing required field `(.*)`$")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """How one kind of body is decoded; items of the lists `items` may be refused alone, `samples` names one of them."""

    exact: msgspec.json.Decoder[T]
    shape: type[T]
    loose: msgspec.json.Decoder[Any]
    items: dict[str, msgspec.json.Decoder[Any]] = field(default_factory=dict)
    samples: str = ""


@dataclass(frozen=True, slots=True)
class Received(Generic[T]):
    """A decoded body without its broken items, what those were, where the others stood, what samples have in common."""

    body: T
    rejected: list[Rejection] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)
    index: Index | None = None

    def places_of(self, name: str) -> Sequence[int]:
        """Return the original index of each item of a list."""
        return self.places[name] if name in self.places else range(len(getattr(self.body, name)))


def _kind(shape: type[T], loose: type[Any], named: str = "", **items: type[Any]) -> Kind[T]:
    """Return the decoders of one kind of body; `named` names its list of samples."""
    of_items = {name: msgspec.json.Decoder(item) for name, item in items.items()}
    return Kind(msgspec.json.Decoder(shape), shape, msgspec.json.Decoder(loose), of_items, named)


HEARTBEAT: Final = _kind(Heartbeat, LooseHeartbeat, "metrics", metrics=Sample)
METRICS: Final = _kind(MetricsBatch, LooseBatch, "samples", samples=Sample, usage=Usage)
PROCESSES: Final = _kind(Processes, Processes)
LOGINS: Final = _kind(LoginSessions, LooseLoginSessions, sessions=Login)
_encoder = msgspec.json.Encoder()


def decode(body: bytes, kind: Kind[T]) -> Received[T]:
    """Decode a body; raises Invalid or TooLarge naming index and field when it must be refused as a whole."""
    if body.count(b"{") > MOST_OBJECTS:
        raise TooLarge("too_many_items", "The body holds more objects than one request may carry.")
    try:
        return _decode(body, kind)
    except UnicodeDecodeError:
        raise _not_utf8(body) from None
    except RecursionError:
        raise Invalid("too_deep", "JSON is nested too deep.") from None
    except msgspec.ValidationError as error:
        fault, path = _read(error)
        raise refusal(fault, path) from None
    except msgspec.DecodeError as error:
        raise _malformed(body, error) from None


def _decode(body: bytes, kind: Kind[T]) -> Received[T]:
    """Decode in one go where nothing looks wrong, carefully otherwise."""
    try:
        whole = kind.exact.decode(body)
    except msgspec.ValidationError:
        return _carefully(body, kind)
    index = index_of(getattr(whole, kind.samples)) if kind.samples else None
    if _is_plain(body, whole, kind.samples, index):
        return Received(whole, index=index)
    return _carefully(body, kind)


def _is_plain(body: bytes, whole: Strict, samples: str, index: Index | None) -> bool:
    """Tell whether a decoded body surely hid nothing: no NUL, and as many keys on the wire as in its fields."""
    if any(part in body and sign in body for part, sign in SUSPICIOUS) and HIDDEN.search(body):
        return False
    rest, keys = whole, 0
    if index and index.looks:
        rest, keys = replace(whole, **{samples: []}), index.keys_on_the_wire() + 1
    return body.count(b'":') == _encoder.encode(rest).count(b'":') + keys


def _carefully(body: bytes, kind: Kind[T]) -> Received[T]:
    """Decode item by item; a fault outside the items refuses the body."""
    broken: dict[tuple[str, int], Fault] = {}
    for path, fault in Walk(body).faults:
        match path:
            case (str(name), int(index), *rest) if name in kind.items:
                name_in_item = ".".join(str(part) for part in rest)
                broken.setdefault((name, index), Fault(fault.code, fault.detail, name_in_item or None))
            case _:
                raise refusal(fault, path)
    loose = kind.loose.decode(body)
    found: Received[T] = Received(loose)
    lists = {name: _items(loose, name, kind, broken, found) for name in kind.items}
    fields = {name: getattr(loose, name) for name in loose.__struct_fields__} | lists
    return Received(kind.shape(**fields), found.rejected, found.places)


def _items(
    loose: Strict, name: str, kind: Kind[T], broken: dict[tuple[str, int], Fault], found: Received[T]
) -> list[Any]:
    """Decode the items of one list, noting in `found` which were refused and where the others stood."""
    good, places = [], []
    for index, raw in enumerate(getattr(loose, name)):
        fault = broken.get((name, index))
        if fault is None:
            item, fault = _item(raw, kind.items[name])
        if fault is None:
            good.append(item)
            places.append(index)
        else:
            found.rejected.append(rejection(fault, index, name))
    found.places[name] = places
    return good


def _item(raw: msgspec.Raw, decoder: msgspec.json.Decoder[Any]) -> tuple[Any, Fault | None]:
    """Decode one item, or tell what is wrong with it."""
    try:
        return decoder.decode(raw), None
    except msgspec.ValidationError as error:
        fault, path = _read(error)
        return None, Fault(fault.code, fault.detail, fault.field or ".".join(str(part) for part in path) or None)


def _read(error: msgspec.ValidationError) -> tuple[Fault, Path]:
    """Turn the decoder's message into a fault and the path it names."""
    found = PLACE.match(str(error))
    what, where = (found["what"], found["path"] or "") if found else (str(error), "")
    path = tuple(name or int(index) for name, index in STEP.findall(where))
    if unknown := UNKNOWN.match(what):
        return Fault("unknown_field", f"There is no field {unknown[1]!r} here.", unknown[1]), path
    if missing := MISSING.match(what):
        return Fault("missing_field", f"The field {missing[1]!r} is missing.", missing[1]), path
    code = "not_finite" if what.startswith("Number out of range") else "invalid_value"
    return Fault(code, what), path


def _malformed(body: bytes, error: msgspec.DecodeError) -> Invalid:
    """Return the refusal of a text that is not JSON, naming where it breaks."""
    for path, fault in Walk(body).faults:
        if fault.code == "invalid_text":
            return refusal(fault, path)
    offset = OFFSET.search(str(error))
    path = path_at(body, int(offset[1]) if offset else len(body))
    return refusal(Fault("malformed_json", f"The body is not JSON: {error}"), path)


def _not_utf8(body: bytes) -> Invalid:
    """Return the refusal of a text that is not UTF-8, naming where it breaks."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        fault = Fault("invalid_text", f"The body is not UTF-8 at byte {error.start}.")
        return refusal(fault, path_at(body, error.start))
    return refusal(Fault("invalid_text", "A text holds half a surrogate pair."), ())
