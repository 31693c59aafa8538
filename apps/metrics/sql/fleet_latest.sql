-- The newest vitals of every visible node as one text. It crosses the connection faster than a row for each node.
SELECT coalesce(string_agg(as_json, ','), '') AS found FROM node_latest
