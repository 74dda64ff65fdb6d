//! The server's side of NTLM for one user, by [MS-NLMP]: a nonce for each handshake, a real check of the `NTLMv2` response,
//! and a connection that is signed in for as long as it lasts.
//!
//! It shares no code with the client under test, and takes nothing but what a handshake on its own connection has led to.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use http::HeaderValue;
use md4::{Digest, Md4};
use md5::Md5;

/// The one user, of the domain `LAB`.
pub const USER: &str = "LAB\\ann";
/// Its password.
pub const PASSWORD: &str = "Pa\u{df}word-1";

const DOMAIN: &str = "LAB";
const NAME: &str = "ann";

/// How far a connection has come.
#[derive(Debug, Default)]
pub(super) enum Handshake {
    #[default]
    Stranger,
    Challenged([u8; 8]),
    SignedIn,
}

/// What a request on it is.
pub(super) enum Checked {
    SignedIn,
    /// The header that asks for the next message.
    Asks(String),
}

impl Handshake {
    pub(super) fn check(&mut self, authorization: Option<&HeaderValue>) -> Checked {
        let message = authorization.and_then(|value| value.to_str().ok()?.strip_prefix("NTLM "));
        let message = message.and_then(|message| STANDARD.decode(message).ok());
        let kind = message.as_ref().and_then(|message| message.get(8).copied());
        match (&*self, kind, message) {
            (Self::SignedIn, None, _) => Checked::SignedIn,
            (_, Some(1), _) => {
                let nonce = rand::random();
                *self = Self::Challenged(nonce);
                Checked::Asks(format!("NTLM {}", STANDARD.encode(challenge(nonce))))
            }
            (Self::Challenged(nonce), Some(3), Some(message)) if is_right(&message, *nonce) == Some(true) => {
                *self = Self::SignedIn;
                Checked::SignedIn
            }
            _ => {
                *self = Self::Stranger;
                Checked::Asks("NTLM".to_owned())
            }
        }
    }
}

fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

fn challenge(nonce: [u8; 8]) -> Vec<u8> {
    let target = utf16(DOMAIN);
    let mut info = Vec::new();
    for (id, value) in [(2_u16, utf16(DOMAIN)), (1, utf16("SERVER")), (7, vec![9; 8]), (0, Vec::new())] {
        info.extend(id.to_le_bytes());
        info.extend(u16::try_from(value.len()).unwrap_or(0).to_le_bytes());
        info.extend(value);
    }
    let field = |length: usize, from: usize| {
        let length = u16::try_from(length).unwrap_or(0).to_le_bytes();
        [length.as_slice(), &length, &u32::try_from(from).unwrap_or(0).to_le_bytes()].concat()
    };
    let mut message = b"NTLMSSP\0\x02\0\0\0".to_vec();
    message.extend(field(target.len(), 48));
    message.extend(0xa08a_8205_u32.to_le_bytes());
    message.extend(nonce);
    message.extend([0; 8]);
    message.extend(field(info.len(), 48 + target.len()));
    message.extend(target);
    message.extend(info);
    message
}

/// The bytes that the field at `at` points to.
fn field(message: &[u8], at: usize) -> Option<&[u8]> {
    let length = u16::from_le_bytes(message.get(at..at + 2)?.try_into().ok()?);
    let from = u32::from_le_bytes(message.get(at + 4..at + 8)?.try_into().ok()?);
    let from = usize::try_from(from).ok()?;
    message.get(from..from + usize::from(length))
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Option<Vec<u8>> {
    let mut mac = Hmac::<Md5>::new_from_slice(key).ok()?;
    for part in parts {
        mac.update(part);
    }
    Some(mac.finalize().into_bytes().to_vec())
}

/// Whether the response is what the user's password makes of this nonce, and says the time that the challenge said.
fn is_right(message: &[u8], nonce: [u8; 8]) -> Option<bool> {
    let (response, domain, name) = (field(message, 20)?, field(message, 28)?, field(message, 36)?);
    let (proof, blob) = response.split_at_checked(16)?;
    let key = hmac(&Md4::digest(utf16(PASSWORD)), &[&utf16(&NAME.to_uppercase()), domain])?;
    let right = hmac(&key, &[&nonce, blob])? == proof && blob.get(8..16)? == [9; 8];
    Some(right && domain == utf16(DOMAIN) && name == utf16(NAME))
}
