"""Alert rules, their evaluation, and the life of an alert from firing to resolution."""
