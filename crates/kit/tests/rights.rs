//! The matrix of rights as the office signs it.

use std::path::Path;

/// `bin/goldens` sets this: then the file is written instead of compared.
const WRITE: &str = "SESSHU_GOLDENS";

#[test]
fn the_signed_matrix_is_the_one_that_is_enforced() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/roles.txt");
    let enforced = kit::rights::matrix_ja();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &enforced).expect("docs/reference can be written");
    }
    let signed = std::fs::read_to_string(&path).expect("docs/reference/roles.txt is checked in");
    assert!(
        signed == enforced,
        "docs/reference/roles.txt is not what kit::rights says: run bin/goldens and have the difference signed"
    );
}
