//! JSON as expressions of CEL.

use serde_json::Value;

/// Maps of Kubernetes whose keys are the user's, so that they are maps in CEL and no objects.
const MAPS: [&str; 3] = ["labels", "limits", "requests"];
/// Words that CEL keeps for itself; as fields they are written between underscores.
const RESERVED: [&str; 20] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "false",
    "for",
    "function",
    "if",
    "import",
    "in",
    "let",
    "loop",
    "namespace",
    "null",
    "package",
    "return",
    "true",
    "var",
    "void",
];

/// A string.
pub(super) fn text(text: &str) -> String {
    // JSON's escapes are CEL's.
    Value::from(text).to_string()
}

/// A value of maps, lists and scalars.
pub(super) fn literal(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(literal).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let entry = |(key, value): (&String, &Value)| format!("{}: {}", text(key), literal(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

/// A map as an object of the type that its `path` names, such as `Object.spec.volumes`.
pub(super) fn object(path: &str, value: &Value) -> String {
    let field = |(key, value): (&String, &Value)| {
        let name = if RESERVED.contains(&key.as_str()) { format!("__{key}__") } else { key.clone() };
        format!("{name}: {}", field_value(&format!("{path}.{name}"), key, value))
    };
    let fields = value.as_object().into_iter().flatten().map(field);
    format!("{path}{{{}}}", fields.collect::<Vec<_>>().join(", "))
}

fn field_value(path: &str, key: &str, value: &Value) -> String {
    match value {
        Value::Object(_) if MAPS.contains(&key) => literal(value),
        Value::Object(_) => object(path, value),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| field_value(path, key, item)).collect();
            format!("[{}]", items.join(", "))
        }
        scalar => literal(scalar),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn objects_have_the_type_of_their_path_and_maps_of_the_user_have_none() {
        let value =
            json!({"name": "a\"b", "resources": {"limits": {"memory": "1Mi"}}, "items": [{"key": 1}], "args": ["x"]});
        let expected = concat!(
            r#"Object.spec.c{name: "a\"b", resources: Object.spec.c.resources{limits: {"memory": "1Mi"}}, "#,
            r#"items: [Object.spec.c.items{key: 1}], args: ["x"]}"#,
        );
        assert_eq!(object("Object.spec.c", &value), expected);
    }
}
