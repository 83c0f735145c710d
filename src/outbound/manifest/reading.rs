//! How a manifest comes to be read: from the demand's property, or from a file that somebody has.
//!
//! May import its parent. Invariant: the property is read as a provider reads it, and only the property; a file may also
//! be the JSON itself, which a provider would not take (`utils/manifest-utils/src/util.rs`, `decode_data`).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Manifest;
use super::snail::{UnquoteError, unquote};

/// A manifest that a provider cannot read. `Display` is the reason of its rejection
/// (`negotiator/builtin/manifest.rs:35`), `Debug` the part after the colon as yagna prints it.
#[derive(Debug, thiserror::Error)]
#[error("invalid manifest: {self:?}")]
pub enum ManifestError {
    /// Neither base64 nor well quoted.
    DecodingError(DecodingError),
    /// No JSON, or JSON that is no manifest.
    ManifestFormat(serde_json::Error),
}

/// A text that is not encoded as it should be.
#[derive(Debug)]
pub enum DecodingError {
    /// What is not base64 is taken for quoted text.
    BlobJsonString(UnquoteError),
}

impl Manifest {
    /// Reads the property `golem.srv.comp.payload`: base64 with any blanks in it, else JSON in quotes.
    ///
    /// # Errors
    /// The reason of the rejection that a provider sends.
    pub fn decode(property: &str) -> Result<Self, ManifestError> {
        let compact: String = property.split_whitespace().collect();
        let bytes = match STANDARD.decode(compact) {
            Ok(bytes) => bytes,
            Err(_) => unquote(property)
                .map_err(|error| ManifestError::DecodingError(DecodingError::BlobJsonString(error)))?
                .into_bytes(),
        };
        serde_json::from_slice(&bytes).map_err(ManifestError::ManifestFormat)
    }

    /// Reads a manifest in any of its forms: JSON, or what [`Manifest::decode`] takes.
    ///
    /// # Errors
    /// As for [`Manifest::decode`].
    pub fn read(text: &str) -> Result<Self, ManifestError> {
        if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(ManifestError::ManifestFormat)
        } else {
            Self::decode(text.trim())
        }
    }
}
