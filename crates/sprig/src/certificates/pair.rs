//! What templates hold of a certificate.

use keyferry_gotemplate::{Object, Type, Value};
use std::any::Any;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A certificate and its key in PEM: sprig's `certificate`.
pub(super) struct Pair {
    pub(super) cert: Zeroizing<Vec<u8>>,
    pub(super) key: Zeroizing<Vec<u8>>,
}

impl Pair {
    pub(super) const TYPE: &'static str = "sprig.certificate";

    /// A pair as templates hold it.
    pub(super) fn value(cert: &[u8], key: &[u8]) -> Value {
        let [cert, key] = [cert, key].map(|text| Zeroizing::new(text.to_vec()));
        Value::Object(Arc::new(Self { cert, key }))
    }

    /// The pair that a value is.
    pub(super) fn of(value: &Value) -> Option<&Self> {
        match value {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }
}

impl Object for Pair {
    fn type_name(&self) -> &'static str {
        Self::TYPE
    }

    fn field(&self, name: &str) -> Option<(Value, Type)> {
        let fields = self.fields().into_iter();
        fields.filter(|(field, _)| *field == name).map(|(_, value)| (value, Type::String)).next()
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::str(&*self.cert)), ("Key", Value::str(&*self.key))]
    }

    fn equals(&self, other: &dyn Object) -> Option<bool> {
        let other = other.as_any().downcast_ref::<Self>()?;
        Some(*self.cert == *other.cert && *self.key == *other.key)
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
