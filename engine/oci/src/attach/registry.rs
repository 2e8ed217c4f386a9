use std::rc::Rc;

use policy_host::progress::Progress;

use crate::Reference;
use crate::image::Referrer;
use crate::store::registry::{PushDestination, RegistryError, RegistryOptions};

/// Puts referrers into the repository of a reference.
pub(super) fn attach(
    reference: &Reference,
    referrers: &[&Referrer],
    options: RegistryOptions,
    progress: &Rc<Progress>,
) -> Result<(), RegistryError> {
    if referrers.is_empty() {
        return Ok(());
    }
    let destination = PushDestination::new(&reference.repository(), options, progress)?;
    for referrer in referrers {
        for blob in [&referrer.config, &referrer.document] {
            if !destination.has_blob(&blob.descriptor)? {
                destination.upload(blob.digest(), &blob.bytes)?;
            }
        }
        let manifest = &referrer.manifest;
        destination.put_referrer(referrer.subject(), &manifest.descriptor, &manifest.bytes)?;
    }
    Ok(())
}
