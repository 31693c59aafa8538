"""Small pieces about trust: the state of a clock, and bars that mean no more than their length."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.metrics.clock import Clock, clock_of
from apps.portal.templatetags.portal import icon
from apps.portal.trust_words import clock_words

register = template.Library()
TONES = {Clock.UNKNOWN: "idle", Clock.OK: "ok", Clock.WARN: "warn", Clock.BAD: "bad"}


@register.simple_tag
def clock_state(seconds: float | None) -> SafeString:
    """How a clock stands, as icon, words and colour."""
    clock = clock_of(seconds)
    return format_html(
        '<span class="state state-{}" data-clock="{}">{}{}</span>',
        TONES[clock],
        clock,
        icon("clock"),
        clock_words(seconds, clock),
    )


@register.simple_tag
def clock_badge(seconds: float | None) -> SafeString:
    """A badge for a clock that is off; nothing for one that is right or that nobody told of."""
    clock = clock_of(seconds)
    if clock not in (Clock.WARN, Clock.BAD):
        return SafeString("")
    return format_html(
        '<span class="state state-{}" data-clock="{}" title="Its clock is {} of the portal\'s">{}clock {}</span>',
        TONES[clock],
        clock,
        clock_words(seconds, clock),
        icon("clock", "small"),
        clock_words(seconds, clock),
    )


@register.simple_tag
def length_bar(part: float | None, whole: float | None) -> SafeString:
    """A bar as long as a part of the whole."""
    width = min(100.0, 100.0 * part / whole) if part and whole else 0.0
    return format_html(
        '<svg class="meter-bar" aria-hidden="true"><rect height="100%" width="{}%"></rect></svg>', f"{width:.1f}"
    )
