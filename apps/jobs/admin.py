"""Runs of the timetable in the data-correction site."""

from django.contrib import admin
from unfold.paginator import InfinitePaginator

from apps.audit.admin_site import site
from apps.audit.correction import ReadOnly
from apps.jobs.models import JobRun


@admin.register(JobRun, site=site)
class JobRunAdmin(ReadOnly):
    """Shows what ran when, and how it ended; workers alone write here."""

    paginator = InfinitePaginator
    list_display = ("schedule", "slot", "status", "attempts", "started_at", "finished_at")
    list_filter = ("status",)
    search_fields = ("schedule__istartswith",)
    ordering = ("-slot", "schedule")
