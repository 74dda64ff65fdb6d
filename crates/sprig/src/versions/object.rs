//! What templates can do with a version.

use super::version::{Version, is_metadata, is_prerelease};
use crate::arguments::{Outcome, text, unexpected};
use keyferry_gotemplate::{Bytes, Call, FuncError, Object, Signature, Type, UintKind, Value};
use std::any::Any;
use std::sync::Arc;

const POINTER: &str = "*semver.Version";

/// A `semver.Version`, which the methods give that change one. It has fewer methods than a `*semver.Version`.
pub(crate) struct Plain(pub(crate) Version);

impl From<Version> for Value {
    fn from(version: Version) -> Self {
        Self::Object(Arc::new(version))
    }
}

/// The methods of both, by their parameters.
fn shared(name: &str) -> Option<&'static [Type]> {
    Some(match name {
        "Major" | "Minor" | "Patch" | "Prerelease" | "Metadata" | "String" | "IncMajor" | "IncMinor" | "IncPatch"
        | "MarshalJSON" | "MarshalText" | "Value" => &[],
        "SetPrerelease" | "SetMetadata" => &[Type::String],
        _ => return None,
    })
}

/// Those of the pointer alone.
fn own(name: &str) -> Option<&'static [Type]> {
    Some(match name {
        "Original" => &[],
        "Compare" | "Equal" | "LessThan" | "LessThanEqual" | "GreaterThan" | "GreaterThanEqual" => {
            &[Type::Object(POINTER)]
        }
        _ => return None,
    })
}

impl Version {
    fn run(&self, call: &Call<'_>, name: &str, arguments: &[Value]) -> Outcome {
        call.meter().allocate(self.original.len().saturating_mul(2) + 64)?;
        let number = |number| Value::Uint(number, UintKind::Uint64);
        Ok(match name {
            "Major" => number(self.major),
            "Minor" => number(self.minor),
            "Patch" => number(self.patch),
            "Prerelease" => Value::str(&self.pre),
            "Metadata" => Value::str(&self.metadata),
            "Original" => Value::str(&self.original),
            "String" | "Value" => Value::str(Version::text(self)),
            "MarshalText" => Bytes::new(Version::text(self).into_bytes()).into(),
            "MarshalJSON" => Bytes::new(format!("\"{}\"", Version::text(self)).into_bytes()).into(),
            "SetPrerelease" | "SetMetadata" => return self.set(call, name, arguments),
            _ => Value::Object(Arc::new(Plain(self.increased(name)))),
        })
    }

    /// A prerelease comes before its patch, which is therefore the next one.
    fn increased(&self, name: &str) -> Self {
        self.changed(|next| {
            match name {
                "IncMajor" => (next.major, next.minor, next.patch) = (self.major.wrapping_add(1), 0, 0),
                "IncMinor" => (next.minor, next.patch) = (self.minor.wrapping_add(1), 0),
                _ => next.patch = self.patch.wrapping_add(u64::from(self.pre.is_empty())),
            }
            next.pre.clear();
            next.metadata.clear();
        })
    }

    fn set(&self, call: &Call<'_>, name: &str, arguments: &[Value]) -> Outcome {
        let bytes = text(arguments.first().ok_or_else(|| unexpected("string"))?)?;
        call.meter().step(bytes.len())?;
        call.meter().allocate(bytes.len().saturating_mul(2))?;
        let word = std::str::from_utf8(bytes).map_err(|_| "Invalid characters in version")?;
        let pre = name == "SetPrerelease";
        if !word.is_empty() && !(if pre { is_prerelease(word) } else { is_metadata(word) }) {
            return Err(if pre { "Invalid Prerelease string".into() } else { "Invalid Metadata string".into() });
        }
        Ok(Value::Object(Arc::new(Plain(self.changed(|next| {
            word.clone_into(if pre { &mut next.pre } else { &mut next.metadata });
        })))))
    }

    fn against(&self, call: &Call<'_>, name: &str, other: &Value) -> Outcome {
        let other = match other {
            Value::Nil if name == "Equal" => return Ok(Value::Bool(false)),
            Value::Nil => return Err("the version to compare with is nil".into()),
            Value::Object(object) => object.as_any().downcast_ref::<Self>(),
            _ => None,
        };
        let other: &Self = other.ok_or_else(|| unexpected("version"))?;
        call.meter().step(self.pre.len().min(other.pre.len()))?;
        let order = self.compare(other);
        Ok(match name {
            "Compare" => Value::int(order as i64),
            "Equal" => Value::Bool(order.is_eq()),
            "LessThan" => Value::Bool(order.is_lt()),
            "LessThanEqual" => Value::Bool(order.is_le()),
            "GreaterThan" => Value::Bool(order.is_gt()),
            _ => Value::Bool(order.is_ge()),
        })
    }

    fn named_fields(&self) -> Vec<(&'static str, Value)> {
        let number = |number| Value::Uint(number, UintKind::Uint64);
        vec![
            ("major", number(self.major)),
            ("minor", number(self.minor)),
            ("patch", number(self.patch)),
            ("pre", Value::str(&self.pre)),
            ("metadata", Value::str(&self.metadata)),
            ("original", Value::str(&self.original)),
        ]
    }
}

impl Object for Version {
    fn type_name(&self) -> &'static str {
        POINTER
    }

    fn method(&self, name: &str) -> Option<Signature> {
        Some(Signature { parameters: shared(name).or_else(|| own(name))?, variadic: false })
    }

    fn call(&self, call: &mut Call<'_>, name: &str, arguments: &[Value]) -> Result<Value, FuncError> {
        match (shared(name), arguments.first()) {
            (None, Some(other)) => self.against(call, name, other),
            _ => self.run(call, name, arguments),
        }
    }

    fn text(&self) -> Option<Vec<u8>> {
        Some(Version::text(self).into_bytes())
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.named_fields()
    }

    /// Two pointers are equal if they are the same one.
    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(other.as_any().downcast_ref::<Self>().is_some_and(|other| std::ptr::eq(self, other)))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

impl Object for Plain {
    fn type_name(&self) -> &'static str {
        "semver.Version"
    }

    fn method(&self, name: &str) -> Option<Signature> {
        Some(Signature { parameters: shared(name)?, variadic: false })
    }

    fn call(&self, call: &mut Call<'_>, name: &str, arguments: &[Value]) -> Result<Value, FuncError> {
        self.0.run(call, name, arguments)
    }

    fn text(&self) -> Option<Vec<u8>> {
        Object::text(&self.0)
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        self.0.named_fields()
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        Some(other.as_any().downcast_ref::<Self>().is_some_and(|other| self.0 == other.0))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
