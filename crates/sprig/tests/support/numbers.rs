//! Cases of the family `numbers`.

use super::calls::{calls, calls_of};
use super::grow::{Grower, Line};

/// What may be converted to a number, or not.
const VALUES: &[&str] = &[
    "0",
    "7",
    "-7",
    "2.5",
    "-2.5",
    "0.1",
    "1e300",
    "-1e300",
    "9223372036854775807",
    "-9223372036854775808",
    "true",
    "false",
    "nil",
    "'a'",
    "1i",
    r#""""#,
    r#""12""#,
    r#""-12""#,
    r#""+12""#,
    r#""012""#,
    r#""08""#,
    r#""0o17""#,
    r#""0b101""#,
    r#""0x1F""#,
    r#""0X1f""#,
    r#""1_000""#,
    r#""_1""#,
    r#""1__0""#,
    r#""0x_1""#,
    r#""12.0""#,
    r#""12.000""#,
    r#""12.""#,
    r#""12.0.""#,
    r#""12.00.0""#,
    r#"".0""#,
    r#""0.0""#,
    r#""-0.0""#,
    r#""12.5""#,
    r#"".5""#,
    r#""1e3""#,
    r#""1e999""#,
    r#""-1e999""#,
    r#""1e-999""#,
    r#""0x1p-2""#,
    r#""0x1.8""#,
    r#""inf""#,
    r#""-Infinity""#,
    r#""+inf""#,
    r#""nan""#,
    r#""+nan""#,
    r#""NaN""#,
    r#""infin""#,
    r#"" 12""#,
    r#""12 ""#,
    r#""٣""#,
    r#""9223372036854775807""#,
    r#""9223372036854775808""#,
    r#""-9223372036854775808""#,
    r#""-9223372036854775809""#,
    r#""18446744073709551616""#,
    r#""4.9e-324""#,
    r#""1.7976931348623157e308""#,
    r#""1.7976931348623159e308""#,
    ".i",
    ".i8",
    ".i64",
    ".u8",
    ".u64",
    ".f",
    ".f32",
    ".bin",
    ".bytes",
    ".list",
    ".map",
    ".nil",
    ".took",
    ".when",
    ".when.Month",
    ".when.Weekday",
    "(list 1)",
    "(dict)",
];

/// Pairs of values, of every kind.
const PAIRS: &[&str] = &[
    "1 2",
    "-7 2",
    "7 -2",
    "7 0",
    "0 7",
    "2.9 1.9",
    "-2.9 1.9",
    r#""8" "010""#,
    r#""8" "08""#,
    r#""x" 1"#,
    r#"1 "x""#,
    "true false",
    "nil 1",
    "1 nil",
    "9223372036854775807 1",
    "-9223372036854775808 -1",
    "-9223372036854775808 1",
    "9223372036854775807 9223372036854775807",
    "1e300 1",
    ".u64 1",
    ".i64 .i8",
    ".f .f32",
    ".list 1",
    ".bin .bytes",
    "1",
    "1 2 3",
    "3 2 1 -5 8",
    "",
];

/// Floats and what becomes one.
const FLOATS: &[&str] = &[
    "0.1 0.2",
    "1 3",
    "10 3",
    "2 3",
    "-2 3",
    "1 -3",
    "1 7 7 7",
    "0 5",
    "5 0",
    "0 0",
    "-0.0 0",
    "1e300 1e300",
    "1e-300 1e-300",
    "-1e-300 1e-300",
    "1e300 1e-300",
    "1e-300 1e300",
    "1.7976931348623157e308 1.7976931348623157e308",
    "5e-324 5e-324",
    "5e-324 2",
    "0.1 0.2 0.3 0.4",
    "-1072278603622336.3 -59458.700000000004",
    "1125899906842624.25 0.5",
    "123456789.123456789 987654321.987654321",
    "0.00000000000000005 1",
    "0.00000000000000015 1",
    "0.00000000000000025 1",
    "-0.00000000000000015 1",
    r#""1.1" "2.2""#,
    r#""inf" 1"#,
    r#"1 "-inf""#,
    r#""nan" 1"#,
    r#"1 "nan""#,
    r#""x" 1"#,
    "nil 1",
    "1 nil",
    "true 2",
    ".f .f32",
    ".u64 .i64",
    ".list 2",
    "1.5",
    "",
];

/// By hand: every function, at its edges.
pub fn cases() -> Vec<&'static str> {
    let conversions = calls_of(&["int", "int64", "float64", "toDecimal", "add1", "add1f", "ceil", "floor"], VALUES);
    let integers = calls_of(&["add", "sub", "div", "mod", "mul", "biggest", "max", "min"], PAIRS);
    let floats = calls_of(&["addf", "subf", "mulf", "divf", "maxf", "minf"], FLOATS);
    [conversions, integers, floats, atoi(), octal(), ranges(), rounded()].concat()
}

fn atoi() -> Vec<&'static str> {
    let texts = [
        r#""""#,
        r#""12""#,
        r#""-12""#,
        r#""+12""#,
        r#""012""#,
        r#""0x1F""#,
        r#""1_000""#,
        r#""12.0""#,
        r#"" 12""#,
        r#""-""#,
        r#""+-1""#,
        r#""9223372036854775807""#,
        r#""9223372036854775808""#,
        r#""-9223372036854775808""#,
        r#""-9223372036854775809""#,
        r#""18446744073709551615""#,
        r#""18446744073709551616""#,
        r#""99999999999999999999x""#,
        r#""9999999999999999999x""#,
        r#""000000000000000000000000000007""#,
        r#""٣""#,
        ".bin",
        "12",
        "nil",
        ".i",
    ];
    calls("atoi", &texts)
}

fn octal() -> Vec<&'static str> {
    let texts = [
        r#""0755""#,
        r#""0o755""#,
        r#""-10""#,
        r#""8""#,
        "777",
        "778",
        "true",
        r#""777777777777777777777""#,
        r#""1000000000000000000000""#,
        r#""-1000000000000000000000""#,
        r#""7_7""#,
        "(list)",
        "10.0",
        "1e21",
    ];
    calls("toDecimal", &texts)
}

fn ranges() -> Vec<&'static str> {
    let until = ["0", "1", "5", "-1", "-5", "300", "5.0", "nil", r#""5""#, ".i", ".i8", "(int .i8)", "9000000000 1"];
    let until_step = [
        "0 10 3",
        "10 0 -3",
        "0 10 -3",
        "10 0 3",
        "0 10 0",
        "10 0 0",
        "5 5 1",
        "5 5 -1",
        "-3 3 2",
        "3 -3 -2",
        "9223372036854775806 9223372036854775807 1",
        "-9223372036854775807 -9223372036854775808 -1",
        "0 9223372036854775807 9223372036854775807",
        "1 2",
    ];
    let seq = [
        "",
        "5",
        "1",
        "0",
        "-1",
        "-3",
        "2 5",
        "5 2",
        "5 5",
        "0 2 10",
        "0 -2 10",
        "10 -2 0",
        "10 2 0",
        "10 0 0",
        "0 0 10",
        "3 1 3",
        "3 -1 3",
        "3 0 3",
        "-5 5",
        "1 2 3 4",
        "-9223372036854775808",
        "9223372036854775807 9223372036854775807",
        "1 -9223372036854775808",
        r#""1""#,
        "1.0",
    ];
    [calls("until", &until), calls("untilStep", &until_step), calls("seq", &seq)].concat()
}

fn rounded() -> Vec<&'static str> {
    let arguments = [
        "2.5 0",
        "-2.5 0",
        "2.4999 0",
        "-2.4 0",
        "-2.6 0",
        "123.5555 3",
        "123.5555 2",
        "123.5555 -1",
        "123.5555 -2",
        "123.5555 -3",
        "1.005 2",
        "2.675 2",
        "123.5555 3 0.3",
        "123.5555 3 0.9",
        "123.5 0 1",
        "123.5 0 0",
        "123.5 0 -1",
        "-123.5 0 -0.6",
        "123.5 0 0.1 0.9",
        "1.5 22",
        "1.5 23",
        "1.5 100",
        "1.5 307",
        "1.5 308",
        "1.5 309",
        "1.5 -308",
        "1.5 -323",
        "1.5 -324",
        "1e300 20",
        "1e300 -300",
        "1.5 9223372036854775807",
        "1.5 -9223372036854775808",
        "0 400",
        r#""1.55" 1"#,
        r#""x" 1"#,
        r#""inf" 1"#,
        r#""nan" 1"#,
        "nil 1",
        "true 1",
        ".f 1",
        ".u64 -3",
        "1.5 1.0",
        "1.5 1.5",
        "1.5",
        r#"1.5 1 "0.5""#,
    ];
    calls("round", &arguments)
}

/// One call of a function of this family, with arguments that grow.
pub fn grow(grower: &mut Grower<'_>) -> Line {
    match grower.random.below(8) {
        0 => one(grower),
        1 | 2 => of_two(grower),
        3 => many(grower),
        4 | 5 => floats(grower),
        6 => range(grower),
        _ => round(grower),
    }
}

fn one(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&[
        "int",
        "int64",
        "float64",
        "toDecimal",
        "add1",
        "add1f",
        "ceil",
        "floor",
        "atoi",
        "toDecimal",
        "atoi",
    ]);
    format!("{function} {}", number(grower))
}

fn of_two(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&["sub", "div", "mod"]);
    format!("{function} {} {}", number(grower), number(grower))
}

fn many(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&["add", "mul", "biggest", "max", "min"]);
    format!("{function} {}", numbers(grower))
}

fn floats(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&["addf", "subf", "mulf", "divf", "maxf", "minf"]);
    format!("{function} {}", numbers(grower))
}

fn numbers(grower: &mut Grower<'_>) -> String {
    (0..grower.random.below(5)).map(|_| number(grower) + " ").collect()
}

fn range(grower: &mut Grower<'_>) -> Line {
    let function = grower.one_of(&["until", "untilStep", "seq", "seq"]);
    let count = match function {
        "until" => 1,
        "untilStep" => 3,
        _ => grower.random.below(5),
    };
    let numbers: String = (0..count).map(|_| grower.small() + " ").collect();
    format!("{function} {numbers}")
}

fn round(grower: &mut Grower<'_>) -> Line {
    let places = match grower.random.below(4) {
        0 => i64::try_from(grower.random.below(800)).unwrap() - 400,
        _ => i64::try_from(grower.random.below(24)).unwrap() - 6,
    };
    let on = grower.one_of(&["", "", "", "0.3", "0.9", "-0.5"]);
    format!("round {} {places} {on}", number(grower))
}

/// A number: any value, digits as text or as a literal, or another call.
fn number(grower: &mut Grower<'_>) -> String {
    match grower.random.below(8) {
        0 => grower.any(),
        1 => grower.number(),
        2 => text_of_number(grower),
        3 => format!("({})", one(grower)),
        4 => format!("{:?}", f64::from_bits(grower.random.number())).replace("NaN", "1.0").replace("inf", "1.0"),
        _ => literal(grower),
    }
}

fn literal(grower: &mut Grower<'_>) -> String {
    let scale = 10_f64.powi(i32::try_from(grower.random.below(12)).unwrap() - 6);
    let whole = f64::from(u32::try_from(grower.random.below(2_000_001)).unwrap()) - 1_000_000.0;
    format!("{:?}", whole * scale)
}

/// Text as of a number, with what does not belong into one.
fn text_of_number(grower: &mut Grower<'_>) -> String {
    let count = 1 + grower.random.below(7);
    let pieces =
        ["0", "1", "7", "9", "0", "12", ".", "-", "+", "e", "E", "x", "0x", "_", "p", "b", "inf", "nan", " ", "f"];
    let text: String = (0..count).map(|_| grower.one_of(&pieces)).collect();
    format!("{text:?}")
}
