"""Questions for samples: the parameters of their addresses, and the shapes of their answers."""

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from apps.api.serializers.fields import Instant, Query
from apps.metrics.queries import Aggregation, Combine, Fill, Source
from apps.metrics.selectors.query_check import LONGEST_SPAN, MOST_NAMES, MOST_NODES, MOST_TOP
from apps.nodes.models import NodeStatus, NodeType

LABEL_HELP = "`name=value`, or `name` for any value; may be repeated"
SECONDS = int(LONGEST_SPAN.total_seconds())
MOST_EXPORTED_VITALS = 20


class Labels(serializers.ListField):
    """`name=value` texts, as one mapping; an empty value stands for any."""

    child = serializers.CharField(max_length=320, trim_whitespace=False)

    def __init__(self, **options: Any) -> None:
        """Bound their number."""
        super().__init__(**{"max_length": MOST_NAMES, "required": False, "help_text": LABEL_HELP, **options})

    def to_internal_value(self, data: Any) -> Any:
        """Return names to values; raises ValidationError for one without a name."""
        parts = [str(text).partition("=") for text in super().to_internal_value(data)]
        if any(not name for name, _, _ in parts):
            raise ValidationError("A label begins with its name.", code="invalid_value")
        return {name: value for name, _, value in parts}


class SelectorQuery(Query):
    """Which nodes, pools or sessions; what is not given does not narrow."""

    node = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_NODES, help_text="ids of nodes; may be repeated"
    )
    tag = serializers.ListField(
        child=serializers.CharField(max_length=63), required=False, max_length=MOST_NAMES, help_text="may be repeated"
    )
    node_label = Labels()
    node_type = serializers.ChoiceField(choices=NodeType.choices, required=False)
    status = serializers.ChoiceField(choices=NodeStatus.choices, required=False)
    region = serializers.CharField(required=False, max_length=100)
    pool = serializers.UUIDField(required=False, help_text="for named metrics")
    session = serializers.UUIDField(required=False, help_text="for named metrics")
    label = Labels(help_text=f"for named metrics: {LABEL_HELP}")  # type: ignore[assignment]
    start = Instant(required=False, help_text="an hour before the end unless told")
    end = Instant(required=False, help_text="the present unless told")


class AskedMetric(serializers.CharField):
    """A vital, or the name of a series."""

    def __init__(self, **options: Any) -> None:
        """Bound its length."""
        help_text = "a vital such as `cpu_percent`, or a named metric"
        super().__init__(**{"max_length": 100, "help_text": help_text, "trim_whitespace": False, **options})


class MetricQuery(SelectorQuery):
    """One metric over a span, in steps."""

    metric = AskedMetric()
    step = serializers.IntegerField(
        required=False, min_value=1, max_value=SECONDS, help_text="seconds; chosen to suit the span unless told"
    )
    max_points = serializers.IntegerField(required=False, min_value=2, max_value=5000, default=600)
    aggregation = serializers.ChoiceField(choices=[a.value for a in Aggregation], default=Aggregation.AVG.value)
    by = serializers.ListField(
        child=serializers.CharField(max_length=63, allow_blank=True), required=False, max_length=MOST_NAMES,
        help_text="one series for all that agree in these labels (also hostname, region, node_type); empty for all",
    )  # fmt: skip
    combine = serializers.ChoiceField(choices=[c.value for c in Combine], default=Combine.SUM.value)
    top = serializers.IntegerField(required=False, min_value=1, max_value=MOST_TOP)
    lowest = serializers.ChoiceField(choices=["true", "false"], default="false")
    fill = serializers.ChoiceField(choices=[f.value for f in Fill], default=Fill.NULL.value)
    band = serializers.ChoiceField(choices=["true", "false"], default="false", help_text="least and greatest too")


class TopQuery(SelectorQuery):
    """One number per subject over the whole span."""

    metric = AskedMetric()
    aggregation = serializers.ChoiceField(choices=[a.value for a in Aggregation], default=Aggregation.AVG.value)
    top = serializers.IntegerField(required=False, min_value=1, max_value=MOST_TOP, default=20)
    lowest = serializers.ChoiceField(choices=["true", "false"], default="false")


class ExportQuery(SelectorQuery):
    """Samples as they were measured: of some vitals, or of one named metric."""

    metric = serializers.ListField(
        child=AskedMetric(), min_length=1, max_length=MOST_EXPORTED_VITALS,
        help_text="vitals such as `cpu_percent` (may be repeated), or one named metric",
    )  # fmt: skip
    series = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="the number of one series of the named metric"
    )


class NamesQuery(Query):
    """Which names, and where a page begins."""

    text = serializers.CharField(required=False, max_length=100, help_text="what the name begins with")
    after = serializers.CharField(required=False, max_length=2000)
    limit = serializers.IntegerField(min_value=1, max_value=500, default=100)


class SubjectOut(serializers.Serializer[Any]):
    """What a series is of; all null for a group."""

    node_id = serializers.UUIDField(allow_null=True)
    hostname = serializers.CharField(allow_blank=True)
    series_id = serializers.IntegerField(allow_null=True)
    pool_id = serializers.UUIDField(allow_null=True)
    session_id = serializers.UUIDField(allow_null=True)


class QueryPointOut(serializers.Serializer[Any]):
    """One step; null where nothing was measured. `min` and `max` come with a band."""

    at = serializers.DateTimeField()
    value = serializers.FloatField(allow_null=True)
    min = serializers.FloatField(allow_null=True, required=False)
    max = serializers.FloatField(allow_null=True, required=False)


class QuerySeriesOut(serializers.Serializer[Any]):
    """One subject's points; `total` is its number over the whole span, with `top`."""

    subject = SubjectOut()
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True))
    unit = serializers.CharField(allow_blank=True)
    total = serializers.FloatField(allow_null=True)
    points = QueryPointOut(many=True)


class QueryOut(serializers.Serializer[Any]):
    """The series of a question, and which storage answered."""

    metric = serializers.CharField()
    aggregation = serializers.CharField()
    source = serializers.ChoiceField(choices=[s.value for s in Source])  # type: ignore[assignment]
    step_seconds = serializers.IntegerField()
    is_truncated = serializers.BooleanField()
    series = QuerySeriesOut(many=True)


class TotalOut(serializers.Serializer[Any]):
    """One subject's number, and of how many samples it is."""

    subject = SubjectOut()
    labels = serializers.DictField(child=serializers.CharField(allow_blank=True))
    value = serializers.FloatField(allow_null=True)
    samples = serializers.IntegerField()


class TopOut(serializers.Serializer[Any]):
    """The numbers of a question, greatest (or least) first."""

    metric = serializers.CharField()
    unit = serializers.CharField(allow_blank=True)
    aggregation = serializers.CharField()
    source = serializers.ChoiceField(choices=[s.value for s in Source])  # type: ignore[assignment]
    is_truncated = serializers.BooleanField()
    totals = TotalOut(many=True)


class MetricNameOut(serializers.Serializer[Any]):
    """A metric that can be asked for; vitals have no series of their own."""

    name = serializers.CharField()
    kind = serializers.CharField(allow_blank=True)
    unit = serializers.CharField(allow_blank=True)
    help = serializers.CharField(allow_blank=True)
    is_vital = serializers.BooleanField()
    series = serializers.IntegerField()


class NamesOut(serializers.Serializer[Any]):
    """One page of names; the first begins with the vitals."""

    results = MetricNameOut(many=True)
    next = serializers.CharField(allow_null=True)
