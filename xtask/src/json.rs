//! Values of other programs' JSON, by their places (JSON pointers), with errors that name these.

use serde_json::Value;

pub(crate) fn parse(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))
}

pub(crate) fn at<'a>(value: &'a Value, place: &str) -> Result<&'a Value, String> {
    let found = value.pointer(place);
    found.ok_or_else(|| format!("`{place}` is not there"))
}

pub(crate) fn list<'a>(value: &'a Value, place: &str) -> Result<&'a Vec<Value>, String> {
    let found = at(value, place)?.as_array();
    found.ok_or_else(|| format!("`{place}` is no list"))
}

pub(crate) fn text_at<'a>(value: &'a Value, place: &str) -> Result<&'a str, String> {
    let found = at(value, place)?.as_str();
    found.ok_or_else(|| format!("`{place}` is no text"))
}

pub(crate) fn count(value: &Value, place: &str) -> Result<u64, String> {
    let found = at(value, place)?.as_u64();
    found.ok_or_else(|| format!("`{place}` is no number"))
}

/// A number of lines, columns or the like.
pub(crate) fn number_at(value: &Value, place: &str) -> Result<usize, String> {
    let number = usize::try_from(count(value, place)?);
    number.map_err(|_| format!("`{place}` is too large"))
}

pub(crate) fn flag_at(value: &Value, place: &str) -> Result<bool, String> {
    let found = at(value, place)?.as_bool();
    found.ok_or_else(|| format!("`{place}` is neither true nor false"))
}
