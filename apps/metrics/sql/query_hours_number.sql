-- Of whole hours that are all rolled up: one number per subject over [finer_from, finer_until), of how many samples it is.
-- One row of three columns, each the values of all subjects one after another, for thousands of rows are dear to unpack.
SELECT string_agg({send}(subject), ''::bytea) AS subjects, string_agg(int8send(n), ''::bytea) AS counts,
    string_agg(float8send(number), ''::bytea) AS numbers
FROM (
    SELECT {subject} AS subject, sum({count})::bigint AS n, CASE %(aggregation)s
            WHEN 'avg' THEN sum({avg}::float8 * {count}) / sum({count})
            WHEN 'min' THEN min({low})::float8
            WHEN 'max' THEN max({high})::float8
            ELSE sum({count})::float8
        END AS number
    FROM {hourly}
    WHERE (%(subjects)s::{kind}[] IS NULL OR {subject} = ANY (%(subjects)s::{kind}[]))
        AND bucket >= %(finer_from)s AND bucket < %(finer_until)s AND {count} > 0
    GROUP BY 1
) AS found
