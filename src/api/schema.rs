//! Pieces of schema that many fields share, and what turns a derived schema into a structural one.
//!
//! A type is lenient (it decodes whatever an API server once stored) while its schema is strict, so `required`, defaults
//! and rules are written beside the type as extensions and put in their places by [`structural`].

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

/// The extension under which a type names a field's default. (The derived `default` is what Rust decodes, which is
/// not what an API server should write into objects.)
const DEFAULT: &str = "x-default";

/// The extension that marks the few fields that may be `null`.
const NULLABLE: &str = "x-nullable";

/// What Go's `time.ParseDuration` accepts.
const GO_DURATION: &str = r"^[-+]?(0|(([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$";

/// A CEL rule and what a user reads when it does not hold.
pub(super) fn rule(rule: &str, message: &str) -> Value {
    json!({"rule": rule, "message": message})
}

/// The rule that exactly one of `fields` is set. (Sums cost the API server less than lists, of which it makes an
/// estimate and has a budget.)
pub(super) fn exactly_one(fields: &[&str], message: &str) -> Value {
    rule(&format!("{} == 1", count(fields)), message)
}

/// How many of `fields` are set, in CEL.
pub(super) fn count(fields: &[&str]) -> String {
    fields.iter().map(|field| format!("(has(self.{field}) ? 1 : 0)")).collect::<Vec<_>>().join(" + ")
}

/// The name of an object.
pub(super) fn object_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 253,
        "pattern": r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
    })
}

/// The name of a namespace.
pub(super) fn namespace_name(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 63,
        "pattern": "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$",
    })
}

/// Names of namespaces.
pub(super) fn namespace_names(generator: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": namespace_name(generator)})
}

/// A key of a Secret or ConfigMap.
pub(super) fn data_key(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1, "maxLength": 253, "pattern": "^[-._a-zA-Z0-9]+$"})
}

/// Text that may not be empty.
pub(super) fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "minLength": 1})
}

/// Base64 of bytes.
pub(super) fn bytes(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "byte"})
}

/// A whole number without a size.
pub(super) fn integer(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "integer"})
}

/// Seconds, or a duration in words.
pub(super) fn seconds_or_duration(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "anyOf": [{"type": "integer"}, {"type": "string"}],
        "x-kubernetes-int-or-string": true,
    })
}

/// A duration as Go writes it; what Go refuses, its overflow included, is refused.
pub(super) fn duration(_: &mut SchemaGenerator) -> Schema {
    let grammar = format!("self.matches('{GO_DURATION}')");
    json_schema!({
        "type": "string",
        "maxLength": 64,
        "x-kubernetes-validations": [
            rule(&grammar, "a duration has numbers with units ns, us, ms, s, m or h, for example 10s, 5m or 1h30m (0 needs no unit)"),
            rule(&format!("!{grammar} || duration(self) <= duration('2562047h')"), "a duration may not be longer than 2562047h (292 years)"),
        ],
    })
}

/// When a sync window opens: five cron fields or a descriptor.
pub(super) fn cron_schedule(_: &mut SchemaGenerator) -> Schema {
    let every = r"@every [-+]?(([0-9]+[.]?[0-9]*|[.][0-9]+)(ns|us|µs|μs|ms|s|m|h))+";
    let named = "@(yearly|annually|monthly|weekly|daily|midnight|hourly)";
    let fields = "[0-9*?/,-]+ +[0-9*?/,-]+ +[0-9*?/,-]+ +[0-9A-Za-z*?/,-]+ +[0-9A-Za-z*?/,-]+";
    json_schema!({
        "type": "string",
        "minLength": 1,
        "maxLength": 256,
        "x-kubernetes-validations": [rule(
            &format!("self.matches('^({every}|{named}|{fields})$')"),
            "schedule has five cron fields such as 0 22 * * 1-5, or is @hourly, @daily, @weekly, @monthly, @yearly or @every 1h",
        )],
    })
}

/// Regular expressions that the API server can compile; its dialect is the one they are matched with.
pub(super) fn regular_expressions(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": 64,
        "items": {
            "type": "string",
            "maxLength": 1024,
            "x-kubernetes-validations": [rule(
                "'a'.matches(self) in [true, false]",
                "this is not a regular expression in RE2 syntax",
            )],
        },
    })
}

/// A label selector as Kubernetes has it.
pub(super) fn label_selector(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "x-kubernetes-map-type": "atomic",
        "properties": {
            "matchLabels": {
                "description": "Labels that must all be there with these values.",
                "type": "object",
                "additionalProperties": {"type": "string"},
            },
            "matchExpressions": {
                "description": "Requirements on labels that must all hold.",
                "type": "array",
                "x-kubernetes-list-type": "atomic",
                "items": {
                    "type": "object",
                    "required": ["key", "operator"],
                    "properties": {
                        "key": {"type": "string", "description": "The label's name."},
                        "operator": {
                            "type": "string",
                            "description": "How the label is compared: In, NotIn, Exists or DoesNotExist.",
                        },
                        "values": {
                            "type": "array",
                            "description": "What In and NotIn compare with; empty for Exists and DoesNotExist.",
                            "x-kubernetes-list-type": "atomic",
                            "items": {"type": "string"},
                        },
                    },
                },
            },
        },
    })
}

/// The structural schema of `T`, every type written out where it is used.
pub(super) fn structural<T: JsonSchema>() -> Value {
    let mut settings = SchemaSettings::openapi3();
    settings.inline_subschemas = true;
    settings.meta_schema = None;
    let mut schema = Value::from(settings.into_generator().into_root_schema_for::<T>());
    shape(&mut schema);
    schema
}

/// Takes out of a derived schema what Kubernetes does not know, all the way down.
fn shape(schema: &mut Value) {
    let Value::Object(schema) = schema else { return };
    for unknown in ["default", "title", "nullable", "definitions", "components"] {
        schema.remove(unknown);
    }
    keep_one_alternative(schema);
    constants_to_enum(schema);
    drop_null(schema);
    if let Some(default) = schema.remove(DEFAULT) {
        schema.insert("default".to_owned(), default);
    }
    if let Some(nullable) = schema.remove(NULLABLE) {
        schema.insert("nullable".to_owned(), nullable);
    }
    if let Some(Value::String(text)) = schema.get_mut("description") {
        *text = one_line_per_paragraph(text);
    }
    shape_children(schema);
    put_first(schema, &["description", "type"]);
}

/// People read what a field is before what it must look like.
fn put_first(schema: &mut Map<String, Value>, first: &[&str]) {
    let mut rest = std::mem::take(schema);
    let first = first.iter().filter_map(|key| rest.shift_remove_entry(*key)).collect::<Vec<_>>();
    schema.extend(first.into_iter().chain(rest));
}

fn shape_children(schema: &mut Map<String, Value>) {
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        properties.values_mut().for_each(shape);
    }
    for child in ["items", "additionalProperties"] {
        if let Some(child) = schema.get_mut(child) {
            shape(child);
        }
    }
}

/// An `Option` of a type with a schema of its own is "that, or null"; the field's own words stay.
fn keep_one_alternative(schema: &mut Map<String, Value>) {
    if schema.contains_key("x-kubernetes-int-or-string") {
        return;
    }
    for keyword in ["anyOf", "allOf", "oneOf"] {
        let Some(Value::Array(alternatives)) = schema.get(keyword) else { continue };
        let mut objects = alternatives.iter().filter_map(Value::as_object).filter(|one| !is_null(one));
        if let (Some(only), None) = (objects.next().cloned(), objects.next()) {
            schema.remove(keyword);
            for (key, value) in only {
                schema.entry(key).or_insert(value);
            }
        }
    }
}

fn is_null(schema: &Map<String, Value>) -> bool {
    schema.get("type").is_some_and(|kind| kind == "null")
        || schema.get("const").is_some_and(Value::is_null)
        || schema.get("enum").is_some_and(|values| *values == json!([null]))
}

/// An enum whose variants are documented is a list of constants.
fn constants_to_enum(schema: &mut Map<String, Value>) {
    let Some(Value::Array(variants)) = schema.get("oneOf") else { return };
    let values: Vec<Value> = variants.iter().flat_map(constants).collect();
    schema.remove("oneOf");
    schema.insert("type".to_owned(), json!("string"));
    schema.insert("enum".to_owned(), Value::Array(values));
}

fn constants(variant: &Value) -> Vec<Value> {
    match (variant.get("const"), variant.get("enum")) {
        (Some(one), _) => vec![one.clone()],
        (None, Some(Value::Array(many))) => many.clone(),
        _ => Vec::new(),
    }
}

fn drop_null(schema: &mut Map<String, Value>) {
    if let Some(Value::Array(values)) = schema.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    if let Some(Value::Array(kinds)) = schema.get("type") {
        let only = kinds.iter().find(|kind| *kind != "null").cloned().unwrap_or_default();
        schema.insert("type".to_owned(), only);
    }
}

/// Doc comments are broken where the source is; a reader's screen breaks elsewhere.
fn one_line_per_paragraph(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    paragraphs.collect::<Vec<_>>().join("\n\n")
}
