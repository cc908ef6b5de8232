//! The table of pages that the office reads and signs.

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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/routes.txt");
    let enforced = health::routes().matrix_ja();
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, &enforced).unwrap();
    }
    let signed = std::fs::read_to_string(&path).unwrap();
    assert!(
        enforced == signed,
        "docs/reference/routes.txt is not what health::routes says: run bin/goldens and have the difference signed"
    );
}

#[test]
fn the_openapi_document_is_what_the_routes_and_their_forms_are() {
    let things = Things::unknown();
    let about = About {
        title: "Sesshu ① 健康管理システム",
        cookie: "sesshu-health",
        query_names: QUERY_NAMES,
        form: &|route| form(route, &things),
        id_in_names: &things.fact.to_string(),
        file_path: "/imports",
    };
    let routes: Vec<_> = health::routes().list().cloned().collect();
    check(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/openapi.json"), &routes, &about);
}
