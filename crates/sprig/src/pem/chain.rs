//! The order of a chain of certificates.

use crate::certificates::parse::Certificate;
use keyferry_gotemplate::{Call, FuncError};

/// The one chain that the certificates make: the leaf, those that issued each other, the root. Who issued whom is what
/// their key identifiers say; no signature is looked at.
pub(crate) fn in_order<'c, 'a>(
    call: &Call<'_>,
    certificates: &'c [Certificate<'a>],
) -> Result<Vec<&'c Certificate<'a>>, FuncError> {
    let mut issuers = Vec::with_capacity(certificates.len());
    for index in 0..certificates.len() {
        call.meter().step(certificates.len())?;
        issuers.push(issuer_of(certificates, index));
    }
    let mut leaves = (0..certificates.len()).filter(|index| !issuers.contains(&Some(*index)));
    call.meter().step(certificates.len().saturating_mul(certificates.len()))?;
    let leaf = leaves.next().ok_or("no leaf certificate found")?;
    if leaves.next().is_some() {
        return Err("found multiple leaf or disjunct certificates".into());
    }
    let next = |index: &usize| issuers.get(*index).copied().flatten();
    let chain: Vec<&Certificate<'a>> = std::iter::successors(Some(leaf), next)
        .take(certificates.len() + 1)
        .filter_map(|index| certificates.get(index))
        .collect();
    if chain.len() > certificates.len() { Err("constructing chain resulted in cycle".into()) } else { Ok(chain) }
}

/// The first other certificate whose key is the one that this names as its issuer's; none has the same as none.
fn issuer_of(certificates: &[Certificate<'_>], index: usize) -> Option<usize> {
    let wanted = certificates.get(index)?.authority_key.unwrap_or_default();
    let mut others = certificates.iter().enumerate().filter(|(other, _)| *other != index);
    others.find(|(_, other)| other.subject_key == wanted).map(|(other, _)| other)
}
