//! The pages and forms as an OpenAPI 3.1 document, made of the route table and of the examples. For tools that try
//! everything (bin/probe); people read the tables of routes. It is served nowhere.

use super::{FORM, Form};
use crate::web::{Door, Route};
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::path::Path;

/// Set by `bin/goldens` to rewrite a document instead of comparing.
const WRITE: &str = "SESSHU_GOLDENS";

/// What a document says besides the routes.
pub struct About<'a> {
    pub title: &'a str,
    /// The cookie of a session.
    pub cookie: &'a str,
    /// What pages read from the query of their address.
    pub query_names: &'a [&'a str],
    /// What a form sends, without its token.
    pub form: &'a dyn Fn(&Route) -> Form,
    /// The id that may end a field's name (one field for each thing): such a name becomes a pattern.
    pub id_in_names: &'a str,
    /// The path of the form that sends a file.
    pub file_path: &'a str,
}

/// Compares the document with the one that is checked in, or writes it.
///
/// # Panics
/// Where they differ.
pub fn check(file: &Path, routes: &[Route], about: &About<'_>) {
    let made = format!("{:#}\n", document(routes, about));
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(file, &made).expect("the document can be written");
    }
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(made == kept, "{} is not what the routes say: run bin/goldens", file.display());
}

fn document(routes: &[Route], about: &About<'_>) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut routes: Vec<&Route> = routes.iter().collect();
    routes.sort_by_key(|route| (route.path, route.method.as_str()));
    for route in routes {
        let path = route.path.replace("{*", "{");
        let item = paths.entry(path.clone()).or_insert_with(|| json!({ "parameters": in_path(&path) }));
        item[route.method.as_str().to_lowercase()] = operation(route, about);
    }
    let asked = |name: &&str| {
        let of = json!({ "name": name, "in": "query", "schema": { "type": "string", "maxLength": 100 } });
        ((*name).to_owned(), of)
    };
    let parameters: Map<String, Value> = about.query_names.iter().map(asked).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": about.title,
            "version": "1",
            "description": "画面とフォームの一覧。経路の表から作られます。",
        },
        "paths": paths,
        "components": {
            "parameters": parameters,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": about.cookie } },
            "responses": responses(),
        },
    })
}

fn responses() -> Value {
    json!({
        "Page": { "description": "画面", "content": { "text/html; charset=utf-8": { "schema": { "type": "string" } } } },
        "List": { "description": "一覧", "content": { "text/csv; charset=utf-8": { "schema": { "type": "string" } } } },
        "Paper": { "description": "印刷ファイル", "content": { "application/pdf": {} } },
        "SealedList": {
            "description": "一覧、または受取人の鍵で暗号化した一覧",
            "content": { "text/csv; charset=utf-8": { "schema": { "type": "string" } }, "application/octet-stream": {} },
        },
        "SealedPaper": {
            "description": "提供する文書、または受取人の鍵で暗号化したもの",
            "content": { "application/pdf": {}, "application/octet-stream": {} },
        },
        "Told": { "description": "画面のスクリプトへの答え", "content": { "application/json": {} } },
        "File": { "description": "静的ファイル", "content": { "*/*": {} } },
        "Elsewhere": {
            "description": "ほかの画面へ",
            "headers": { "Location": { "schema": { "type": "string" }, "required": true } },
        },
        "Wait": {
            "description": "混み合っている",
            "headers": { "Retry-After": { "schema": { "type": "integer" }, "required": true } },
            "content": { "text/html; charset=utf-8": { "schema": { "type": "string" } } },
        },
    })
}

fn in_path(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    names
        .map(|name| {
            let schema = match name {
                "number" => json!({ "type": "integer", "minimum": 1 }),
                "path" => json!({ "type": "string", "minLength": 1 }),
                _ => json!({ "type": "string", "format": "uuid" }),
            };
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        })
        .collect()
}

fn operation(route: &Route, about: &About<'_>) -> Value {
    let sends = route.method != Method::GET;
    let mut operation = json!({
        "operationId": format!("{} {}", route.method, route.path),
        "responses": answers(route),
    });
    match route.door {
        Door::For(action) => {
            operation["summary"] = json!(action.ja());
            operation["security"] = json!([{ "session": [] }]);
        }
        Door::Open => operation["security"] = json!([]),
    }
    if sends {
        operation["requestBody"] = body(route, about);
    } else {
        let names = about.query_names.iter();
        operation["parameters"] =
            names.map(|name| json!({ "$ref": format!("#/components/parameters/{name}") })).collect();
    }
    operation
}

fn answers(route: &Route) -> Value {
    let refer = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let shown = match route.path {
        "/exports/{id}/file" => "SealedList",
        "/provisions/{id}/document" => "SealedPaper",
        path if path.ends_with(".csv") => "List",
        path if path.ends_with("/files/{number}") || path.ends_with(".pdf") => "Paper",
        path if path.starts_with("/static/") => "File",
        path if path.ends_with("/passkey/begin") || path == "/lock/state" => "Told",
        _ => "Page",
    };
    let mut answers = json!({ "200": refer(shown), "303": refer("Elsewhere") });
    for status in ["400", "403", "404", "409", "422"] {
        answers[status] = refer("Page");
    }
    for status in ["429", "503"] {
        answers[status] = refer("Wait");
    }
    answers
}

/// The fields that the page's own form sends.
fn body(route: &Route, about: &About<'_>) -> Value {
    let mut fields: Map<String, Value> = Map::new();
    let mut patterns: Map<String, Value> = Map::new();
    for (name, _) in (about.form)(route) {
        let text = json!({ "type": "string", "maxLength": 2_000 });
        match name.strip_suffix(about.id_in_names) {
            Some(stem) if !about.id_in_names.is_empty() => {
                drop(patterns.insert(format!("^{stem}[0-9a-f-]{{36}}$"), text));
            }
            _ if name == "file" => {
                drop(fields.insert(name, json!({ "type": "string", "contentMediaType": "text/csv" })));
            }
            _ => drop(fields.insert(name, text)),
        }
    }
    let mut schema = json!({ "type": "object" });
    if route.door != Door::Open {
        fields.insert("csrf".to_owned(), json!({ "type": "string", "minLength": 1, "maxLength": 200 }));
        schema["required"] = json!(["csrf"]);
    }
    schema["properties"] = Value::Object(fields);
    if !patterns.is_empty() {
        schema["patternProperties"] = Value::Object(patterns);
    }
    let kind = if route.path == about.file_path { "multipart/form-data" } else { FORM };
    json!({ "required": true, "content": { kind: { "schema": schema } } })
}
