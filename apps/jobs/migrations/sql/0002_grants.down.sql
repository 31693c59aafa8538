REVOKE ALL ON beat_leases, schedule_marks, job_runs FROM omega_worker, omega_portal;
