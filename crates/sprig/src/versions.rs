//! Semantic versions, as lenient as Masterminds' library.

mod constraint;
mod object;
mod version;

use crate::arguments::{Outcome, text, unexpected};
use crate::table::{Family, Shared};
use keyferry_gotemplate::{Call, Function, Type, Value};

pub(crate) use object::Plain;
pub(crate) use version::Version;

pub(crate) fn family(_: &Shared) -> Family {
    vec![
        ("semver", Function::new(&[Type::String], semver).named("func(string) (*semver.Version, error)")),
        (
            "semverCompare",
            Function::new(&[Type::String, Type::String], compare).named("func(string, string) (bool, error)"),
        ),
    ]
}

fn semver(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let source = text(arguments.first().ok_or_else(|| unexpected("string"))?)?;
    call.meter().step(source.len())?;
    call.meter().allocate(source.len().saturating_mul(2))?;
    Ok(Version::parse(source)?.into())
}

fn compare(call: &mut Call<'_>, arguments: &[Value]) -> Outcome {
    let [constraint, version] = arguments else { return Err(unexpected("pair")) };
    let (constraint, version) = (text(constraint)?, text(version)?);
    let constraint = constraint::parse(call, constraint)?;
    call.meter().step(version.len())?;
    let version = Version::parse(version)?;
    Ok(Value::Bool(constraint.admits(call, &version)?))
}
