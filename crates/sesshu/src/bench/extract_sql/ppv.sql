-- 高齢者肺炎球菌 on $2: 65 years old, never had a pneumococcal vaccine for adults, living here.
select r.resident_id
from residents r
where r.municipality_code = $1
  and r.resident_class = 1
  and coalesce(r.resident_from, $2) <= $2
  and coalesce(r.resident_until, $2) >= $2
  and r.birth_date_unknown = 0
  and not r.address_protected
  and $2 between (r.birth_date + interval '65 years')::date - 1 and (r.birth_date + interval '66 years')::date - 1
  and not exists (
      select 1 from vaccination_records v
      where v.municipality_code = r.municipality_code and v.resident_id = r.resident_id
        and v.state = 'current' and v.judgement = 'given' and v.vaccine in ('PPSV23', 'PCV20A'))
