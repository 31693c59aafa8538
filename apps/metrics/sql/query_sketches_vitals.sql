-- Of whole hours that are all rolled up: what the 95th percentile of a vital per node over [finer_from, finer_until) is found
-- from. One row of three columns, each the values of all hours one after another, as they are stored: every column more costs as
-- much as reading the hours, grouping them here would copy every sketch several times, and text would double them.
COPY (
    SELECT string_agg(uuid_send(node_id), ''::bytea), string_agg(int4send(value_count), ''::bytea), string_agg(sketch, ''::bytea)
    FROM usage_sketches
    WHERE vital = %(vital)s AND (%(subjects)s::uuid[] IS NULL OR node_id = ANY (%(subjects)s::uuid[]))
        AND bucket >= %(finer_from)s AND bucket < %(finer_until)s
) TO STDOUT (FORMAT binary)
