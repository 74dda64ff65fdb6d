//! Values of a host's types, as templates print and call them.
#![allow(clippy::unwrap_used, reason = "a failed setup is a failed test")]

use keyferry_gotemplate::{Call, FuncError, Functions, List, Map, Object, Signature, Template, Type, Value};
use std::any::Any;
use std::sync::Arc;

/// A number of metres, or a pointer to one.
struct Length {
    pointer: bool,
    metres: i64,
}

impl Object for Length {
    fn type_name(&self) -> &'static str {
        if self.pointer { "*main.Length" } else { "main.Length" }
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let parameters: &[Type] = &[Type::Object("main.Length"), Type::Object("main.Other")];
        match name {
            "Add" => Some(Signature { parameters: parameters.get(..1)?, variadic: false }),
            "Other" => Some(Signature { parameters: parameters.get(1..)?, variadic: false }),
            _ => None,
        }
    }

    fn call(&self, _: &mut Call<'_>, _: &str, arguments: &[Value]) -> Result<Value, FuncError> {
        let Some(Value::Object(other)) = arguments.first() else { return Err("no length".into()) };
        let other = other.as_any().downcast_ref::<Self>().ok_or("no length")?;
        Ok(length(false, self.metres + other.metres))
    }

    fn go_text(&self) -> Option<Vec<u8>> {
        (!self.pointer).then(|| format!("main.Metres({})", self.metres).into_bytes())
    }

    fn literal(&self, name: &str, number: i64) -> Option<Value> {
        (name == "main.Length").then(|| length(false, number))
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("metres", Value::int(self.metres))]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn length(pointer: bool, metres: i64) -> Value {
    Value::Object(Arc::new(Length { pointer, metres }))
}

fn render(source: &str) -> Result<String, String> {
    let template = Template::parse("t", source, &Functions::new()).unwrap();
    let lengths = Value::from(List::any([length(true, 5), length(false, 7)]));
    let data = Map::any([("of", length(false, 3)), ("to", length(true, 4)), ("list", lengths), ("i", Value::int(1))]);
    match template.render(&data.into()) {
        Ok(output) => Ok(String::from_utf8(output).unwrap()),
        Err(error) => Err(error.cause().to_owned()),
    }
}

#[test]
fn an_integer_literal_is_of_the_type_that_a_method_takes() {
    assert_eq!(render("{{ printf `%#v` (.of.Add 5) }}"), Ok("main.Metres(8)".into()));
    let both = "{{ printf `%#v` (.of.Add 'a') }} {{ printf `%#v` (.of.Add 1e3) }}";
    assert_eq!(render(both), Ok("main.Metres(100) main.Metres(1003)".into()));
    assert_eq!(render("{{ .of.Add 1.5 }}"), Err("can't handle 1.5 for arg of type main.Length".into()));
    assert_eq!(render("{{ .of.Other 5 }}"), Err("can't handle 5 for arg of type main.Other".into()));
    assert_eq!(render("{{ .of.Add .i }}"), Err("wrong type for value; expected main.Length; got int".into()));
    assert_eq!(render("{{ 5 | .of.Add }}"), Err("wrong type for value; expected main.Length; got int".into()));
}

#[test]
fn go_source_of_a_value_is_what_it_says_itself() {
    assert_eq!(render("{{ printf `%#v|%#16v|%v` .of .of .of }}"), Ok("main.Metres(3)|  main.Metres(3)|{3}".into()));
    assert_eq!(render("{{ printf `%#v` .list }}").unwrap().split_once(", ").unwrap().1, "main.Metres(7)}");
}

#[test]
fn a_pointer_is_what_it_points_to_on_the_outside_and_an_address_within() {
    assert_eq!(render("{{ printf `%v|%+v|%#v` .to .to .to }}"), Ok("&{4}|&{metres:4}|&main.Length{metres:4}".into()));
    assert_eq!(render("{{ .list }}"), Ok("[0xc000000000 {7}]".into()));
    let go = "[]interface {}{(*main.Length)(0xc000000000), main.Metres(7)}";
    assert_eq!(render("{{ printf `%#v` .list }}"), Ok(go.into()));
}
