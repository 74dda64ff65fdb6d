//! New certificates, with the fields that Go's sprig gives them.

use super::parse::{Certificate, in_der};
use super::sign::{signature, signature_algorithm};
use crate::der::{self, CONTEXT, EXPLICIT, GENERALIZED_TIME, Reader, SEQUENCE, UTC_TIME};
use crate::keys::PrivateKey;
use crate::table::Shared;
use aws_lc_rs::digest::{SHA256, digest};
use keyferry_gotemplate::{Call, FuncError};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use zeroize::Zeroizing;

/// Bytes of a part.
type Der = Zeroizing<Vec<u8>>;

/// What a certificate is to say.
#[derive(Default)]
pub(super) struct Request<'a> {
    /// The common name, which may be empty.
    pub(super) name: &'a [u8],
    /// From now on; also none, and fewer.
    pub(super) days: i64,
    pub(super) is_authority: bool,
    pub(super) addresses: Vec<Vec<u8>>,
    pub(super) domains: Vec<Arc<[u8]>>,
}

/// Who signs.
pub(super) struct Authority<'a> {
    pub(super) certificate: Certificate<'a>,
    pub(super) key: PrivateKey,
}

/// The bytes of an address in a certificate. An IPv4 address in IPv6's clothes is IPv4.
pub(super) fn address(text: &[u8]) -> Option<Vec<u8>> {
    match std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => Some(address.octets().to_vec()),
        IpAddr::V6(address) => Some(address.octets().to_vec()),
    }
}

impl Request<'_> {
    /// The certificate of a key, signed by the authority, or by itself where there is none.
    pub(super) fn create(
        &self,
        host: &Shared,
        call: &Call<'_>,
        key: &PrivateKey,
        authority: Option<&Authority<'_>>,
    ) -> Result<Vec<u8>, FuncError> {
        let signer = authority.map_or(key, |authority| &authority.key);
        let public_key = key.public_key()?;
        let subject = subject(self.name)?;
        let issuer = authority.map_or(subject.as_slice(), |authority| authority.certificate.subject.raw);
        if authority.is_some_and(|authority| differs(&authority.certificate, signer)) {
            return Err("x509: provided PrivateKey doesn't match parent's PublicKey".into());
        }
        let issuer_key = authority.filter(|_| *issuer != **subject).map(|authority| authority.certificate.subject_key);
        let algorithm = signature_algorithm(signer)?;
        let body = der::sequence(&[
            &der::tagged(EXPLICIT, &der::number(2)),
            &der::integer(&serial(host)),
            &algorithm,
            issuer,
            &validity(host.now(), self.days)?,
            &subject,
            &public_key,
            &der::tagged(EXPLICIT | 3, &self.extensions(&public_key, issuer_key, self.name.is_empty())?),
        ]);
        let signature = signature(call, signer, &body)?;
        Ok(der::sequence(&[&body, &algorithm, &der::bit_string(&signature)]).to_vec())
    }

    fn extensions(&self, public_key: &[u8], issuer_key: Option<&[u8]>, is_nameless: bool) -> Result<Der, FuncError> {
        let (usages, is_ca) =
            if self.is_authority { ([2, 0xa4], der::boolean(true)) } else { ([5, 0xa0], Der::default()) };
        let mut all = vec![
            extension(15, true, &der::tagged(der::BIT_STRING, &usages)),
            extension(37, false, &der::sequence(&[&der::oid(SERVER), &der::oid(CLIENT)])),
            extension(19, true, &der::sequence(&[&is_ca])),
        ];
        if self.is_authority {
            all.push(extension(14, false, &der::octets(&key_identifier(public_key)?)));
        }
        if let Some(issuer) = issuer_key.filter(|issuer| !issuer.is_empty()) {
            all.push(extension(35, false, &der::sequence(&[&der::tagged(CONTEXT, issuer)])));
        }
        if !self.addresses.is_empty() || !self.domains.is_empty() {
            all.push(extension(17, is_nameless, &self.names()?));
        }
        let parts: Vec<&[u8]> = all.iter().map(|extension| extension.as_slice()).collect();
        Ok(der::sequence(&parts))
    }

    fn names(&self) -> Result<Der, FuncError> {
        if self.domains.iter().any(|domain| !domain.is_ascii()) {
            return Err("x509: a domain name of the certificate cannot be encoded as an IA5String".into());
        }
        let domains = self.domains.iter().map(|domain| der::tagged(CONTEXT | 2, domain));
        let addresses = self.addresses.iter().map(|address| der::tagged(CONTEXT | 7, address));
        let names: Vec<Der> = domains.chain(addresses).collect();
        let parts: Vec<&[u8]> = names.iter().map(|name| name.as_slice()).collect();
        Ok(der::sequence(&parts))
    }
}

/// `serverAuth`.
const SERVER: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];
/// `clientAuth`.
const CLIENT: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 2];

/// An extension of the standard's, by its number.
fn extension(number: u8, is_critical: bool, value: &[u8]) -> Der {
    let critical = if is_critical { der::boolean(true) } else { Der::default() };
    der::sequence(&[&der::oid(&[0x55, 0x1d, number]), &critical, &der::octets(value)])
}

/// RFC 7093's first method, as Go since 1.25.
fn key_identifier(public_key: &[u8]) -> Result<Vec<u8>, FuncError> {
    let mut parts = Reader::new(public_key).within(SEQUENCE).ok_or("x509: malformed spki")?;
    parts.any().ok_or("x509: malformed spki")?;
    let (bits, _) = parts.bits().ok_or("x509: malformed spki")?;
    Ok(digest(&SHA256, bits).as_ref().iter().take(20).copied().collect())
}

fn differs(certificate: &Certificate<'_>, key: &PrivateKey) -> bool {
    key.public_key().is_ok_and(|public_key| *certificate.public_key != **public_key)
}

fn serial(host: &Shared) -> [u8; 16] {
    let mut serial = [0; 16];
    host.fill(&mut serial);
    serial
}

fn subject(name: &[u8]) -> Result<Der, FuncError> {
    if name.is_empty() {
        return Ok(der::sequence(&[]));
    }
    let name = std::str::from_utf8(name).map_err(|_| "the common name of the certificate is not UTF-8")?;
    let attribute = der::sequence(&[&der::oid(&[0x55, 4, 3]), &in_der(name)]);
    Ok(der::sequence(&[&der::set_of(vec![&attribute])]))
}

/// From now on for so many days. As in Go their nanoseconds are 64 bits, which is enough for 106,751 days; more wrap
/// around.
fn validity(now: SystemTime, days: i64) -> Result<Der, FuncError> {
    let nanoseconds = days.wrapping_mul(86_400_000_000_000);
    let now = match now.duration_since(UNIX_EPOCH) {
        Ok(since) => i128::try_from(since.as_nanos()).unwrap_or_default(),
        Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or_default(),
    };
    let time = |nanoseconds: i128| time(i64::try_from(nanoseconds.div_euclid(1_000_000_000)).unwrap_or_default());
    Ok(der::sequence(&[&time(now)?, &time(now + i128::from(nanoseconds))?]))
}

/// With two digits of the year from 1950 to 2049.
fn time(seconds: i64) -> Result<Der, FuncError> {
    let (days, clock) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = days_to_date(days);
    if !(0..10_000).contains(&year) {
        return Err("the certificate would end in a year of more than four digits".into());
    }
    let rest = format!("{month:02}{day:02}{:02}{:02}{:02}Z", clock / 3600, clock / 60 % 60, clock % 60);
    let is_short = (1950..2050).contains(&year);
    let (tag, year) =
        if is_short { (UTC_TIME, format!("{:02}", year % 100)) } else { (GENERALIZED_TIME, format!("{year:04}")) };
    Ok(der::tagged(tag, (year + &rest).as_bytes()))
}

/// Year, month and day, so many days after 1970 began.
fn days_to_date(days: i64) -> (i64, i64, i64) {
    // Years begin in March here, so that the leap day is the last; 146,097 days are 400 years.
    let days = days + 719_468;
    let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(seconds: i64) -> String {
        time(seconds)
            .map(|time| String::from_utf8_lossy(time.get(2..).unwrap_or_default()).into_owned())
            .unwrap_or_default()
    }

    #[test]
    fn times_have_four_digits_of_the_year_where_two_would_not_tell_it() {
        assert_eq!(written(0), "700101000000Z");
        assert_eq!(written(951_827_696), "000229123456Z");
        assert_eq!(written(2_524_607_999), "491231235959Z");
        assert_eq!(written(2_524_608_000), "20500101000000Z");
        assert_eq!(written(-631_152_000), "500101000000Z");
        assert_eq!(written(-631_152_001), "19491231235959Z");
        assert!(time(i64::MAX / 2).is_err());
    }
}
