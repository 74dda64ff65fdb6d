//! Cases of the family `urls`.

use super::grow::{Grower, Line};
use super::lines::{calls, each};

const URLS: &[&str] = &[
    r#""""#,
    r#""*""#,
    r#""/""#,
    r#""//""#,
    r#""///""#,
    r#""////a""#,
    r#""a""#,
    r#""a/b:c""#,
    r#""a:b/c""#,
    r#""./a:b""#,
    r#"":a""#,
    r#""1a:b""#,
    r#""+a:b""#,
    r#""a+-.1:b""#,
    r#""HTTP://Host/Path""#,
    r#""http://admin:secret@server.com:8080/api?list=false#anchor""#,
    r#""http://host""#,
    r#""http://host?""#,
    r#""http://host??""#,
    r#""http://host?a?b""#,
    r#""http://host#""#,
    r#""http://host#a#b""#,
    r#""http://host/#a%20b""#,
    r##""#%zz""##,
    r#""mailto:a@b.c?subject=x#f""#,
    r#""mailto:""#,
    r#""http:""#,
    r#""http:/a""#,
    r#""http:///a""#,
    r#""http:////a""#,
    r#""http://a:""#,
    r#""http://a:b""#,
    r#""http://a:8:9""#,
    r#""pg://a:8,b:9/x""#,
    r#""pg://a:8:9/x""#,
    r#""pg://a:x:9/x""#,
    r#""https://a:8,b:9""#,
    r#""http://[::1]:80/a""#,
    r#""http://[::1]""#,
    r#""http://[fe80::1%25en0]:8080/""#,
    r#""http://[fe80::1%en0]/""#,
    r#""http://[fe80::1%25]/""#,
    r#""http://[fe80::1%25a%20b]/""#,
    r#""http://[fe80::1%25%41]/""#,
    r#""http://[fe80::1%25%2f]/""#,
    r#""http://[1.2.3.4]/""#,
    r#""http://[::ffff:1.2.3.4]/""#,
    r#""http://[::01.2.3.4]/""#,
    r#""http://[::1.2.3]/""#,
    r#""http://[1:2:3:4:5:6:7:8]/""#,
    r#""http://[1:2:3:4:5:6:7::]/""#,
    r#""http://[1:2:3:4:5:6:7::8]/""#,
    r#""http://[1::2::3]/""#,
    r#""http://[12345::]/""#,
    r#""http://[]/""#,
    r#""http://[a]/""#,
    r#""http://[::1/""#,
    r#""http://[::1]a/""#,
    r#""http://[::1]:a/""#,
    r#""http://a[::1]/""#,
    r#""http://[::1]]/""#,
    r#""http://::1/""#,
    r#""http://::1]/""#,
    r#""http://a%20b/""#,
    r#""http://a%C3%A4/""#,
    r#""http://ä/ä?ä#ä""#,
    r#""http://a%25b/""#,
    r#""http://a b/""#,
    r#""http://a\"<>b/""#,
    r#""http://a^b/""#,
    r#""http://a\\b/""#,
    r#""http://a/%""#,
    r#""http://a/%4""#,
    r#""http://a/%4g""#,
    r#""http://a/%41%2f%2F?%zz""#,
    r#""http://u@h""#,
    r#""http://u:@h""#,
    r#""http://:p@h""#,
    r#""http://@h""#,
    r#""http://u:p:q@h""#,
    r#""http://u@v@h""#,
    r#""http://u%40:p%3a@h""#,
    r#""http://u%zz@h""#,
    r#""http://u ser@h""#,
    r#""http://ü@h""#,
    r#""http://u/@h""#,
    r#""http://u?@h""#,
    r#""http://u;=+$,&!*'()~@h""#,
    r#""//u:p@h/p?q#f""#,
    r#""/a b?c d#e f""#,
    r#""/a+b?c+d#e+f""#,
    r#""http://a/\x00""#,
    r#""http://a/#\x00\x7f""#,
    r#""http://a/\x7f""#,
    r#""a\n""#,
    r#""\xff\xfe""#,
    r#""/\xff?\xfe#\xfd""#,
    r#""http://\xff/""#,
    r#""http://a/;v=1;x,y@z:$&='()*!~-_.""#,
    r#""postgres://user:abc{DEf1=ghi@example.com:5432/db?sslmode=require""#,
    r#""magnet:?xt=urn:btih:c12fe""#,
    r#""cache_object:foo/bar""#,
    r#""cache_object/:foo/bar""#,
    r#""a?b:c""#,
    r#""?a""#,
    r##""#a""##,
    ".bin",
    ".s",
    ".u",
    "nil",
    ".nil",
    "1",
    ".bytes",
    "",
    r#""a" "b""#,
];

const JOINS: &str = r#"
    urlJoin (dict)
    urlJoin (dict "scheme" "http")
    urlJoin (dict "host" "h")
    urlJoin (dict "path" "p")
    urlJoin (dict "path" "/p")
    urlJoin (dict "path" "a:b")
    urlJoin (dict "path" "a:b/c")
    urlJoin (dict "path" "a/b:c")
    urlJoin (dict "path" "*")
    urlJoin (dict "path" "//a")
    urlJoin (dict "query" "a=b c")
    urlJoin (dict "fragment" "a b#c")
    urlJoin (dict "fragment" "$&+,/:;=?@!()*'[]{}|%")
    urlJoin (dict "opaque" "a@b c" "host" "h" "path" "/p")
    urlJoin (dict "userinfo" "u")
    urlJoin (dict "userinfo" "u:p" "host" "h")
    urlJoin (dict "userinfo" "u:p")
    urlJoin (dict "userinfo" ":p" "host" "h")
    urlJoin (dict "userinfo" "u:" "host" "h")
    urlJoin (dict "userinfo" ":" "host" "h")
    urlJoin (dict "userinfo" "u@v" "host" "h")
    urlJoin (dict "userinfo" "u%40v" "host" "h")
    urlJoin (dict "userinfo" "u/v" "host" "h")
    urlJoin (dict "userinfo" "u?v" "host" "h")
    urlJoin (dict "userinfo" "u#v" "host" "h")
    urlJoin (dict "userinfo" "u v" "host" "h")
    urlJoin (dict "userinfo" "ü" "host" "h")
    urlJoin (dict "userinfo" "%zz" "host" "h")
    urlJoin (dict "userinfo" "[" "host" "h")
    urlJoin (dict "userinfo" "\x00" "host" "h")
    urlJoin (dict "scheme" "http" "host" "host:80" "path" "/path" "query" "q" "fragment" "f" "userinfo" "admin:secret")
    urlJoin (dict "scheme" "http" "host" "h" "path" "p")
    urlJoin (dict "scheme" "http" "path" "/p")
    urlJoin (dict "scheme" "http" "path" "p")
    urlJoin (dict "scheme" "HTTP" "host" "ä b%/?#@[]<>" "path" "/ä b%?#")
    urlJoin (dict "scheme" "a b:" "host" "h")
    urlJoin (dict "host" "[::1%en0]:80" "path" "p")
    urlJoin (dict "host" 1)
    urlJoin (dict "host" nil)
    urlJoin (dict "host" .nil)
    urlJoin (dict "host" .bytes)
    urlJoin (dict "path" .bin)
    urlJoin (dict "host" .bin)
    urlJoin (dict "fragment" .bin)
    urlJoin (dict "query" .bin)
    urlJoin (dict "hostname" "x" "other" 1)
    urlJoin .smap
    urlJoin .map
    urlJoin nil
    urlJoin .nil
    urlJoin "a"
    urlJoin
    urlParse "http://u:p@h:1/a%2fb?q#f" | urlJoin
    (urlParse "http://u:p@h:1/a%2fb?q#f").userinfo
    (urlParse "http://u:p@h:1/a%2fb?q#f").nothing
"#;

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [
        each(&["urlParse"], URLS),
        each(&["urlJoin"], &URLS.iter().map(|url| parsed(url)).collect::<Vec<_>>()),
        calls(JOINS),
    ]
    .concat()
}

fn parsed(url: &str) -> &'static str {
    Box::leak(format!("(urlParse {url})").into_boxed_str())
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(8) {
        0 => format!("urlParse {}", grower.words()),
        1 => format!("urlJoin {}", grower.dict()),
        2..=3 => format!("urlParse {}", url(grower)),
        4 => format!("urlParse {} | urlJoin", url(grower)),
        _ => {
            let names = ["scheme", "host", "path", "query", "opaque", "fragment", "userinfo", "hostname"];
            let parts: String = (0..grower.random.below(6))
                .map(|_| format!(" \"{}\" {}", grower.one_of(&names), piece(grower)))
                .collect();
            format!("urlJoin (dict{parts})")
        }
    }
}

fn piece(grower: &mut Grower<'_>) -> String {
    let count = grower.random.below(5);
    format!("\"{}\"", (0..count).map(|_| inner(grower)).collect::<String>())
}

fn inner(grower: &mut Grower<'_>) -> &'static str {
    grower.one_of(&[
        "a",
        "b",
        "1",
        "80",
        ":",
        "/",
        "//",
        "?",
        "#",
        "@",
        "%",
        "%41",
        "%2f",
        "%25",
        "%C3",
        "%zz",
        "[",
        "]",
        "[::1]",
        "[fe80::1%25en0]",
        ":8080",
        " ",
        "+",
        "&",
        "=",
        ";",
        ",",
        "*",
        "'",
        "ä",
        "\\xff",
        "\\x00",
        "\\x7f",
        "<",
        "\\\"",
        "!",
        "(",
        "$",
        "~",
        ".",
        "-",
        "_",
        "^",
        "|",
        "{",
        "http",
        "::",
        "1.2.3.4",
        "\\n",
    ])
}

fn url(grower: &mut Grower<'_>) -> String {
    let scheme = grower.one_of(&["", "http:", "https:", "a+b:", "pg:", "1:", "HTTP:"]);
    let slashes = grower.one_of(&["", "/", "//", "//", "//", "///"]);
    let count = grower.random.below(8);
    let rest: String = (0..count).map(|_| inner(grower)).collect();
    format!("\"{scheme}{slashes}{rest}\"")
}
