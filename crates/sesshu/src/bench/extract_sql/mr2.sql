-- 麻しん風しん第2期 on $2: the year before school (born 4月2日 to 4月1日), no dose in that year, living here.
select r.resident_id
from residents r
cross join lateral (
    select make_date(extract(year from $2::date)::int - case when extract(month from $2::date) < 4 then 1 else 0 end, 4, 1) as april
) y
where r.municipality_code = $1
  and r.resident_class = 1
  and coalesce(r.resident_from, $2) <= $2
  and coalesce(r.resident_until, $2) >= $2
  and r.birth_date_unknown = 0
  and not r.address_protected
  and r.birth_date between (y.april - interval '6 years')::date + 1 and (y.april - interval '5 years')::date
  and not exists (
      select 1 from vaccination_records v
      where v.municipality_code = r.municipality_code and v.resident_id = r.resident_id
        and v.state = 'current' and v.judgement = 'given' and v.vaccine = 'MR' and v.vaccinated_on >= y.april)
