//! Values as a host and its functions see them.
#![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{
    Bytes, Call, Function, Functions, IntKind, Limits, List, Map, Meter, MissingKey, Parser, Template, Type, UintKind,
    Value,
};

fn text(value: &Value) -> String {
    let interrupt = || false;
    let meter = Meter::new(Limits::default(), &interrupt);
    String::from_utf8(Call::new(&meter).sprintf(b"%#v", std::slice::from_ref(value)).unwrap()).unwrap()
}

#[test]
fn a_map_is_shared_by_all_that_hold_it() {
    let map = Map::new(&Type::Any);
    let list = List::any([map.clone().into()]);
    map.insert("a", Value::int(1)).unwrap();
    assert_eq!(text(&list.into()), r#"[]interface {}{map[string]interface {}{"a":1}}"#);
    let other = map.clone();
    other.remove("a");
    assert!(map.is_empty() && map.is_same(&other) && !map.is_same(&Map::new(&Type::Any)));
}

#[test]
fn a_template_sees_what_its_functions_put_into_the_data() {
    let set = Function::new(&[Type::MAP, Type::String, Type::Any], |call, values| {
        let [Value::Map(map), Value::Str(key), value] = values else { return Err("unreachable".into()) };
        call.insert(map, key, value.clone())?;
        call.text("")
    });
    let template = Template::parse(
        "t",
        "{{set . \"b\" .a}}{{.b}}{{range $k, $v := .}}{{set $ $k 0}}{{$v}}{{end}}{{.}}",
        &Functions::new().with("set", set),
    )
    .unwrap();
    let data = Map::any([("a", Value::int(7))]);
    assert_eq!(template.render(&data.clone().into()).unwrap(), b"777map[a:0 b:0]");
    assert_eq!(data.keys().len(), 2);
}

#[test]
fn nil_slices_and_maps_are_empty_and_are_told_apart() {
    assert_eq!(text(&List::nil(&Type::String).into()), "[]string(nil)");
    assert_eq!(text(&List::new(&Type::String, Vec::new()).into()), "[]string{}");
    assert_eq!(text(&Bytes::nil().into()), "[]byte(nil)");
    assert_eq!(text(&Map::nil(&Type::Any).into()), "map[string]interface {}(nil)");
    assert_eq!(Map::nil(&Type::Any).insert("a", Value::Nil).unwrap_err().to_string(), "assignment to entry in nil map");
    assert_eq!(Map::nil(&Type::Any).get("a").map(|value| value.is_nil()), None);
}

#[test]
fn a_slice_of_a_slice_knows_its_capacity() {
    let list = List::strings(["a", "b", "c"]);
    let cut = list.slice(0, 1, None);
    assert_eq!((cut.len(), cut.capacity()), (1, 3));
    assert_eq!(text(&cut.slice(1, 3, None).into()), r#"[]string{"b", "c"}"#);
    let limited = list.slice(1, 2, Some(2));
    assert_eq!((limited.len(), limited.capacity()), (1, 1));
    assert_eq!(limited.slice(0, 9, None).len(), 1);
    let bytes = Bytes::new(*b"abc").slice(1, 2, None);
    assert_eq!((bytes.as_slice(), bytes.capacity()), (b"b".as_slice(), 2));
}

#[test]
fn integers_are_cut_off_as_go_does() {
    assert_eq!((IntKind::Int8.wrap(200), IntKind::Int16.wrap(-40_000), IntKind::Int64.wrap(-1)), (-56, 25_536, -1));
    assert_eq!((UintKind::Uint8.wrap(256), UintKind::Uint32.wrap(u64::MAX)), (0, 4_294_967_295));
}

#[test]
fn types_have_go_s_names() {
    static LISTS: Type = Type::LIST;
    let names: Vec<String> =
        [Type::MAP, Type::BYTES, Type::List(&LISTS), Type::Map(&Type::STRINGS)].iter().map(Type::to_string).collect();
    assert_eq!(names, ["map[string]interface {}", "[]uint8", "[][]interface {}", "map[string][]string"]);
}

#[test]
fn a_function_of_the_host_takes_the_place_of_a_builtin() {
    let own = Function::variadic(&[Type::Any], |_, values| Ok(Value::int(values.len().try_into().unwrap())));
    let functions = Functions::new().with("and", own.clone()).with("break", own.clone()).with("slice", own);
    let template =
        Template::parse("t", "{{and 0 1}} {{range 2}}{{break 1 2 3}}{{end}} {{slice 1}}", &functions).unwrap();
    assert_eq!(template.render(&Value::Nil).unwrap(), b"2 33 1");
}

#[test]
fn each_template_of_a_set_can_be_executed() {
    let source = "{{define \"a\"}}[{{.}}]{{end}}{{block \"b\" 1}}b{{.}}{{end}}";
    let parser = Parser { missing_key: MissingKey::Error, ..Parser::default() };
    let template = parser.parse("t", source, &Functions::new()).unwrap();
    assert_eq!(template.defined().collect::<Vec<_>>(), [b"a", b"b", b"t"]);
    let interrupt = || false;
    let meter = Meter::new(Limits::default(), &interrupt);
    assert_eq!(template.render_named("a", &Value::int(5), &meter).unwrap(), b"[5]");
    let error = template.render_named("c", &Value::Nil, &meter).unwrap_err();
    assert_eq!(error.to_string(), "template: t: no template \"c\" associated with template \"t\"");
}

/// For a chain of fields that is its second, as in Go.
#[test]
fn an_error_knows_its_place() {
    let source = "a\n{{define \"d\"}}\n  {{.x.y}}{{end}}{{template \"d\" .}}";
    let parser = Parser { missing_key: MissingKey::Error, ..Parser::default() };
    let error = parser.parse("t", source, &Functions::new()).unwrap().render(&Map::nil(&Type::Any).into()).unwrap_err();
    assert_eq!(
        (error.source_name(), error.template(), error.line(), error.column()),
        ("t", Some("d"), Some(3), Some(6))
    );
    assert_eq!((error.context(), error.cause()), (".x.y", "map has no entry for key \"x\""));
    let error = Template::parse("t", "\n{{nope}}", &Functions::new()).unwrap_err();
    assert_eq!((error.template(), error.line(), error.column()), (None, Some(2), None));
    assert_eq!(error.to_string(), "template: t:2: function \"nope\" not defined");
}
