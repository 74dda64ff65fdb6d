//! Maps.

use crate::arguments::Outcome;
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) fn family(_: &Shared) -> Family {
    vec![("dict", Function::variadic(&[Type::Any], dict).named("func(...interface {}) map[string]interface {}"))]
}

fn dict(call: &mut Call<'_>, items: &[Value]) -> Outcome {
    let map = call.map();
    for pair in items.chunks(2) {
        let [key, rest @ ..] = pair else { continue };
        let key = call.sprint(std::slice::from_ref(key))?;
        call.insert(&map, key, rest.first().cloned().unwrap_or_else(|| "".into()))?;
    }
    Ok(map.into())
}
