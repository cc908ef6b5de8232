//! The pages and forms as an OpenAPI 3.1 document, made of the route table and of the examples. For tools that try
//! everything (bin/probe); people read docs/reference/routes.txt. It is served nowhere.

use super::{
    examples::{QUERY_NAMES, form},
    town::Things,
};
use axum::http::Method;
use kit::web::{Door, Route};
use serde_json::{Map, Value, json};

pub fn document(routes: &[Route]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    let mut routes: Vec<&Route> = routes.iter().collect();
    routes.sort_by_key(|route| (route.path, route.method.as_str()));
    for route in routes {
        let path = route.path.replace("{*", "{");
        let item = paths.entry(path.clone()).or_insert_with(|| json!({ "parameters": in_path(&path) }));
        item[route.method.as_str().to_lowercase()] = operation(route);
    }
    let asked = |name: &&str| {
        let of = json!({ "name": name, "in": "query", "schema": { "type": "string", "maxLength": 100 } });
        ((*name).to_owned(), of)
    };
    let parameters: Map<String, Value> = QUERY_NAMES.iter().map(asked).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Sesshu ① 健康管理システム",
            "version": "1",
            "description": "画面とフォームの一覧。経路の表から作られます。",
        },
        "paths": paths,
        "components": {
            "parameters": parameters,
            "securitySchemes": { "session": { "type": "apiKey", "in": "cookie", "name": "sesshu" } },
            "responses": {
                "Page": { "description": "画面", "content": { "text/html; charset=utf-8": { "schema": { "type": "string" } } } },
                "List": { "description": "一覧", "content": { "text/csv; charset=utf-8": { "schema": { "type": "string" } } } },
                "Paper": { "description": "印刷ファイル", "content": { "application/pdf": {} } },
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
            },
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

fn operation(route: &Route) -> Value {
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
        _ => operation["security"] = json!([]),
    }
    if sends {
        operation["requestBody"] = body(route);
    } else {
        operation["parameters"] = QUERY_NAMES
            .iter()
            .map(|name| json!({ "$ref": format!("#/components/parameters/{name}") }))
            .collect();
    }
    operation
}

fn answers(route: &Route) -> Value {
    let refer = |name: &str| json!({ "$ref": format!("#/components/responses/{name}") });
    let shown = match route.path {
        "/exports/{id}/file" => "List",
        path if path.ends_with("/files/{number}") || path.ends_with("/document") => "Paper",
        path if path.starts_with("/static/") => "File",
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

/// The fields that the page's own form sends. A name with an id in it (one field for each fact) becomes a pattern.
fn body(route: &Route) -> Value {
    let things = Things::unknown();
    let mut fields: Map<String, Value> = Map::new();
    let mut patterns: Map<String, Value> = Map::new();
    for (name, _) in form(route, &things) {
        let text = json!({ "type": "string", "maxLength": 2_000 });
        match name.strip_suffix(&things.fact.to_string()) {
            Some(stem) => drop(patterns.insert(format!("^{stem}[0-9a-f-]{{36}}$"), text)),
            None if name == "file" => {
                drop(fields.insert(name, json!({ "type": "string", "contentMediaType": "text/csv" })));
            }
            None => drop(fields.insert(name, text)),
        }
    }
    fields.insert("csrf".to_owned(), json!({ "type": "string", "minLength": 1, "maxLength": 200 }));
    let mut schema = json!({ "type": "object", "properties": fields, "required": ["csrf"] });
    if !patterns.is_empty() {
        schema["patternProperties"] = Value::Object(patterns);
    }
    let kind = if route.path == "/imports" { "multipart/form-data" } else { super::town::FORM };
    json!({ "required": true, "content": { kind: { "schema": schema } } })
}
