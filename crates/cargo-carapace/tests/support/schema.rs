//! A validator for as much of JSON Schema as the schemas here use.
//!
//! A keyword that it does not know is an error, so that nothing of a schema goes unseen.

use serde_json::Value;

/// What is wrong with a value, a place and a fault a line; empty if nothing is.
pub fn faults(schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(schema, schema, value, "$", &mut faults);
    faults
}

fn check(root: &Value, schema: &Value, value: &Value, place: &str, faults: &mut Vec<String>) {
    let mut fault = |text: String| faults.push(format!("{place}: {text}"));
    let is_valid = |schema: &Value| {
        let mut faults = Vec::new();
        check(root, schema, value, place, &mut faults);
        faults.is_empty()
    };
    let mut below = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "title" | "description" | "format" | "$defs" => {}
            "$ref" => {
                let pointer = rule.as_str().unwrap().strip_prefix('#').unwrap();
                below.push((root.pointer(pointer).unwrap(), value, place.to_owned()));
            }
            "type" => {
                let types = match rule {
                    Value::Array(types) => types.clone(),
                    one => vec![one.clone()],
                };
                if !types
                    .iter()
                    .any(|name| is_of(value, name.as_str().unwrap()))
                {
                    fault(format!("{value} is no {rule}"));
                }
            }
            "const" if value != rule => fault(format!("{value} is not {rule}")),
            "const" => {}
            "minimum" => {
                if value.as_f64().is_some_and(|n| n < rule.as_f64().unwrap()) {
                    fault(format!("{value} is below {rule}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    let name = name.as_str().unwrap();
                    if value.is_object() && value.get(name).is_none() {
                        fault(format!("no `{name}`"));
                    }
                }
            }
            "properties" => {
                for (name, schema) in rule.as_object().unwrap() {
                    if let Some(value) = value.get(name) {
                        below.push((schema, value, format!("{place}.{name}")));
                    }
                }
            }
            // Here only where there are no `properties`.
            "additionalProperties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    below.push((rule, value, format!("{place}.{name}")));
                }
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    below.push((rule, item, format!("{place}[{index}]")));
                }
            }
            "anyOf" | "oneOf" => {
                let valid = rule
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|s| is_valid(s))
                    .count();
                if valid == 0 || (valid > 1 && keyword == "oneOf") {
                    fault(format!("{valid} of {keyword} allow {value}"));
                }
            }
            other => panic!("the keyword {other} is not known here"),
        }
    }
    for (schema, value, place) in below {
        check(root, schema, value, &place, faults);
    }
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("the type {other} is not known here"),
    }
}

/// A field that a part of the schema requires, and where a value has it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Required {
    /// The part: its place among the definitions, or empty for the whole.
    pub part: String,
    pub field: String,
    /// The JSON pointer of the object.
    pub object: String,
}

/// Everything that a schema requires of this value, all through it.
pub fn required(schema: &Value, value: &Value) -> Vec<Required> {
    let mut found = Vec::new();
    walk(schema, schema, "", value, "", &mut found);
    found
}

fn walk(
    root: &Value,
    schema: &Value,
    part: &str,
    value: &Value,
    object: &str,
    found: &mut Vec<Required>,
) {
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.strip_prefix('#').unwrap();
        walk(
            root,
            root.pointer(pointer).unwrap(),
            reference,
            value,
            object,
            found,
        );
    }
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        let mut faults = Vec::new();
        check(root, choice, value, "", &mut faults);
        if faults.is_empty() {
            walk(root, choice, part, value, object, found);
        }
    }
    for field in schema["required"].as_array().into_iter().flatten() {
        found.push(Required {
            part: part.to_owned(),
            field: field.as_str().unwrap().to_owned(),
            object: object.to_owned(),
        });
    }
    for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
        if let Some(value) = value.get(name) {
            walk(
                root,
                schema,
                part,
                value,
                &format!("{object}/{name}"),
                found,
            );
        }
    }
    if let Some(schema) = schema.get("additionalProperties") {
        for (name, value) in value.as_object().into_iter().flatten() {
            let object = format!("{object}/{name}");
            walk(root, schema, part, value, &object, found);
        }
    }
    if let Some(schema) = schema.get("items") {
        for (index, value) in value.as_array().into_iter().flatten().enumerate() {
            walk(
                root,
                schema,
                part,
                value,
                &format!("{object}/{index}"),
                found,
            );
        }
    }
}

/// All parts of a schema that require something, with what they require.
pub fn parts(schema: &Value) -> Vec<(String, String)> {
    let definitions = schema["$defs"].as_object().into_iter().flatten();
    let definitions = definitions.map(|(name, part)| (format!("#/$defs/{name}"), part));
    let all = [(String::new(), schema)].into_iter().chain(definitions);
    let mut parts = Vec::new();
    for (name, part) in all {
        for field in part["required"].as_array().into_iter().flatten() {
            parts.push((name.clone(), field.as_str().unwrap().to_owned()));
        }
    }
    parts
}
