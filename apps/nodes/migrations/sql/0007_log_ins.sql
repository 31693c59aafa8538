-- People's log-ins reach this table itself, under policies: statements that group by its key work on a table alone, and it
-- holds no secret. Operators correct descriptions, as before, and register machines: those wait for approval like any.
DROP VIEW readable.nodes;
GRANT SELECT ON nodes TO omega_admin, omega_operator, omega_user, analyst, omega_readonly, dashboard_readonly;
GRANT UPDATE (name, description, node_type, region, location, labels, tags) ON nodes TO omega_operator, omega_admin;
GRANT INSERT (tenant_id, hostname, name, node_type, region, location, ip_address, description, labels, tags, cpu_model,
    total_cpu_cores, total_memory_gb, total_storage_gb, gpu_model, gpu_count, os_name) ON nodes TO omega_operator, omega_admin;
ALTER TABLE nodes ALTER COLUMN tenant_id SET DEFAULT (public.scope_tenants())[1];
DO $$
BEGIN
    EXECUTE format('CREATE POLICY log_ins_read ON nodes FOR SELECT
        TO omega_admin, omega_operator, omega_user, analyst, omega_readonly, dashboard_readonly USING (%s)', rows_of_tenant());
    EXECUTE format('CREATE POLICY log_ins_add ON nodes FOR INSERT TO omega_operator, omega_admin WITH CHECK (%s)', rows_of_tenant());
    EXECUTE format('CREATE POLICY log_ins_change ON nodes FOR UPDATE TO omega_operator, omega_admin USING (%1$s) WITH CHECK (%1$s)',
        rows_of_tenant());
END
$$;

-- No tenant has more nodes than it may, whoever adds one. The tenant's row is locked, so that two at once cannot both
-- find room; it runs as the owner, because log-ins see nothing of limits.
CREATE FUNCTION nodes_have_room() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    most integer;
BEGIN
    SELECT t.node_limit INTO most FROM public.tenants t WHERE t.tenant_id = NEW.tenant_id AND t.node_limit IS NOT NULL FOR NO KEY UPDATE;
    IF most <= (SELECT count(*) FROM public.nodes n WHERE n.tenant_id = NEW.tenant_id AND n.status <> 'retired') THEN
        RAISE EXCEPTION 'the tenant has all the % nodes it may have', most
            USING ERRCODE = 'check_violation', CONSTRAINT = 'nodes_have_room';
    END IF;
    RETURN NEW;
END
$$;
REVOKE EXECUTE ON FUNCTION nodes_have_room() FROM PUBLIC;
CREATE TRIGGER nodes_have_room BEFORE INSERT ON nodes FOR EACH ROW EXECUTE FUNCTION nodes_have_room();
