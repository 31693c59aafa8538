GRANT SELECT, INSERT, UPDATE, DELETE ON beat_leases, schedule_marks, job_runs TO omega_worker;
GRANT SELECT ON beat_leases, schedule_marks, job_runs TO omega_portal;
ALTER TABLE job_runs SET (fillfactor = 70);
