//! The table of pages that the office reads and signs.

use std::path::Path;

/// Set by `bin/goldens` to rewrite the table instead of comparing.
const WRITE: &str = "SESSHU_GOLDENS";

#[test]
fn pages_open_as_the_signed_matrix_of_routes_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/routes-hub.txt");
    let enforced = hub::routes().matrix_ja();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &enforced).unwrap();
    }
    let signed = std::fs::read_to_string(&path).unwrap();
    assert!(
        enforced == signed,
        "docs/reference/routes-hub.txt is not what hub::routes says: run bin/goldens and have the difference signed"
    );
}
