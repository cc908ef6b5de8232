//! The schema's rules, read back from the catalogue: what keeps one municipality's rows from another.

use sqlx::PgPool;

/// Every way in which the schema breaks its rules, in words; empty when it keeps them.
///
/// A table holds one municipality's rows (it has `municipality_code`, first in every key, under forced row level
/// security) or what is the same for the whole country: then its comment begins with `national:`.
pub async fn schema_rules(pool: &PgPool) -> Result<Vec<String>, sqlx::Error> {
    let mut violations = Vec::new();
    for question in [TABLES, KEYS, FOREIGN_KEYS, ROLES, VAULT] {
        violations.extend(sqlx::query_scalar::<_, String>(question).fetch_all(pool).await?);
    }
    Ok(violations)
}

/// Of each table: has it the column, row level security, a policy, a proper owner?
const TABLES: &str = "
with every as (
    select c.oid, c.relname, c.relkind, c.relrowsecurity, c.relforcerowsecurity, a.attnotnull,
           a.attnum is not null as has_code,
           coalesce(obj_description(c.oid, 'pg_class'), '') like 'national:%' as is_national,
           pg_get_userbyid(c.relowner) as owner
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    left join pg_attribute a on a.attrelid = c.oid and a.attname = 'municipality_code' and not a.attisdropped
    where c.relkind in ('r', 'p', 'm') and n.nspname in ('public', 'vault')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
), t as (
    -- The list of municipalities itself is national, though their code is its key.
    select oid, relname, relkind, relrowsecurity, relforcerowsecurity, attnotnull, is_national, owner,
           has_code and not is_national as has_code
    from every
)
select relname || ': ' || wrong from t
cross join lateral (values
    (relkind = 'm', 'a materialized view escapes row level security'),
    (owner like '%\\_app', 'is owned by the application role'),
    (not has_code and not is_national,
     'has no municipality_code and no comment that begins with national:'),
    (has_code and not attnotnull, 'municipality_code may be null'),
    (has_code and not relrowsecurity, 'row level security is not enabled'),
    (has_code and not relforcerowsecurity, 'row level security is not forced'),
    (has_code and not exists (
        select from pg_policy p where p.polrelid = t.oid
           and pg_get_expr(p.polqual, p.polrelid) like '%municipality_code%'),
     'has no policy on municipality_code'),
    (has_code and exists (
        select from pg_policy p where p.polrelid = t.oid and p.polpermissive
           and coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), '')
               not like '%municipality_code%'),
     'has a policy that does not ask for municipality_code'),
    (not exists (select from pg_index i where i.indrelid = t.oid and i.indisprimary) and relkind <> 'm',
     'has no primary key')
) as r (broken, wrong)
where broken
order by 1";

/// Of each primary key and unique index on a municipality's table: does municipality_code come first?
const KEYS: &str = "
select t.relname || ': municipality_code does not come first in ' || k.relname
from pg_index i
join pg_class t on t.oid = i.indrelid
join pg_class k on k.oid = i.indexrelid
join pg_namespace n on n.oid = t.relnamespace
join pg_attribute a on a.attrelid = t.oid and a.attname = 'municipality_code' and not a.attisdropped
where (i.indisunique or i.indisprimary) and n.nspname in ('public', 'vault') and i.indkey[0] <> a.attnum
order by 1";

/// Of each foreign key to another municipality's table: do both sides begin with municipality_code?
const FOREIGN_KEYS: &str = "
select t.relname || ': foreign key ' || f.conname || ' does not begin with municipality_code on both sides'
from pg_constraint f
join pg_class t on t.oid = f.conrelid
join pg_namespace n on n.oid = t.relnamespace
join pg_attribute theirs on theirs.attrelid = f.confrelid and theirs.attname = 'municipality_code'
left join pg_attribute ours on ours.attrelid = f.conrelid and ours.attname = 'municipality_code'
where f.contype = 'f' and n.nspname in ('public', 'vault')
  and (ours.attnum is distinct from f.conkey[1] or theirs.attnum is distinct from f.confkey[1])
order by 1";

/// Of the application and vault roles that belong to this database's owner: can one step over the policies?
const ROLES: &str = "
select r.rolname || ': the role may bypass row level security'
from pg_database d
join pg_roles r on r.rolname in (regexp_replace(pg_get_userbyid(d.datdba)::text, '_owner$', '_app'),
                                 regexp_replace(pg_get_userbyid(d.datdba)::text, '_owner$', '_vault'))
where d.datname = current_database()
  and (r.rolsuper or r.rolbypassrls or r.rolcreaterole or pg_has_role(r.oid, d.datdba, 'member'))";

/// Of the vault's schema, tables and columns: is anybody let in but the owner and the vault's own role?
const VAULT: &str = "
with doors as (
    select 'schema vault' as what, n.nspowner as owner, a.grantee
    from pg_namespace n cross join lateral aclexplode(n.nspacl) a
    where n.nspname = 'vault'
    union
    select 'vault.' || c.relname, c.relowner, a.grantee
    from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join lateral aclexplode(c.relacl) a
    where n.nspname = 'vault'
    union
    select 'vault.' || c.relname || '.' || t.attname, c.relowner, a.grantee
    from pg_attribute t join pg_class c on c.oid = t.attrelid join pg_namespace n on n.oid = c.relnamespace
    cross join lateral aclexplode(t.attacl) a
    where n.nspname = 'vault'
)
select what || ': ' || case grantee when 0 then 'everybody' else pg_get_userbyid(grantee)::text end
    || ' may reach individual numbers'
from doors
where grantee <> owner and (grantee = 0 or pg_get_userbyid(grantee)::text
    <> regexp_replace(pg_get_userbyid(owner)::text, '_owner$', '_vault'))
order by 1";
