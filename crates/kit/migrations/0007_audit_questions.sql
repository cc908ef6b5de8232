-- 操作ログの検索: the questions of the auditor and of a breach (who, from which terminal, on what ground, what was refused)
-- are answered from an index, however long the log has become.
create index audit_entries_by_terminal on audit_entries (municipality_code, terminal_id, at) where terminal_id is not null;
create index audit_entries_by_purpose on audit_entries (municipality_code, purpose, at) where purpose is not null;
create index audit_entries_by_action on audit_entries (municipality_code, action, at);
create index audit_entries_refused on audit_entries (municipality_code, at) where outcome = 'refused';
