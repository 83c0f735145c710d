//! A template's files with the answers filled in, by the engine that cargo-generate fills them with.
//!
//! May import the rest of the room and `error`. Invariant: a name that no answer has is an error, never an empty text, and
//! no answer leads a file out of the project.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use liquid::model::Value;

use super::answers::Answers;
use super::template::TemplateFile;
use crate::error::{Error, ErrorKind, Result};

/// All that a file is filled by.
pub struct Filling<'a> {
    answers: &'a Answers,
    engine: liquid::Parser,
    values: liquid::Object,
}

impl<'a> Filling<'a> {
    /// For a project of this name.
    ///
    /// # Errors
    /// The engine cannot be made.
    pub fn new(name: &str, answers: &'a Answers) -> Result<Self> {
        let engine = liquid::ParserBuilder::with_stdlib()
            .build()
            .map_err(|cause| Error::internal(format!("failed to make the engine of templates: {cause}")))?;
        let given = [("project-name", name.to_owned()), ("crate_name", name.replace('-', "_"))];
        let answered = answers.iter().map(|(name, value)| (name, value.to_owned()));
        let values = given
            .into_iter()
            .chain(answered)
            .map(|(name, value)| (name.to_owned().into(), Value::scalar(value)));
        Ok(Self { answers, engine, values: values.collect() })
    }

    /// Each file of the project, sorted by path: where it goes, and what it comes from.
    ///
    /// # Errors
    /// Two files would go to one place, or one out of the project.
    pub fn files(&self) -> Result<Vec<(PathBuf, &'a TemplateFile)>> {
        let mut found = BTreeMap::new();
        for file in self.answers.template().files() {
            let path = self.path(file)?;
            if found.insert(path.clone(), file).is_some() {
                return Err(Error::usage(format!("two files of the template make `{}`", path.display())));
            }
        }
        Ok(found.into_iter().collect())
    }

    fn path(&self, file: &TemplateFile) -> Result<PathBuf> {
        let path = &file.path;
        let Some(text) = path.to_str().filter(|text| is_to_be_filled(text)) else { return Ok(path.clone()) };
        let filled = self.filled(text, path)?;
        let parts = |path: &Path| path.components().count();
        let is_plain = Path::new(&filled).components().all(|part| matches!(part, Component::Normal(_)));
        // As many folders as before: no answer makes one, leads up, or leaves a name empty.
        if is_plain && parts(Path::new(&filled)) == parts(path) && !filled.contains("//") {
            return Ok(filled.into());
        }
        Err(Error::usage(format!("the template's `{text}` would become `{}`", filled.escape_debug()))
            .hint("a value in the name of a file may have no `/`, and may not be empty or `..`"))
    }

    /// What a file of the project holds.
    ///
    /// # Errors
    /// It cannot be read, or filled.
    pub fn content(&self, file: &TemplateFile) -> Result<Cow<'static, [u8]>> {
        let content = file.read()?;
        if self.answers.template().is_copied(file) {
            return Ok(content);
        }
        match std::str::from_utf8(&content) {
            Ok(text) if is_to_be_filled(text) => Ok(self.filled(text, &file.path)?.into_bytes().into()),
            // What is no text, such as a picture, has no placeholders.
            _ => Ok(content),
        }
    }

    fn filled(&self, text: &str, path: &Path) -> Result<String> {
        let failed = |cause: liquid::Error| {
            let text = cause.to_string();
            let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
            let message = format!("failed to fill the template's `{}`: {}", path.display(), lines.join(" "));
            match self.answers.template().folder() {
                Some(_) => Error::usage(message)
                    .hint("what is to stay as it is belongs under `exclude` in cargo-generate.toml"),
                None => Error::new(ErrorKind::Internal, message),
            }
        };
        let (before, marked, behind) = around_marks(text);
        let filled = self.engine.parse(marked).and_then(|template| template.render(&self.values));
        Ok([before, &filled.map_err(failed)?, behind].concat())
    }
}

/// The text before the first mark, what is to be filled, and the text behind the last mark: the engine reads plain text
/// letter by letter. White space beside a mark is the engine's, which may have to take it away.
fn around_marks(text: &str) -> (&str, &str, &str) {
    let first = ["{{", "{%"].iter().filter_map(|mark| text.find(mark)).min().unwrap_or(0);
    let last = ["}}", "%}"].iter().filter_map(|mark| text.rfind(mark)).max().map_or(text.len(), |at| at + 2);
    let behind = text[last.max(first)..].trim_start();
    // A mark without its end is for the engine to refuse.
    let behind = if is_to_be_filled(behind) { "" } else { behind };
    let before = text[..first].trim_end();
    (before, &text[before.len()..text.len() - behind.len()], behind)
}

/// Whether the engine would change anything.
fn is_to_be_filled(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::*;
    use crate::scaffold::Template;

    fn filled(files: &[(&str, &str)], definitions: &[&str]) -> Result<Vec<(String, String)>> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut answers = Answers::of(Arc::new(Template::read(folder.path())?));
        for definition in definitions {
            answers.define(definition)?;
        }
        let filling = Filling::new("my-project", &answers)?;
        let mut made = Vec::new();
        for (path, file) in filling.files()? {
            made.push((
                path.display().to_string(),
                String::from_utf8(filling.content(file)?.into()).unwrap(),
            ));
        }
        Ok(made)
    }

    const CONFIG: (&str, &str) = (
        "cargo-generate.toml",
        "[template]\nexclude = ['raw/*']\n[placeholders.host]\nprompt = 'Host'\ndefault = 'a'",
    );

    #[test]
    fn texts_and_names_are_filled_and_what_is_excluded_is_copied() {
        let files = [
            CONFIG,
            (
                "{{host}}/{{project-name}}.txt",
                "{{ host }} {{ crate_name }} {% if host == 'b' %}yes{% endif %}",
            ),
            ("plain.md.liquid", "no placeholder"),
            ("raw/x", "{{ other }}"),
        ];
        let made = filled(&files, &["host=b"]).unwrap();
        let expected = [
            ("b/my-project.txt", "b my_project yes"),
            ("plain.md", "no placeholder"),
            ("raw/x", "{{ other }}"),
        ];
        assert_eq!(made, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
    }

    #[test]
    fn only_what_is_between_marks_and_the_white_space_around_them_is_the_engine_s() {
        assert_eq!(
            around_marks("a b \n{{- x }} c {% y -%}\n d e"),
            ("a b", " \n{{- x }} c {% y -%}\n ", "d e")
        );
        assert_eq!(around_marks("{{ x }}"), ("", "{{ x }}", ""));
        assert_eq!(around_marks("é {{ x }} é {{"), ("é", " {{ x }} é {{", ""));
        assert_eq!(around_marks("a }} b {{ c"), ("a }} b", " {{ c", ""));
        let made = filled(&[CONFIG, ("a", "one \n{{- host -}}\n two"), ("b", "one\n{{ host }}\ntwo\n")], &[])
            .unwrap();
        assert_eq!((made[0].1.as_str(), made[1].1.as_str()), ("oneatwo", "one\na\ntwo\n"));
    }

    #[test]
    fn a_name_that_no_answer_has_is_an_error_and_never_an_empty_text() {
        let error = filled(&[CONFIG, ("a", "x {{ hots }}")], &[]).unwrap_err();
        assert!(error.message().starts_with("failed to fill the template's `a`: "), "{error}");
        assert!(error.message().contains("requested variable=hots"), "{error}");
        assert!(!error.message().contains('\n') && error.hints().len() == 1, "{error}");
        assert!(filled(&[CONFIG, ("a", "{% if %}")], &[]).is_err());
    }

    #[test]
    fn no_answer_leads_a_file_elsewhere() {
        for value in ["..", "/etc/x", "../x", "a/b", "."] {
            let error = filled(&[CONFIG, ("x/{{ host }}", "")], &[&format!("host={value}")]).unwrap_err();
            assert!(
                error.message().starts_with("the template's `x/{{ host }}` would become"),
                "{value}: {error}"
            );
        }
        assert!(filled(&[CONFIG, ("{{ host }}/x", "")], &["host="]).is_err(), "an empty name");
    }

    #[test]
    fn two_files_for_one_place_are_refused() {
        for files in [[CONFIG, ("a", ""), ("a.liquid", "")], [CONFIG, ("a", ""), ("{{ host }}", "")]] {
            let error = filled(&files, &[]).unwrap_err();
            assert_eq!(error.message(), "two files of the template make `a`");
        }
    }
}
