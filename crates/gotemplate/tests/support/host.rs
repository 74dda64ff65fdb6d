//! Functions and types of a host, the same as the oracle's.

use keyferry_gotemplate::{
    Bytes, Call, FuncError, Function, Functions, List, Map, Object, Signature, Type, UintKind, Value,
};
use std::any::Any;
use std::sync::{Arc, LazyLock};

/// A value of a host's type.
pub fn object(kind: &str, text: &str) -> Value {
    match kind {
        "duration" => Value::Object(Arc::new(Duration(text.parse().unwrap()))),
        "pair" => Value::Object(Arc::new(Pair { left: text.parse().unwrap(), right: text.into() })),
        _ => panic!("no kind {kind}"),
    }
}

pub fn functions() -> &'static Functions {
    static FUNCTIONS: LazyLock<Functions> = LazyLock::new(table);
    &FUNCTIONS
}

type Outcome = Result<Value, FuncError>;

fn bytes(value: &Value) -> Vec<u8> {
    match value {
        Value::Str(text) => text.to_vec(),
        _ => panic!("{value:?} is no string"),
    }
}

fn int(value: &Value) -> i64 {
    match value {
        Value::Int(number, _) => *number,
        _ => panic!("{value:?} is no integer"),
    }
}

const ADDER: &str = "func(int, int) int";

fn add() -> Function {
    Function::new(&[Type::INT, Type::INT], |_, values| Ok(Value::int(int(&values[0]).wrapping_add(int(&values[1])))))
}

fn table() -> Functions {
    Functions::new()
        .with("add", add())
        .with("upper", Function::new(&[Type::String], upper))
        .with("join", Function::variadic(&[Type::String, Type::String], join))
        .with("list", Function::variadic(&[Type::Any], |_, items| Ok(List::any(items.to_vec()).into())))
        .with("dict", Function::variadic(&[Type::Any], dict))
        .with("set", Function::new(&[Type::MAP, Type::String, Type::Any], set))
        .with(
            "fail",
            Function::new(&[Type::String], |_, values| {
                Err(String::from_utf8_lossy(&bytes(&values[0])).into_owned().into())
            }),
        )
        .with("double", Function::new(&[Type::FLOAT64], double))
        .with("byte", Function::new(&[Type::Uint(UintKind::Uint8)], same))
        .with("int64", Function::new(&[Type::INT64], same))
        .with("negate", Function::new(&[Type::Bool], |_, values| Ok(Value::Bool(!values[0].is_true()))))
        .with("conj", Function::new(&[Type::Complex(keyferry_gotemplate::FloatKind::Float64)], conj))
        .with("count", Function::new(&[Type::STRINGS], length))
        .with("size", Function::new(&[Type::MAP], length))
        .with("nothing", Function::new(&[], |_, _| Ok(Value::Nil)))
        .with("answer", Function::new(&[], |_, _| Ok(Value::int(42))))
        .with("adder", Function::new(&[], |_, _| Ok(Value::Func(add().named(ADDER)))))
        .with("echo", Function::new(&[Type::Any], same))
        .with("bytes", Function::new(&[Type::String], |_, values| Ok(Bytes::new(bytes(&values[0])).into())))
}

fn same(_: &mut Call<'_>, values: &[Value]) -> Outcome {
    Ok(values[0].clone())
}

/// Go maps each character; ASCII is enough here, and what is no UTF-8 becomes U+FFFD there.
fn upper(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    let text = bytes(&values[0]);
    call.text(if text.is_ascii() {
        text.to_ascii_uppercase()
    } else {
        String::from_utf8_lossy(&text).to_uppercase().into()
    })
}

fn join(call: &mut Call<'_>, values: &[Value]) -> Outcome {
    let parts: Vec<Vec<u8>> = values[1..].iter().map(bytes).collect();
    call.text(parts.join(bytes(&values[0]).as_slice()))
}

fn dict(_: &mut Call<'_>, values: &[Value]) -> Outcome {
    let map = Map::new(&Type::Any);
    for pair in values.chunks_exact(2) {
        let Value::Str(key) = &pair[0] else { return Err("a key is no string".into()) };
        map.insert(key, pair[1].clone())?;
    }
    Ok(map.into())
}

fn set(_: &mut Call<'_>, values: &[Value]) -> Outcome {
    let Value::Map(map) = &values[0] else { panic!("no map") };
    map.insert(bytes(&values[1]), values[2].clone())?;
    Ok(values[0].clone())
}

fn double(_: &mut Call<'_>, values: &[Value]) -> Outcome {
    let Value::Float(number, kind) = values[0] else { panic!("no float") };
    Ok(Value::Float(2.0 * number, kind))
}

fn conj(_: &mut Call<'_>, values: &[Value]) -> Outcome {
    let Value::Complex(real, imaginary, kind) = values[0] else { panic!("no complex number") };
    Ok(Value::Complex(real, -imaginary, kind))
}

fn length(_: &mut Call<'_>, values: &[Value]) -> Outcome {
    let length = match &values[0] {
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => panic!("{other:?} has no length"),
    };
    Ok(Value::int(length.try_into().unwrap()))
}

/// Go's `time.Duration`, in nanoseconds, with some of its methods.
pub struct Duration(pub i64);

impl Object for Duration {
    fn type_name(&self) -> &'static str {
        "time.Duration"
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let parameters: &[Type] = &[];
        matches!(name, "Nanoseconds" | "Seconds" | "String").then_some(Signature { parameters, variadic: false })
    }

    fn call(&self, _: &mut Call<'_>, name: &str, _: &[Value]) -> Outcome {
        Ok(match name {
            "Nanoseconds" => Value::from(self.0),
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            "Seconds" => Value::from(self.0 as f64 / 1e9),
            _ => Value::str(self.text().unwrap()),
        })
    }

    /// Whole seconds below a minute, which is what the cases have.
    fn text(&self) -> Option<Vec<u8>> {
        Some(format!("{}s", self.0 / 1_000_000_000).into_bytes())
    }

    fn underlying(&self) -> Option<Value> {
        Some(Value::from(self.0))
    }

    fn counting(&self, number: i64) -> Option<Value> {
        Some(Value::Object(std::sync::Arc::new(Self(number))))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The oracle's struct.
pub struct Pair {
    pub left: i64,
    pub right: String,
}

impl Object for Pair {
    fn type_name(&self) -> &'static str {
        "main.Pair"
    }

    fn field(&self, name: &str) -> Option<(Value, Type)> {
        match name {
            "Left" => Some((Value::int(self.left), Type::INT)),
            "Right" => Some((Value::str(&self.right), Type::Any)),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<Signature> {
        match name {
            "Sum" => Some(Signature { parameters: &[Type::INT], variadic: true }),
            "Join" => Some(Signature { parameters: &[Type::String, Type::Bool], variadic: false }),
            _ => None,
        }
    }

    fn call(&self, call: &mut Call<'_>, name: &str, values: &[Value]) -> Outcome {
        match name {
            "Sum" => Ok(Value::int(values.iter().fold(self.left, |sum, value| sum.wrapping_add(int(value))))),
            _ if values[1].is_true() => Err("not again".into()),
            _ => call.text(bytes(&values[0]).repeat(2)),
        }
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Left", Value::int(self.left)), ("Right", Value::str(&self.right))]
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>();
        Some(other.is_some_and(|other| self.left == other.left && self.right == other.right))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
