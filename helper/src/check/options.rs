//! The arguments of `check`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::prelude::{Long, Short, ValueExt};

use super::rights::Identity;

/// How to use it.
pub const USAGE: &str = include_str!("help.txt");

/// The most groups of `--as`, and files or roots of a repeatable option.
const MOST: usize = 1_000;

/// What was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Files and folders of configuration.
    pub configs: Vec<PathBuf>,
    /// Roots; none means those that the helper would use.
    pub roots: Vec<PathBuf>,
    /// Whose rights count; none means the one who runs the check.
    pub identity: Option<Identity>,
    /// How old a generation may be.
    pub max_age: Option<Duration>,
    /// The allow-list.
    pub allow: Option<PathBuf>,
    /// JSON instead of text.
    pub json: bool,
    /// Only the usage is asked for.
    pub help: bool,
}

/// Reads the arguments that follow `check`. The error says what is wrong with them.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Options, String> {
    let mut options = Options::default();
    let mut parser = lexopt::Parser::from_args(arguments);
    while let Some(argument) = parser.next().map_err(|error| error.to_string())? {
        match argument {
            Long("json") => options.json = true,
            Long("help") | Short('h') => options.help = true,
            Long(name @ ("config" | "root" | "as" | "max-age" | "allow")) => {
                let name = name.to_owned();
                let value = parser.value().map_err(|error| error.to_string())?;
                set(&mut options, &name, value)?;
            }
            other => return Err(other.unexpected().to_string()),
        }
    }
    Ok(options)
}

fn set(options: &mut Options, name: &str, value: OsString) -> Result<(), String> {
    match name {
        "config" => push(&mut options.configs, value, name)?,
        "root" => push(&mut options.roots, value, name)?,
        "allow" => options.allow = Some(value.into()),
        "as" => options.identity = Some(value.parse_with(identity).map_err(|error| error.to_string())?),
        _ => options.max_age = Some(value.parse_with(duration).map_err(|error| error.to_string())?),
    }
    Ok(())
}

fn push(paths: &mut Vec<PathBuf>, value: OsString, name: &str) -> Result<(), String> {
    if paths.len() >= MOST {
        return Err(format!("--{name} is given more than {MOST} times"));
    }
    paths.push(value.into());
    Ok(())
}

/// `1000:1000` or `1000:0,1000,2000`.
fn identity(text: &str) -> Result<Identity, String> {
    let wrong = || format!("{text:?} is not UID:GID or UID:GID,GID...");
    let number = |text: &str| text.parse().map_err(|_| wrong());
    let (uid, groups) = text.split_once(':').ok_or_else(wrong)?;
    let mut groups = groups.split(',');
    let gid = number(groups.next().unwrap_or_default())?;
    let groups = groups.take(MOST).map(number).collect::<Result<_, _>>()?;
    Ok(Identity { uid: number(uid)?, gid, groups })
}

/// Whole numbers with `s`, `m`, `h` or `d`, one after the other.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no duration such as 90s, 10m, 1h30m or 2d");
    let mut seconds = 0_u64;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = rest.split_at(digits);
        let each = match unit.chars().next() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3_600,
            Some('d') => 86_400,
            _ => return Err(wrong()),
        };
        let part = number.parse::<u64>().ok().and_then(|number| number.checked_mul(each)).ok_or_else(wrong)?;
        seconds = seconds.checked_add(part).ok_or_else(wrong)?;
        rest = unit.get(1..).unwrap_or_default();
    }
    if text.is_empty() { Err(wrong()) } else { Ok(Duration::from_secs(seconds)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Options, String> {
        parse(arguments.iter().map(OsString::from))
    }

    #[test]
    fn every_option_is_kept() {
        let given = [
            "--config",
            "a",
            "--config=b",
            "--root",
            "/r",
            "--as",
            "7:8,9",
            "--max-age",
            "2m",
            "--allow",
            "l",
            "--json",
        ];
        let expected = Options {
            configs: vec!["a".into(), "b".into()],
            roots: vec!["/r".into()],
            identity: Some(Identity { uid: 7, gid: 8, groups: vec![9] }),
            max_age: Some(Duration::from_mins(2)),
            allow: Some("l".into()),
            json: true,
            help: false,
        };
        assert_eq!(parsed(&given), Ok(expected));
        assert!(parsed(&["-h"]).unwrap().help);
    }

    #[test]
    fn the_help_names_every_option_and_fits_a_terminal() {
        for option in ["--config", "--root", "--as", "--max-age", "--allow", "--json", "--help"] {
            assert!(USAGE.contains(option), "{option}");
        }
        assert!(USAGE.lines().all(|line| line.len() <= 100));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (given, words) in [
            (&["--as", "1000"][..], "\"1000\" is not UID:GID"),
            (&["--as", "a:1"], "UID:GID"),
            (&["--as", "1:1,"], "UID:GID"),
            (&["--as", "4294967296:1"], "UID:GID"),
            (&["--max-age", "10"], "no duration"),
            (&["--max-age", ""], "no duration"),
            (&["--max-age", "s"], "no duration"),
            (&["--max-age", "99999999999999999999d"], "no duration"),
            (&["--max-age", "1é"], "no duration"),
            (&["--conf"], "--conf"),
            (&["file"], "file"),
            (&["--config"], "--config"),
            (&["--json=yes"], "--json"),
        ] {
            let error = parsed(given).unwrap_err();
            assert!(error.contains(words), "{given:?}: {error}");
        }
    }

    #[test]
    fn durations_add_up() {
        for (text, seconds) in [("90s", 90), ("1h30m", 5_400), ("2d", 172_800), ("0s", 0), ("1d1h1m1s", 90_061)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }
}
