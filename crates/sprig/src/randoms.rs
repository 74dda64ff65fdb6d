//! Random text and numbers. Each choice is as likely as every other.

use crate::Host;
use crate::arguments::{Outcome, exactly, int, text};
use crate::table::{Family, Shared};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use keyferry_gotemplate::{Call, FuncError, Function, Type, Value};

pub(crate) fn family(host: &Shared) -> Family {
    vec![
        ("randAlphaNum", of_alphabet(host, letters_and_digits)),
        ("randAlpha", of_alphabet(host, letters)),
        ("randNumeric", of_alphabet(host, digits)),
        ("randAscii", of_alphabet(host, printable)),
        ("randBytes", with(host, &[Type::INT], bytes).named("func(int) (string, error)")),
        ("randInt", with(host, &[Type::INT, Type::INT], between).named("func(int, int) int")),
        ("shuffle", with(host, &[Type::String], shuffle).named("func(string) string")),
        ("uuidv4", with(host, &[], uuid).named("func() string")),
    ]
}

type Run = fn(&mut Call<'_>, &[Value], &dyn Host) -> Outcome;

fn with(host: &Shared, parameters: &'static [Type], run: Run) -> Function {
    let host = host.clone();
    Function::new(parameters, move |call, arguments| run(call, arguments, host.as_ref()))
}

fn of_alphabet(host: &Shared, alphabet: fn() -> Vec<u8>) -> Function {
    let (host, alphabet) = (host.clone(), alphabet());
    let run = move |call: &mut Call<'_>, arguments: &[Value]| word(call, arguments, host.as_ref(), &alphabet);
    Function::new(&[Type::INT], run).named("func(int) string")
}

fn letters() -> Vec<u8> {
    (b'A'..=b'Z').chain(b'a'..=b'z').collect()
}

fn digits() -> Vec<u8> {
    (b'0'..=b'9').collect()
}

fn letters_and_digits() -> Vec<u8> {
    [letters(), digits()].concat()
}

fn printable() -> Vec<u8> {
    (b' '..=b'~').collect()
}

/// How many random bytes take about the time of a step.
const BYTES_OF_A_STEP: usize = 4;

/// What fetching some is worth.
const STEPS_OF_A_DRAW: usize = 8;

/// Random bytes, fetched many at a time.
struct Source<'h> {
    host: &'h dyn Host,
    pool: [u8; 64],
    used: usize,
}

impl<'h> Source<'h> {
    fn new(host: &'h dyn Host) -> Self {
        Self { host, pool: [0; 64], used: 64 }
    }

    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        if self.used + N > self.pool.len() {
            self.host.fill(&mut self.pool);
            self.used = 0;
        }
        let bytes = self.pool.get(self.used..).and_then(|rest| rest.first_chunk());
        self.used += N;
        bytes.copied().unwrap_or([0; N])
    }

    /// A number below `count`, which is not zero. Draws that would make some numbers likelier are thrown away.
    fn below(&mut self, count: u64) -> u64 {
        let surplus = (u64::MAX % count + 1) % count;
        loop {
            let draw = u64::from_le_bytes(self.bytes());
            if draw <= u64::MAX - surplus {
                return draw % count;
            }
        }
    }

    /// One of at most 256 letters: as [`Source::below`], from a byte.
    fn letter(&mut self, alphabet: &[u8]) -> u8 {
        let count = alphabet.len().max(1);
        let fair = 256 - 256 % count;
        loop {
            let [draw] = self.bytes();
            let draw = usize::from(draw);
            if draw < fair {
                return alphabet.get(draw % count).copied().unwrap_or_default();
            }
        }
    }
}

/// A word of so many letters; of fewer than none it is empty.
fn word(call: &Call<'_>, arguments: &[Value], host: &dyn Host, alphabet: &[u8]) -> Outcome {
    let [count] = exactly(arguments)?;
    let count = usize::try_from(int(count)?).unwrap_or(0);
    take(call, count)?;
    let mut source = Source::new(host);
    Ok(Value::Str((0..count).map(|_| source.letter(alphabet)).collect()))
}

fn take(call: &Call<'_>, bytes: usize) -> Result<(), FuncError> {
    call.meter().allocate(bytes)?;
    Ok(call.meter().step(bytes / BYTES_OF_A_STEP)?)
}

/// In base64.
fn bytes(call: &mut Call<'_>, arguments: &[Value], host: &dyn Host) -> Outcome {
    let [count] = exactly(arguments)?;
    let count = usize::try_from(int(count)?).map_err(|_| "randBytes needs a number that is not negative")?;
    take(call, count.saturating_add(count / 3 * 4))?;
    let mut bytes = vec![0; count];
    host.fill(&mut bytes);
    Ok(BASE64_STANDARD.encode(bytes).into())
}

/// From the first number on and below the second.
fn between(call: &mut Call<'_>, arguments: &[Value], host: &dyn Host) -> Outcome {
    let [min, max] = exactly(arguments)?;
    let (min, max) = (int(min)?, int(max)?);
    let count = u64::try_from(max.wrapping_sub(min)).ok().filter(|&count| count > 0);
    let count = count.ok_or("randInt needs a maximum above the minimum")?;
    call.meter().step(STEPS_OF_A_DRAW)?;
    let offset = Source::new(host).below(count);
    Ok(Value::int(min.wrapping_add_unsigned(offset)))
}

/// The characters in another order. A byte that is part of none becomes U+FFFD, as in Go.
fn shuffle(call: &mut Call<'_>, arguments: &[Value], host: &dyn Host) -> Outcome {
    let [of] = exactly(arguments)?;
    let of = text(of)?;
    call.meter().step(of.len())?;
    call.meter().allocate(of.len().saturating_mul(8))?;
    let mut characters = characters(of);
    let mut source = Source::new(host);
    for last in (1..characters.len()).rev() {
        let chosen = source.below(u64::try_from(last).unwrap_or(0) + 1);
        characters.swap(last, usize::try_from(chosen).unwrap_or(last));
    }
    Ok(characters.into_iter().collect::<String>().into())
}

fn characters(text: &[u8]) -> Vec<char> {
    let mut characters = Vec::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        characters.extend(chunk.valid().chars());
        characters.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    characters
}

fn uuid(call: &mut Call<'_>, _: &[Value], host: &dyn Host) -> Outcome {
    call.meter().step(STEPS_OF_A_DRAW)?;
    let mut bytes = [0; 16];
    host.fill(&mut bytes);
    let version = (u128::from_be_bytes(bytes) & !VERSION_BITS) | VERSION_4;
    let hex = format!("{version:032x}");
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| hex.get(part).unwrap_or_default());
    call.text(parts.join("-"))
}

/// Where the version and the variant lie.
const VERSION_BITS: u128 = 0xf << 76 | 0x3 << 62;
const VERSION_4: u128 = 0x4 << 76 | 0x2 << 62;
