//! The embedded template, and folders that are none.

use std::collections::BTreeMap;
use std::fs;

use super::*;

fn files_below(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_below(&path, root, found);
        } else {
            found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
        }
    }
}

#[test]
fn the_embedded_template_is_the_folder() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("template");
    let mut folder = BTreeMap::new();
    files_below(&root, &root, &mut folder);
    let embedded: BTreeMap<PathBuf, Vec<u8>> =
        FILES.iter().map(|(path, content)| (path.into(), content.to_vec())).collect();
    assert!(embedded == folder, "a file differs from the one that was embedded");
}

#[test]
fn read_from_its_folder_it_is_the_same() {
    let folder = Template::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("template")).unwrap();
    let embedded = Template::embedded();
    let names = |template: &Template| -> Vec<String> {
        template.placeholders().iter().map(|placeholder| placeholder.name.clone()).collect()
    };
    assert_eq!(names(&folder), names(&embedded));
    assert_eq!(folder.files().len(), embedded.files().len());
    for (one, other) in folder.files().iter().zip(embedded.files()) {
        assert_eq!((&one.path, folder.is_copied(one)), (&other.path, embedded.is_copied(other)));
        assert_eq!(one.read().unwrap(), other.read().unwrap());
    }
}

fn refused(files: &[(&str, &str)]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    Template::read(folder.path()).unwrap_err().to_string()
}

#[test]
fn what_only_cargo_generate_does_is_refused() {
    let said = refused(&[
        ("cargo-generate.toml", "[hooks]\npre = [\"share-links.rhai\"]"),
        ("share-links.rhai", ""),
    ]);
    assert!(said.contains("it has the hook `share-links.rhai`, and hooks are not run"), "{said}");
    let said = refused(&[("cargo-generate.toml", "[hooks]\npost = [\"a.rhai\"]")]);
    assert!(said.contains("unknown field `post`"), "{said}");
    let said = refused(&[("cargo-generate.toml", "[template]\ninclude = [\"a\"]")]);
    assert!(said.contains("unknown field `include`"), "{said}");
    let said = refused(&[("cargo-generate.toml", "[conditional.'a'.placeholders]")]);
    assert!(said.contains("unknown field `conditional`"), "{said}");
    let said = refused(&[(".genignore", "a")]);
    assert!(said.contains("`.genignore` is not read"), "{said}");
}

#[test]
fn placeholders_need_a_valid_default() {
    let with =
        |keys: &str| refused(&[("cargo-generate.toml", &format!("[placeholders.a]\nprompt = 'A'\n{keys}"))]);
    assert!(with("").contains("missing field `default`"), "{}", with(""));
    assert!(with("default = 'x'\nregex = '^y$'").contains("the default of `a` is not valid"));
    assert!(with("default = 'x'\nregex = '('").contains("the pattern of `a`"));
    assert!(with("default = 'x'\nchoices = ['y']").contains("the default of `a` is not valid"));
    assert!(
        with("default = 'x'\ntype = 'bool'")
            .contains("the type of `a` is `bool`, and values are strings here")
    );
}

#[test]
fn a_link_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/etc/passwd", folder.path().join("users")).unwrap();
    let said = Template::read(folder.path()).unwrap_err().to_string();
    assert!(said.contains("the template's `users` is neither a file nor a folder"), "{said}");
}
