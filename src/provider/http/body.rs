//! Reading an answer: chunk by chunk into one buffer that is zeroed, to a bound and no further.

use reqwest::Response;
use zeroize::{Zeroize, Zeroizing};

use super::fault::Fault;
use crate::sealed::Sealed;

/// How much room is made at first where the answer does not say how long it is.
const FIRST: usize = 4096;

/// The whole body of `answer`, if it is no longer than `limit`. What the connection itself buffers is not ours to zero.
pub(super) async fn read(mut answer: Response, limit: usize) -> Result<Sealed, Fault> {
    let said = answer.content_length().and_then(|length| usize::try_from(length).ok());
    if said.is_some_and(|length| length > limit) {
        return Err(Fault::too_long(limit));
    }
    let mut whole = Zeroizing::new(Vec::with_capacity(said.unwrap_or(FIRST)));
    while let Some(chunk) = answer.chunk().await.map_err(|error| Fault::of(&error))? {
        if whole.len() + chunk.len() > limit {
            return Err(Fault::too_long(limit));
        }
        append(&mut whole, &chunk);
    }
    Ok(Sealed::new(std::mem::take(&mut *whole)))
}

/// As `extend_from_slice`, which would leave what it moves behind.
fn append(whole: &mut Zeroizing<Vec<u8>>, chunk: &[u8]) {
    if whole.capacity() - whole.len() < chunk.len() {
        let mut larger = Vec::with_capacity((whole.len() + chunk.len()) * 2);
        larger.extend_from_slice(whole);
        std::mem::swap(&mut **whole, &mut larger);
        larger.zeroize();
    }
    whole.extend_from_slice(chunk);
}
