//! Cases of the family `yaml`.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [WRITING, STRINGS, READING, SCALARS, WRONG].concat()
}

const WRITING: &[&str] = &[
    "{{ toYaml . }}",
    "{{ toYaml nil }}|{{ toYaml .nil }}|{{ toYaml true }}|{{ toYaml .empty }}|{{ toYaml (dict) }}",
    "{{ toYaml .i }} {{ toYaml .u64 }} {{ toYaml .i64 }} {{ toYaml .f }} {{ toYaml .f32 }} {{ toYaml -0.0 }}",
    "{{ toYaml 1e6 }} {{ toYaml 1234567.5 }} {{ toYaml 1e21 }} {{ toYaml 1.5e-7 }} {{ toYaml 0.0001 }} {{ toYaml 0.00001 }} {{ toYaml 123456.7 }}",
    "{{ toYaml .list }}",
    "{{ toYaml .strings }}",
    "{{ toYaml .map }}",
    "{{ toYaml .deep }}",
    "{{ toYaml .bytes }}",
    "{{ toYaml (list (list 1 2) (list) (dict) (dict \"a\" (list 1))) }}",
    "{{ toYaml (dict \"a\" (dict \"b\" (dict \"c\" (list (dict \"d\" 1 \"e\" 2)))) \"f\" (list (list 1) (list 2))) }}",
    "{{ toYaml (dict \"a10\" 1 \"a9\" 2 \"a\" 3 \"A\" 4 \"1\" 5 \"10\" 6 \"2\" 7 \"_\" 8 \"a_b\" 9 \"a-b\" 10 \"aa\" 11 \"é\" 12 \"\" 13) }}",
    "{{ toYaml (dict \"a01\" 1 \"a1\" 2 \"a001\" 3 \"a10\" 4 \"a010\" 5 \"a1.5\" 7) }}",
    "{{ toYaml (dict \"true\" 1 \"null\" 2 \"1.5\" 3 \"y\" 4 \"a: b\" 5 \"#\" 6 \"- x\" 7 \"a\\nb\" 8) }}",
    "{{ toYaml (dict (repeat 130 \"k\") 1) }}",
    "{{ toYaml (dict (repeat 130 \"k\") (list 1) (repeat 129 \"l\") (dict \"x\" 1)) }}",
    "{{ toYaml (dict (repeat 1022 \"k\") 1) | len }} {{ toYaml (dict (repeat 1030 \"k\") 1) | len }} {{ toYaml (dict (repeat 600 \"é\") 1) | len }}",
    "{{ toYaml (dict \"a\\nb\" (list 1) \"c\\n\" (dict \"d\" 1)) }}",
    "{{ toYaml (dict \"a\\u2028b\" 1 \"c\\u0085d\" 2) }}",
    "{{ toYaml 1i }}|{{ toYaml (list 1i) }}|",
    "{{ toYaml .bin }}|",
    "{{ toYaml now }} {{ toYaml .took }} {{ toYaml (semver \"v1.2\") }}",
    "{{ toYaml }}",
    "{{ toYaml 1 2 }}",
    "{{ toYaml \"a\" | printf \"%q\" }} {{ toYaml \"a\\n\" | printf \"%q\" }} {{ toYaml \"a\\n\\n\" | printf \"%q\" }} {{ toYaml \"\\n\" | printf \"%q\" }}",
    "{{ fromYaml `{\"a\":[1,2,{\"b\":null}]}` | toYaml }}",
];

const STRINGS: &[&str] = &[
    r#"{{ range list "" "a" "true" "True" "yes" "y" "no" "off" "null" "~" "Null" "1" "-1" "1.5" ".5" "1e3" "0x1f" "0b11" "0o7" "017" "08" "1_000" "+1" "-" "--" "---" "..." "." }}{{ toYaml . }}|{{ end }}"#,
    r#"{{ range list "2001-01-01" "2001-01-01T00:00:00Z" "2001-1-1 1:2:3" "2001-13-01" "12:30" "12:30:45" "1:99" "190:20:30.15" "-1:2" "1_0:20" "1:2:" ".inf" "-.INF" ".nan" "<<" "=" "!" "!!str" "&a" "*a" "@" "`" "%" }}{{ toYaml . }}|{{ end }}"#,
    r##"{{ range list "a b" " a" "a " "a: b" "a:b" "a:" ":a" ": a" "?" "? a" "?a" "-a" "- a" "#a" "a #b" "a#b" "[a" "a]" "{a" "a}" "," "a,b" "|" ">" "'" "\"" "'a'" "a'b" "a\"b" "a\\b" }}{{ toYaml . }}|{{ end }}"##,
    r#"{{ range list "a\nb" "a\n" "\na" "\n\n" " a\nb" "a\n b" "a \nb" "a\n\n\nb" "a\nb\n" "a\nb\n\n" "a\n\t" "a\r\nb" "\t" "a\tb" "a\n#b" "- a\n- b" "a\n " "\n a" "a\n---\nb" }}{{ toYaml . | printf "%q" }}|{{ end }}"#,
    r#"{{ range list "é" "日本語" "🎉" "a🎉\nb" "\u00a0" "\u0085" "\u2028" "a\u2028b" "\u2029\n" "\ufeff" "\ufeffabc" "abc\ufeff" "\u200b" "\ufffd" "\uffff" "\u007f" "\u0080" "\x00" "\x1b" "\x07\x08\x0b\x0c" }}{{ toYaml . | printf "%q" }}|{{ end }}"#,
    r#"{{ toYaml (repeat 30 "word ") }}"#,
    r#"{{ toYaml (dict "key" (repeat 30 "word ")) }}"#,
    r#"{{ toYaml (repeat 30 "word, and: ") }}"#,
    r#"{{ toYaml (dict "k" (repeat 40 "w\t ")) }}"#,
    r#"{{ toYaml (dict "k" (repeat 30 "word  ")) }} {{ toYaml (list (repeat 30 "wörd 🎉 x")) }}"#,
    r#"{{ toYaml (dict (repeat 15 "word k") (repeat 100 "x")) }}"#,
    r#"{{ toYaml (dict "a" "x\ny" "b" (list "x\ny\n" "\n" " z\n")) }}"#,
    r#"{{ toYaml (list "---\na" "a\u0085b" "a \u0085 b" "\u0085--- " "\u0085\u0085" "a\u0085---") | printf "%q" }}"#,
    r#"{{ range list "a\u0085b" "a \u0085 b" "\u0085--- " "\u0085\u0085" "a\u0085---" "a\u0085... x" }}{{ toYaml . | printf "%q" }}|{{ end }}"#,
    r#"{{ range list "<a>&" "\\" "\\n" "/" "a/b" "%d" "a%" "key=value" "http://x/?a=b" "user@host" "10.0.0.1" "1.2.3" "v1" "1h" "0.0.0.0/0" "0.1e" "1e" "e5" "0x" "0xg" "1__0" "_1" "1." "+.5" "-.5e-3" "1.5.5" }}{{ toYaml . }}|{{ end }}"#,
];

const READING: &[&str] = &[
    "{{ fromYaml `a: 1` }} {{ fromYaml `` }} {{ fromYaml `null` }} {{ fromYaml `~` }} {{ fromYaml `# x` }} {{ fromYaml `---` }} {{ fromYaml `{}` }}",
    "{{ fromYaml \"a: 1\\nb:\\n- x\\n- y\\nc:\\n  d: e\\n\" | toJson }}",
    "{{ fromYaml \"a:\\n  - b\\n  - c: 1\\n    d: 2\\n  -\\n    - e\\n  - - f\\n    - g\\n\" | toJson }}",
    "{{ fromYaml \"a: |\\n  x\\n   y\\n\\n  z\\nb: >\\n  x\\n  y\\n\\n  z\\nc: |-\\n  x\\nd: |+\\n  x\\n\\ne: >-\\n  a\\n   b\\n  c\\n\" | toJson }}",
    "{{ fromYaml \"a: |2\\n   x\\nb: >1\\n  y\\nc: |1-\\n z\\nd: |\\n\\n  x\\n\" | toJson }}",
    "{{ fromYaml \"a: 'x''y'\\nb: \\\"x\\\\ty\\\\u00e4\\\\x41\\\\U0001F389\\\\N\\\\_\\\\L\\\\P\\\\e\\\\0\\\\/\\\"\" | toJson }}",
    "{{ fromYaml \"a: \\\"x\\\\ty\\\\u00e4\\\\x41\\\\U0001F389\\\\N\\\\_\\\\L\\\\P\\\\e\\\\0\\\"\\nb: 'x\\n\\n  y\\n  z'\\nc: \\\"x \\\\\\n   y\\\"\" | toJson }}",
    "{{ fromYaml \"a: [1, b, {c: d}, [e]]\\nb: {x: 1, y, z: }\\nc: [a: b, ? c : d, ? e]\\nd: []\\ne: {}\" | toJson }}",
    "{{ fromYaml \"? a\\n: b\\n? c\\n? - d\\n\" | toJson }}",
    "{{ fromYaml \"a: &x 1\\nb: *x\\nc: &y {d: *x}\\ne: *y\\nf: &x 2\\ng: *x\" | toJson }}",
    "{{ fromYaml \"a: &a {x: 1, y: 2}\\nb:\\n  <<: *a\\n  y: 3\\nc:\\n  y: 0\\n  <<: [*a, {z: 5, x: 9}]\\n\" | toJson }}",
    "{{ fromYaml \"a: 1\\na: 2\\nb: {c: 1, c: 2}\" | toJson }}",
    "{{ fromYaml \"1: a\\n1.5: b\\ntrue: c\\nyes: d\\n2001-01-01: e\\n1e30: g\" | toJson }}",
    "{{ fromYaml \"a: 1\\n---\\nb: 2\" }} {{ fromYaml \"---\\na: 1\\n...\\nb: 2\" }} {{ fromYaml \"%YAML 1.1\\n---\\na: 1\" }} {{ fromYaml \"--- {a: 1}\" }}",
    "{{ fromYaml \"a: x\\n  y\\n  z\\nb: p # c\\nc: q#r\\nd: 'x' # y\" | toJson }}",
    "{{ fromYaml \"a:\\tb\\nc: \\td\" | toJson }} {{ fromYaml \"a: b\\t\\n\" | toJson }}",
    "{{ fromYaml \"\\ufeffa: 1\" }} {{ fromYaml \"a: 1\\r\\nb: 2\\rc: 3\" }} {{ fromYaml \"a: x\\u0085b: y\\u2028c: z\" }}",
    "{{ fromYaml .bin }}|{{ fromYaml .s }}|{{ fromYaml .t }}|{{ fromYaml .u }}|{{ fromYaml .e }}",
    "{{ fromYaml \"\\xff\\xfea\\x00:\\x00 \\x001\\x00\" }} {{ fromYaml \"\\xfe\\xff\\x00a\\x00:\\x00 \\x001\" }} {{ fromYaml \"\\xff\\xfea\" }} {{ fromYaml \"\\xff\\xfe\\x00\\xd8\" }}",
    "{{ . | toYaml | fromYaml | toYaml }}",
    "{{ fromYaml 1 }}",
    "{{ fromYaml nil }}",
    "{{ fromYaml }}",
    "{{ printf \"%T %#v\" (fromYaml `a: 1`) (fromYaml `a: [1, x, null, {b: 2.5}]`) }}",
    "{{ (fromYaml `{a: {b: [1, 2]}}`).a.b }} {{ index (fromYaml `a b: c`) `a b` }}",
    "{{ fromYaml \"a: !!str 1\\nb: !!int '2'\\nc: !!float 3\\nd: !!bool 'yes'\\ne: !!null ''\\nf: ! 5\\ng: !x y\\nh: !!binary aGk=\\ni: !<tag:yaml.org,2002:str> 7\" | toJson }}",
    "{{ fromYaml \"%TAG !e! tag:yaml.org,2002:\\n---\\na: !e!str 1\\nb: !!set {x, y}\\nc: !%41 z\" | toJson }}",
];

const SCALARS: &[&str] = &[
    "{{ fromYaml \"a: [y, Y, yes, n, no, on, off, true, True, TRUE, tRue, ~, null, NULL, nUll, '', .inf, -.inf, .NaN]\" | toJson }}",
    "{{ fromYaml \"a: [y, Y, yes, n, no, on, off, true, True, TRUE, tRue, ~, null, NULL, nUll, '']\" | toJson }}",
    "{{ fromYaml \"a: [0, 1, -1, +1, 007, 08, 0x1F, 0X1f, 0o17, 0b101, -0b11, 1_000, 1__0, _1, 1_, 0x_1, 0b-1, 0b2]\" | toJson }}",
    "{{ fromYaml \"a: [9223372036854775807, 9223372036854775808, 18446744073709551615, 18446744073709551616, -9223372036854775808, -9223372036854775809]\" | toJson }}",
    "{{ fromYaml \"a: [1.5, .5, 5., -.5, +.5, 1e3, 1E3, 1e+3, 1.e3, .e3, 1e999, 1_0.5, ._5, .5_0, .5_, 1.5.5, 0.1e-400, -0, -0.0, .]\" | toJson }}",
    "{{ fromYaml \"a: [2001-01-01, 2001-1-1, 2001-01-01T01:02:03Z, 2001-01-01 01:02:03, 2001-99-99, 12:30:45, 1:2]\" | toJson }}",
    "{{ fromYaml \"a: .inf\" }} {{ fromYaml \"a: -.inf\" }} {{ fromYaml \"a: [1, .nan]\" }} {{ fromYaml \"b: .inf\\na: .nan\" }} {{ fromYaml \".inf: 1\" }}",
    "{{ fromYaml \"5\" }} {{ fromYaml \"abc\" }} {{ fromYaml \"[1]\" }} {{ fromYaml \"true\" }} {{ fromYaml \"- a\" }} {{ fromYaml \"1.5\" }} {{ fromYaml \"'x'\" }} {{ fromYaml \"|\\n a\" }}",
];

const WRONG: &[&str] = &[
    "{{ fromYaml \"a: b: c\" }} {{ fromYaml \"a: 1\\nb\" }} {{ fromYaml \"a: 1\\n b: 2\" }} {{ fromYaml \"a:\\n- b\\n c\" }} {{ fromYaml \"x: [1\" }}",
    "{{ fromYaml \"a: 'x\" }} {{ fromYaml \"a: \\\"\\\\q\\\"\" }} {{ fromYaml \"\\n\\na: \\\"\\\\xZZ\\\"\" }} {{ fromYaml \"a: *x\" }} {{ fromYaml \"a: &a [*a]\" }} {{ fromYaml \"a: &\" }}",
    "{{ fromYaml \"\\ta: 1\" }} {{ fromYaml \"a:\\n\\tb: 1\" }} {{ fromYaml \"a: @b\" }} {{ fromYaml \"a: `b\" }} {{ fromYaml \"a: %b\" }} {{ fromYaml \"a: [}\" }} {{ fromYaml \"{a]\" }} {{ fromYaml \"]\" }} {{ fromYaml \",\" }}",
    "{{ fromYaml \"? [a]: b\" }} {{ fromYaml \"[a]: b\" }} {{ fromYaml \"{a: 1}: b\" }} {{ fromYaml \"[]: b\" }} {{ fromYaml \"{}: b\" }} {{ fromYaml \"? {x: [1, null]}\\n: b\" }} {{ fromYaml \"? []\\n: b\" }}",
    "{{ fromYaml \"~: 1\" }} {{ fromYaml \"null: [a]\" }} {{ fromYaml \": 1\" }} {{ fromYaml \"18446744073709551615: {a: 1}\" }} {{ fromYaml \"? \\n: ~\" }}",
    "{{ fromYaml \"a: !!int x\" }} {{ fromYaml \"a: !!bool 5\" }} {{ fromYaml \"a: !!float x\" }} {{ fromYaml \"a: !!null 1\" }} {{ fromYaml \"a: !!binary x\" }} {{ fromYaml \"a: !!timestamp x\" }} {{ fromYaml \"a: !!float 18446744073709551615\" }}",
    "{{ fromYaml \"a: !x!y z\" }} {{ fromYaml \"a: !<x\" }} {{ fromYaml \"a: !%4 x\" }} {{ fromYaml \"a: !%ff x\" }} {{ fromYaml \"a: !%c3%41 x\" }} {{ fromYaml \"a: !a{ x\" }}",
    "{{ fromYaml \"%YAML 1.2\\n---\\na: 1\" }} {{ fromYaml \"%YAML 1.1\\n%YAML 1.1\\n---\" }} {{ fromYaml \"%FOO\\n---\" }} {{ fromYaml \"%YAML 1.1\\na: 1\" }} {{ fromYaml \"%\" }} {{ fromYaml \"%YAML x\" }} {{ fromYaml \"%YAML 1.111\" }} {{ fromYaml \"%TAG ! x\\n%TAG ! y\\n---\" }}",
    "{{ fromYaml \"a: |0\\n x\" }} {{ fromYaml \"a: |x\\n x\" }} {{ fromYaml \"a: |\\n\\tx\" }} {{ fromYaml \"a: >\\n  x\\n\\ty\" }} {{ fromYaml \"a: x\\n\\ty\" }}",
    "{{ fromYaml \"<<: 1\" }} {{ fromYaml \"a: {<<: [1]}\" }} {{ fromYaml \"a: &x 1\\nb: {<<: *x}\" }} {{ fromYaml \"'<<': {a: 1}\" }} {{ fromYaml \"!!merge '<<': {a: 1}\" }} {{ fromYaml \"<<: {a: 1}\" }}",
    "{{ fromYaml \"a: \\\"x\\n---\\n\\\"\" }} {{ fromYaml \"a: 'x\\n...\\n'\" }} {{ fromYaml \"...\" }} {{ fromYaml \"- a\\nb: c\" }} {{ fromYaml \"a:\\n  b\\n c: d\" }}",
    "{{ fromYaml \"a: \\x01\" }} {{ fromYaml \"a: \\x7f\" }} {{ fromYaml \"a: \\xff\" }} {{ fromYaml \"a: \\xe2\\x82\" }} {{ fromYaml \"a: \\xe2\\x41\\x41\" }} {{ fromYaml \"a: \\xc0\\x80\" }} {{ fromYaml \"a: \\xed\\xa0\\x80\" }} {{ fromYaml \"a: \\uffff\" }}",
    "{{ fromYaml (printf \"a: 1\\n---\\n%s\\xff\" (repeat 600 \" \")) }} {{ fromYaml (printf \"a: 1\\n---\\n%s\\xff\" (repeat 400 \" \")) }} {{ fromYaml (printf \"a: b: c\\n%s\\xff\" (repeat 600 \" \")) }}",
    "{{ fromYaml (printf \"%s: 1\" (repeat 1025 \"k\")) }} {{ fromYaml (printf \"x: 1\\n%s: 1\" (repeat 1025 \"k\")) }} {{ fromYaml (printf \"{%s: 1}\" (repeat 1025 \"k\")) }}",
    "{{ fromYaml \"a: &a [x,x,x,x,x,x,x,x,x,x]\\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\\n\" | toJson | len }}",
];

const PIECES: &[&str] = &[
    "a",
    "b: ",
    "c:",
    "- ",
    "-",
    "? ",
    ": ",
    ":",
    "\n",
    "\n",
    "\n  ",
    "\n ",
    "\n    ",
    " ",
    "  ",
    "\t",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "'",
    "\"",
    "|",
    "|-",
    "|+",
    "|2",
    ">",
    ">-",
    "#",
    " # x",
    "&x ",
    "*x",
    "&y ",
    "*y",
    "!!str ",
    "!!int ",
    "!",
    "!t ",
    "---",
    "--- ",
    "...",
    "%YAML 1.1\n",
    "1",
    "1.5",
    "true",
    "null",
    "~",
    "yes",
    "0x10",
    "2001-01-01",
    "<<: ",
    "é",
    "\u{85}",
    "\u{2028}",
    "\\",
    "\\n",
    "\\x41",
    "''",
    "\"\"",
    "x y",
    "k: v\n",
    "- i\n",
    "  - i\n",
    "@",
    "`",
    "=",
    "\r\n",
    ".inf",
    "🎉",
    "\"q\"",
    "'s'",
    "\"q\": ",
    "? - ",
];

const SCALAR_TEXTS: &[&str] = &[
    "a",
    "some text",
    "1",
    "-5",
    "1.5",
    "true",
    "no",
    "null",
    "~",
    "''",
    "'it''s'",
    "\"dq\\n\"",
    "2001-01-01",
    "0x1F",
    "017",
    "1_000",
    "x: y",
    "[1, 2]",
    "{a: b}",
    "[]",
    "{}",
    "&x z",
    "*x",
    "!!str 5",
    "é",
    "a#b",
    "\"\"",
    "on",
    "1e3",
    ".5",
    "'multi\n\n  line'",
    "plain\n     folded",
    "{a: 1, b: [c]}",
    "!!float 1",
    "<<",
    "\"\\u00e4\"",
    "a: b",
    "-",
    "?",
    "12:30:00",
];

fn lines(grower: &mut Grower<'_>, indent: usize, depth: usize) -> String {
    let pad = " ".repeat(indent);
    let sequence = grower.random.below(3) == 0;
    let mut out = String::new();
    for _ in 0..=grower.random.below(3) {
        let key = grower.one_of(&["a", "b", "k1", "k10", "\"q\"", "'s'", "1", "true", "long key", "<<", "? x\n"]);
        let start = if sequence { "-".to_owned() } else { format!("{key}:") };
        match grower.random.below(5) {
            0 if depth > 0 => {
                let more = grower.random.below(4);
                out += &format!("{pad}{start}\n{}", lines(grower, indent + more, depth - 1));
            }
            1 => {
                let style = grower.one_of(&["|", ">", "|-", ">+", "|2", ">1-"]);
                let text = grower.one_of(&["x\n", "x\n{p}  y\n", "\n{p}  x\n\n", " x\n{p}  y\n{p}\n{p}  z\n"]);
                out += &format!("{pad}{start} {style}\n{pad}  {}", text.replace("{p}", &pad));
            }
            _ => {
                let anchor = grower.one_of(&["", "", "", "", "&x ", "&y ", "!!str ", "!t "]);
                let end = grower.one_of(&["", "", "", " # c", " "]);
                out += &format!("{pad}{start} {anchor}{}{end}\n", grower.one_of(SCALAR_TEXTS));
            }
        }
    }
    out
}

fn broken(grower: &mut Grower<'_>) -> String {
    let mut text: Vec<char> = lines(grower, 0, 2).chars().collect();
    for _ in 0..=grower.random.below(2) {
        let at = grower.random.below(text.len() + 1);
        match grower.random.below(3) {
            0 if at < text.len() => drop(text.remove(at)),
            1 => text.truncate(at),
            _ => text.splice(at..at, grower.one_of(PIECES).chars()).for_each(drop),
        }
    }
    text.into_iter().collect()
}

/// As a literal of Go's.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend(['\\', character]),
            ' '..='~' => out.push(character),
            _ => out += &format!("\\U{:08x}", u32::from(character)),
        }
    }
    out + "\""
}

/// YAML, right or wrong, as a literal.
pub fn source(grower: &mut Grower<'_>) -> String {
    let text = match grower.random.below(4) {
        0 => (0..grower.random.below(12)).map(|_| grower.one_of(PIECES)).collect(),
        1 | 2 => lines(grower, 0, 2),
        _ => broken(grower),
    };
    quoted(&text)
}

/// A string that YAML may have to quote, as a literal.
fn string(grower: &mut Grower<'_>) -> String {
    let words = [
        "a",
        "word",
        " ",
        "  ",
        "\n",
        "\n\n",
        ": ",
        ":",
        " #",
        "#",
        "-",
        "- ",
        "'",
        "\"",
        "\\",
        "\t",
        "\r",
        "é",
        "🎉",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\u{7f}",
        "\0",
        "1",
        "0",
        ".",
        "e5",
        "true",
        "[",
        "{",
        ",",
        "&",
        "*",
        "!",
        "%",
        "@",
        "?",
        "~",
        "=",
        "<",
        "_",
        "+",
        "x y z",
        "a longer text of words to fold ",
        "---",
        "...",
        "2001-01-01",
        "12:",
        "30",
        "\u{a0}",
        "\u{1b}",
        "null",
    ];
    let text: String = (0..grower.random.below(7)).map(|_| grower.one_of(&words)).collect();
    quoted(&text)
}

fn tree(grower: &mut Grower<'_>, depth: usize) -> String {
    match grower.random.below(if depth == 0 { 3 } else { 6 }) {
        0 => grower.any(),
        1 | 2 => string(grower),
        3 => format!("(list {} {})", tree(grower, depth - 1), tree(grower, depth - 1)),
        4 => format!("(dict {} {})", string(grower), tree(grower, depth - 1)),
        _ => {
            let key = |grower: &mut Grower<'_>| {
                let keys = [
                    "a", "b", "a1", "a10", "a2", "A", "1", "10", "2", "01", "a_1", "a-b", "é", "_", "", "aB", "a.b",
                    "٣", "٢", "a٣",
                ];
                quoted(grower.one_of(&keys))
            };
            // Three keys with digits may each be less than another in a circle, and Go's order is then no order.
            let (one, two, three) = (key(grower), key(grower), string(grower).replacen('"', "\"k", 1));
            let (a, b, c) = (tree(grower, depth - 1), tree(grower, depth - 1), tree(grower, depth - 1));
            format!("(dict {one} {a} {two} {b} {three} {c})")
        }
    }
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(10) {
        0 => format!("toYaml {}", grower.any()),
        1 => format!("fromYaml {}", grower.text()),
        2 => format!("fromYaml {} | toYaml", source(grower)),
        3 => format!("toYaml {} | fromYaml", tree(grower, 2)),
        4..7 => format!("toYaml {}", tree(grower, 3)),
        _ => format!("fromYaml {}", source(grower)),
    }
}
