//! Cases of the family `paths`.

use super::grow::{Grower, Line};
use super::lines::each;

const FUNCTIONS: &[&str] = &["base", "dir", "clean", "ext", "isAbs", "osBase", "osDir", "osClean", "osExt", "osIsAbs"];

const PATHS: &[&str] = &[
    r#""""#,
    r#"".""#,
    r#""..""#,
    r#""/""#,
    r#""//""#,
    r#""///a//b///""#,
    r#""a""#,
    r#""a/""#,
    r#""a/b.c""#,
    r#""a/b.c/""#,
    r#""a.b/c""#,
    r#"".ext""#,
    r#""a.tar.gz""#,
    r#""a.""#,
    r#""/a/../b""#,
    r#""/..""#,
    r#""/../a""#,
    r#""../a""#,
    r#""../../a/..""#,
    r#""../../..""#,
    r#""a/../..""#,
    r#""a/../../b""#,
    r#""a/./b""#,
    r#""./a""#,
    r#""./..""#,
    r#""a/...""#,
    r#""..a/..b""#,
    r#""/a/b/c/../../../..""#,
    r#""a/b/../../..""#,
    r#""ä/ö.ü""#,
    r#""\xff/\xfe.\xfd""#,
    r#""c:\\a\\b.c""#,
    r#""/a/b/../c./""#,
    ".bin",
    ".s",
    "nil",
    ".nil",
    "1",
    ".bytes",
    "",
    r#""a" "b""#,
];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    each(FUNCTIONS, PATHS)
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(FUNCTIONS);
    if grower.random.below(8) == 0 {
        return format!("{function} {}", grower.any());
    }
    let count = grower.random.below(10);
    let path: String = (0..count)
        .map(|_| grower.one_of(&["/", "/", "/", "a", "b", ".", "..", "..", "...", "ä", "\\xff", " "]))
        .collect();
    format!("{function} \"{path}\"")
}
