//! Cases by hand as lines of calls.

/// A case of each line, which is a call without its braces: its type and value are shown. Empty lines are left out.
pub fn calls(lines: &str) -> Vec<&'static str> {
    lines.lines().map(str::trim).filter(|line| !line.is_empty()).map(|line| shown(line.to_owned())).collect()
}

/// A case of each of the functions with each of the lists of arguments.
pub fn each(functions: &[&str], arguments: &[&str]) -> Vec<&'static str> {
    let with = |function: &&str| {
        let function = (*function).to_owned();
        arguments.iter().map(move |arguments| shown(format!("{function} {arguments}")))
    };
    functions.iter().flat_map(with).collect()
}

fn shown(call: String) -> &'static str {
    Box::leak(format!("{{{{ $x := {call} }}}}{{{{ printf \"%T %#v\" $x $x }}}}|{{{{ $x }}}}").into_boxed_str())
}
