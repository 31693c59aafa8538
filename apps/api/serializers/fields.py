"""Fields that take a value of their own type only, and shapes that take their own fields only."""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

PLUS_LOST: Final = re.compile(r" (?=\d\d:?\d\d$)")
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.:/\-]{0,62}")
MOST_LABELS = MOST_TAGS = 50


class Shape(serializers.Serializer[Any]):
    """An object with these fields and no others: unknown and read-only ones are refused by name."""

    def to_internal_value(self, data: Any) -> Any:
        """Check the names before the values."""
        if isinstance(data, Mapping):
            faults = {str(name)[:100]: self._fault(str(name)) for name in data if self._fault(str(name))}
            if faults:
                raise ValidationError(faults)
        return super().to_internal_value(data)

    def _fault(self, name: str) -> list[ErrorDetail]:
        """Say what is wrong with a name; nothing when it may be written."""
        field = self.fields.get(name)
        if field is None:
            return [ErrorDetail("There is no such field here.", code="unknown_field")]
        return [ErrorDetail("This field cannot be written.", code="read_only_field")] if field.read_only else []


class Query(Shape):
    """The parameters of an address."""

    def _fault(self, name: str) -> list[ErrorDetail]:
        """Say what is wrong with a parameter's name."""
        known = name in self.fields
        return [] if known else [ErrorDetail("There is no such parameter here.", code="unknown_parameter")]


class Text(serializers.CharField):
    """Text, and nothing that could be turned into it."""

    def to_internal_value(self, data: Any) -> str:
        """Refuse numbers."""
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number, not a text that reads like one."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse texts, truth values and fractions."""
        if isinstance(data, bool | str) or (isinstance(data, float) and not data.is_integer()):
            self.fail("invalid")
        return super().to_internal_value(data)


class Number(serializers.FloatField):
    """A finite number, not a text that reads like one."""

    def to_internal_value(self, data: Any) -> float:
        """Refuse texts, truth values and what no measurement can be."""
        if isinstance(data, bool | str):
            self.fail("invalid")
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class Truth(serializers.BooleanField):
    """true or false, not a word for it."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse everything else."""
        if not isinstance(data, bool):
            self.fail("invalid", input=str(data)[:50])
        return data


class Instant(serializers.DateTimeField):
    """A moment of this century as RFC 3339; a `+` that an address turned into a blank is understood."""

    default_error_messages = {"range": _("The moment must lie between the years 2000 and 2100.")}

    def to_internal_value(self, value: Any) -> datetime:
        """Refuse numbers and moments that calendars elsewhere could not hold."""
        if not isinstance(value, str):
            self.fail("invalid", format="RFC 3339")
        found = super().to_internal_value(PLUS_LOST.sub("+", value))
        if not EARLIEST <= found < LATEST:
            self.fail("range")
        return found


class Labels(serializers.DictField):
    """Names to texts: few and short."""

    child = Text(max_length=255, allow_blank=True)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        """Check names and number."""
        found: dict[str, str] = super().to_internal_value(data)
        if len(found) > MOST_LABELS:
            raise ValidationError(f"At most {MOST_LABELS} labels.", code="invalid_value")
        for name in found:
            if not NAME.fullmatch(name):
                message = "A label's name is 1 to 63 of letters, digits and _ . : / - and begins with a letter or _."
                raise ValidationError(message, code="invalid_value")
        return found


class Tags(serializers.ListField):
    """Short texts, each once."""

    child = Text(max_length=63)

    def __init__(self, **options: Any) -> None:
        """Bound the number of tags."""
        super().__init__(**{"max_length": MOST_TAGS, **options})

    def to_internal_value(self, data: Any) -> list[str]:
        """Drop repetitions, keeping the order."""
        return list(dict.fromkeys(super().to_internal_value(data)))
