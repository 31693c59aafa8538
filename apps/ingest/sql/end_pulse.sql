DELETE FROM ingest_pulses WHERE process_id = %(process_id)s
