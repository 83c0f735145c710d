//! The documents that a walk can be written as: one line of a table each, chosen by the file's extension.
//!
//! May import `error`, `ownership` and `event`. Invariant: a name of no known format is refused before anything else happens, and a
//! reader never sees half a document.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::{Walk, cast, html, json, junit, log, markdown};
use crate::error::{Error, Result};
use crate::event::Recorded;
use crate::ownership::of_new_file;

/// A format of documents.
struct Format {
    extension: &'static str,
    render: Render,
}

/// What a document is made from.
#[derive(Clone, Copy)]
enum Render {
    /// What the walk was.
    Walk(fn(&Walk) -> String),
    /// Its events one by one; the length of a walk does not matter.
    Events(fn(&mut dyn Iterator<Item = Recorded>, &mut dyn Write) -> std::io::Result<()>),
}

const FORMATS: [Format; 5] = [
    Format { extension: "json", render: Render::Walk(json::render) },
    Format { extension: "xml", render: Render::Walk(junit::render) },
    Format { extension: "md", render: Render::Walk(markdown::render) },
    Format { extension: "html", render: Render::Walk(html::render) },
    Format { extension: "cast", render: Render::Events(cast::render) },
];

/// A document to be written.
#[derive(Clone)]
pub struct Document {
    path: PathBuf,
    render: Render,
    /// Whether nobody else may read it.
    for_owner: bool,
}

impl Document {
    /// A report to be shared: whoever may read what its writer makes may read it.
    ///
    /// # Errors
    /// The name ends with the extension of no known format, or its folder is not there.
    pub fn to(path: &Path) -> Result<Self> {
        let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
        let format = FORMATS.iter().find(|format| extension == format.extension).ok_or_else(|| {
            let known: Vec<String> = FORMATS.iter().map(|format| format!(".{}", format.extension)).collect();
            Error::usage(format!("`{}` names no format of a report", path.display()))
                .hint(format!("end its name with one of {}", known.join(", ")))
        })?;
        let folder = folder_of(path);
        if !folder.is_dir() {
            return Err(Error::usage(format!(
                "failed to write the report `{}`: there is no folder `{}`",
                path.display(),
                folder.display()
            ))
            .hint(format!("make it: `mkdir -p {}`", folder.display())));
        }
        if path.is_dir() {
            return Err(Error::usage(format!(
                "failed to write the report `{}`: it is a folder",
                path.display()
            )));
        }
        Ok(Self { path: path.to_owned(), render: format.render, for_owner: false })
    }

    /// The project's own record of its last walk, for its owner alone.
    pub fn last_run(project: &Path) -> Self {
        let path = project.join(".golem-outbound/last-run.json");
        Self { path, render: Render::Walk(json::render), for_owner: true }
    }
}

/// Makes these documents from a log of events.
///
/// # Errors
/// The log cannot be read, or a document cannot be written.
pub fn write_documents(documents: &[Document], events: &Path) -> Result<()> {
    let walk = read_walk(events)?;
    for document in documents {
        match document.render {
            Render::Walk(render) => document.write(|out| out.write_all(render(&walk).as_bytes()))?,
            Render::Events(render) => {
                let mut broken = None;
                let mut recorded =
                    log::read(events)?.map_while(|event| event.map_err(|error| broken = Some(error)).ok());
                document.write(|out| render(&mut recorded, out))?;
                drop(recorded);
                broken.map_or(Ok(()), Err)?;
            }
        }
    }
    Ok(())
}

/// The walk of a log.
///
/// # Errors
/// The log cannot be read.
pub fn read_walk(events: &Path) -> Result<Walk> {
    let mut walk = Walk::default();
    for recorded in log::read(events)? {
        let recorded = recorded?;
        walk.take(&recorded.event, recorded.at);
    }
    Ok(walk)
}

impl Document {
    /// By way of a temporary file beside it.
    fn write(&self, content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
        let write = || -> std::io::Result<()> {
            let mut builder = tempfile::Builder::new();
            if let Some(permissions) = of_new_file(self.for_owner) {
                // The process's umask takes from the mode what it takes from every new file.
                builder.permissions(permissions);
            }
            let file = builder.tempfile_in(folder_of(&self.path))?;
            let mut out = BufWriter::new(file);
            content(&mut out)?;
            let file = out.into_inner().map_err(|error| error.into_error())?;
            file.persist(&self.path).map_err(|error| error.error)?;
            Ok(())
        };
        write().map_err(|error| Error::io("write", &self.path, error))
    }
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_chooses_and_an_unknown_one_names_the_known() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.json", "b.xml", "c.MD", "d.html", "e.cast"] {
            assert!(Document::to(&folder.path().join(name)).is_ok(), "{name}");
        }
        for name in ["report", "report.pdf", ".json"] {
            let error = Document::to(&folder.path().join(name)).err().unwrap();
            assert!(error.message().ends_with("names no format of a report"), "{error}");
            assert_eq!(error.hints(), ["end its name with one of .json, .xml, .md, .html, .cast"]);
            assert_eq!(error.kind().exit_code(), 2);
        }
    }

    #[test]
    fn a_report_that_could_not_be_written_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("x.html")).unwrap();
        for (name, why) in [("none/a.json", "there is no folder"), ("x.html", "it is a folder")] {
            let error = Document::to(&folder.path().join(name)).err().unwrap();
            assert!(error.message().contains(why), "{error}");
            assert_eq!(error.kind().exit_code(), 2);
        }
    }
}
