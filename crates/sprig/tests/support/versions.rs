//! Cases of the family `versions`.

use super::grow::{Grower, Line};

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    [VERSIONS, CONSTRAINTS].concat()
}

const VERSIONS: &[&str] = &[
    r#"{{ semver "1.2.3" }} {{ semver "v1.2" }} {{ semver "1" }} {{ semver "v0" }} {{ semver "1.2.3-beta.1+b345" }}"#,
    r#"{{ $v := semver "v1.2.3-rc.1+meta.5" }}{{ $v.Major }} {{ $v.Minor }} {{ $v.Patch }} {{ $v.Prerelease }} {{ $v.Metadata }} {{ $v.Original }} {{ $v.String }}"#,
    r#"{{ $v := semver "v1.2.3-rc.1+meta.5" }}{{ $v.IncMajor }} {{ $v.IncMinor }} {{ $v.IncPatch }} {{ (semver "1.2.3").IncPatch }} {{ $v.IncMajor.IncPatch }}"#,
    r#"{{ $v := semver "1.2.3" }}{{ $v.Compare (semver "1.2.4") }} {{ $v.Compare $v }} {{ $v.Equal (semver "1.2.3+x") }} {{ $v.LessThan (semver "2") }} {{ $v.GreaterThan (semver "1.2.3-a") }} {{ $v.LessThanEqual $v }} {{ $v.GreaterThanEqual (semver "9") }}"#,
    r#"{{ $v := semver "v1.2" }}{{ $v.SetPrerelease "beta.2" }} {{ $v.SetMetadata "x.y" }} {{ $v.SetPrerelease "" }} {{ ($v.SetMetadata "a").String }} {{ $v.Value }} {{ printf "%s %s" $v.MarshalJSON $v.MarshalText }}"#,
    r#"{{ printf "%T %v %s %q %d %#v %+v %x" (semver "1.2.3-a") (semver "1.2.3-a") (semver "1.2.3-a") (semver "1.2.3-a") (semver "1.2.3-a") (semver "1.2.3-a") (semver "1.2.3-a") (semver "1.2.3-a") }}"#,
    r#"{{ printf "%T %v %#v %d" (semver "1.2").IncMajor (semver "1.2").IncMajor (semver "v1.2").IncMajor (semver "v1.2").IncMajor }}"#,
    r#"{{ printf "%v %s %#v %T" (list (semver "1")) (list (semver "1")) (list (semver "1").IncMajor) (list (semver "1")) }}"#,
    r#"{{ toJson (semver "v1.2") }} {{ toJson (list (semver "1").IncMinor) }} {{ toPrettyJson (dict "v" (semver "1-a")) }}"#,
    r#"{{ $v := semver "1" }}{{ eq $v $v }} {{ eq (semver "1") (semver "1") }} {{ eq $v.IncMajor $v.IncMajor }} {{ ne $v (semver "1") }} {{ if $v }}yes{{ end }}"#,
    r#"{{ semver "" }}"#,
    r#"{{ semver "v" }}"#,
    r#"{{ semver "1." }}"#,
    r#"{{ semver "01" }}"#,
    r#"{{ semver "1.2.3.4" }}"#,
    r#"{{ semver " 1" }}"#,
    r#"{{ semver "1\n" }}"#,
    r#"{{ semver "V1" }}"#,
    r#"{{ semver "1-" }}"#,
    r#"{{ semver "1+" }}"#,
    r#"{{ semver "1-a..b" }}"#,
    r#"{{ semver "1-01" }}"#,
    r#"{{ semver "1-0a.00a-.-" }} {{ semver "1+00" }} {{ semver "1--" }} {{ semver "1-0" }}"#,
    r#"{{ semver "18446744073709551615.0.0" }} {{ (semver "18446744073709551615").IncMajor }}"#,
    r#"{{ semver "18446744073709551616" }}"#,
    r#"{{ semver "1.2.3-é" }}"#,
    r"{{ semver .bin }}",
    r"{{ semver 1 }}",
    r"{{ semver nil }}",
    r"{{ semver }}",
    r#"{{ (semver "1").Nothing }}"#,
    r#"{{ (semver "1").IncMajor.Original }}"#,
    r#"{{ (semver "1").Compare nil }}"#,
    r#"{{ (semver "1").Equal nil }}"#,
    r#"{{ (semver "1").Compare (semver "1").IncMajor }}"#,
    r#"{{ (semver "1").Compare "1" }}"#,
    r#"{{ (semver "1").SetPrerelease "01" }}"#,
    r#"{{ (semver "1").SetPrerelease "a..b" }}"#,
    r#"{{ (semver "1").SetMetadata "é" }}"#,
    r#"{{ (semver "1-1").Compare (semver "1-2") }} {{ (semver "1-9").Compare (semver "1-10") }} {{ (semver "1-a").Compare (semver "1-1") }} {{ (semver "1-a").Compare (semver "1-a.b") }} {{ (semver "1-a-1").Compare (semver "1-a-2") }} {{ (semver "1-99999999999999999999").Compare (semver "1-5") }}"#,
];

const CONSTRAINTS: &[&str] = &[
    r#"{{ semverCompare "1.2.3" "1.2.3" }} {{ semverCompare "=1.2.3" "v1.2.3" }} {{ semverCompare "1.2.3" "1.2.4" }} {{ semverCompare "!=1.2.3" "1.2.4" }} {{ semverCompare "!= 1.2" "1.2.4" }} {{ semverCompare "!=1" "2" }}"#,
    r#"{{ semverCompare ">1.2.3" "1.2.4" }} {{ semverCompare ">=1.2" "1.2" }} {{ semverCompare "=>1.2" "1.1.9" }} {{ semverCompare "<2" "1.9.9" }} {{ semverCompare "<=2" "2.5" }} {{ semverCompare "=<2.1" "2.1.9" }} {{ semverCompare "<=2.1" "2.2" }}"#,
    r#"{{ semverCompare ">11" "11.1.0" }} {{ semverCompare ">11" "12" }} {{ semverCompare ">11.1" "11.1.1" }} {{ semverCompare ">11.1" "11.2" }} {{ semverCompare ">*" "1" }} {{ semverCompare ">x" "0" }} {{ semverCompare "<*" "1" }} {{ semverCompare "!=*" "0" }} {{ semverCompare "!=*" "0.0.1" }}"#,
    r#"{{ semverCompare "~1.2.3" "1.2.9" }} {{ semverCompare "~1.2.3" "1.3.0" }} {{ semverCompare "~1" "1.9" }} {{ semverCompare "~>1.2" "1.2.5" }} {{ semverCompare "~0" "0.5" }} {{ semverCompare "~*" "7" }} {{ semverCompare "~0.0.0" "9" }} {{ semverCompare "~0.0" "0.1" }}"#,
    r#"{{ semverCompare "^1.2.3" "1.9" }} {{ semverCompare "^1.2.3" "2" }} {{ semverCompare "^0.2.3" "0.2.9" }} {{ semverCompare "^0.2.3" "0.3" }} {{ semverCompare "^0.0.3" "0.0.3" }} {{ semverCompare "^0.0.3" "0.0.4" }} {{ semverCompare "^0.0" "0.0.9" }} {{ semverCompare "^0" "0.9" }} {{ semverCompare "^*" "3" }} {{ semverCompare "^0.0.0" "0.0.0" }}"#,
    r#"{{ semverCompare "*" "1.2.3" }} {{ semverCompare "x" "1-a" }} {{ semverCompare "X.X" "5" }} {{ semverCompare "1.x" "1.5" }} {{ semverCompare "1.*.3" "1.5" }} {{ semverCompare "1.2.x" "1.2.9" }} {{ semverCompare "1.2.x" "1.3" }} {{ semverCompare "x.1" "3" }}"#,
    r#"{{ semverCompare "1.2 - 1.4.5" "1.4.5" }} {{ semverCompare "1.2 - 1.4.5" "1.4.6" }} {{ semverCompare "1 - 2 || 4 - 5" "4.5" }} {{ semverCompare "v1 - v2" "v1.5" }} {{ semverCompare "1-2" "1.0.0-2" }}"#,
    r#"{{ semverCompare ">=1, <2" "1.5" }} {{ semverCompare ">=1 <2" "1.5" }} {{ semverCompare ">= 1 , < 2" "2" }} {{ semverCompare "<1 || >2" "3" }} {{ semverCompare "<1||>2" "1.5" }} {{ semverCompare "1 2" "1" }}"#,
    r#"{{ semverCompare ">=1" "1.0.0-a" }} {{ semverCompare ">=1-0" "1.0.0-a" }} {{ semverCompare ">1.0.0-alpha" "1.0.0-beta" }} {{ semverCompare "~1-a" "1.0.0-b" }} {{ semverCompare "^1.2.3-a" "1.2.3-b" }} {{ semverCompare "!=1.2.3" "1.2.3-a" }} {{ semverCompare "!=1.2" "1.2.3-a" }} {{ semverCompare "!=1.2-a" "1.2.3-a" }} {{ semverCompare "1.x-a" "1.0.0-a" }}"#,
    r#"{{ semverCompare "1+a" "1+b" }} {{ semverCompare "1.2.3+a" "1.2.3" }} {{ semverCompare "=1.2.3-a+b" "1.2.3-a" }} {{ semverCompare "1.2.3.4 - 5" "3" }}"#,
    r#"{{ semverCompare "" "1" }}"#,
    r#"{{ semverCompare " " "1" }}"#,
    r#"{{ semverCompare "a" "1" }}"#,
    r#"{{ semverCompare ">" "1" }}"#,
    r#"{{ semverCompare "1 ||" "1" }}"#,
    r#"{{ semverCompare "==1" "1" }}"#,
    r#"{{ semverCompare "1,,2" "1" }}"#,
    r#"{{ semverCompare "1|2" "1" }}"#,
    r#"{{ semverCompare "xx" "1" }}"#,
    r#"{{ semverCompare "01" "1" }}"#,
    r#"{{ semverCompare "1" "" }}"#,
    r#"{{ semverCompare "1" "x" }}"#,
    r#"{{ semverCompare .bin "1" }}"#,
    r#"{{ semverCompare "1.2.3.4" "1" }}"#,
    r#"{{ semverCompare ">=1 - 2" "1" }}"#,
    r#"{{ semverCompare "99999999999999999999" "1" }}"#,
    r#"{{ semverCompare "1" }}"#,
    r"{{ semverCompare 1 2 }}",
    r#"{{ "1.5" | semverCompare "^1" }} {{ semverCompare "\t>=\n1\f" "1" }} {{ semverCompare "^v1" "1" }} {{ semverCompare "1, 1,1" "1" }}"#,
];

const NUMBERS: &[&str] = &["0", "1", "2", "3", "10", "x", "*", "X"];
const TAILS: &[&str] = &["", "", "", "-a", "-b.1", "-1", "-10", "-a.b", "-0", "+m", "-a+m", "-rc.1", "-01", "-"];
const SIGNS: &[&str] = &["", "=", "!=", ">", "<", ">=", "=>", "<=", "=<", "~", "~>", "^"];
const PIECES: &[&str] = &[
    "1", "0", "x", "*", "|", "||", ".", "-", "+", " ", ",", ", ", " - ", "v", "V", ">", "<", "=", "!", "~", "^", "a",
    "é",
];

fn version(grower: &mut Grower<'_>, numbers: &[&str]) -> String {
    let parts = 1 + grower.random.below(3);
    let numbers: Vec<&str> = (0..parts).map(|_| grower.one_of(numbers)).collect();
    format!("{}{}{}", grower.one_of(&["", "", "", "v"]), numbers.join("."), grower.one_of(TAILS))
}

fn constraint(grower: &mut Grower<'_>) -> String {
    let count = 1 + grower.random.below(3);
    let mut text = String::new();
    for index in 0..count {
        if index > 0 {
            text += grower.one_of(&[" ", ", ", ",", " || ", "||", " - "]);
        }
        text += grower.one_of(SIGNS);
        text += grower.one_of(&["", "", " "]);
        text += &version(grower, NUMBERS);
    }
    text
}

fn broken(grower: &mut Grower<'_>) -> String {
    (0..=grower.random.below(6)).map(|_| grower.one_of(PIECES)).collect()
}

fn method(grower: &mut Grower<'_>, one: &str, two: &str) -> Line {
    let plain = [
        "Major",
        "Minor",
        "Patch",
        "Prerelease",
        "Metadata",
        "Original",
        "String",
        "IncMajor",
        "IncMinor",
        "IncPatch",
        "MarshalJSON",
        "MarshalText",
        "Value",
        "IncPatch.IncPatch",
    ];
    let comparing = ["Compare", "Equal", "LessThan", "LessThanEqual", "GreaterThan", "GreaterThanEqual"];
    match grower.random.below(3) {
        0 => format!("(semver {one:?}).{}", grower.one_of(&plain)),
        1 => format!("(semver {one:?}).{} (semver {two:?})", grower.one_of(&comparing)),
        _ => {
            let text = grower.one_of(&["", "a", "1", "01", "a.b", "a..b", "-", "é"]);
            format!("(semver {one:?}).{} {text:?}", grower.one_of(&["SetPrerelease", "SetMetadata"]))
        }
    }
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    let (one, two) = (version(grower, &NUMBERS[..5]), version(grower, &NUMBERS[..5]));
    match grower.random.below(8) {
        0 => format!("semver {one:?}"),
        1 => format!("semver {}", grower.text()),
        2 => format!("semver {:?}", broken(grower)),
        3 => format!("semverCompare {:?} {one:?}", broken(grower)),
        4 => method(grower, &one, &two),
        _ => format!("semverCompare {:?} {one:?}", constraint(grower)),
    }
}
