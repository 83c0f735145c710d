//! Projects made by the program, by cargo-generate itself, and by hand-me-down: the example of the docs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_generate::Cli;
use clap::Parser;
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

/// What the command line `cargo generate` does, from its arguments on; the repository is the folder that it is typed in.
fn cargo_generate(into: &Path, definitions: &[&str]) -> Result<PathBuf, String> {
    generate(Path::new(&format!("{ROOT}/template")), "x", into, definitions)
}

fn generate(template: &Path, name: &str, into: &Path, definitions: &[&str]) -> Result<PathBuf, String> {
    if std::env::var_os("USER").is_none() {
        // It wants to know its user, and a container may have none.
        // SAFETY: no other test of this binary reads the environment except through std.
        unsafe { std::env::set_var("USER", "nobody") };
    }
    let template = template.display().to_string();
    let destination = into.display().to_string();
    let mut argv = vec!["cargo", "generate", "--path", &template, "--name", name, "--silent"];
    argv.extend(["--destination", &destination]);
    argv.extend(definitions.iter().flat_map(|definition| ["--define", definition]));
    let Cli::Generate(arguments) = Cli::try_parse_from(argv).map_err(|error| error.to_string())?;
    cargo_generate::generate(arguments).map_err(|error| format!("{error:#}"))
}

fn assert_both_make_the_same(definitions: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    fs::create_dir(&ours).unwrap();
    fs::create_dir(&theirs).unwrap();
    let mut arguments = vec!["x"];
    arguments.extend(definitions.iter().flat_map(|definition| ["--define", definition]));
    let output = new(&ours, &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    cargo_generate(&theirs, definitions).unwrap();
    // Neither a repository nor a hook's file comes with it.
    assert_same(&tree(&ours.join("x")), &tree(&theirs.join("x")));
}

/// Some of everything that a template of one's own may have.
fn own_template(folder: &Path) -> PathBuf {
    let template = folder.join("template");
    let files = [
        (
            "cargo-generate.toml",
            "[template]\nexclude = [\"raw/*\"]\n[placeholders.host]\nprompt = \"Host\"\ndefault = \"a.io\"\n",
        ),
        ("golem-outbound.yaml.liquid", "format: 1\nproject: \"{{ project-name }}\"\nanswers: {}\n"),
        (
            "docs/{{ host }}.md",
            "{% if host contains 'b' %}# {{ host | upcase }} of {{ crate_name }}\n{% endif %}\n",
        ),
        ("raw/step.md", "{{ not_ours }}\n"),
        ("empty", ""),
    ];
    for (name, text) in files {
        let path = template.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    template
}

#[test]
fn a_template_of_one_s_own_becomes_the_same_with_cargo_generate() {
    let folder = tempfile::tempdir().unwrap();
    let template = own_template(folder.path());
    let (ours, theirs) = (folder.path().join("ours"), folder.path().join("theirs"));
    fs::create_dir(&ours).unwrap();
    fs::create_dir(&theirs).unwrap();
    let path = template.to_str().unwrap();
    let output = new(&ours, &["my-x", "--template", path, "--define", "host=b.io"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    generate(&template, "my-x", &theirs, &["host=b.io"]).unwrap();
    assert_same(&tree(&ours.join("my-x")), &tree(&theirs.join("my-x")));
    let page = fs::read_to_string(ours.join("my-x/docs/b.io.md")).unwrap();
    assert_eq!(page, "# B.IO of my_x\n\n");
}

#[test]
fn a_template_that_cannot_be_filled_makes_nothing() {
    let refused = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        let template = own_template(folder.path());
        change(&template);
        let output = new(folder.path(), &["x", "--template", template.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(2));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "only the template is there");
        String::from_utf8(output.stderr).unwrap()
    };
    let said = refused(&|template| fs::remove_file(template.join("golem-outbound.yaml.liquid")).unwrap());
    assert!(said.contains("the template makes no project: it has no `golem-outbound.yaml`"), "{said}");
    let said = refused(&|template| fs::write(template.join("a"), "{{ hots }}").unwrap());
    assert!(said.contains("failed to fill the template's `a`"), "{said}");
    let said =
        refused(&|template| fs::remove_dir_all(template).and_then(|()| fs::write(template, "")).unwrap());
    assert!(said.contains("there is no such folder"), "{said}");
}

#[test]
fn a_program_of_a_template_stays_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let template = own_template(folder.path());
    fs::set_permissions(template.join("empty"), fs::Permissions::from_mode(0o755)).unwrap();
    assert!(new(folder.path(), &["x", "--template", template.to_str().unwrap()]).status.success());
    let mode = |name: &str| fs::metadata(folder.path().join("x").join(name)).unwrap().permissions().mode();
    assert_eq!((mode("empty") & 0o100, mode("golem-outbound.yaml") & 0o111), (0o100, 0));
}

#[test]
fn cargo_generate_makes_the_same_files() {
    assert_both_make_the_same(&[]);
    assert_both_make_the_same(&ALL);
}

const CID: &str = "bafkreifzjut3te7nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e";
const PIN: &str = "#sha256=0000000000000000000000000000000000000000000000000000000000000000";

/// Links in every form that people copy, and a few that only look like it.
fn share_links() -> Vec<String> {
    let v0 = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG";
    let links = [
        "https://www.dropbox.com/s/a/b%20c.txt?dl=0",
        "https://www.dropbox.com/scl/fi/a/b.txt?rlkey=k&st=s&dl=0{pin}",
        "https://dropbox.com/s/a/b.txt?raw=1&x=y&&",
        "https://m.dropbox.com/s/a/b.txt",
        "https://dl.dropbox.com:8443/scl/fi/a/b?dl=1&rlkey=k",
        "https://dl-web.dropbox.com/s/a/b",
        "https://www.dropbox.com/s/raw/a/b.txt",
        "https://www.dropbox.com/s/dl/a/b.txt?dl=1{pin}",
        "https://dl.dropboxusercontent.com/s/",
        "https://dl.dropboxusercontent.com/s/a/b?dl=1",
        "https://dl.dropboxusercontent.com/else{pin}",
        "https://notdropbox.com/s/a/b?dl=0",
        "ipfs://{cid}",
        "ipfs://{v0}/a/b?filename=c",
        "ipfs://ipfs/{v0}/a",
        "ipfs://f01551220b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9",
        "https://a.example/ipfs/uAVUSILlNJ7mTTT4IpS5S19p9q_rEhO_jelOA7pCI96zi783p",
        "https://{cid}.ipfs.dweb.link/",
        "https://{cid}.ipfs.dweb.link/a/b?x=1{pin}",
        "https://{cid}.ipfs.dweb.link",
        "https://no-cid.ipfs.dweb.link/",
        "https://gateway.pinata.cloud/ipfs/{v0}/readme",
        "https://cloudflare-ipfs.com:8443/ipfs/{cid}?",
        "https://ipfs.io/ipfs/{cid}?filename=x{pin}",
        "https://example.com/ipfs/no-cid/{cid}",
        "https://example.com/a/ipfs/{cid}",
        "https://example.com",
        "https://example.com/?format=raw",
    ];
    links.iter().map(|link| link.replace("{cid}", CID).replace("{v0}", v0).replace("{pin}", PIN)).collect()
}

#[test]
fn share_links_become_the_same_with_cargo_generate() {
    let all = format!("download_urls={}", share_links().join(" "));
    assert_both_make_the_same(&[&all, "dropbox=https://m.dropbox.com/scl/fi/a/b.txt?rlkey=k&dl=0"]);
}

#[test]
fn share_links_are_rewritten_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let links =
        format!("download_urls=https://www.dropbox.com/s/a/b.txt?dl=0 https://{CID}.ipfs.dweb.link/x");
    let output = new(folder.path(), &["x", "--define", &links, "--define", "dropbox=none"]);
    let said = String::from_utf8(output.stderr).unwrap();
    for (from, to) in [
        ("https://www.dropbox.com/s/a/b.txt?dl=0", "https://dl.dropboxusercontent.com/s/a/b.txt"),
        (&format!("https://{CID}.ipfs.dweb.link/x"), &format!("https://ipfs.io/ipfs/{CID}/x")),
    ] {
        assert!(said.contains(&format!("note: `{from}` becomes `{to}`: ")), "{said}");
        let script = fs::read_to_string(folder.path().join("x/simple-outbound.py")).unwrap();
        assert!(script.contains(&format!("\"{to}\",\n")) && !script.contains(from), "{script}");
    }
    let cluster = fs::read_to_string(folder.path().join("x/golem-cluster.yaml")).unwrap();
    let urls = "outbound_urls:\n          - \"https://dl.dropboxusercontent.com\"\n          - \"https://ipfs.io\"\n\n";
    assert!(cluster.contains(urls), "{cluster}");
}

#[test]
fn links_that_work_in_no_form_are_refused_by_both() {
    for link in [
        "https://www.dropbox.com/sh/a/b?dl=0",
        "https://www.dropbox.com/scl/fo/a/b?rlkey=k",
        "https://www.dropbox.com/scl/fi/a/b?dl=0",
        "https://www.dropbox.com/home",
        "https://uc1.dl.dropboxusercontent.com/cd/0/x",
        "https://paper.dropbox.com/doc/a",
        "https://www.dropbox.com/s/",
        "ipfs://docs/a",
        "ipfs://ipns/docs",
        "https://qmywapjzv5czsna625s3xf2nemtygpphdwez79ojwkpbdg.ipfs.dweb.link/",
        "https://ipfs.io/ipns/docs.ipfs.tech",
        "https://docs.ipns.dweb.link/",
        &format!("https://ipfs.io/ipfs/{CID}?format=raw"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let definition = format!("download_urls={link}");
        let output = new(folder.path(), &["x", "--define", &definition]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{link}: {said}");
        assert!(said.contains("cannot be downloaded on a node\n\nhint: "), "{link}: {said}");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "{link}");
        cargo_generate(folder.path(), &[&definition]).unwrap_err();
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
