//! The localnet's package index: what `pip` on a node is answered in place of `https://pypi.dev.golem.network`.
//!
//! May import nothing of the house. Invariant: its only version has a local label (`+simulated`), which no public index
//! takes (PEP 440), so nobody can publish another package under what the examples install.

use std::io::{self, Cursor, Write};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// The index that the nodes' image is set up for.
pub const HOST: &str = "pypi.dev.golem.network";

/// The name of the only package.
pub const PACKAGE: &str = "golem-outbound-greeting";

/// Its only version.
pub const VERSION: &str = "1.0+simulated";

/// What it holds.
const MODULE: &str = include_str!("data/golem_outbound_greeting.py");

/// The module's name, which is the package's with underscores (PEP 503 has the other direction).
const MODULE_NAME: &str = "golem_outbound_greeting";

/// One page or file of the index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Its path, as it comes in a request.
    pub path: String,
    /// The value of the `Content-Type` header.
    pub content_type: &'static str,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Everything that the index serves: the list of packages, the package's page (both after PEP 503), and the wheel.
///
/// # Errors
/// If the wheel cannot be written, which memory alone could prevent.
pub fn pages() -> io::Result<Vec<Page>> {
    let (name, wheel) = (format!("{MODULE_NAME}-{VERSION}-py3-none-any.whl"), wheel()?);
    let quoted = name.replace('+', "%2B");
    let hash = Sha256::digest(&wheel).iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
    let packages = page("Packages", &format!("<a href=\"/simple/{PACKAGE}/\">{PACKAGE}</a>"));
    let versions = page(PACKAGE, &format!("<a href=\"/packages/{quoted}#sha256={hash}\">{name}</a>"));
    let html = |path: String, body: &str| Page {
        path,
        content_type: "text/html; charset=utf-8",
        body: body.as_bytes().to_vec(),
    };
    let mut pages = vec![html("/simple/".into(), &packages), html(format!("/simple/{PACKAGE}/"), &versions)];
    // A client may quote the plus sign or not.
    for name in [name, quoted] {
        let path = format!("/packages/{name}");
        pages.push(Page { path, content_type: "application/octet-stream", body: wheel.clone() });
    }
    Ok(pages)
}

fn page(title: &str, link: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html>\n<head><meta name=\"pypi:repository-version\" content=\"1.0\">\
         <title>{title} (simulated)</title></head>\n<body>\n{link}<br>\n</body>\n</html>\n"
    )
}

/// The package as a wheel, the same bytes each time.
fn wheel() -> io::Result<Vec<u8>> {
    let info = format!("{MODULE_NAME}-{VERSION}.dist-info");
    let metadata = format!(
        "Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: {VERSION}\n\
         Summary: A greeting (simulated: only golem-outbound's localnet has this package)\n\
         License: MIT OR Apache-2.0\n"
    );
    let form = "Wheel-Version: 1.0\nGenerator: golem-outbound\nRoot-Is-Purelib: true\nTag: py3-none-any\n";
    let files = [
        (format!("{MODULE_NAME}.py"), MODULE),
        (format!("{info}/METADATA"), metadata.as_str()),
        (format!("{info}/WHEEL"), form),
    ];
    let mut record = String::new();
    for (name, text) in &files {
        let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(text));
        record.push_str(&format!("{name},sha256={hash},{}\n", text.len()));
    }
    record.push_str(&format!("{info}/RECORD,,\n"));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    // Without the time of the day and the umask the bytes are the same each time.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(zip::DateTime::default())
        .unix_permissions(0o644);
    let last = [(format!("{info}/RECORD"), record.as_str())];
    for (name, text) in files.iter().chain(&last) {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(text.as_bytes())?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wheel_is_the_same_each_time() {
        assert_eq!(wheel().unwrap(), wheel().unwrap());
    }

    #[test]
    fn the_packages_page_leads_to_the_wheel_and_names_its_hash() {
        let pages = pages().unwrap();
        let [list, package, plain, quoted] = &pages[..] else { panic!("four pages") };
        let text = |page: &Page| String::from_utf8(page.body.clone()).unwrap();
        assert!(text(list).contains(&format!("href=\"{}\"", package.path)), "{}", text(list));
        let hash = Sha256::digest(&plain.body).iter().fold(String::new(), |t, byte| format!("{t}{byte:02x}"));
        let link = format!("href=\"{}#sha256={hash}\"", quoted.path);
        assert!(text(package).contains(&link), "{}", text(package));
        assert_eq!(plain.body, quoted.body);
        assert!(text(list).contains("simulated") && text(package).contains("simulated"));
    }

    #[test]
    fn no_public_index_takes_the_version() {
        assert!(VERSION.contains('+'), "a local label, which PEP 440 keeps out of public indexes");
    }
}
