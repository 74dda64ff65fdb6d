//! Constraints such as `>=1.2, <2 || ^3.x`.

use super::version::{Version, prerelease};
use keyferry_goregex::Regexp;
use keyferry_gotemplate::{Call, FuncError, Stop};
use std::cmp::Ordering;
use std::sync::LazyLock;

/// Alternatives, of which each is a list of conditions that all must hold.
pub(super) struct Constraint(Vec<Vec<Condition>>);

struct Condition {
    operator: Operator,
    version: Version,
    /// What of the version is not said, or `x`.
    open: Open,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    AtLeast,
    AtMost,
    Tilde,
    Caret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Nothing,
    Patch,
    Minor,
    Major,
}

/// The grammar, in Go's regular expressions: its library finds the parts by them, with all that follows for odd input.
struct Grammar {
    range: Regexp,
    condition: Regexp,
    conditions: Regexp,
}

static GRAMMAR: LazyLock<Option<Grammar>> = LazyLock::new(grammar);

fn grammar() -> Option<Grammar> {
    let number = "[0-9xX*|]+";
    let label = r"[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*";
    let version = format!(r"v?{number}(?:\.{number}){{0,2}}(?:-{label})?(?:\+{label})?");
    let condition = format!(r"(?:!=|[<>]=?|=[<>]?|~>?|\^)?\s*{version}");
    Some(Grammar {
        range: Regexp::new(format!(r"\s*({version})\s+-\s+({version})\s*")).ok()?,
        conditions: Regexp::new(format!(r"^\s*{condition}\s*(?:(?:\s+|,\s*){condition}\s*)*$")).ok()?,
        condition: Regexp::new(condition).ok()?,
    })
}

const IMPROPER: &str = "improper constraint";

/// What a constraint says.
pub(super) fn parse(call: &Call<'_>, source: &[u8]) -> Result<Constraint, FuncError> {
    let grammar = GRAMMAR.as_ref().ok_or(IMPROPER)?;
    let source = without_ranges(call, grammar, source)?;
    call.meter().step(source.len().saturating_mul(2))?;
    let mut alternatives = Vec::new();
    for alternative in split(&source) {
        call.meter().allocate(size_of::<Vec<Condition>>())?;
        if !grammar.conditions.is_match(alternative) {
            return Err(IMPROPER.into());
        }
        let mut conditions = Vec::new();
        for found in grammar.condition.find_all(alternative) {
            let range = found.get(0).unwrap_or_default();
            call.meter().allocate(size_of::<Condition>() + range.len().saturating_mul(2))?;
            conditions.push(condition(alternative.get(range).unwrap_or_default())?);
        }
        alternatives.push(conditions);
    }
    Ok(Constraint(alternatives))
}

/// The alternatives, `||` apart.
fn split(source: &[u8]) -> Vec<&[u8]> {
    let (mut parts, mut start, mut at) = (Vec::new(), 0, 0);
    while at < source.len() {
        if source.get(at..).is_some_and(|rest| rest.starts_with(b"||")) {
            parts.push(source.get(start..at).unwrap_or_default());
            (start, at) = (at + 2, at + 2);
        } else {
            at += 1;
        }
    }
    parts.push(source.get(start..).unwrap_or_default());
    parts
}

/// `1.2 - 3` is `>= 1.2, <= 3`.
fn without_ranges(call: &Call<'_>, grammar: &Grammar, source: &[u8]) -> Result<Vec<u8>, FuncError> {
    call.meter().step(source.len())?;
    call.meter().allocate(source.len())?;
    let mut out = source.to_vec();
    for found in grammar.range.find_all(source) {
        let piece = |group| source.get(found.get(group).unwrap_or_default()).unwrap_or_default();
        let rewritten = [b">= ", piece(1), b", <= ", piece(2), b" "].concat();
        // As there, it is the first such text that is replaced.
        call.meter().step(out.len())?;
        call.meter().allocate(rewritten.len())?;
        let whole = piece(0);
        if let Some(at) = out.windows(whole.len()).position(|window| window == whole) {
            out.splice(at..at + whole.len(), rewritten);
        }
    }
    Ok(out)
}

fn condition(source: &[u8]) -> Result<Condition, FuncError> {
    let text = std::str::from_utf8(source).map_err(|_| IMPROPER)?;
    let length = text.bytes().take_while(|byte| b"=!<>~^".contains(byte)).count();
    let (operator, version) = text.split_at_checked(length).unwrap_or_default();
    let version = version.trim_start();
    let bare = version.strip_prefix('v').unwrap_or(version);
    let (core, pre) = core_and_pre(bare);
    let (open, core) = open(core);
    let source = match core {
        Some(core) => format!("{core}{pre}"),
        None => version.to_owned(),
    };
    let version = Version::parse(source.as_bytes()).map_err(|_| "constraint Parser Error")?;
    Ok(Condition { operator: self::operator(operator), version, open })
}

/// The numbers, and the prerelease with its hyphen.
fn core_and_pre(version: &str) -> (&str, &str) {
    let without = version.split_once('+').map_or(version, |(without, _)| without);
    without.find('-').and_then(|at| without.split_at_checked(at)).unwrap_or((without, ""))
}

/// What is open, and the numbers with zeros there; nothing if they are all said.
fn open(core: &str) -> (Open, Option<String>) {
    let mut parts = core.split('.');
    let mut said = || parts.next().filter(|part| !matches!(*part, "x" | "X" | "*"));
    let Some(major) = said() else { return (Open::Major, Some("0.0.0".to_owned())) };
    let Some(minor) = said() else { return (Open::Minor, Some(format!("{major}.0.0"))) };
    match said() {
        Some(_) => (Open::Nothing, None),
        None => (Open::Patch, Some(format!("{major}.{minor}.0"))),
    }
}

fn operator(sign: &str) -> Operator {
    match sign {
        "!=" => Operator::NotEqual,
        ">" => Operator::Greater,
        "<" => Operator::Less,
        ">=" | "=>" => Operator::AtLeast,
        "<=" | "=<" => Operator::AtMost,
        "~" | "~>" => Operator::Tilde,
        "^" => Operator::Caret,
        _ => Operator::Equal,
    }
}

impl Constraint {
    /// Whether a version fits.
    pub(super) fn admits(&self, call: &Call<'_>, version: &Version) -> Result<bool, Stop> {
        for alternative in &self.0 {
            call.meter().step(1)?;
            let mut all = true;
            for condition in alternative {
                call.meter().step(1 + version.pre.len())?;
                all = all && condition.admits(version);
            }
            if all {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Condition {
    fn admits(&self, version: &Version) -> bool {
        // `!=` of a whole version is the one that prereleases pass.
        let strict = self.operator != Operator::NotEqual || self.open != Open::Nothing;
        if strict && !version.pre.is_empty() && self.version.pre.is_empty() {
            return false;
        }
        let order = version.compare(&self.version);
        match self.operator {
            Operator::Equal if self.open == Open::Nothing => order.is_eq(),
            Operator::Equal | Operator::Tilde => self.tilde(version, order),
            Operator::NotEqual => self.differs(version, order),
            Operator::Greater => self.greater(version, order),
            Operator::Less => order.is_lt(),
            Operator::AtLeast => order.is_ge(),
            Operator::AtMost => self.at_most(version, order),
            Operator::Caret => self.caret(version, order),
        }
    }

    fn differs(&self, version: &Version, order: Ordering) -> bool {
        match self.open {
            Open::Nothing => order.is_ne(),
            _ if self.version.major != version.major => true,
            Open::Minor => false,
            _ if self.version.minor != version.minor => true,
            Open::Patch => prerelease(&version.pre, &self.version.pre).is_ne(),
            Open::Major => self.version.patch != version.patch || order.is_ne(),
        }
    }

    /// `>11` is from 12 on, `>11.1` from 11.2.
    fn greater(&self, version: &Version, order: Ordering) -> bool {
        match self.open {
            Open::Nothing => order.is_gt(),
            _ if version.major != self.version.major => version.major > self.version.major,
            Open::Minor => false,
            Open::Patch => version.minor > self.version.minor,
            Open::Major => order.is_gt(),
        }
    }

    /// `<=11` has all of 11, `<=11.1` all of 11.1.
    fn at_most(&self, version: &Version, order: Ordering) -> bool {
        match self.open {
            Open::Nothing => order.is_le(),
            _ if version.major != self.version.major => version.major < self.version.major,
            Open::Minor => true,
            _ => version.minor <= self.version.minor,
        }
    }

    /// The patch may be later; the minor too, if only the major is said.
    fn tilde(&self, version: &Version, order: Ordering) -> bool {
        let zero = (self.version.major, self.version.minor, self.version.patch) == (0, 0, 0);
        let any = zero && !matches!(self.open, Open::Minor | Open::Patch);
        let minor = version.minor == self.version.minor || self.open == Open::Minor;
        order.is_ge() && (any || (version.major == self.version.major && minor))
    }

    /// All up to the next change of the first number that is not zero.
    fn caret(&self, version: &Version, order: Ordering) -> bool {
        let own = &self.version;
        if order.is_lt() || version.major != own.major {
            return false;
        }
        if own.major > 0 || self.open == Open::Minor {
            return true;
        }
        if own.minor > 0 || self.open == Open::Patch {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}
