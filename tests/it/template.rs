//! Projects made by the program, by cargo-generate itself, and by hand-me-down: the example of the docs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_generate::{GenerateArgs, TemplatePath, Vcs};
use golem_outbound::scaffold::{Answers, preview};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A valid value, other than the default, for every placeholder.
const ALL: [&str; 9] = [
    "cluster_name=other",
    "payment_network=polygon",
    "image_tag=golem/ray-on-golem:0.12.1-py3.10.13-ray2.9.3",
    "download_urls=https://a.io/x https://b.io:8443/y",
    "dropbox=https://www.dropbox.com/scl/fi/a/b.txt?rlkey=k&dl=0",
    "extra_outbound_urls=wss://c.io",
    "pip_packages=numpy pandas==2.2.3",
    "workers=0",
    "budget=0.5",
];

fn new(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_golem-outbound"))
        .arg("new")
        .args(arguments)
        .current_dir(folder)
        .env_remove("USER")
        .output()
        .unwrap()
}

fn tree(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else {
                found.insert(path.strip_prefix(root).unwrap().to_owned(), fs::read(&path).unwrap());
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn assert_same(left: &BTreeMap<PathBuf, Vec<u8>>, right: &BTreeMap<PathBuf, Vec<u8>>) {
    assert_eq!(left.keys().collect::<Vec<_>>(), right.keys().collect::<Vec<_>>());
    for (path, content) in left {
        assert!(right[path] == *content, "`{}` differs", path.display());
    }
}

#[test]
fn cargo_generate_makes_the_same_files() {
    for definitions in [&[][..], &ALL[..]] {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
        fs::create_dir(&ours).unwrap();
        fs::create_dir(&theirs).unwrap();
        let mut arguments = vec!["x"];
        arguments.extend(definitions.iter().flat_map(|definition| ["--define", definition]));
        assert!(new(&ours, &arguments).status.success());
        // Without `quiet`, so that this is what the command line does; an author, because a container may have none.
        let authors = Some("authors=nobody".to_owned());
        if std::env::var_os("USER").is_none() {
            // SAFETY: no other test of this binary reads the environment except through std.
            unsafe { std::env::set_var("USER", "nobody") };
        }
        cargo_generate::generate(GenerateArgs {
            template_path: TemplatePath { path: Some(format!("{ROOT}/template")), ..TemplatePath::default() },
            name: Some("x".to_owned()),
            silent: true,
            vcs: Some(Vcs::None),
            define: definitions.iter().map(ToString::to_string).chain(authors).collect(),
            destination: Some(theirs.clone()),
            ..GenerateArgs::default()
        })
        .unwrap();
        assert_same(&tree(&ours.join("x")), &tree(&theirs.join("x")));
    }
}

#[test]
fn no_placeholder_stays_and_no_value_is_blank() {
    for definitions in [&[][..], &ALL[..]] {
        let mut answers = Answers::default();
        for definition in definitions {
            answers.define(definition).unwrap();
        }
        for (path, content) in preview("x", &answers).unwrap() {
            if path.starts_with("tutorial") {
                continue;
            }
            let text = String::from_utf8(content).unwrap();
            for leftover in ["{{", "}}", "{%", "%}", ": \"\"", ": ,", "\"https:\""] {
                assert!(!text.contains(leftover), "`{}` holds {leftover}:\n{text}", path.display());
            }
        }
    }
}

#[test]
fn a_bad_name_makes_nothing() {
    let names = ["a b", "a/b", "/tmp/a", "..", "../a", "a\"b", "a'b", "a\nb", "café", "", "taken", "taken/"];
    for name in names {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("taken")).unwrap();
        let output = new(folder.path(), &["--", name]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{name:?}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains("\nhint: "), "{name:?}: {stderr}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "{name:?}");
    }
}

#[test]
fn a_bad_value_makes_nothing() {
    for definition in ["workers=many", "workers=", "colour=red", "dropbox", "download_urls=http://a.io/"] {
        let folder = tempfile::tempdir().unwrap();
        let output = new(folder.path(), &["x", "--define", definition]);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{definition}: {stderr}");
        assert!(stderr.contains("\nhint: "), "{definition}: {stderr}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{definition}");
    }
}

#[test]
fn it_says_what_it_made_and_what_comes_next_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let output = new(folder.path(), &["x"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "x\n");
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "The project `x` is ready. Next:\n\n    cd x\n    golem-outbound run\n"
    );
}

#[test]
fn a_plan_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = new(folder.path(), &["x", "--plan", "--define", "workers=3"]);
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("  workers=3\n") && stdout.contains("  x/golem-cluster.yaml ("), "{stdout}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// To renew it: remove the folder, then `golem-outbound new docs-outbound --yes --define dropbox=none` in `examples/`.
#[test]
fn the_example_of_the_docs_is_the_template_without_dropbox() {
    let folder = tempfile::tempdir().unwrap();
    assert!(new(folder.path(), &["docs-outbound", "--define", "dropbox=none"]).status.success());
    let example = Path::new(ROOT).join("examples/docs-outbound");
    assert_same(&tree(&example), &tree(&folder.path().join("docs-outbound")));
}
