//! The manifest's JSON: strings that yagna parses further, and the form in which Python writes it.
//!
//! May import its parent. Invariant: a value that yagna refuses is refused, one that it accepts is kept as written.

use std::{fmt, io};

use serde::de::{self, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::ser::Formatter;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use url::Url;

use super::{Access, Manifest};

/// The two forms of access. The name is yagna's, because it appears in the error for something that is neither.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Representation {
    /// The list is looked at first: if it is one of URLs, nothing else is.
    Urls { urls: Vec<UrlText> },
    /// Taken also where `urls` is there but no list of URLs.
    Unrestricted { unrestricted: Unrestricted },
}

#[derive(Deserialize, Serialize)]
pub(super) struct Unrestricted {
    urls: bool,
}

impl TryFrom<Representation> for Access {
    type Error = &'static str;

    fn try_from(form: Representation) -> Result<Self, Self::Error> {
        match form {
            Representation::Urls { urls } => Ok(Self::Urls(urls.into_iter().map(|url| url.0).collect())),
            Representation::Unrestricted { unrestricted: Unrestricted { urls: true } } => {
                Ok(Self::Unrestricted)
            }
            Representation::Unrestricted { .. } => Err("'unrestricted.urls: false' is not valid"),
        }
    }
}

impl From<Access> for Representation {
    fn from(access: Access) -> Self {
        match access {
            Access::Urls(urls) => Self::Urls { urls: urls.into_iter().map(UrlText).collect() },
            Access::Unrestricted => Self::Unrestricted { unrestricted: Unrestricted { urls: true } },
        }
    }
}

pub(super) fn default_protocols() -> Vec<String> {
    ["http", "https", "ws", "wss"].map(String::from).into()
}

/// A text that parses as an absolute URL, refused in the words of the crate `url`, and kept as it was written.
#[derive(Serialize)]
pub(super) struct UrlText(String);

impl<'de> Deserialize<'de> for UrlText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(UrlVisitor)
    }
}

struct UrlVisitor;

impl Visitor<'_> for UrlVisitor {
    type Value = UrlText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string representing an URL")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<UrlText, E> {
        match Url::parse(text) {
            Ok(_) => Ok(UrlText(text.to_owned())),
            Err(why) => Err(E::invalid_value(Unexpected::Str(text), &why.to_string().as_str())),
        }
    }
}

/// A list of absolute URLs.
pub(super) fn urls<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<UrlText>::deserialize(deserializer)?.into_iter().map(|url| url.0).collect())
}

/// A command's text, whether or not it is JSON itself.
struct CommandText(String);

impl<'de> Deserialize<'de> for CommandText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(CommandVisitor)
    }
}

struct CommandVisitor;

impl Visitor<'_> for CommandVisitor {
    type Value = CommandText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("command string or a json string with a command object")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<CommandText, E> {
        Ok(CommandText(text.to_owned()))
    }
}

/// A script's commands.
pub(super) fn commands<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Vec::<CommandText>::deserialize(deserializer)?.into_iter().map(|command| command.0).collect())
}

/// A moment with its offset. A blank may stand for the `T`, as for yagna; the words of a refusal are not yagna's.
pub(super) fn rfc3339<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    OffsetDateTime::parse(&text.replacen(' ', "T", 1), &Rfc3339).map_err(de::Error::custom)?;
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
