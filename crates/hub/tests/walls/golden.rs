//! The table of pages that the office reads and signs, and the same for tools.

use super::{
    examples::{QUERY_NAMES, form},
    town::Things,
};
use kit::testing::walls::openapi::{About, check};
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

#[test]
fn the_openapi_document_is_what_the_routes_and_their_forms_are() {
    let about = About {
        title: "Sesshu ② 共通基盤",
        cookie: "sesshu-hub",
        query_names: QUERY_NAMES,
        form: &|route| form(route, &Things::unknown()),
        id_in_names: "",
        file_path: "",
    };
    let routes: Vec<_> = hub::routes().list().cloned().collect();
    check(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi-hub.json"),
        &routes,
        &about,
    );
}
