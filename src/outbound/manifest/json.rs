//! The manifest's JSON: strings that yagna parses further, and the form in which Python writes it.
//!
//! May import its parent. Invariant: a value that yagna refuses is refused, one that it accepts is kept as written.

use std::io;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::ser::Formatter;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::{Manifest, Out, Unrestricted};

/// The fields of `out` before it is known which of the two forms they are.
#[derive(Deserialize)]
pub(super) struct OutFields {
    #[serde(default = "default_protocols")]
    protocols: Vec<String>,
    #[serde(default)]
    urls: Option<Vec<String>>,
    #[serde(default)]
    unrestricted: Option<Unrestricted>,
}

fn default_protocols() -> Vec<String> {
    ["http", "https", "ws", "wss"].map(String::from).into()
}

impl TryFrom<OutFields> for Out {
    type Error = String;

    fn try_from(fields: OutFields) -> Result<Self, String> {
        match (&fields.urls, fields.unrestricted) {
            (None, None) => Err("one of `urls` and `unrestricted` is needed".into()),
            (_, Some(Unrestricted { urls: false })) => Err("'unrestricted.urls: false' is not valid".into()),
            (Some(urls), _) => urls.iter().try_for_each(|url| absolute(url)),
            (None, Some(_)) => Ok(()),
        }?;
        Ok(Self { protocols: fields.protocols, urls: fields.urls, unrestricted: fields.unrestricted })
    }
}

fn absolute(text: &str) -> Result<(), String> {
    Url::parse(text).map(drop).map_err(|error| format!("{error}: {text:?}"))
}

/// A list of absolute URLs.
pub(super) fn urls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let urls = Vec::<String>::deserialize(deserializer)?;
    urls.iter().try_for_each(|url| absolute(url)).map_err(serde::de::Error::custom)?;
    Ok(urls)
}

/// `MAJOR.MINOR.PATCH`, with what semver allows behind it.
pub(super) fn semver<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let parts: Vec<&str> = core.split('.').collect();
    let number = |part: &&str| part.parse::<u64>().is_ok() && (*part == "0" || !part.starts_with('0'));
    if parts.len() == 3 && parts.iter().all(number) {
        Ok(text)
    } else {
        Err(serde::de::Error::custom(format!("invalid version {text:?}")))
    }
}

/// A moment with its offset.
pub(super) fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text, &Rfc3339).map_err(serde::de::Error::custom)?;
    Ok(text)
}

/// The JSON text that Python's `json.dumps` gives: a blank after each comma and colon, ASCII only.
pub(super) fn as_python(manifest: &Manifest) -> Vec<u8> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, Python);
    manifest.serialize(&mut serializer).expect("strings, lists and structs always become JSON");
    text
}

struct Python;

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        if first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, text: &str) -> io::Result<()> {
        let mut units = [0; 2];
        for character in text.chars() {
            if character.is_ascii() {
                write!(writer, "{character}")?;
            } else {
                for unit in character.encode_utf16(&mut units) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
        }
        Ok(())
    }
}
