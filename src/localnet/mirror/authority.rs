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

/// How long a certificate of the Internet holds: Let's Encrypt's ninety days, renewed halfway on the average.
const PUBLIC_VALIDITY: Duration = Duration::days(90);

/// What the machine's clock says of the world's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// So many seconds the machine is ahead; below zero, behind.
    pub ahead: i64,
}

impl Clock {
    /// From when to when a new certificate holds, by the machine's clock. Where the clocks agree, long and a day back; else
    /// as the certificates of the Internet hold, so that a clock that is wrong by more is found out as it would be there.
    fn validity(self, now: OffsetDateTime) -> (OffsetDateTime, OffsetDateTime) {
        if self.ahead == 0 {
            return (now - Duration::days(1), now - Duration::days(1) + VALIDITY);
        }
        let world = now.saturating_sub(Duration::seconds(self.ahead));
        let half = PUBLIC_VALIDITY / 2;
        (world.saturating_sub(half), world.saturating_add(half))
    }
}

/// The certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    clock: Clock,
    /// TLS settings by name, minted at the first handshake for it.
    minted: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

impl Authority {
    /// Makes a new authority.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn new() -> io::Result<Self> {
        Self::on(Clock::default())
    }

    /// Makes a new authority in a world whose clock is not the machine's.
    ///
    /// # Errors
    /// If the system gives no random numbers.
    pub fn on(clock: Clock) -> io::Result<Self> {
        let mut parameters = certificate("golem-outbound localnet CA (simulated)", Vec::new(), clock)?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let issuer = CertifiedIssuer::self_signed(parameters, key).map_err(io::Error::other)?;
        Ok(Self { issuer, clock, minted: Mutex::default() })
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
        let mut parameters = certificate(name, vec![name.to_owned()], self.clock)?;
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

fn certificate(common_name: &str, names: Vec<String>, clock: Clock) -> io::Result<CertificateParams> {
    let mut parameters =
        CertificateParams::new(names).map_err(|cause| io::Error::new(io::ErrorKind::InvalidInput, cause))?;
    let mut subject = DistinguishedName::new();
    subject.push(DnType::OrganizationName, "golem-outbound localnet");
    // The standard bounds a common name to 64 characters; the alternative name is what clients compare.
    subject.push(DnType::CommonName, common_name.chars().take(64).collect::<String>());
    parameters.distinguished_name = subject;
    (parameters.not_before, parameters.not_after) = clock.validity(OffsetDateTime::now_utc());
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
    fn a_wrong_clock_sees_certificates_that_do_not_hold_yet_or_any_more() {
        let now = OffsetDateTime::now_utc();
        let holds = |days: i64| {
            let (from, to) = Clock { ahead: days * 86_400 }.validity(now);
            (from <= now, now <= to)
        };
        assert_eq!(holds(0), (true, true));
        assert_eq!(holds(1), (true, true));
        assert_eq!(holds(-60), (false, true), "not yet");
        assert_eq!(holds(60), (true, false), "not any more");
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
