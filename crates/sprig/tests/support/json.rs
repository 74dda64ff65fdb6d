//! Cases of the family `json`.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [WRITING, STYLES, READING, NUMBERS].concat()
}

const WRITING: &[&str] = &[
    "{{ toJson nil }}|{{ toJson .nil }}|{{ toJson true }}|{{ toJson .no }}",
    "{{ toJson .i }} {{ toJson .i8 }} {{ toJson .i64 }} {{ toJson .u8 }} {{ toJson .u64 }}",
    "{{ toJson .f }} {{ toJson .f32 }} {{ toJson 1.0 }} {{ toJson -0.0 }} {{ toJson 'a' }}",
    "{{ toJson 1e20 }} {{ toJson 1e21 }} {{ toJson 1e-6 }} {{ toJson 1e-7 }} {{ toJson 1.5e300 }} {{ toJson -1e-9 }}",
    "{{ toJson 123456789012345678901234.0 }} {{ toJson 5e-324 }} {{ toJson 1.7976931348623157e308 }}",
    r#"{{ toJson "" }} {{ toJson "a\"b\\c/d" }} {{ toJson "\b\f\n\r\t\v\a\x00\x1f\x7f" }}"#,
    r#"{{ toJson "<a href='x'>&amp;</a>" }} {{ toJson "\u2028\u2029\u2027" }} {{ toJson "\xff\xe2\x82" }}"#,
    "{{ toJson .bin }}",
    "{{ toJson .u }} {{ toJson .t }}",
    "{{ toJson .list }} {{ toJson .strings }} {{ toJson .ints }} {{ toJson .empty }}",
    "{{ toJson .map }} {{ toJson .smap }} {{ toJson .deep }} {{ toJson (dict) }}",
    "{{ toJson .bytes }} {{ toJson (list .bytes .nil .bin) }}",
    "{{ toJson . }}",
    r#"{{ toJson (dict "b" 1 "a" 2 "B" 3 "" 4 "ä" 5 "10" 6 "9" 7) }}"#,
    r#"{{ toJson (dict "<&>" "<&>" "\xff" "\xfe") }}"#,
    "{{ toJson 1i }}|{{ toJson (list 1i) }}|",
    "{{ toJson }}",
    "{{ toJson 1 2 }}",
    "{{ mustToJson 1i }}",
    "{{ mustToJson (list nil) }}|{{ mustToJson .map }}|{{ mustToJson .bin }}",
    "{{ mustToJson .f32 }} {{ mustToJson .empty }} {{ mustToJson nil }} {{ mustToJson .u64 }} {{ mustToJson .yes }}",
    r#"{{ mustToJson "<" }} {{ mustToJson (dict "a" (list)) }} {{ mustToJson .deep }}"#,
    "{{ mustToJson }}",
];

const STYLES: &[&str] = &[
    "{{ toPrettyJson . }}",
    "{{ toPrettyJson nil }} {{ toPrettyJson (list) }} {{ toPrettyJson (dict) }} {{ toPrettyJson .bytes }}",
    "{{ toPrettyJson (list (list) (dict) (list 1)) }}",
    r#"{{ toPrettyJson (dict "a" (list) "b" (dict) "c" (dict "d" (list 1 2))) }}"#,
    r#"{{ toPrettyJson "<&>" }} {{ toPrettyJson 1.5 }} {{ toPrettyJson .u }}"#,
    "{{ toPrettyJson .list }}",
    "{{ toPrettyJson .strings }}",
    "{{ toPrettyJson .smap }}",
    "{{ toPrettyJson 2i }}|",
    "{{ toPrettyJson .bin }}",
    "{{ toPrettyJson }}",
    "{{ mustToPrettyJson . }}",
    "{{ mustToPrettyJson (list 1 (list 2 (list 3))) }}",
    "{{ mustToPrettyJson 2i }}",
    "{{ mustToPrettyJson nil }} {{ mustToPrettyJson .nil }} {{ mustToPrettyJson .f }} {{ mustToPrettyJson .no }}",
    r#"{{ mustToPrettyJson "" }} {{ mustToPrettyJson "{}[]," }} {{ mustToPrettyJson .bin }}"#,
    "{{ mustToPrettyJson .strings }}",
    "{{ mustToPrettyJson .deep }}",
    "{{ mustToPrettyJson .empty }}",
    "{{ mustToPrettyJson .ints | len }}",
    "{{ mustToPrettyJson .i8 .i8 }}",
    "{{ toRawJson . }}",
    r#"{{ toRawJson "<&>" }} {{ toRawJson (dict "<&>" "<") }} {{ toRawJson "\u2028" }} {{ toRawJson .bin }}"#,
    "{{ toRawJson nil }} {{ toRawJson .nil }} {{ toRawJson .f }} {{ toRawJson 1e21 }} {{ toRawJson (list) }}",
    "{{ toRawJson 1i }}",
    r#"{{ toRawJson "\n" }}|{{ toRawJson "a\n" }}|"#,
    "{{ toRawJson .strings }} {{ toRawJson .smap }} {{ toRawJson .bytes }} {{ toRawJson .u }}",
    "{{ toRawJson }}",
    "{{ toRawJson .empty }}",
    "{{ toRawJson .deep }}",
    "{{ toRawJson true }}{{ toRawJson -1 }}",
    r#"{{ mustToRawJson "<&>" }} {{ mustToRawJson "\u2029" }} {{ mustToRawJson .t }}"#,
    "{{ mustToRawJson 1i }}",
    "{{ mustToRawJson (list 1i) }}",
    "{{ mustToRawJson . }}",
    "{{ mustToRawJson nil }} {{ mustToRawJson (dict) }} {{ mustToRawJson .f32 }}",
    "{{ mustToRawJson .list }} {{ mustToRawJson .bytes }}",
    "{{ mustToRawJson .bin }}",
    "{{ mustToRawJson .u64 }} {{ mustToRawJson 'x' }}",
    "{{ mustToRawJson 1 1 }}",
    "{{ mustToRawJson print }}",
];

const READING: &[&str] = &[
    r#"{{ fromJson "" }}|{{ fromJson "null" }}|{{ fromJson "x" }}|{{ fromJson " \t\r\n1 " }}|{{ fromJson "\v1" }}"#,
    "{{ fromJson `{\"a\":1,\"b\":[true,false,null],\"c\":{\"d\":\"e\"}}` }}",
    "{{ (fromJson `{\"a\":{\"b\":[1,2,{\"c\":\"deep\"}]}}`).a.b }}",
    "{{ printf \"%T %T %T %T %T\" (fromJson `1`) (fromJson `\"a\"`) (fromJson `[1]`) (fromJson `{}`) (fromJson `true`) }}",
    "{{ printf \"%#v\" (fromJson `[[],{},\"\",null,0]`) }}",
    "{{ fromJson `{\"a\":1,\"a\":2,\"b\":{\"x\":1},\"b\":{\"y\":2}}` }}",
    "{{ fromJson `{\"a\":1,}` }}|{{ fromJson `[1,]` }}|{{ fromJson `[1 2]` }}|{{ fromJson `{\"a\" 1}` }}|{{ fromJson `{a:1}` }}",
    "{{ fromJson `[1` }}|{{ fromJson `{\"a\"` }}|{{ fromJson `\"abc` }}|{{ fromJson `1 2` }}|{{ fromJson `]` }}|{{ fromJson `[}` }}",
    "{{ fromJson `tru` }}|{{ fromJson `nul` }}|{{ fromJson `True` }}|{{ fromJson `nulll` }}|{{ fromJson `falsey` }}",
    "{{ fromJson `\"\\u00e4\\n\\t\\b\\f\\r\\/\\\\\\\"\"` | printf \"%q\" }}",
    "{{ fromJson `\"\\ud83c\\udf89\"` }}{{ fromJson `\"\\ud83c\"` }}{{ fromJson `\"\\ud83cx\"` }}{{ fromJson `\"\\udf89\\ud83c\"` }}",
    "{{ fromJson `\"\\ud83c\\u0041\"` }}|{{ fromJson `\"\\ud83c\\ud83c\\udf89\"` }}|{{ fromJson `\"\\u00\"` }}|{{ fromJson `\"\\uzzzz\"` }}",
    "{{ fromJson `\"\\'\"` }}|{{ fromJson `\"\\x41\"` }}|{{ fromJson `'a'` }}|{{ fromJson `\"\\u00E4\\u00e4\"` }}",
    r#"{{ fromJson "\"a\nb\"" }}|{{ fromJson "\"a\x7fb\"" }}|{{ fromJson "\"\xff\xe2\x82\"" | printf "%q" }}|{{ fromJson "\xef\xbb\xbf1" }}"#,
    r#"{{ fromJson "\"\xed\xa0\x80\xf4\x90\x80\x80\"" | printf "%q" }}"#,
    "{{ fromJson .s }}|{{ fromJson .e }}|{{ fromJson .bin }}",
    "{{ .bin | toRawJson | fromJson | printf \"%q\" }}",
    "{{ . | toJson | fromJson | toJson }}",
    "{{ fromJson 1 }}",
    "{{ fromJson nil }}",
    "{{ fromJson .bytes }}",
    "{{ with fromJson `{}` }}yes{{ else }}no{{ end }}{{ with fromJson `null` }}yes{{ else }}no{{ end }}",
    "{{ eq (fromJson `1`) 1.0 }} {{ fromJson `1000000` }} {{ fromJson `12345678901234567890` }}",
    "{{ mustFromJson `{\"k\":[1]}` }}",
    "{{ mustFromJson `` }}",
    "{{ mustFromJson `{` }}",
    "{{ mustFromJson `null` }}",
    "{{ mustFromJson `[1,2` }}",
    "{{ mustFromJson `\"\\ud800\"` }}",
    "{{ mustFromJson .list }}",
    "{{ mustFromJson .nil }}",
    "{{ mustFromJson .bin }}",
    "{{ mustFromJson `1e999` }}",
    "{{ mustFromJson `[1e999]` }}",
    "{{ (mustFromJson `{\"a b\":{\"c\":1.5}}`) }}",
];

const NUMBERS: &[&str] = &[
    "{{ fromJson `0` }} {{ fromJson `-0` }} {{ fromJson `01` }} {{ fromJson `-` }} {{ fromJson `1.` }} {{ fromJson `.5` }} {{ fromJson `+1` }}",
    "{{ fromJson `1e5` }} {{ fromJson `1E+5` }} {{ fromJson `1e-5` }} {{ fromJson `1e` }} {{ fromJson `1e+` }} {{ fromJson `0e0` }} {{ fromJson `0x1` }}",
    "{{ fromJson `1e999` }} {{ fromJson `[1e999,2]` }} {{ fromJson `-1e999` }} {{ fromJson `1e-999` }} {{ fromJson `{\"a\":1e999}` }}",
    "{{ fromJson `9007199254740993` | printf \"%.0f\" }} {{ fromJson `0.1` }} {{ fromJson `123456789.123456789` }} {{ fromJson `NaN` }} {{ fromJson `Infinity` }}",
    "{{ fromJson `2.2250738585072011e-308` }} {{ fromJson `1.7976931348623159e308` }} {{ fromJson `1.7976931348623157e308` }}",
    "{{ fromJson `[0.1,1e21,1e20,1e-7,1e-6,123456789012345680000,-0]` | toJson }}",
];

const TEXTS: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\"a\"",
    "\"b\"",
    "1",
    "-0",
    "2.5e-7",
    "1e999",
    "12345678901234567890",
    "true",
    "false",
    "null",
    " ",
    "\n",
    "\\u00e4",
    "\\ud83c\\udf89",
    "\\ud83c",
    "\\n",
    "\\",
    "\"a\":",
    "\"<\":",
    "tru",
    "0",
    "é",
    "\"\\u0000\"",
    "[]",
    "{}",
    "\"x\\ty\"",
    "1.0",
    "1e21",
];

/// JSON, right or wrong, as a literal.
pub fn source(grower: &mut Grower<'_>) -> String {
    let text = match grower.random.below(3) {
        0 => (0..grower.random.below(8)).map(|_| grower.one_of(TEXTS)).collect(),
        1 => value(grower, 3),
        _ => broken(grower),
    };
    format!("{text:?}").replace("\\u{", "\\U{")
}

fn broken(grower: &mut Grower<'_>) -> String {
    let mut text: Vec<char> = value(grower, 3).chars().collect();
    let at = grower.random.below(text.len());
    match grower.random.below(3) {
        0 => drop(text.remove(at)),
        1 => text.truncate(at),
        _ => text.splice(at..at, grower.one_of(TEXTS).chars()).for_each(drop),
    }
    text.into_iter().collect()
}

fn value(grower: &mut Grower<'_>, depth: usize) -> String {
    let scalars =
        ["1", "-1.5", "true", "null", "\"\"", "\"text\"", "\"ä\\n\"", "1e-9", "1e22", "100000000", "\"\\u003c\""];
    let count = grower.random.below(3);
    match grower.random.below(if depth == 0 { 1 } else { 3 }) {
        0 => grower.one_of(&scalars).to_owned(),
        1 => format!("[{}]", (0..count).map(|_| value(grower, depth - 1)).collect::<Vec<_>>().join(",")),
        _ => {
            let entry = |grower: &mut Grower<'_>| {
                format!("{}:{}", grower.one_of(&["\"a\"", "\"b\"", "\"\"", "\"k<\""]), value(grower, depth - 1))
            };
            format!("{{{}}}", (0..count).map(|_| entry(grower)).collect::<Vec<_>>().join(" , "))
        }
    }
}

/// Any value, also a nested one.
pub fn nested(grower: &mut Grower<'_>) -> String {
    match grower.random.below(6) {
        0 => grower.list(),
        1 => grower.dict(),
        2 => format!("(fromJson {})", source(grower)),
        3 => format!(
            "(dict {} (list {} {}) {} {})",
            grower.text(),
            grower.any(),
            grower.dict(),
            grower.text(),
            grower.any()
        ),
        _ => grower.any(),
    }
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let writers = [
        "toJson",
        "mustToJson",
        "toPrettyJson",
        "mustToPrettyJson",
        "toRawJson",
        "mustToRawJson",
        "fromJson",
        "mustFromJson",
    ];
    match grower.random.below(8) {
        0 => format!("{} {}", grower.one_of(&writers), grower.any()),
        1 => format!("{} .", grower.one_of(&writers)),
        2..5 => format!("{} {}", grower.one_of(&["fromJson", "mustFromJson"]), source(grower)),
        _ => format!("{} {}", grower.one_of(&writers[..6]), nested(grower)),
    }
}
