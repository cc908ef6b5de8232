-- After an import has changed the ward's size, the planner must know at once: a query planned for an empty table can
-- take minutes on a full one. Only an owner may analyze, so the owner lends this one deed.
create function refresh_statistics() returns void language plpgsql security definer set search_path = public as $$
begin
    analyze residents;
    analyze vaccination_records;
    analyze resident_facts;
end
$$;
