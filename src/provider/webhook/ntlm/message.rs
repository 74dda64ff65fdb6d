//! The three messages, as [MS-NLMP] has them, with `NTLMv2` responses and no others.
//!
//! What a server sends is looked at within its bounds. No signing and no sealing: the connection is HTTP's, and TLS is for
//! that.

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;
use zeroize::Zeroizing;

use super::super::credential::User;

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Unicode, the target's name, NTLM, always sign, extended session security, the target's description, 128 and 56 bits:
/// what Windows' own clients ask for, without what needs a session key.
const FLAGS: u32 =
    0x0000_0001 | 0x0000_0004 | 0x0000_0200 | 0x0000_8000 | 0x0008_0000 | 0x0080_0000 | 0x2000_0000 | 0x8000_0000;

/// The entry of the target's description that has the server's time.
const TIMESTAMP: u16 = 7;

/// Length of the fixed part of the last message, behind which its fields' contents stand.
const FIXED: usize = 64;

/// The first message: what this client can.
pub(super) fn negotiate() -> Vec<u8> {
    let mut message = [SIGNATURE.as_slice(), &1_u32.to_le_bytes(), &FLAGS.to_le_bytes()].concat();
    // Neither domain nor workstation.
    message.extend_from_slice(&[0; 16]);
    message
}

/// The server's answer to it.
pub(super) struct Challenge {
    flags: u32,
    nonce: [u8; 8],
    target: Vec<u8>,
    info: Vec<u8>,
}

impl Challenge {
    /// Nothing for what is no such message.
    pub(super) fn read(message: &[u8]) -> Option<Self> {
        if message.get(..8)? != SIGNATURE || number(message, 8)? != 2 {
            return None;
        }
        let nonce = message.get(24..32)?.try_into().ok()?;
        // Old servers send no description, and a message that ends before it.
        let info = if message.len() < 48 { Vec::new() } else { content(message, 40)?.to_vec() };
        Some(Self { flags: number(message, 20)?, nonce, target: content(message, 12)?.to_vec(), info })
    }

    /// The server's own time, if it says it.
    fn timestamp(&self) -> Option<[u8; 8]> {
        let mut rest = self.info.as_slice();
        loop {
            let (id, length) = (short(rest, 0)?, usize::from(short(rest, 2)?));
            let value = rest.get(4..4 + length)?;
            match id {
                0 => return None,
                TIMESTAMP => return value.try_into().ok(),
                _ => rest = rest.get(4 + length..)?,
            }
        }
    }
}

/// What makes an answer another each time.
pub(super) struct Chance {
    /// The client's own challenge.
    pub(super) nonce: [u8; 8],
    /// The client's time, in tenths of microseconds since 1601, for servers that do not say theirs.
    pub(super) time: [u8; 8],
}

/// The last message: who it is, and that they know the password.
pub(super) fn authenticate(challenge: &Challenge, user: &User, chance: &Chance) -> Option<Zeroizing<Vec<u8>>> {
    let account = Account::of(user, challenge)?;
    let password = Zeroizing::new(utf16(std::str::from_utf8(user.password.expose()).ok()?));
    let key = owf(&password, &account)?;
    let time = challenge.timestamp().unwrap_or(chance.time);
    let response = response(&key, challenge, chance.nonce, time)?;
    let old = if challenge.info.is_empty() { old_response(&key, challenge, chance.nonce)? } else { vec![0; 24] };
    let fields = [old.as_slice(), &response, &account.domain, &account.name, &[], &[]];
    let mut message = Zeroizing::new(Vec::with_capacity(FIXED + fields.iter().map(|field| field.len()).sum::<usize>()));
    message.extend_from_slice(SIGNATURE);
    message.extend_from_slice(&3_u32.to_le_bytes());
    let mut from = FIXED;
    for field in fields {
        let length = u16::try_from(field.len()).ok()?.to_le_bytes();
        message.extend_from_slice(&[length, length].concat());
        message.extend_from_slice(&u32::try_from(from).ok()?.to_le_bytes());
        from += field.len();
    }
    message.extend_from_slice(&(challenge.flags & FLAGS).to_le_bytes());
    for field in fields {
        message.extend_from_slice(field);
    }
    Some(message)
}

/// Name and domain, in UTF-16.
struct Account {
    name: Vec<u8>,
    upper: Vec<u8>,
    domain: Vec<u8>,
}

impl Account {
    /// `DOMAIN\user` has its domain, `user@domain` has it in the name, and `user` is one of the server's own.
    fn of(user: &User, challenge: &Challenge) -> Option<Self> {
        let text = std::str::from_utf8(user.name.expose()).ok()?;
        let (name, domain) = match text.split_once('\\') {
            Some((domain, name)) => (name, utf16(domain)),
            None if text.contains('@') => (text, Vec::new()),
            None => (text, challenge.target.clone()),
        };
        let upper: String = name.chars().map(upper).collect();
        Some(Self { name: utf16(name), upper: utf16(&upper), domain })
    }
}

/// As Windows does it: a character to a character.
fn upper(character: char) -> char {
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(one), None) => one,
        _ => character,
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// `NTOWFv2`: what of a password the answers are made with.
fn owf(password: &[u8], account: &Account) -> Option<Zeroizing<[u8; 16]>> {
    let hash: Zeroizing<[u8; 16]> = Zeroizing::new(Md4::digest(password).into());
    hmac(&*hash, &[&account.upper, &account.domain]).map(Zeroizing::new)
}

/// The `NTLMv2` response: the proof, and what it was made of.
fn response(key: &[u8; 16], challenge: &Challenge, nonce: [u8; 8], time: [u8; 8]) -> Option<Vec<u8>> {
    let blob = [&[1, 1, 0, 0, 0, 0, 0, 0], time.as_slice(), &nonce, &[0; 4], &challenge.info, &[0; 4]].concat();
    let proof = hmac(key, &[&challenge.nonce, &blob])?;
    Some([proof.as_slice(), &blob].concat())
}

/// The `LMv2` response, which only servers without a description look at.
fn old_response(key: &[u8; 16], challenge: &Challenge, nonce: [u8; 8]) -> Option<Vec<u8>> {
    let proof = hmac(key, &[&challenge.nonce, &nonce])?;
    Some([proof.as_slice(), &nonce].concat())
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<[u8; 16]> {
    let mut mac = Hmac::<Md5>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().into())
}

fn short(message: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(message.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn number(message: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(message.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// What the field at `at` points to.
fn content(message: &[u8], at: usize) -> Option<&[u8]> {
    let (length, from) = (usize::from(short(message, at)?), usize::try_from(number(message, at + 4)?).ok()?);
    if length == 0 { Some(&[]) } else { message.get(from..from.checked_add(length)?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
    }

    fn user(name: &str, password: &str) -> User {
        User { name: name.into(), password: password.into() }
    }

    /// [MS-NLMP] 4.2.4: the user `User` of `Domain` with the password `Password` at `Server`, at time 0.
    fn challenge() -> Challenge {
        let info = hex("02000c0044006f006d00610069006e0001000c005300650072007600650072000000 0000");
        Challenge {
            flags: 0xe28a_8233,
            nonce: hex("0123456789abcdef").try_into().unwrap(),
            target: utf16("Server"),
            info,
        }
    }

    const CHANCE: Chance = Chance { nonce: [0xaa; 8], time: [0; 8] };

    #[test]
    fn the_keys_and_responses_are_those_of_the_specifications_example() {
        let account = Account::of(&user("Domain\\User", "Password"), &challenge()).unwrap();
        let key = owf(&utf16("Password"), &account).unwrap();
        assert_eq!(key.to_vec(), hex("0c868a403bfd7a93a3001ef22ef02e3f"));
        let old = old_response(&key, &challenge(), CHANCE.nonce).unwrap();
        assert_eq!(old, hex("86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"));
        let new = response(&key, &challenge(), CHANCE.nonce, CHANCE.time).unwrap();
        assert_eq!(new[..16], hex("68cd0ab851e51c96aabc927bebef6a1c"));
    }

    #[test]
    fn the_last_message_says_where_everything_stands_in_it() {
        let message = authenticate(&challenge(), &user("Domain\\User", "Password"), &CHANCE).unwrap();
        assert_eq!(message[..12], *b"NTLMSSP\0\x03\0\0\0");
        assert_eq!(content(&message, 20).unwrap()[..16], hex("68cd0ab851e51c96aabc927bebef6a1c"));
        assert_eq!(content(&message, 28).unwrap(), utf16("Domain"));
        assert_eq!(content(&message, 36).unwrap(), utf16("User"));
        assert_eq!(number(&message, 60), Some(0xe28a_8233 & FLAGS));
        assert_eq!(negotiate().len(), 32);
    }

    #[test]
    fn a_user_is_of_the_domain_that_is_named_or_of_the_servers_own() {
        let domain = |name: &str| Account::of(&user(name, ""), &challenge()).unwrap().domain;
        assert_eq!(domain("D\\ann"), utf16("D"));
        assert_eq!(domain("ann@d.example.com"), utf16(""));
        assert_eq!(domain("ann"), utf16("Server"));
        assert_eq!(Account::of(&user("äß", ""), &challenge()).unwrap().upper, utf16("Äß"));
    }

    #[test]
    fn a_challenge_is_read_within_its_bounds() {
        let mut whole = [SIGNATURE.as_slice(), &2_u32.to_le_bytes()].concat();
        whole.extend(hex("0c000c0038000000 338a8ae2 0123456789abcdef 0000000000000000 0c000c0044000000"));
        whole.extend([0; 8]);
        whole.extend(utf16("Server"));
        whole.extend(hex("0700080001020304050607080000 0000"));
        let read = Challenge::read(&whole).unwrap();
        assert_eq!((read.nonce.to_vec(), read.target.clone()), (hex("0123456789abcdef"), utf16("Server")));
        assert_eq!(read.timestamp(), Some([1, 2, 3, 4, 5, 6, 7, 8]));
        for length in 0..whole.len() - 4 {
            let cut = Challenge::read(&whole[..length]);
            assert!(cut.is_none_or(|read| read.info.is_empty()), "{length}");
        }
        for at in 0..whole.len() {
            let mut broken = whole.clone();
            broken[at] = 0xff;
            if let Some(read) = Challenge::read(&broken) {
                let _ = read.timestamp();
                let _ = authenticate(&read, &user("a", "b"), &CHANCE);
            }
        }
    }
}
