//! The functions that every Go template has.

mod compare;
mod escape;
mod index;

use crate::error::FuncError;
use crate::function::{Call, Function};
use crate::object::Signature;
use crate::types::Type;
use crate::value::{Operand, Value};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Builtin {
    And,
    Call,
    Eq,
    Ge,
    Gt,
    Html,
    Index,
    Js,
    Le,
    Len,
    Lt,
    Ne,
    Not,
    Or,
    Print,
    Printf,
    Println,
    Slice,
    Urlquery,
}

impl Builtin {
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "and" => Self::And,
            "call" => Self::Call,
            "eq" => Self::Eq,
            "ge" => Self::Ge,
            "gt" => Self::Gt,
            "html" => Self::Html,
            "index" => Self::Index,
            "js" => Self::Js,
            "le" => Self::Le,
            "len" => Self::Len,
            "lt" => Self::Lt,
            "ne" => Self::Ne,
            "not" => Self::Not,
            "or" => Self::Or,
            "print" => Self::Print,
            "printf" => Self::Printf,
            "println" => Self::Println,
            "slice" => Self::Slice,
            "urlquery" => Self::Urlquery,
            _ => return None,
        })
    }

    pub(crate) fn signature(self) -> Signature {
        let (parameters, variadic): (&[Type], _) = match self {
            Self::And | Self::Or | Self::Call | Self::Eq | Self::Index | Self::Slice => {
                (&[Type::Reflect, Type::Reflect], true)
            }
            Self::Ge | Self::Gt | Self::Le | Self::Lt | Self::Ne => (&[Type::Reflect, Type::Reflect], false),
            Self::Len | Self::Not => (&[Type::Reflect], false),
            Self::Html | Self::Js | Self::Urlquery | Self::Print | Self::Println => (&[Type::Any], true),
            Self::Printf => (&[Type::String, Type::Any], true),
        };
        Signature { parameters, variadic }
    }

    /// Runs it, with as many arguments as its signature says. `callee` is how the source writes the first one.
    pub(crate) fn run(
        self,
        call: &mut Call<'_>,
        callee: Option<String>,
        arguments: &[Operand],
    ) -> Result<Operand, FuncError> {
        call.meter().step(arguments.len())?;
        let result = match (self, arguments) {
            (Self::Call, [function, arguments @ ..]) => self::call(call, callee, &function.value, arguments)?,
            (Self::Index, [item, indexes @ ..]) => return index::index(call, item, indexes),
            (Self::Slice, [item, indexes @ ..]) => index::slice(call, item, indexes)?,
            (Self::Len, [item]) => Value::int(index::len(item)?),
            (Self::Not, [value]) => Value::Bool(!value.value.is_true()),
            (Self::Eq, [first, others @ ..]) => Value::Bool(compare::eq(call, &first.value, others)?),
            (Self::Ne, [first, second]) => Value::Bool(!compare::eq(call, &first.value, std::slice::from_ref(second))?),
            (Self::Lt, [first, second]) => Value::Bool(compare::lt(call, &first.value, &second.value)?),
            (Self::Le, [first, second]) => Value::Bool(compare::le(call, first, second)?),
            (Self::Gt, [first, second]) => Value::Bool(!compare::le(call, first, second)?),
            (Self::Ge, [first, second]) => Value::Bool(!compare::lt(call, &first.value, &second.value)?),
            (Self::Printf, [format, values @ ..]) => printf(call, &format.value, values)?,
            (_, values) => self.print(call, values)?,
        };
        Ok(Operand::plain(result))
    }

    fn print(self, call: &Call<'_>, arguments: &[Operand]) -> Result<Value, FuncError> {
        let values = values(arguments);
        let text = match self {
            Self::Print => call.sprint(&values)?,
            Self::Println => call.sprintln(&values)?,
            Self::Html => escape::html(call, values)?,
            Self::Js => escape::js(call, values)?,
            _ => escape::urlquery(call, values)?,
        };
        Ok(Value::Str(text.into()))
    }
}

fn values(arguments: &[Operand]) -> Vec<Value> {
    arguments.iter().map(|argument| argument.value.clone()).collect()
}

fn printf(call: &Call<'_>, format: &Value, arguments: &[Operand]) -> Result<Value, FuncError> {
    let Value::Str(format) = format else { return Err("the format is no string".into()) };
    Ok(Value::Str(call.sprintf(format, &values(arguments))?.into()))
}

fn call(
    call: &mut Call<'_>,
    callee: Option<String>,
    function: &Value,
    arguments: &[Operand],
) -> Result<Value, FuncError> {
    let name = callee.unwrap_or_else(|| match function.type_of() {
        Some(name) => format!("<{name} Value>"),
        None => "<invalid Value>".into(),
    });
    match function {
        Value::Nil => Err("call of nil".into()),
        Value::Func(function) => {
            let arguments = prepared(&name, function, arguments)?;
            call.call(function, &arguments)
        }
        other => Err(format!("non-function {name} of type {}", other.type_of().unwrap_or(Type::Any)).into()),
    }
}

fn prepared(name: &str, function: &Function, arguments: &[Operand]) -> Result<Vec<Value>, FuncError> {
    let Signature { parameters, variadic } = function.signature();
    let (count, wanted) = (arguments.len(), parameters.len());
    if variadic && count + 1 < wanted {
        return Err(format!("wrong number of args for {name}: got {count} want at least {}", wanted - 1).into());
    }
    if !variadic && count != wanted {
        return Err(format!("wrong number of args for {name}: got {count} want {wanted}").into());
    }
    let wanted = |index: usize| parameters.get(index).or(parameters.last()).copied().unwrap_or(Type::Any);
    let prepare = |(index, argument): (usize, &Operand)| {
        prepare(argument.value.clone(), wanted(index)).map_err(|cause| format!("arg {index}: {cause}").into())
    };
    arguments.iter().enumerate().map(prepare).collect()
}

/// Makes a value fit a type that Go would not convert it to by itself: integers are converted to each other.
fn prepare(value: Value, wanted: Type) -> Result<Value, String> {
    let Some(got) = value.type_of() else {
        return if wanted.can_be_nil() {
            Ok(Value::zero(wanted))
        } else {
            Err(format!("value is nil; should be of type {wanted}"))
        };
    };
    match (wanted, value.plain()) {
        (Type::Any | Type::Reflect, _) => Ok(value),
        _ if got == wanted => Ok(value),
        (Type::Int(kind), Value::Int(number, _)) => Ok(Value::Int(kind.wrap(number), kind)),
        (Type::Int(kind), Value::Uint(number, _)) => Ok(Value::Int(kind.wrap(number.cast_signed()), kind)),
        (Type::Uint(kind), Value::Int(number, _)) => Ok(Value::Uint(kind.wrap(number.cast_unsigned()), kind)),
        (Type::Uint(kind), Value::Uint(number, _)) => Ok(Value::Uint(kind.wrap(number), kind)),
        _ => Err(format!("value has type {got}; should be {wanted}")),
    }
}
