DROP FUNCTION sketches_of(text), sketched_formulas(text), rolled_formulas(interval, text), rolled_names(interval), rolled_columns(interval, text),
    sketch_formula(text, interval, text), rolled_vitals();
DROP AGGREGATE sketch(integer ORDER BY double precision);
DROP FUNCTION counter_increase(double precision[]), approx_percentile(double precision, bytea), sketch_points(bytea),
    sketch_final(double precision[], integer), sketch_of(double precision[], integer, integer);
