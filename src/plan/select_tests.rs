use serde_json::json;

use super::*;

fn spec(value: serde_json::Value) -> ExternalSecretSpec {
    let mut spec: ExternalSecretSpec = serde_json::from_value(value).unwrap();
    spec.secret_store_ref = Some(StoreRef { name: "store".into(), kind: None });
    spec
}

fn assembled(value: serde_json::Value, answers: &[Answer<'_>]) -> Result<Assembly, Problem> {
    let spec = spec(value);
    let functions = sprig::functions(sprig::System);
    assemble(&needs(&spec), answers, spec.target.deletion_policy.unwrap_or_default(), &functions)
}

fn value(sealed: &Sealed) -> Answer<'_> {
    Answer::Value(sealed, Dialect::EscapedFirst)
}

fn texts(assembly: &Assembly) -> Vec<(&str, &str)> {
    let text = |sealed: &'_ Sealed| String::from_utf8(sealed.expose().to_vec()).unwrap().leak() as &str;
    assembly.data.iter().map(|(key, sealed)| (key.as_str(), text(sealed))).collect()
}

fn one(remote: &serde_json::Value) -> serde_json::Value {
    json!({"data": [{"secretKey": "a", "remoteRef": remote}]})
}

#[test]
fn extracts_come_first_and_data_overrides_them() {
    let both = json!({
        "dataFrom": [{"extract": {"key": "x"}}, {"extract": {"key": "y"}}],
        "data": [{"secretKey": "a", "remoteRef": {"key": "z"}}],
    });
    let (x, y, z) = (Sealed::from(r#"{"a":1,"b":2}"#), Sealed::from(r#"{"b":3,"c":"s"}"#), Sealed::from("z"));
    let whole = assembled(both, &[value(&x), value(&y), value(&z)]).unwrap();
    assert_eq!(texts(&whole), [("a", "z"), ("b", "3"), ("c", "s")]);
}

#[test]
fn a_property_with_dots_is_a_name_before_it_is_a_path() {
    let sealed = Sealed::from(r#"{"a.b":"name","a":{"b":"path","c":"only path"}}"#);
    let found = |property: &str| {
        let whole = assembled(one(&json!({"key": "k", "property": property})), &[value(&sealed)]).unwrap();
        texts(&whole)[0].1.to_owned()
    };
    assert_eq!(found("a.b"), "name");
    assert_eq!(found("a.c"), "only path");
    let by_path = [Answer::Value(&sealed, Dialect::Path)];
    let whole = assembled(one(&json!({"key": "k", "property": "a.b"})), &by_path).unwrap();
    assert_eq!(texts(&whole), [("a", "path")]);
}

#[test]
fn of_metadata_a_name_with_dots_stands_behind_the_first_one() {
    let sealed = Sealed::from(r#"{"annotations":{"example.com/owner":"a"},"labels":{"team":"b"}}"#);
    let found = |reference: serde_json::Value| {
        let whole = assembled(one(&reference), &[value(&sealed)]);
        whole.map(|whole| texts(&whole)[0].1.to_owned()).ok()
    };
    let owner = "annotations.example.com/owner";
    assert_eq!(found(json!({"key": "k", "property": owner, "metadataPolicy": "Fetch"})).as_deref(), Some("a"));
    assert_eq!(found(json!({"key": "k", "property": "labels.team", "metadataPolicy": "Fetch"})).as_deref(), Some("b"));
    assert_eq!(found(json!({"key": "k", "property": "annotations.b", "metadataPolicy": "Fetch"})), None);
    assert_eq!(found(json!({"key": "k", "property": owner})), None, "of a value it is a path, as in ESO");
}

#[test]
fn with_vault_an_exact_name_comes_first_and_extracted_numbers_are_floats() {
    let sealed = Sealed::from(r#"{"*":"star","a.b":1.50,"a":{"b":"path","z":1.0},"big":12345678901234567890}"#);
    let answers = [Answer::Value(&sealed, Dialect::ExactFirst)];
    for (property, text) in [("a.b", "1.50"), ("*", "star"), ("a.z", "1"), ("big", "12345678901234567890")] {
        let whole = assembled(one(&json!({"key": "k", "property": property})), &answers).unwrap();
        assert_eq!(texts(&whole), [("a", text)], "{property}");
    }
    let sealed = Sealed::from(r#"{"a":{"b":"path","z":1.0},"big":12345678901234567890,"n":1.50}"#);
    let extracted = json!({"dataFrom": [{"extract": {"key": "k"}}]});
    let whole = assembled(extracted, &[Answer::Value(&sealed, Dialect::ExactFirst)]).unwrap();
    let (object, big) = (r#"{"b":"path","z":1}"#, "12345678901234567000");
    assert_eq!(texts(&whole), [("a", object), ("big", big), ("n", "1.5")]);
}

#[test]
fn what_is_missing_or_no_json_is_named_and_never_shown() {
    let plain = Sealed::from("s3cr3t text");
    let cases = [
        (one(&json!({"key": "k", "property": "p"})), "spec.data[0].remoteRef"),
        (json!({"dataFrom": [{"extract": {"key": "k"}}]}), "spec.dataFrom[0].extract"),
    ];
    for (spec, field) in cases {
        let problem = assembled(spec, &[value(&plain)]).unwrap_err();
        assert_eq!(problem.field, field);
        assert!(!problem.to_string().contains("s3cr3t"));
    }
    let object = Sealed::from(r#"{"q":"s3cr3t"}"#);
    let problem = assembled(one(&json!({"key": "k", "property": "p"})), &[value(&object)]).unwrap_err();
    assert_eq!(problem.field, "spec.data[0].remoteRef.property");
    assert!(!problem.to_string().contains("s3cr3t"));
}

#[test]
fn one_entry_that_fails_fails_all() {
    let two = json!({"data": [
        {"secretKey": "a", "remoteRef": {"key": "1"}},
        {"secretKey": "b", "remoteRef": {"key": "2"}},
    ]});
    let good = Sealed::from("x");
    let problem = assembled(two, &[value(&good), Answer::Failed("no answer")]).unwrap_err();
    assert_eq!(problem.field, "spec.data[1].remoteRef.key");
}

#[test]
fn a_missing_secret_is_passed_over_only_where_the_policy_allows_and_when_confirmed() {
    let with = |policy: &str, confirmed| {
        let mut spec = one(&json!({"key": "k"}));
        spec["target"] = json!({"deletionPolicy": policy});
        assembled(spec, &[Answer::Absent { confirmed }])
    };
    assert!(with("Retain", true).is_err() && with("Retain", false).is_err());
    for policy in ["Delete", "Merge"] {
        assert!(with(policy, false).is_err(), "{policy}");
        assert_eq!(with(policy, true).unwrap().missing, [("spec.data[0]".to_owned(), "k".to_owned())]);
    }
}

#[test]
fn a_versions_and_a_metadata_policy_are_part_of_what_is_read() {
    let spec = spec(json!({"data": [
        {"secretKey": "a", "remoteRef": {"key": "k", "version": "v1"}},
        {"secretKey": "b", "remoteRef": {"key": "k", "metadataPolicy": "Fetch"}},
        {"secretKey": "c", "remoteRef": {"key": "k", "property": "p"}},
    ]}));
    let keys: std::collections::BTreeSet<_> = needs(&spec).into_iter().map(|need| need.remote).collect();
    assert_eq!(keys.len(), 3);
}

fn found(entries: &[(&str, &str)]) -> Sealed {
    let entries = entries.iter().map(|(name, value)| ((*name).to_owned(), Sealed::from(*value)));
    Sealed::pack(&entries.collect()).unwrap()
}

fn find(entry: &serde_json::Value) -> serde_json::Value {
    json!({"dataFrom": [entry]})
}

#[test]
fn every_secret_that_is_found_becomes_a_key_that_a_secret_can_have() {
    let answer = found(&[("team/db-1", "1"), ("team/ключ", "2"), ("web", "3")]);
    let by = |strategy: &str| {
        let spec = find(&json!({"find": {"name": {"regexp": "."}, "conversionStrategy": strategy}}));
        assembled(spec, &[value(&answer)])
    };
    let problem = by("Default").unwrap_err();
    assert_eq!(problem.field, "spec.dataFrom[0].find", "{problem}");
    let ascii = found(&[("team/db-1", "1"), ("web", "3")]);
    let spec = find(&json!({"find": {"name": {"regexp": "."}}}));
    assert_eq!(texts(&assembled(spec, &[value(&ascii)]).unwrap()), [("team_db-1", "1"), ("web", "3")]);
    let spec = find(&json!({"find": {"path": "team", "conversionStrategy": "Unicode"}}));
    assert_eq!(texts(&assembled(spec, &[value(&ascii)]).unwrap()), [("team_U002f_db-1", "1"), ("web", "3")]);
}

#[test]
fn found_values_are_decoded_and_checked_as_the_entry_says() {
    let answer = found(&[("a", "aGVsbG8="), ("b", "AA==")]);
    let with = |policy: &str| {
        let find = json!({"path": "x", "decodingStrategy": "Base64", "nullBytePolicy": policy});
        assembled(json!({"dataFrom": [{"find": find}]}), &[value(&answer)])
    };
    assert_eq!(texts(&with("Ignore").unwrap()), [("a", "hello"), ("b", "\0")]);
    let problem = with("Fail").unwrap_err();
    assert_eq!(problem.field, "spec.dataFrom[0].find.nullBytePolicy");
    assert!(problem.cause.contains("\"b\""), "{problem}");
}

#[test]
fn rewritten_keys_are_not_converted_and_an_empty_one_is_left_out() {
    let answer = found(&[("team/db", "1"), ("team/", "2")]);
    let rewrite = json!([{"regexp": {"source": "^team/", "target": ""}}]);
    let spec = find(&json!({"find": {"path": "team/"}, "rewrite": rewrite}));
    assert_eq!(texts(&assembled(spec, &[value(&answer)]).unwrap()), [("db", "1")]);
    let half = json!([{"regexp": {"source": "team", "target": "t"}}]);
    let spec = find(&json!({"find": {"path": "team/"}, "rewrite": half}));
    assert_eq!(assembled(spec, &[value(&answer)]).unwrap_err().field, "spec.dataFrom[0].find");
    let object = Sealed::from(r#"{"a-b":"1","c":"2"}"#);
    let rewrite = json!([{"transform": {"template": "X{{ .value }}"}}]);
    let spec = json!({"dataFrom": [{"extract": {"key": "k"}, "rewrite": rewrite}]});
    assert_eq!(texts(&assembled(spec, &[value(&object)]).unwrap()), [("Xa-b", "1"), ("Xc", "2")]);
}

#[test]
fn a_search_goes_before_an_extraction_and_later_entries_override() {
    let both = json!({"dataFrom": [
        {"find": {"path": "x"}, "extract": {"key": "never read"}},
        {"extract": {"key": "y"}},
    ]});
    let spec = spec(both.clone());
    let remotes: Vec<_> = needs(&spec).into_iter().map(|need| need.remote).collect();
    assert!(matches!(&remotes[..], [Remote::Query(_), Remote::Key(_)]), "{remotes:?}");
    let (searched, object) = (found(&[("a", "found"), ("b", "found")]), Sealed::from(r#"{"b":"extracted"}"#));
    let whole = assembled(both, &[value(&searched), value(&object)]).unwrap();
    assert_eq!(texts(&whole), [("a", "found"), ("b", "extracted")]);
}

#[test]
fn equal_searches_are_one_query_however_their_keys_are_named() {
    let spec = spec(json!({"dataFrom": [
        {"find": {"name": {"regexp": "^a"}, "tags": {"x": "1", "y": "2"}}},
        {"find": {"name": {"regexp": "^a"}, "path": "", "tags": {"y": "2", "x": "1"}, "decodingStrategy": "Auto"},
         "rewrite": [{"regexp": {"source": "a", "target": "b"}}]},
        {"find": {"name": {"regexp": "^b"}}},
    ]}));
    let remotes: std::collections::BTreeSet<_> = needs(&spec).into_iter().map(|need| need.remote).collect();
    assert_eq!(remotes.len(), 2);
}

#[test]
fn a_search_that_finds_nothing_is_gone_only_where_the_policy_asks_for_a_deletion() {
    let nothing = found(&[]);
    let with = |policy: &str| {
        let spec = json!({"dataFrom": [{"find": {"name": {"regexp": "^db"}}}], "target": {"deletionPolicy": policy}});
        assembled(spec, &[value(&nothing)]).unwrap()
    };
    assert_eq!(with("Delete").missing, [("spec.dataFrom[0]".to_owned(), "^db".to_owned())]);
    assert!(with("Retain").missing.is_empty() && with("Merge").missing.is_empty());
}

#[test]
fn a_search_that_fails_is_named_with_its_entry() {
    let spec = find(&json!({"find": {"name": {"regexp": "^db"}}}));
    let problem = assembled(spec.clone(), &[Answer::Failed("no answer")]).unwrap_err();
    assert_eq!((problem.field.as_str(), problem.cause.as_str()), ("spec.dataFrom[0].find", "no answer"));
    let other = Sealed::from("not an answer to a search");
    assert_eq!(assembled(spec, &[value(&other)]).unwrap_err().field, "spec.dataFrom[0].find");
}

#[test]
fn an_entry_is_read_from_its_own_store() {
    let spec = spec(json!({
        "data": [{"secretKey": "a", "remoteRef": {"key": "k"}}],
        "dataFrom": [
            {"extract": {"key": "k"}, "sourceRef": {"storeRef": {"name": "other", "kind": "ClusterSecretStore"}}},
            {"find": {"path": "p"}, "sourceRef": {"storeRef": {"name": "third"}}},
        ],
    }));
    let stores: Vec<_> = needs(&spec).into_iter().map(|need| need.store.name.as_str()).collect();
    assert_eq!(stores, ["other", "third", "store"]);
}

#[test]
fn a_kubernetes_secret_is_json_a_value_or_its_members_and_keeps_its_bytes() {
    let entries = [("a.b", Sealed::new(vec![0xff, 0])), ("cfg", Sealed::from(r#"{"x":{"y":"<z>"},"n":1}"#))];
    let packed = Sealed::pack(&entries.map(|(name, value)| (name.to_owned(), value)).into()).unwrap();
    let answers = [Answer::Value(&packed, Dialect::Entries)];
    let whole = assembled(one(&json!({"key": "k"})), &answers).unwrap();
    assert_eq!(texts(&whole), [("a", r#"{"a.b":"\ufffd\u0000","cfg":"{\"x\":{\"y\":\"<z>\"},\"n\":1}"}"#)]);
    let exact = assembled(one(&json!({"key": "k", "property": "a.b"})), &answers).unwrap();
    assert_eq!(exact.data["a"], Sealed::new(vec![0xff, 0]));
    let nested = assembled(one(&json!({"key": "k", "property": "cfg.x.y"})), &answers).unwrap();
    assert_eq!(texts(&nested), [("a", "<z>")]);
    assert!(assembled(one(&json!({"key": "k", "property": "none"})), &answers).is_err());
    let all = assembled(json!({"dataFrom": [{"extract": {"key": "k"}}]}), &answers).unwrap();
    assert_eq!(all.data.keys().collect::<Vec<_>>(), ["a.b", "cfg"]);
    assert_eq!(all.data["a.b"], Sealed::new(vec![0xff, 0]));
    let part = json!({"dataFrom": [{"extract": {"key": "k", "property": "cfg"}}]});
    assert_eq!(texts(&assembled(part, &answers).unwrap()), [("n", "1"), ("x", r#"{"y":"<z>"}"#)]);
}

#[test]
fn the_labels_of_a_kubernetes_secret_are_found_and_extracted() {
    let about = Sealed::from(r#"{"annotations":null,"labels":{"a.b/c":"1"}}"#);
    let answers = [Answer::Value(&about, Dialect::Entries)];
    let of = |property: &str| json!({"key": "k", "metadataPolicy": "Fetch", "property": property});
    for (property, text) in
        [("", r#"{"annotations":null,"labels":{"a.b/c":"1"}}"#), ("labels.a.b/c", "1"), ("labels", r#"{"a.b/c":"1"}"#)]
    {
        let found = assembled(one(&of(property)), &answers).unwrap();
        assert_eq!(texts(&found), [("a", text)], "{property}");
    }
    assert!(assembled(one(&of("labels.none")), &answers).is_err());
    let all = json!({"dataFrom": [{"extract": {"key": "k", "metadataPolicy": "Fetch", "property": "labels"}}]});
    assert_eq!(texts(&assembled(all, &answers).unwrap()), [("a.b_c", "1")]);
}

#[test]
fn an_objects_property_is_text_or_json_as_it_stands() {
    let object = Sealed::from(r#"{"spec":{"n":1.50,"t":"a\u003cb","z":null,"o":{"k":["v"]},"j":"{\"in\":1}"}}"#);
    let answers = [Answer::Value(&object, Dialect::Object)];
    for (property, text) in
        [("spec.n", "1.50"), ("spec.t", "a<b"), ("spec.z", "null"), ("spec.o", r#"{"k":["v"]}"#), ("spec.o.k.0", "v")]
    {
        let found = assembled(one(&json!({"key": "k", "property": property})), &answers).unwrap();
        assert_eq!(texts(&found), [("a", text)], "{property}");
    }
    assert!(assembled(one(&json!({"key": "k", "property": "spec.none"})), &answers).is_err());
    let extract = |property: &str| {
        let all = json!({"dataFrom": [{"extract": {"key": "k", "property": property}}]});
        assembled(all, &answers).unwrap()
    };
    assert_eq!(texts(&extract("spec.o")), [("k", r#"["v"]"#)]);
    assert_eq!(texts(&extract("spec.t")), [("value", "a<b")]);
    assert_eq!(texts(&extract("spec.j")), [("in", "1")]);
    assert_eq!(texts(&extract("spec.z")), []);
}

#[test]
fn a_property_that_the_provider_was_asked_for_is_part_of_the_question_and_not_looked_up_again() {
    let spec = spec(json!({
        "data": [{"secretKey": "a", "remoteRef": {"key": "k", "property": "p"}}],
        "dataFrom": [{"extract": {"key": "k", "property": "q"}}, {"find": {"name": {"regexp": "x"}}}],
    }));
    let questions = |dialect| needs(&spec).iter().map(|need| need.question(dialect)).collect::<Vec<_>>();
    let properties = |dialect| {
        let questions = questions(dialect).into_iter();
        let property = |remote| if let Remote::Key(key) = remote { key.property } else { None };
        questions.map(property).collect::<Vec<_>>()
    };
    assert_eq!(properties(Dialect::Asked), [Some("q".to_owned()), None, Some("p".to_owned())]);
    for dialect in [Dialect::EscapedFirst, Dialect::ExactFirst, Dialect::Path] {
        assert_eq!(properties(dialect), [None, None, None]);
    }
    let sealed = Sealed::from(r#"{"p":1}"#);
    let answers = [Answer::Value(&sealed, Dialect::Asked)];
    let whole = assembled(one(&json!({"key": "k", "property": "p"})), &answers).unwrap();
    assert_eq!(texts(&whole), [("a", r#"{"p":1}"#)]);
}

#[test]
fn what_a_webhook_answers_is_extracted_as_go_writes_it_also_from_within_a_string() {
    let extract = json!({"dataFrom": [{"extract": {"key": "k", "property": "p"}}]});
    for text in [
        r#"{"n":1.50,"e":1e21,"z":null,"o":{"b":1e21,"a":"<"}}"#,
        r#""{\"n\":1.5,\"e\":1e21,\"z\":null,\"o\":{\"a\":\"<\",\"b\":1e21}}""#,
    ] {
        let sealed = Sealed::from(text);
        let whole = assembled(extract.clone(), &[Answer::Value(&sealed, Dialect::Asked)]).unwrap();
        let wanted = [("e", "1000000000000000000000"), ("n", "1.5"), ("o", r#"{"a":"\u003c","b":1e+21}"#), ("z", "")];
        assert_eq!(texts(&whole), wanted);
    }
    let sealed = Sealed::from(r#""no object""#);
    assert!(assembled(extract, &[Answer::Value(&sealed, Dialect::Asked)]).is_err());
}
