SELECT sketches_since() AS since
