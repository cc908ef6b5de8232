-- What nobody has tried for a month is forgotten: found by its day.
create index sign_in_attempts_by_day on sign_in_attempts (municipality_code, last_at);
