"""Small pieces of pages: icons, times, numbers, bars, states. Built with format_html, so nothing unescaped gets out."""

from datetime import datetime, timedelta
from typing import Any, Literal

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.accounts.limits import AMOUNTS
from apps.portal import wording

register = template.Library()
SPRITE = "vendor/icons/sprite.svg"
Value = float | Literal[""] | None  # a template says "" where a row it walks through is missing


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """An icon of the sprite; it only repeats the text beside it, so it is hidden from screen readers."""
    css = "icon icon-small" if size == "small" else "icon"
    return format_html('<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', css, static(SPRITE), name)


@register.simple_tag(takes_context=True)
def when(context: dict[str, Any], at: datetime | None, empty: str = "never") -> SafeString:
    """A time as "12 s ago", which the page keeps counting; the full time in the person's zone is its title."""
    if at is None:
        return format_html('<span class="muted">{}</span>', empty)
    now = context.get("now") or timezone.now()
    local = timezone.localtime(at)
    return format_html(
        '<time data-time datetime="{}" title="{}">{}</time>',
        at.isoformat(),
        f"{local:%d %b %Y, %H:%M:%S} ({local.tzname()})",
        wording.relative(now - at),
    )


@register.filter
def number(value: Value, digits: int = 1) -> str:
    """A number with at most so many digits after the point; a dash for nothing."""
    return wording.number(None if value == "" else value, digits)


@register.filter
def signed(value: float) -> str:
    """A difference with its sign, a true minus."""
    return wording.signed(value)


@register.filter
def count(value: int | None) -> str:
    """A whole number with thin spaces between thousands."""
    return "–" if value is None else f"{value:,}".replace(",", "\u202f")


@register.filter
def duration(seconds: float | None) -> str:
    """A length of time in its two largest units."""
    return "–" if seconds is None else wording.duration(timedelta(seconds=seconds))


@register.filter
def heat(percent: float | None) -> str:
    """The CSS class of a load from 0 to 100; a hatched cell where nothing is known."""
    return "heat-none" if percent is None else f"heat-{min(9, max(0, int(percent // 10)))}"


@register.simple_tag
def bar(percent: float | None, css: str = "meter-bar", *, stale: bool = False, plain: bool = False) -> SafeString:
    """A horizontal bar; it turns at 80 and 95 percent unless it is plain, and grey when the value is stale."""
    width = min(100.0, max(0.0, percent or 0.0))
    level = "is-stale" if stale else "" if plain else "is-bad" if width >= 95 else "is-warn" if width >= 80 else ""
    return format_html(
        '<svg class="{} {}" aria-hidden="true"><rect height="100%" width="{}%"></rect></svg>',
        css,
        level,
        f"{width:.1f}",
    )


@register.simple_tag
def state(status: str, draining: bool = False) -> SafeString:
    """A node's state as icon, word and colour."""
    look = wording.DRAINING if draining and status != "retired" else wording.STATES.get(status, wording.UNKNOWN)
    return format_html(
        '<span class="state state-{}" data-state="{}">{}{}</span>',
        look.tone,
        status,
        icon(look.icon),
        look.label,
    )


@register.filter
def proper(word: str) -> str:
    """A kind as people write it: CPU and GPU in capitals, the rest with one."""
    return word.upper() if word in wording.ABBREVIATIONS else word.capitalize()


@register.filter
def get(mapping: dict[str, Any], key: str) -> Any:
    """An entry of a mapping, None where there is none."""
    return mapping.get(key)


@register.simple_tag
def share(part: float | None, whole: float | None) -> float | None:
    """A part in percent of the whole; None where there is no whole."""
    return 100.0 * part / whole if part is not None and whole else None


@register.simple_tag
def meter(percent: Value, stale: bool) -> SafeString:
    """A bar with its number; a dash where nothing is known."""
    if percent is None or percent == "":
        return format_html('<span class="muted">{}</span>', "–")
    return format_html('<span class="meter">{}<span>{} %</span></span>', bar(percent, stale=stale), number(percent, 0))


@register.simple_tag(takes_context=True)
def sorted_head(context: dict[str, Any], column: str, label: str, css: str = "") -> SafeString:
    """A column head that sorts by address: once upwards, again downwards; numbers begin with the largest."""
    now = str(context["sort"])
    first = f"-{column}" if css == "num" else column
    second = column if css == "num" else f"-{column}"
    query = context["request"].GET.copy()
    query.pop("after", None)
    query["sort"] = second if now == first else first
    order = {column: "ascending", f"-{column}": "descending"}.get(now, "")
    arrow = icon("arrow-down" if order == "descending" else "arrow-up", "small") if order else ""
    attribute = format_html(' aria-sort="{}"', order) if order else ""
    return format_html(
        '<th scope="col" class="{}"{}><a href="?{}">{}{}</a></th>', css, attribute, query.urlencode(), label, arrow
    )


@register.simple_tag
def event_icon(kind: str) -> SafeString:
    """The icon of something that happened to a node."""
    return icon(wording.EVENTS.get(kind, wording.UNKNOWN_EVENT).icon)


@register.filter
def event_words(kind: str) -> str:
    """Something that happened to a node, as the end of a sentence that begins with its name."""
    return wording.EVENTS.get(kind, wording.UNKNOWN_EVENT).label


@register.filter
def browser(user_agent: str) -> str:
    """The browser and system that a program calls itself, as people know them."""
    return wording.browser(user_agent)


@register.filter
def amount(value: float | None) -> str:
    """A limit; a dash where there is none."""
    return "–" if value is None else wording.plain(value)


@register.simple_tag
def wish(asked: Any) -> str:
    """What a request for more quota asks for, and until when, in words."""
    words = wording.amounts({name: getattr(asked, name) for name in AMOUNTS}, AMOUNTS)
    return f"{words} until {timezone.localtime(asked.until):%d %b %Y, %H:%M}" if asked.until else words
