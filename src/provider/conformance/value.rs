//! The rules of values: what was put comes back byte by byte, and an empty value is one.

use super::{
    CANARY, Case, Fixture, Outcome, Verdict, content, declined, expect, holds, kind, put_and_read, read, value,
};
use crate::provider::Kind;

/// The case of a value without a byte.
pub const EMPTY: &str = "an empty value is a value and not absence";
/// The case of a key outside of ASCII.
pub const UNICODE: &str = "a key of other scripts is a key like others";

const COMMON: usize = 64 << 10;

/// Puts a provider through every rule of values.
pub(super) async fn run(fixture: &dyn Fixture) -> Vec<Outcome> {
    vec![
        ("text comes back byte by byte", text_is_exact(fixture).await),
        ("binary comes back byte by byte", binary_is_exact(fixture).await),
        (EMPTY, empty(fixture).await),
        ("64 KiB come back byte by byte", common_size(fixture).await),
        ("the largest value comes back byte by byte", largest(fixture).await),
        (UNICODE, unicode(fixture).await),
    ]
}

async fn text_is_exact(fixture: &dyn Fixture) -> Case {
    let texts = [
        format!("  {CANARY} \n"),
        format!("{CANARY}\r\n\t\"quoted\" \\ / <&> \u{2028} "),
        format!("{{\"password\":\"{CANARY}\",\"é\":1e400}}"),
        format!("\u{feff}{CANARY} \u{1f511} ключ"),
    ];
    for (number, text) in texts.iter().enumerate() {
        put_and_read(fixture, &format!("text-{number}"), text.as_bytes()).await?;
    }
    Ok(Verdict::Holds)
}

async fn binary_is_exact(fixture: &dyn Fixture) -> Case {
    if !fixture.keeps_binary() {
        return declined("its values are text");
    }
    let every_byte: Vec<u8> = (0..=u8::MAX).collect();
    put_and_read(fixture, "binary-every-byte", &every_byte).await?;
    put_and_read(fixture, "binary-nul", &[0xff, 0, 0xfe, 0]).await?;
    Ok(Verdict::Holds)
}

async fn empty(fixture: &dyn Fixture) -> Case {
    if let Some(reason) = fixture.declines(EMPTY) {
        return declined(reason);
    }
    put_and_read(fixture, "empty", b"").await?;
    Ok(Verdict::Holds)
}

async fn common_size(fixture: &dyn Fixture) -> Case {
    if fixture.most_bytes() < COMMON {
        return declined(format!("it takes {} bytes at most", fixture.most_bytes()));
    }
    put_and_read(fixture, "size-common", &long(COMMON)).await?;
    Ok(Verdict::Holds)
}

async fn largest(fixture: &dyn Fixture) -> Case {
    put_and_read(fixture, "size-largest", &long(fixture.most_bytes())).await?;
    Ok(Verdict::Holds)
}

/// So many bytes of text that has no period of a buffer's size.
fn long(size: usize) -> Vec<u8> {
    let numbers = (0_usize..).flat_map(|number| format!("{CANARY} {number}\n").into_bytes());
    numbers.take(size).collect()
}

async fn unicode(fixture: &dyn Fixture) -> Case {
    if let Some(reason) = fixture.declines(UNICODE) {
        return declined(reason);
    }
    // The last two look alike and are two keys.
    let names = ["ключ", "鍵-🔑", "caf\u{e9}", "cafe\u{301}"];
    for name in names {
        fixture.put(name, content(name).expose()).await;
    }
    for (name, answer) in names.iter().zip(read(fixture, &names.map(value)).await?) {
        expect(name, &answer, &content(name))?;
    }
    let missing = read(fixture, &[value("клю")]).await?;
    holds(missing.iter().all(|answer| kind(answer) == Some(Kind::NotFound)), || {
        format!("a beginning of one: {:?}", missing.iter().map(kind).collect::<Vec<_>>())
    })
}
