use serde_json::json;

use super::*;

fn values(entries: &[(&str, &str)]) -> Values {
    entries.iter().map(|(key, value)| ((*key).to_owned(), Sealed::from(*value))).collect()
}

fn rewritten(steps: serde_json::Value, entries: &[(&str, &str)]) -> Result<Vec<(String, String)>, Problem> {
    let steps: Vec<Rewrite> = serde_json::from_value(steps).unwrap();
    let functions = sprig::functions(sprig::System);
    let rewritten = rewrite("spec.dataFrom[0].rewrite", &steps, values(entries), &functions)?;
    let text = |value: &Sealed| String::from_utf8(value.expose().to_vec()).unwrap();
    Ok(rewritten.into_iter().map(|(key, value)| (key, text(&value))).collect())
}

fn keys(steps: serde_json::Value, keys: &[&str]) -> Vec<String> {
    let entries: Vec<_> = keys.iter().map(|key| (*key, *key)).collect();
    rewritten(steps, &entries).unwrap().into_iter().map(|(key, _)| key).collect()
}

fn regexp(source: &str, target: &str) -> serde_json::Value {
    json!([{"regexp": {"source": source, "target": target}}])
}

fn transform(template: &str) -> serde_json::Value {
    json!([{"transform": {"template": template}}])
}

/// What Go 1.26's `regexp.MustCompile(source).ReplaceAllString(key, target)` gives.
#[test]
fn expressions_replace_as_in_go() {
    for (source, target, key, expected) in [
        ("^prod-(.*)$", "$1", "prod-db", "db"),
        ("prod", "dev", "a-prod-b-prod", "a-dev-b-dev"),
        ("(?P<team>[a-z]+)/(.+)", "${team}_$2", "pay/db", "pay_db"),
        ("(a)(b)?", "[$1$2]", "ac-ab", "[a]c-[ab]"),
        ("/", "_", "a/b/c", "a_b_c"),
        ("^x", "y", "axb", "axb"),
        ("a", "$1x", "a", ""),
        ("a", "${1}x", "a", "x"),
        ("a", "$$1", "a", "$1"),
        ("", "-", "ab", "-a-b-"),
        ("(?i)DB", "x", "db-DB", "x-x"),
        (".", "ä", "é🔑", "ää"),
    ] {
        assert_eq!(keys(regexp(source, target), &[key]), [expected], "{source} {target} {key}");
    }
}

#[test]
fn templates_make_keys_with_every_function() {
    for (template, key, expected) in [
        ("{{ .value | upper }}", "db-pass", "DB-PASS"),
        ("PRE_{{ .value | replace \"-\" \"_\" }}", "a-b", "PRE_a_b"),
        ("{{ if hasPrefix \"x\" .value }}{{ trimPrefix \"x\" .value }}{{ else }}n{{ .value }}{{ end }}", "xa", "a"),
        ("{{ printf \"%s-%d\" .value (len .value) }}", "key", "key-3"),
        ("{{ .other }}", "k", "<no value>"),
        ("[[ .value ]]", "k", "[[ .value ]]"),
    ] {
        assert_eq!(keys(transform(template), &[key]), [expected], "{template}");
    }
}

#[test]
fn steps_follow_one_another_and_an_empty_one_does_nothing() {
    let steps = json!([
        {"regexp": {"source": "^team/", "target": ""}},
        {},
        {"transform": {"template": "{{ .value | upper }}"}},
        {"regexp": {"source": "DB", "target": "database"}},
    ]);
    assert_eq!(keys(steps, &["team/db-1", "team/web"]), ["WEB", "database-1"]);
}

#[test]
fn two_keys_become_one_only_if_their_values_are_equal() {
    let problem = rewritten(regexp("[0-9]", ""), &[("a1", "x"), ("a2", "s3cr3t")]).unwrap_err();
    assert_eq!(problem.field, "spec.dataFrom[0].rewrite[0].regexp");
    assert!(problem.cause.contains("\"a\"") && !problem.to_string().contains("s3cr3t"));
    assert_eq!(rewritten(regexp("[0-9]", ""), &[("a1", "x"), ("a2", "x")]).unwrap().len(), 1);
    assert!(rewritten(transform("same"), &[("a", "1"), ("b", "2")]).is_err());
}

#[test]
fn what_cannot_be_compiled_or_run_is_named_by_its_field() {
    let field = |steps| rewritten(steps, &[("a", "v")]).unwrap_err().field;
    assert_eq!(field(regexp("(", "")), "spec.dataFrom[0].rewrite[0].regexp.source");
    for template in ["{{", "{{ noSuchFunction }}", "{{ fail \"no\" }}", "{{ range 10000000 }}x{{ end }}"] {
        assert_eq!(field(transform(template)), "spec.dataFrom[0].rewrite[0].transform.template", "{template}");
    }
    assert!(rewritten(transform(r#"{{ "\xff" }}"#), &[("a", "v")]).unwrap_err().cause.contains("not UTF-8"));
}

#[test]
fn keys_that_grow_without_end_are_refused() {
    let long = "y".repeat(600);
    let target = "x".repeat(10_000);
    assert!(rewritten(regexp("y", &target), &[(&long, "v")]).unwrap_err().cause.contains("1 MiB"));
    let doubling = vec![json!({"regexp": {"source": ".", "target": "xx"}}); 40];
    assert!(rewritten(doubling.into(), &[("a", "v")]).unwrap_err().cause.contains("1 MiB"));
}

fn merge(step: &serde_json::Value, entries: &[(&str, &str)]) -> Result<Vec<(String, String)>, Problem> {
    rewritten(json!([{"merge": step}]), entries)
}

fn merged(step: &serde_json::Value, entries: &[(&str, &str)]) -> Vec<String> {
    merge(step, entries).unwrap().into_iter().map(|(key, value)| format!("{key}={value}")).collect()
}

#[test]
fn merged_fields_take_the_place_of_the_values() {
    let entries =
        [("one", r#"{"a":"x","n":1e3,"t":true,"z":null}"#), ("two", r#"{"list":[1.50,"<"],"map":{"b":1,"a":"&"}}"#)];
    let expected = ["a=x", r#"list=[1.5,"\u003c"]"#, r#"map={"a":"\u0026","b":1}"#, "n=1000", "t=true", "z="];
    assert_eq!(merged(&json!({}), &entries), expected);
    assert_eq!(merged(&json!({"strategy": "Extract"}), &entries), expected);
    assert_eq!(
        merged(&json!({}), &[("a", "null"), ("b", r#"{"big":1e21,"small":0.0000001}"#)]),
        ["big=1000000000000000000000", "small=0.0000001"]
    );
}

#[test]
fn the_json_strategy_keeps_the_values_and_adds_one() {
    let entries = [("one", r#"{"b":1}"#), ("two", r#"{"a":"<é>","big":1e21}"#)];
    assert_eq!(
        merged(&json!({"strategy": "JSON", "into": "all"}), &entries),
        [r#"all={"a":"<é>","b":1,"big":1e+21}"#, r#"one={"b":1}"#, r#"two={"a":"<é>","big":1e21}"#]
    );
    assert_eq!(
        merged(&json!({"strategy": "JSON", "into": "one"}), &entries)[0],
        r#"one={"a":"<é>","b":1,"big":1e+21}"#
    );
    let problem = merge(&json!({"strategy": "JSON"}), &entries).unwrap_err();
    assert_eq!(problem.field, "spec.dataFrom[0].rewrite[0].merge.into");
}

#[test]
fn conflicts_are_refused_or_won_by_the_later_key() {
    let entries = [("a", r#"{"x":"a","y":1}"#), ("b", r#"{"x":"b"}"#), ("c", r#"{"x":"c"}"#)];
    let problem = merge(&json!({}), &entries).unwrap_err();
    assert_eq!(problem.cause, "merge failed with conflicts: x");
    assert_eq!(merged(&json!({"conflictPolicy": "Ignore"}), &entries), ["x=c", "y=1"]);
    let first = json!({"conflictPolicy": "Ignore", "priority": ["b", "a"]});
    assert_eq!(merged(&first, &entries), ["x=a", "y=1"]);
}

#[test]
fn a_key_with_priority_must_be_there_unless_the_policy_says_otherwise() {
    let entries = [("a", r#"{"x":1}"#)];
    let problem = merge(&json!({"priority": ["gone"]}), &entries).unwrap_err();
    assert_eq!(problem.cause, r#"merge failed with key "gone" not found in input map"#);
    let lenient = json!({"priority": ["gone", "a"], "priorityPolicy": "IgnoreNotFound"});
    assert_eq!(merged(&lenient, &entries), ["x=1"]);
}

#[test]
fn what_is_no_object_is_named_and_not_shown() {
    for value in ["s3cr3t", "[1]", "\"s3cr3t\"", "1", "{\"a\":1e999}", "{\"s3cr3t\":"] {
        let problem = merge(&json!({}), &[("key", value)]).unwrap_err();
        assert!(problem.cause.contains("\"key\"") && !problem.to_string().contains("s3cr3t"), "{value}: {problem}");
    }
}

#[test]
fn a_step_that_could_never_be_done_is_found_without_values() {
    let field = |steps: serde_json::Value| {
        let steps: Vec<Rewrite> = serde_json::from_value(steps).unwrap();
        check("r", &steps).err().map(|problem| problem.field)
    };
    assert_eq!(field(json!([{}, {"regexp": {"source": "[", "target": ""}}])), Some("r[1].regexp.source".into()));
    assert_eq!(field(json!([{"merge": {"strategy": "JSON"}}])), Some("r[0].merge.into".into()));
    assert_eq!(field(json!([{"merge": {}}, {"regexp": {"source": "a", "target": "$9"}}])), None);
}
