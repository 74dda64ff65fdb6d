//! Documents and paths that grow from a seed.

use super::Case;
use keyferry_oracle::Random;

const NAMES: [&str; 6] = ["a", "b", "c", "name", "value", "ö"];
const SCALARS: [&str; 12] =
    ["0", "1", "2.5", "-1", "true", "false", "null", "\"a\"", "\"b\"", "\"1\"", "\"true\"", "1e21"];

fn document(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 1 } else { 4 }) {
        0 => random.word(&SCALARS).to_owned(),
        1 => {
            let elements: Vec<_> = (0..random.below(4)).map(|_| document(random, depth - 1)).collect();
            format!("[{}]", elements.join(","))
        }
        _ => {
            let mut members: Vec<_> = NAMES.iter().filter(|_| random.below(2) == 0).copied().collect();
            members.truncate(4);
            let members: Vec<_> =
                members.iter().map(|name| format!("\"{name}\":{}", document(random, depth - 1))).collect();
            format!("{{{}}}", members.join(","))
        }
    }
}

fn index(random: &mut Random) -> &'static str {
    random.word(&["0", "1", "2", "-1", "\"0\"", "\"a\"", "\"b\"", "'a'", "a", "$.a", "1.5", "true"])
}

fn expression(random: &mut Random, depth: usize) -> String {
    match random.below(9) {
        0 => random.word(&SCALARS).to_owned(),
        1 => "@".to_owned(),
        2 => format!("@{}", steps(random, depth)),
        3 => format!("${}", steps(random, depth)),
        4 if depth > 0 => format!("({})", expression(random, depth - 1)),
        5 => random.word(&NAMES).to_owned(),
        _ if depth > 0 => {
            let (left, right) = (expression(random, depth - 1), expression(random, depth - 1));
            format!("{left}{}{right}", random.word(&["==", "!=", " == ", "==", "&&"]))
        }
        _ => random.word(&["@.a", "@.name", "@[0]"]).to_owned(),
    }
}

fn step(random: &mut Random, depth: usize) -> String {
    let name = random.word(&NAMES);
    match random.below(16) {
        0..=5 => format!(".{name}"),
        6 => format!("[\"{name}\"]"),
        7 => format!("[{}]", index(random)),
        8 => random.word(&[".*", "[*]"]).to_owned(),
        9 => format!("[{},{}]", index(random), index(random)),
        10 => random.word(&["[0:1]", "[1:]", "[:1]", "[:]", "[::2]", "[-1:]", "[::-1]", "[1:0]", "[0:2:0]"]).to_owned(),
        11 => format!("..{name}"),
        12 => random.word(&["..*", "..[0]", "..[\"a\",\"b\"]", "..[*]"]).to_owned(),
        13 => format!("[?{}]", expression(random, depth)),
        14 => format!("[?({})]", expression(random, depth)),
        _ => format!("({})", expression(random, depth)),
    }
}

fn steps(random: &mut Random, depth: usize) -> String {
    if depth == 0 {
        return String::new();
    }
    (0..=random.below(3)).map(|_| step(random, depth - 1)).collect()
}

/// One path in eight has a mistake in it, or nearly.
fn path(random: &mut Random) -> String {
    let path = if random.below(10) == 0 { expression(random, 2) } else { format!("${}", steps(random, 3)) };
    if random.below(8) > 0 {
        return path;
    }
    let mut characters: Vec<char> = path.chars().collect();
    let at = random.below(characters.len());
    if random.below(2) == 0 {
        characters.remove(at);
    } else {
        characters.insert(
            at,
            random.word(&[".", "[", "]", "(", ")", "\"", "'", " ", "*", ":", "-", "=", "1"]).chars().next().unwrap(),
        );
    }
    characters.into_iter().collect()
}

pub fn case(random: &mut Random) -> Case {
    let json = document(random, 4);
    Case { json, paths: (0..5).map(|_| path(random)).collect() }
}
