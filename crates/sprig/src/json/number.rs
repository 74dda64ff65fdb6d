//! Numbers as JSON has them.

use keyferry_gotemplate::FloatKind;

/// The shortest decimal that reads as this number, with an exponent where ECMAScript has one. It must be finite.
pub(crate) fn float(number: f64, kind: FloatKind) -> String {
    let (scientific, small, large) = scientific(number, kind);
    if number != 0.0 && (small || large) {
        return with_sign(&scientific);
    }
    match kind {
        #[expect(clippy::cast_possible_truncation, reason = "it is a float32")]
        FloatKind::Float32 => format!("{}", number as f32),
        FloatKind::Float64 => format!("{number}"),
    }
}

/// The number with an exponent, and whether it is below 1e-6 or at least 1e21 as its type has these.
fn scientific(number: f64, kind: FloatKind) -> (String, bool, bool) {
    match kind {
        #[expect(clippy::cast_possible_truncation, reason = "it is a float32")]
        FloatKind::Float32 => {
            let number = number as f32;
            (format!("{number:e}"), number.abs() < 1e-6, number.abs() >= 1e21)
        }
        FloatKind::Float64 => (format!("{number:e}"), number.abs() < 1e-6, number.abs() >= 1e21),
    }
}

/// Go writes the sign of every exponent.
fn with_sign(scientific: &str) -> String {
    match scientific.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        _ => scientific.to_owned(),
    }
}
