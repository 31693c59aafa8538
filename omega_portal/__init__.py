"""Wiring of Omega Portal: settings, URLs, servers, timetable and the local stack. Nothing imports it."""
