-- 麻しん風しん第1期 on $2, as a user would write it: one year old, no measles-rubella dose yet, living here.
select r.resident_id
from residents r
where r.municipality_code = $1
  and r.resident_class = 1
  and coalesce(r.resident_from, $2) <= $2
  and coalesce(r.resident_until, $2) >= $2
  and r.birth_date_unknown = 0
  and not r.address_protected
  -- 生後12月から24月に至るまで: both ends are the eve of the birthday.
  and $2 between (r.birth_date + interval '12 months')::date - 1 and (r.birth_date + interval '24 months')::date - 1
  and not exists (
      select 1 from vaccination_records v
      where v.municipality_code = r.municipality_code and v.resident_id = r.resident_id
        and v.state = 'current' and v.judgement = 'given' and v.vaccine = 'MR')
