-- 登録担当者ごとの当日の入力: what a clerk has keyed today, newest first, and the defaults for the next sheet.
create index vaccination_records_by_entry on vaccination_records (municipality_code, recorded_by, recorded_at) where source = 'screen' and version = 1;
