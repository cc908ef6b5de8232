-- 送信されなかった入力: what somebody sent after their sign-in had ended. Kept for the same person, behind the same wall,
-- until they send it again, throw it away, or a day has passed.
create table drafts (
    municipality_code integer not null,
    draft_id          uuid not null,
    staff_id          uuid not null,
    -- Where the form leads.
    path              text not null,
    -- The form as it was sent (application/x-www-form-urlencoded), without its token.
    body              text not null,
    created_at        timestamptz not null,
    primary key (municipality_code, draft_id),
    foreign key (municipality_code, staff_id) references staff (municipality_code, staff_id)
);
create index drafts_by_age on drafts (municipality_code, created_at);
alter table drafts enable row level security;
alter table drafts force row level security;
create policy municipality on drafts
    using (municipality_code = current_municipality()) with check (municipality_code = current_municipality());
