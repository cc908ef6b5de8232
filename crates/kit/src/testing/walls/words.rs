//! What entries of the log say must have a name that an auditor reads.

use super::{Ground, leaks};

/// The keys of entries, and what entries are about, that have no name, after every route in every role.
///
/// `field_ja` names a key; `kind_ja` names what an entry is about and answers the code itself where it knows none.
pub async fn unnamed(
    ground: &impl Ground,
    field_ja: impl Fn(&str) -> Option<&'static str>,
    kind_ja: impl Fn(&str) -> &str,
) -> Vec<String> {
    leaks::walk(ground).await;
    let pool = ground.superuser();
    let keys: Vec<String> = sqlx::query_scalar(
        "select distinct key from audit_entries, jsonb_each(detail || coalesce(before, '{}') || coalesce(after, '{}'))
         as parts (key, value) order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("a superuser may");
    assert!(keys.len() > 30, "the walk said little: {keys:?}");
    let kinds: Vec<String> = sqlx::query_scalar(
        "select distinct target_kind from audit_entries where target_kind <> '' order by 1",
    )
    .fetch_all(&pool)
    .await
    .expect("a superuser may");
    let mut unnamed: Vec<String> = keys.into_iter().filter(|key| field_ja(key).is_none()).collect();
    unnamed.extend(kinds.into_iter().filter(|kind| kind_ja(kind) == kind));
    unnamed
}
