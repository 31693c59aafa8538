-- as: omega_operator
INSERT INTO nodes (hostname, ip_address, node_type, total_cpu_cores,
                 total_memory_gb, total_storage_gb, gpu_count)
VALUES ('compute-77', '192.0.2.77', 'compute', 32, 128, 2000, 2)
RETURNING node_id
