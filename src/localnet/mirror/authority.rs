//! The local certificate authority, one for each localnet, and the certificates that it mints for names.
//!
//! May import nothing of the house. Invariant: its key stays in this process's memory and dies with the localnet; only
//! the public certificate is ever written.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

/// The environment variables by which programs are given a bundle: OpenSSL and Python's `ssl`, requests, pip, curl,
/// git. All of them, because each program has its own, and one that is already set in the environment would win.
pub const BUNDLE_VARIABLES: [&str; 5] =
    ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO"];

/// How long certificates hold: longer than any localnet lives.
const VALIDITY: Duration = Duration::days(365);

/// The certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    /// TLS settings by name, minted at the first handshake for it.
    minted: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new() -> io::Result<Self> {
        let mut parameters = certificate("golem-outbound localnet CA (simulated)", Vec::new())?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(parameters, key).map_err(io::Error::other)?;
        Ok(Self { issuer, minted: Mutex::default() })
    }

    /// The authority's own certificate as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Writes `ca-bundle.pem` into `dir` (made with mode 0700 if it is missing): the certificates of `base`, certifi's
    /// or the system's bundle, and this authority's. [`BUNDLE_VARIABLES`] of the nodes and of the walk's commands
    /// point to it.
    ///
    /// # Errors
    /// If `base` cannot be read or the bundle cannot be written.
    pub fn write_bundle(&self, dir: &Path, base: &Path) -> io::Result<PathBuf> {
        let mut bundle = fs::read(base)?;
        if bundle.last().is_some_and(|byte| *byte != b'\n') {
            bundle.push(b'\n');
        }
        bundle.extend_from_slice(self.pem().as_bytes());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        let path = dir.join("ca-bundle.pem");
        let mut file =
            fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(&bundle)?;
        Ok(path)
    }

    /// TLS settings with a certificate for `name`, a host name or an address.
    ///
    /// # Errors
    /// If no certificate can bear that name.
    pub fn settings_for(&self, name: &str) -> io::Result<Arc<ServerConfig>> {
        let mut minted = self.minted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(settings) = minted.get(name) {
            return Ok(Arc::clone(settings));
        }
        let settings = Arc::new(self.mint(name)?);
        minted.insert(name.to_owned(), Arc::clone(&settings));
        Ok(settings)
    }

    fn mint(&self, name: &str) -> io::Result<ServerConfig> {
        let mut parameters = certificate(name, vec![name.to_owned()])?;
        parameters.use_authority_key_identifier_extension = true;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let leaf = parameters.signed_by(&key, &self.issuer).map_err(io::Error::other)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        // Named, because a process with a second provider compiled in has no default one.
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut settings = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .map_err(io::Error::other)?;
        settings.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(settings)
    }
}

fn certificate(common_name: &str, names: Vec<String>) -> io::Result<CertificateParams> {
    let mut parameters =
        CertificateParams::new(names).map_err(|cause| io::Error::new(io::ErrorKind::InvalidInput, cause))?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "golem-outbound localnet");
    // The standard bounds a common name to 64 characters; the alternative name is what clients compare.
    subject.push(DnType::CommonName, common_name.chars().take(64).collect::<String>());
    parameters.distinguished_name = subject;
    // A day back, for clocks that differ.
    parameters.not_before = OffsetDateTime::now_utc() - Duration::days(1);
    parameters.not_after = parameters.not_before + VALIDITY;
    Ok(parameters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_holds_the_base_and_our_certificate_and_no_key() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().join("base.pem");
        fs::write(&base, "# certificates of the machine").unwrap();
        let authority = Authority::new().unwrap();
        let dir = folder.path().join("tls");
        let bundle = authority.write_bundle(&dir, &base).unwrap();
        let text = fs::read_to_string(&bundle).unwrap();
        assert!(text.starts_with("# certificates of the machine\n-----BEGIN CERTIFICATE-----"), "{text}");
        assert!(!text.contains("PRIVATE KEY"));
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(dir), mode(bundle)), (0o700, 0o600));
    }

    #[test]
    fn a_name_is_minted_once_and_every_authority_is_another() {
        let authority = Authority::new().unwrap();
        let first = authority.settings_for("ipfs.io").unwrap();
        assert!(Arc::ptr_eq(&first, &authority.settings_for("ipfs.io").unwrap()));
        assert!(authority.settings_for("198.18.0.1").is_ok());
        assert!(authority.settings_for("not a name\u{e9}").is_err());
        assert_ne!(authority.pem(), Authority::new().unwrap().pem());
    }
}
