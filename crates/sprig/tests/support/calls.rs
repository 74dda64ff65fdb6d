//! Cases by hand from a function's name and what it is called with.

/// A template for each of the arguments, which shows the result as text, its type and its Go syntax.
pub fn calls(function: &str, arguments: &[&str]) -> Vec<&'static str> {
    let show = |arguments: &&str| {
        let template = format!("{{{{ $x := {function} {arguments} }}}}{{{{ $x }}}} {{{{ printf \"%T %#v\" $x $x }}}}");
        &*template.leak()
    };
    arguments.iter().map(show).collect()
}

/// [`calls`] of several functions that take the same.
pub fn calls_of(functions: &[&str], arguments: &[&str]) -> Vec<&'static str> {
    functions.iter().flat_map(|function| calls(function, arguments)).collect()
}
