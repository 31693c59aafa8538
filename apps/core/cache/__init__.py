"""What is remembered for a moment: in this process, above Redis, above the database.

The database is the truth. A value is remembered under the topics of live updates: announcing a change, which every
service does on commit, is what makes all processes forget. Where that news is lost, the time to live is the bound.
"""

from apps.core.cache.hot import Hot, forget, remembered

__all__ = ["Hot", "forget", "remembered"]
