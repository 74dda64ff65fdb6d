//! Lists.

use crate::arguments::Outcome;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    vec![("list", Function::variadic(&[Type::Any], list).named("func(...interface {}) []interface {}"))]
}

fn list(call: &mut Call<'_>, items: &[Value]) -> Outcome {
    call.list(items.to_vec())
}
