//! Numbers in YAML.

/// The shortest decimal that reads as this number, with an exponent from a million on and below a ten-thousandth.
pub(super) fn float(number: f64) -> String {
    general(&format!("{number:e}"), &format!("{number}"))
}

/// As [`float`], of the nearest `float32`, which is how keys are written.
#[expect(clippy::cast_possible_truncation, reason = "that is the point")]
pub(super) fn short_float(number: f64) -> String {
    let short = number as f32;
    general(&format!("{short:e}"), &format!("{short}"))
}

fn general(scientific: &str, plain: &str) -> String {
    match scientific {
        "inf" => return ".inf".into(),
        "-inf" => return "-.inf".into(),
        "NaN" => return ".nan".into(),
        _ => {}
    }
    let (digits, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..6).contains(&exponent) {
        return plain.to_owned();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

/// Text that YAML 1.1 takes for a number to the base of 60, such as a time of day.
pub(super) fn is_base_60(text: &[u8]) -> bool {
    let unsigned = text.strip_prefix(b"-").or(text.strip_prefix(b"+")).unwrap_or(text);
    let fraction = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_');
    let whole = match unsigned.iter().position(|byte| *byte == b'.') {
        Some(point) => {
            let (whole, rest) = unsigned.split_at_checked(point).unwrap_or_default();
            if !fraction(rest.get(1..).unwrap_or_default()) {
                return false;
            }
            whole
        }
        None => unsigned,
    };
    let mut parts = whole.split(|byte| *byte == b':');
    let first = parts.next().unwrap_or_default();
    let mut places = 0;
    let sixty = |part: &[u8]| matches!(part, [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9']);
    let all = parts.inspect(|_| places += 1).all(sixty);
    all && places > 0 && first.first().is_some_and(u8::is_ascii_digit) && fraction(first)
}
