-- Of whole hours that are all rolled up: what the 95th percentile per subject over [finer_from, finer_until) is found from.
-- One row of five columns, each the values of all hours one after another, as they are stored: grouping them here would
-- copy every sketch several times more, and text would double them.
COPY (
    SELECT string_agg({send}({subject}), ''::bytea), string_agg(int4send({count}), ''::bytea),
        string_agg(float8send({p95}::float8), ''::bytea), string_agg(int4send(length({sketch})), ''::bytea),
        string_agg({sketch}, ''::bytea)
    FROM {hourly}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(finer_from)s AND bucket < %(finer_until)s AND {count} > 0
) TO STDOUT (FORMAT binary)
