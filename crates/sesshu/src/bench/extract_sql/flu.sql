-- 高齢者インフルエンザ on $2: 65 or older, no dose in this season (from 10月1日), living here.
select r.resident_id
from residents r
cross join lateral (
    select make_date(extract(year from $2::date)::int - case when extract(month from $2::date) < 4 then 1 else 0 end, 10, 1) as october
) y
where r.municipality_code = $1
  and r.resident_class = 1
  and coalesce(r.resident_from, $2) <= $2
  and coalesce(r.resident_until, $2) >= $2
  and r.birth_date_unknown = 0
  and not r.address_protected
  and $2 >= (r.birth_date + interval '65 years')::date - 1
  and not exists (
      select 1 from vaccination_records v
      where v.municipality_code = r.municipality_code and v.resident_id = r.resident_id
        and v.state = 'current' and v.judgement = 'given' and v.vaccine in ('FLU', 'FLUHD') and v.vaccinated_on >= y.october)
